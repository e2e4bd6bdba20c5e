//! The client of the site's one gateway to the national platforms; the contract is
//! `openapi.yaml` beside this crate.
//!
//! It never trusts a certificate authority but the pinned one, never acts on an
//! answer that the platform has not signed (RFC 9421), never sends anything about a
//! person outside a sealed box (RFC 9180), and never puts anything about a person
//! into a URL, an error or a log line.

mod activation;
mod client;
mod config;
mod error;
mod exchange;
mod link;
mod problem;
mod sealed;
mod signed;
mod source;
mod vneid;
mod wire;

pub use activation::{ActivationId, Answer, Channel, CodeSent, Credentials};
pub use client::{Gateway, Heartbeat};
pub use config::GatewayConfig;
pub use error::GatewayError;
pub use link::Link;
pub use problem::{Problem, ProblemCode};
pub use services::AccountState;
pub use source::TimeAndChance;
pub use vneid::{VneidId, VneidRequest, VneidState};
