//! A pretend gateway with national platforms behind it, for demo and tests: it serves
//! `firmware/gateway/openapi.yaml` over real mutual TLS, opens and checks real sealed
//! records, knows only invented citizens, and misbehaves on request.
//!
//! Its signatures, canonical JSON and record checks are written from the contract,
//! not taken from the client's code. It keeps everything in memory.
//!
//! Beside it, where it is asked for, a [`fleet`] server.

mod accounts;
mod activation;
mod answer;
mod asked;
mod certificates;
mod connection;
mod control;
mod counts;
mod error;
pub mod fleet;
mod operation;
mod platform;
mod records;
mod refusal;
mod serve;
mod vneid;
mod world;

pub use accounts::{Account, Refuses, Seeds};
pub use answer::http_date;
pub use counts::Counts;
pub use error::PlatformError;
pub use operation::Operation;
pub use platform::{Clock, Exchange, Options, Platform};
pub use refusal::{Code, Refusal};
