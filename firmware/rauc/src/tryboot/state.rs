//! What is legal between two partitions; pure.

use std::num::NonZeroU8;

use install::Slot;
use serde::{Deserialize, Serialize};

use super::autoboot::Autoboot;

/// The partitions of the slots, as the firmware counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partitions {
    /// Of slot a, the first bootable one.
    pub a: u8,
    /// Of slot b.
    pub b: u8,
}

impl Partitions {
    /// The partition of a slot.
    pub fn of(self, slot: Slot) -> u8 {
        match slot {
            Slot::A => self.a,
            Slot::B => self.b,
        }
    }

    /// The slot on a partition.
    pub fn slot(self, partition: u8) -> Option<Slot> {
        [Slot::A, Slot::B].into_iter().find(|slot| self.of(*slot) == partition)
    }

    /// The file that starts a slot, and tries the other.
    pub fn starting(self, slot: Slot) -> Autoboot {
        Autoboot { all: self.of(slot), tryboot: self.of(slot.other()) }
    }

    /// The slot that the firmware starts. Missing or garbled: the first.
    pub fn committed(self, autoboot: Option<Autoboot>) -> Slot {
        let known = autoboot.filter(|file| self.slot(file.tryboot).is_some());
        known.and_then(|file| self.slot(file.all)).unwrap_or(Slot::A)
    }
}

/// What is remembered beside the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The slot that is to be tried.
    pub trial: Option<Trial>,
    /// Slots that are not to be started.
    pub bad: [bool; 2],
}

/// A slot on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Which.
    pub slot: Slot,
    /// Restarts into it that are left.
    pub tries_left: u8,
}

/// How this machine was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booted {
    /// From where.
    pub slot: Slot,
    /// With the one-shot argument.
    pub tryboot: bool,
}

/// How the machine is to be restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Plainly.
    Plain,
    /// With `0 tryboot`.
    Tryboot,
}

impl Next {
    /// The argument of `reboot`; empty: none.
    pub fn argument(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Tryboot => "0 tryboot",
        }
    }
}

/// Why something is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotNow {
    /// Only what runs can be found good.
    #[error("slot {slot} is not the one that runs")]
    NotRunning {
        /// The one that was to be good.
        slot: Slot,
    },
    /// Without it nothing would start.
    #[error("slot {slot} is the one that is started: it cannot be bad")]
    Committed {
        /// Which.
        slot: Slot,
    },
}

impl State {
    /// The slot that is meant to be started: the one on trial while it has tries left or runs, else
    /// the committed one.
    pub fn primary(&self, committed: Slot, booted: Booted) -> Slot {
        let trial = self.trial.filter(|trial| trial.tries_left > 0 || booted.slot == trial.slot);
        trial.map_or(committed, |trial| trial.slot)
    }

    /// Puts a slot on trial; the committed one: ends the trial.
    pub fn set_primary(&mut self, slot: Slot, committed: Slot, tries: NonZeroU8) {
        self.bad[at(slot)] = false;
        self.trial = (slot != committed).then_some(Trial { slot, tries_left: tries.get() });
    }

    /// Whether a slot is good: not bad, and no trial that has used its tries up.
    pub fn is_good(&self, slot: Slot, booted: Booted) -> bool {
        let used_up = self
            .trial
            .is_some_and(|trial| trial.slot == slot && trial.tries_left == 0 && booted.slot != slot);
        !self.bad[at(slot)] && !used_up
    }

    /// What was found good. Returns the slot that is committed from now on.
    pub fn set_good(&mut self, slot: Slot, committed: Slot, booted: Booted) -> Result<Slot, NotNow> {
        if slot == committed {
            self.bad[at(slot)] = false;
            return Ok(committed);
        }
        if booted.slot != slot {
            return Err(NotNow::NotRunning { slot });
        }
        self.bad[at(slot)] = false;
        self.trial = None;
        Ok(slot)
    }

    /// What is not to be started.
    pub fn set_bad(&mut self, slot: Slot, committed: Slot) -> Result<(), NotNow> {
        if slot == committed {
            return Err(NotNow::Committed { slot });
        }
        self.bad[at(slot)] = true;
        if self.trial.is_some_and(|trial| trial.slot == slot) {
            self.trial = None;
        }
        Ok(())
    }

    /// Counts the restart that comes next, before it is made.
    pub fn restart(&mut self) -> Next {
        match &mut self.trial {
            Some(trial) if trial.tries_left > 0 => {
                trial.tries_left -= 1;
                Next::Tryboot
            }
            _ => Next::Plain,
        }
    }

    /// What the file says stands before what is remembered: a committed slot is neither on trial
    /// nor bad.
    #[must_use]
    pub fn beside(mut self, committed: Slot) -> Self {
        if self.trial.is_some_and(|trial| trial.slot == committed) {
            self.trial = None;
        }
        self.bad[at(committed)] = false;
        self
    }
}

fn at(slot: Slot) -> usize {
    crate::updater::index(slot)
}
