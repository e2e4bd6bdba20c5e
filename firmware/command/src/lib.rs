//! Commands to a kiosk: lock, unlock, start anew, collect logs, show a message. Nothing else.
//!
//! - `envelope`: DSSE 1.0 with Ed25519, the one way in which a command comes.
//! - `order`: what is signed: who it is for, what is to be done, when it is good.
//! - `allow`: whose signature counts for what on this kiosk.
//! - `ledger`: what was accepted before, so that nothing is accepted twice.
//! - `check`: from an envelope to [`Accepted`], which is made nowhere else.
//!
//! It reads no clock, draws no chance and does nothing: times are arguments, and whoever acts on
//! an `Accepted` has put the ledger that came with it onto the disk before.

mod allow;
mod check;
mod envelope;
mod ledger;
mod name;
mod order;
mod refusal;

pub use self::{
    allow::{AllowFault, AllowList, Signer},
    check::{Accepted, Here, Time, accept},
    envelope::{LONGEST_ENVELOPE, PAYLOAD_TYPE, Signed, pae},
    ledger::Ledger,
    name::{CommandId, Name},
    order::{Command, For, Kind, LONGEST_PERIOD, What},
    refusal::Refusal,
};
