//! What the fleet is shown of the loop, when it is time to look.

use faults::chain;
use tuf::{ClientError, Refreshed};

use super::{Daemon, MemoryLost};
use crate::{eyes::Seen, machine};

impl Daemon {
    /// Looks, if it is time; a site without `[metrics]` has no eyes.
    pub(super) fn look(&mut self) {
        let now = self.now();
        let Some(eyes) = &mut self.eyes else { return };
        if eyes.refresh_now() {
            self.jobs.refresh(now);
        }
        if !eyes.look_now() {
            return;
        }
        // While a slot is being written its record cannot be read: it is as it was.
        if let Some(slots) = self.jobs.slots() {
            eyes.slots = Some(slots);
        }
        let clocks = machine::clocks();
        eyes.saw(Seen {
            reading: self.clock.read(clocks),
            clock: clocks.system,
            hardware: self.settings.hardware.clone(),
            vitals: self.upkeep.vitals(),
            figures: self.upkeep.figures(),
            update: self.kept.memory.state.word(),
            outcome: self.kept.memory.last.as_ref().map(|(_, outcome)| outcome.word()),
            slots: eyes.slots.clone(),
            polls: eyes.polls,
            metadata_until: eyes.metadata_until,
        });
    }

    /// Counts a poll.
    pub(super) fn saw_poll(&mut self, answered: bool) {
        if let Some(eyes) = &mut self.eyes {
            let count = if answered { &mut eyes.polls.0 } else { &mut eyes.polls.1 };
            *count += 1;
        }
    }

    /// Metadata were verified: they say something of the time, and when they expire.
    pub(super) fn refreshed(&mut self, refreshed: Option<&Refreshed>) {
        let Some(refreshed) = refreshed else { return };
        self.clock.verified_timestamp(refreshed.signed_at, refreshed.timestamp_expires);
        self.kept.clock = Some(self.clock.kept());
        if let Some(eyes) = &mut self.eyes {
            eyes.refreshed(refreshed.good_until);
        }
    }

    /// The metadata were brought up to date without an order, or were not.
    pub(super) fn looked(&mut self, came_to: Result<Refreshed, ClientError>) -> Result<(), MemoryLost> {
        match came_to {
            Ok(refreshed) => {
                self.refreshed(Some(&refreshed));
                self.keeper.keep(&self.kept)?;
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "repository");
                if let Some(eyes) = &mut self.eyes {
                    eyes.refresh_failed();
                }
            }
        }
        Ok(())
    }
}
