//! Updates by hand: what a stick with a signed permit orders, with a technician at the machine,
//! goes through the same state machine as an order of the fleet server. And logs out, sealed.
//!
//! - `settings`: `[stick]`.
//! - `ledger`: uses, what is under way, what the server has yet to hear; kept with everything else.
//! - `reading`: one reading of a stick, beside the loop.
//! - `desk`: what is in, and what became of it.
//! - `technician`: who is at the machine, by what their badge signed.
//!
//! The crate `stick` decides about sticks; here is when, and what is remembered of it.

mod desk;
mod ledger;
mod reading;
mod settings;
mod technician;

pub use self::{
    desk::{Desk, Seen, outcome_word},
    ledger::{Installed, Ledger},
    reading::{Came, Refused, Wanted},
    settings::{LogsPart, StickFault, StickFile, StickPart},
    technician::AtTheMachine,
};
