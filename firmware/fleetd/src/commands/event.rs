//! What can happen to a command, and what is then to be done. Both closed.

use std::time::Duration;

use command::{CommandId, Name, Time};
use jiff::Timestamp;

use crate::update::ActionId;

/// What the fleet server hands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOrder {
    /// Under which number it wants to hear of it.
    pub action: ActionId,
    /// The envelope; empty where it names several, or a release besides.
    pub envelope: String,
}

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server hands a command on.
    Ordered(CommandOrder),
    /// The server wants an action called off.
    CalledOff(ActionId),
    /// The server wants nothing of this kiosk.
    NothingWanted,
    /// Time passed.
    Tick,
    /// The lease was asked for: whether we have it.
    Leased(bool),
    /// The machine was told to go down, or why not.
    ToldToGoDown(Result<(), String>),
    /// What came of a collection.
    Collected(Result<String, String>),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Announce that the machine closes then, by its own clock.
    Announce(Timestamp),
    /// Take the announcement back.
    Open,
    /// Ask for the lease.
    Lease,
    /// Start the machine anew. The lease is held.
    Reboot,
    /// Collect logs.
    Collect {
        /// For which command.
        id: CommandId,
        /// From where.
        which: Vec<Name>,
    },
}

/// What is known at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time, as far as it can be trusted.
    pub time: Time,
    /// What the machine's clock says.
    pub clock: Timestamp,
    /// Which start of the machine this is.
    pub boot: String,
    /// How long nobody has been served.
    pub idle: Duration,
    /// An update has announced itself, or is changing the slot.
    pub updates: bool,
}
