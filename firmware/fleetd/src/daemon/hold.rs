//! The machine, closed for one of the works of `fleetd`: announced, taken when nobody is served,
//! given back. Each work has one of its own: what ends its own must not open the machine under
//! another.

use faults::chain;
use jiff::Timestamp;
use upkeep::{Closing, Folder, FolderError, Lease};

use crate::machine;

/// How long the machine is said to be closed; renewed while it takes longer.
const CLOSED_MINUTES: u16 = 5;

/// A hold on the machine.
pub(super) struct Hold {
    upkeep: Folder,
    lease: Option<Lease>,
}

impl Hold {
    /// Nothing is held.
    pub fn new(upkeep: &Folder) -> Self {
        Self { upkeep: upkeep.clone(), lease: None }
    }

    /// Says that the machine closes then, or is closed still.
    pub fn announce(&self, from: Timestamp) {
        let from = from.max(machine::clocks().system);
        say(self.upkeep.announce(Closing { from, minutes: CLOSED_MINUTES }));
    }

    /// Takes the machine, unless somebody is served; whether it is ours.
    pub fn take(&mut self) -> bool {
        if self.lease.is_none() {
            self.lease = self.upkeep.lease().unwrap_or_else(|error| {
                tracing::error!(error = chain(&error), "lease");
                None
            });
        }
        self.lease.is_some()
    }

    /// Gives it back.
    pub fn open(&mut self) {
        self.lease = None;
        say(self.upkeep.withdraw());
    }
}

/// The other program may not be there to read it: no reason to stop.
pub(super) fn say(said: Result<(), FolderError>) {
    if let Err(error) = said {
        tracing::warn!(error = chain(&error), "upkeep");
    }
}
