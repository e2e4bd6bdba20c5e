//! The Update Framework (TUF), version 1.0.34: which files a machine may install, decided by
//! signatures of several people, freshness, and a memory of what was seen before.
//!
//! - `metadata`: the four kinds of metadata, read strictly, kept byte for byte.
//! - `client`: the workflow of section 5: refresh, search, download.
//! - `transport`: the way to a repository: HTTP, or a folder on a USB stick. Never trusted.
//! - `store`: what is remembered, through power cuts and torn files.
//! - `clock`: what time it is on a machine that may not know.
//! - `repository`: the other side: make, sign and lay out metadata.
//!
//! It reads no clock and draws no chance: the time is an argument, and keys come from outside.
//! It installs nothing and decides nothing about versions of software; that is its caller's.

pub mod client;
pub mod clock;
pub mod error;
pub mod key;
pub mod metadata;
pub mod repository;
pub mod store;
pub mod transport;

mod json;
mod name;
mod pattern;

pub use self::{
    client::{Client, Limits, Refreshed, StaleTimestamp, Target, TargetCheck},
    clock::TrustedClock,
    error::{ClientError, Distrust, MetadataError, TargetFault},
    name::{NotATargetPath, TargetPath},
};
