//! The signed record of what a citizen asked for: who was proved to be there, what
//! was agreed to, what was asked, signed by this kiosk, and sealed to the server.
//!
//! It never stores anything, never reads a clock and never draws chance by itself.
//! A `Transaction` exists only with an `Identity`, a `FaceMatch` of that identity, a
//! `Consent` that covers the service, and a signature; there is no other constructor
//! but `Transaction::verify`, which checks that signature.

mod consent;
mod draft;
mod error;
mod id;
mod record;
mod sealed;

pub use consent::{Consent, ConsentMethod, Purpose};
pub use draft::{Draft, Form};
pub use error::TransactionError;
pub use id::{KioskId, ServiceRef, TransactionId};
pub use record::Transaction;
pub use sealed::{SCHEMA, Sealed, open};
