//! Paper: the slip that a citizen takes home, as black dots. It says *received*
//! or *registered*, never something between, and proves it with a signed code
//! that any machine of the fleet can check without a network.
//!
//! Paper is read by strangers: no name, no citizen number, no full phone number.

mod base45;
mod canvas;
mod compose;
mod layout;
pub mod slip;
pub mod slip_code;
mod typeface;
mod words;

pub use slip::{CounterReason, MaskedPhone, Matter, PrintingError, Slip};
pub use slip_code::{SlipCode, SlipCodeError, SlipFacts, check_slip};
