//! What happened, for auditors: an append-only log whose lines are chained by hash,
//! so that nobody can change, remove or reorder one unseen, signed by the kiosk at
//! checkpoints. `events.toml` is the only list of what it can say.
//!
//! Nothing personal of a citizen can get in: a field is a count, a fault, a random id, an
//! officer's service number or a word of a closed list. There is no text field. The log never reads a clock, and it is never
//! rewritten but for a last line that a power cut tore.

mod event;
mod field;
mod line;
mod log;
mod verify;

pub use event::*;
pub use field::{OfficerNumber, ServiceName, Version, VisitId, WrongName};
pub use log::{Log, LogError};
pub use verify::{Broken, Head, Line, Verified, Why, read, verify};
