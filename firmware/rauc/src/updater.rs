//! What is needed of RAUC.

use std::{future::Future, path::Path};

use install::{Slot, UpdaterFault};
use release::Sha256Digest;

/// RAUC, or whoever stands for it. The first of its two slots, by the boot loader's names for
/// them, is slot a.
pub trait Updater: Send + Sync {
    /// How things stand.
    fn look(&self) -> Result<Seen, UpdaterFault>;

    /// Writes a bundle into the slot that does not run. Activates nothing. Dropping this future
    /// does not end the write; the next one waits for it.
    fn install(
        &self,
        bundle: &Path,
        manifest: Option<Sha256Digest>,
    ) -> impl Future<Output = Result<Bound, UpdaterFault>> + Send;

    /// Tells the boot loader.
    fn mark(&self, mark: Mark, slot: Slot) -> Result<(), UpdaterFault>;
}

/// What the boot loader is told of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Start it from now on, or try it, as the boot loader is made.
    Active,
    /// It was found good.
    Good,
    /// It is not to be started.
    Bad,
}

impl Mark {
    /// As RAUC spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The slot that runs.
    pub booted: Slot,
    /// The slot that the boot loader would start.
    pub primary: Slot,
    /// RAUC's names of the slots, for people.
    pub names: [String; 2],
    /// Whether RAUC's last write into each came to its end.
    pub whole: [bool; 2],
}

impl Seen {
    /// Whether RAUC's last write into a slot came to its end.
    pub fn is_whole(&self, slot: Slot) -> bool {
        self.whole[index(slot)]
    }

    /// RAUC's name of a slot.
    pub fn name(&self, slot: Slot) -> &str {
        &self.names[index(slot)]
    }
}

/// Where a slot stands in such a pair.
pub(crate) fn index(slot: Slot) -> usize {
    usize::from(slot == Slot::B)
}

/// What held the bundle together with what was signed for, besides its own digest before RAUC
/// opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// RAUC has held its manifest against the hash that the release's signers named.
    Manifest,
    /// The signers named none.
    NoneNamed,
    /// This RAUC is too old to be told (before 1.13, Debian 12's is).
    TooOld,
}
