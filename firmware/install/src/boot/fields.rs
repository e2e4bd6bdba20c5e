//! The fields of the boot record, and which of them fit together.

use serde::{Deserialize, Serialize};

use super::Boot;
use crate::{
    midstate::Midstate,
    slots::{Content, DeltaFile, Slot},
};

/// The fields of the record, as they lie on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootFile {
    /// What is started unless something is on trial; none before the first commit of a machine
    /// that came without an image.
    pub good: Option<Slot>,
    /// What the slots hold, once written whole and found right. None: nothing whole, or for the
    /// good slot, an image that no release is known of.
    pub contents: [Option<Content>; 2],
    /// What is being tried.
    pub trial: Option<Trial>,
    /// What is being written into the spare slot.
    pub writing: Option<Writing>,
    /// The slot that was started last. Never written.
    pub running: Option<Slot>,
    /// No release below this one is taken.
    pub floor: u64,
    /// Releases that were rolled back, the newest last.
    pub rejected: Vec<Rejected>,
    /// The last change, in a line.
    pub last: String,
}

/// A release on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Where it lies.
    pub slot: Slot,
    /// How many starts it was given.
    pub tries: u8,
    /// How many of them are left.
    pub tries_left: u8,
    /// It may have changed the data that the release before keeps.
    pub data_migrated: bool,
}

/// A write under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writing {
    /// What is written.
    pub content: Content,
    /// What it comes by; none: its target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<DeltaFile>,
    /// How far it has come for sure.
    pub checkpoint: Checkpoint,
}

/// Up to here everything is on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Bytes of the target or the delta.
    pub taken: u64,
    /// Bytes of the image.
    pub written: u64,
    /// The digest of the target or the delta so far.
    pub target: Midstate,
    /// The digest of the image so far.
    pub image: Midstate,
}

/// A release that was rolled back. It is not taken again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    /// Of its target.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
    /// Its number.
    pub release_seq: u64,
    /// Why.
    pub why: String,
}

/// Why fields make no boot record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BootFault {
    /// The good slot is on trial or being written.
    #[error("the good slot is on trial")]
    GoodOnTrial,
    /// A trial of nothing.
    #[error("nothing whole is on trial")]
    NothingOnTrial,
    /// A trial while its slot is written.
    #[error("a trial and a write at once")]
    WritingOnTrial,
    /// The slot that is written holds something.
    #[error("the slot that is written holds a whole release")]
    WritingOverWhole,
    /// More starts left than were given.
    #[error("more starts are left than were given")]
    TooManyTries,
}

impl From<Boot> for BootFile {
    fn from(boot: Boot) -> Self {
        boot.file
    }
}

impl TryFrom<BootFile> for Boot {
    type Error = BootFault;

    fn try_from(file: BootFile) -> Result<Self, BootFault> {
        let boot = Self { file };
        let file = &boot.file;
        if let Some(trial) = file.trial {
            if file.good == Some(trial.slot) {
                return Err(BootFault::GoodOnTrial);
            }
            if boot.content(trial.slot).is_none() {
                return Err(BootFault::NothingOnTrial);
            }
            if file.writing.is_some() {
                return Err(BootFault::WritingOnTrial);
            }
            if trial.tries_left > trial.tries {
                return Err(BootFault::TooManyTries);
            }
        }
        if file.writing.is_some() && boot.content(boot.spare()).is_some() {
            return Err(BootFault::WritingOverWhole);
        }
        Ok(boot)
    }
}
