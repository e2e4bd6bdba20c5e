//! The fleet team's side of updates: keys, signed releases, and the folder that kiosks update
//! from (TUF 1.0.34, section 6, by the crate `tuf`).
//!
//! - `keys`: key files, made and read.
//! - `token`: keys in a token, by PKCS#11.
//! - `key_ring`: both, by the names that the command line has for them.
//! - `repository`: the folder: what is published, what is in draft.
//! - `publish`: from drafts to what kiosks see.
//! - `changes`: what a fleet team does: releases, waves, delegations, other keys.
//! - `config`: layers of settings.
//! - `deltas`: what changed since releases that are listed.
//! - `request`: drafts on their way to a machine without a network, signatures on their way back.
//! - `layer_text`: the text of settings, for those who sign it.
//! - `words`: what a signer is shown.
//! - `bundle`: the manifest of a RAUC bundle.
//! - `sticks`: permits, and what is carried to kiosks by hand; the logs that come back.
//! - `check`: the whole repository, as a kiosk would judge it.
//!
//! It reads no clock and draws no chance: the time and new secrets are arguments. A change is a
//! draft until enough people have signed it; only `Repository::publish` touches what is served.

pub mod area;
pub mod changes;
pub mod check;
pub mod config;
pub mod key_ring;
pub mod keys;
pub mod mistake;
pub mod period;
pub mod publish;
pub mod repository;
pub mod request;
pub mod sticks;
pub mod token;
pub mod words;

mod bundle;
mod deltas;
mod layer_text;
mod steady;

pub use self::{key_ring::KeyRing, mistake::Mistake, repository::Repository};
