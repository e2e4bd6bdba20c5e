//! The update of a kiosk: one pure state machine from "the fleet server says" to "committed" or
//! "rolled back".
//!
//! [`Memory::step`] takes an event and gives what to remember and what to do. Whoever carries
//! it out writes the memory to the disk **before** it does anything: after a power cut
//! [`Memory::resume`] says what is to be done again, and doing it again changes nothing that
//! was done. No I/O, no clock, no chance.

mod event;
mod health;
mod order;
mod outcome;
mod release;
mod report;
mod state;
mod step;
mod when;

pub use ::release::Sha256Digest;

pub(crate) use self::event::idle;
pub(crate) use self::health::Ill;

pub use self::{
    event::{Effect, Event, Glance, Moment, NotActivated},
    health::Before,
    order::{ActionId, Handling, MaintenanceWindow, Order},
    outcome::Outcome,
    release::{Approved, Kiosk, NotAllowed, allow},
    report::{Execution, Finished, Outgoing, Report},
    state::{Memory, State},
    when::{Hold, Policy},
};
