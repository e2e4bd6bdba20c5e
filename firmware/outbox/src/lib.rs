//! Never lose, never double: keeps every signed and sealed transaction until the
//! platform's signed receipt is here, and remembers for a while what was acknowledged
//! so that nothing is ever sent or stored a second time.
//!
//! It cannot read what it keeps (it is sealed to the server), sends nothing itself,
//! reads no clock, draws no chance. A damaged file is refused and left as it is; it is
//! never taken for an empty one.

mod backoff;
mod error;
mod file;
mod limits;
mod receipt;
mod store;

pub use error::OutboxError;
pub use limits::{Counts, Limits};
pub use receipt::{Acknowledgement, Receipt, Reference, Standing};
pub use store::{Acknowledged, Item, Outbox, Stored};
