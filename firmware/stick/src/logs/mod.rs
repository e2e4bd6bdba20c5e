//! Logs out, for the fleet team's eyes alone: each file in pieces, sealed to the fleet's public
//! key as records are sealed to the server (HPKE, crate `keys`). The kiosk cannot open them
//! again, nor can whoever finds the stick.
//!
//! A sealed log is the line `mot-cham/1/stick-log`, a line of JSON that says whose it is, and
//! pieces: four bytes of length (big-endian) and so many sealed bytes. Each piece is sealed
//! together with that line, its number and whether it is the last, so that none can be left out,
//! put elsewhere or taken from another log.

mod carry;
mod sealed;

pub use self::{
    carry::{Carried, LogSource, LogsError, MARKER, carry_out, wants_logs},
    sealed::{Head, OpenError, SealError, open, seal},
};
