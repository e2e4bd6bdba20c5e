//! hawkBit's Direct Device Integration, version 1: what the fleet server wants of this kiosk,
//! and what it is told. A fleet that has a hawkBit points us at it.
//!
//! The server is a director whose word is not signed: from here come [`Order`]s, never trust.
//! Files are not fetched here.
//!
//! [`Order`]: crate::update::Order

mod client;
mod messages;
mod pace;

pub use self::{
    client::{Account, AccountFault, Asked, Controller, DdiError, Polled, Secret},
    messages::{COMMAND_KEY, TARGET_KEY, feedback, order_in},
    pace::{Failure, Pace},
};
