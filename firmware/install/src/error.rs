//! Why something was not installed.

use std::io;

use tuf::{store::StoreError, transport::TransportError};

use crate::{
    boot::Refused,
    delta::{DeltaError, DeltaFault},
    frames::FrameFault,
    record::RecordError,
};

/// What went wrong. `InstallError::resumes` tells whether the same write may simply be called
/// again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The slots are in another state. Nothing was changed.
    #[error("that cannot be done now")]
    Refused(#[from] Refused),
    /// The boot record cannot be read or kept.
    #[error("the boot record fails")]
    Record(#[from] RecordError),
    /// The folder cannot be locked.
    #[error("the slots cannot be locked")]
    Lock(#[source] StoreError),
    /// The system refused.
    #[error("{what} cannot be {act}")]
    Io {
        /// `read`, `written` …
        act: &'static str,
        /// Of the folder.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The source broke off. What came is kept.
    #[error("the source broke off after {taken} bytes")]
    Source {
        /// Bytes of the target that came.
        taken: u64,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The source ended before the target did. What came is kept.
    #[error("the target ended after {taken} bytes of {listed}")]
    TooShort {
        /// Bytes that came.
        taken: u64,
        /// Bytes that were signed for.
        listed: u64,
    },
    /// What came is not what was signed; it is thrown away.
    #[error("this is not what was signed")]
    Wrong(#[from] Wrong),
    /// The good slot does not hold the image that the delta is for, or no slot is good. Nothing
    /// was changed.
    #[error("the delta is for another image than the good slot holds")]
    OtherBase,
    /// The good slot cannot be read, so no delta can be used on it.
    #[error("the good slot cannot be read for a delta")]
    BaseUnreadable(#[source] io::Error),
    /// Not enough room for the image.
    #[error("{needed} bytes are needed and {free} are free")]
    NoRoom {
        /// In bytes.
        needed: u64,
        /// In bytes.
        free: u64,
    },
    /// The slot does not give back what was written: the flash is going bad.
    #[error("the slot gives back other bytes than were written")]
    BadFlash,
    /// The system's own updater did not do its part.
    #[error("the system's updater")]
    Updater(#[from] UpdaterFault),
}

/// Why a system's own updater did not do its part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdaterFault {
    /// It is not there, or went away midway.
    #[error("it cannot be reached: {said}")]
    Gone {
        /// What the bus said.
        said: String,
    },
    /// It is at something else.
    #[error("it is busy")]
    Busy,
    /// It took too long.
    #[error("it did not end within {seconds} s")]
    TooSlow {
        /// How long it was waited for.
        seconds: u64,
    },
    /// Nobody whom it trusts has signed the bundle.
    #[error("it does not trust the bundle's signature: {said}")]
    Signature {
        /// What it said.
        said: String,
    },
    /// The bundle is for another machine.
    #[error("the bundle is for other machines: {said}")]
    Compatible {
        /// What it said.
        said: String,
    },
    /// The bundle's manifest is not the one that the release's signers named.
    #[error("the bundle has another manifest than was signed for: {said}")]
    Manifest {
        /// What it said.
        said: String,
    },
    /// The file is no bundle.
    #[error("this is no bundle: {said}")]
    NotABundle {
        /// What it said.
        said: String,
    },
    /// It failed in another way.
    #[error("it failed: {said}")]
    Failed {
        /// What it said.
        said: String,
    },
    /// It does not keep exactly two slots that can be started.
    #[error("it keeps {count} slots that can be started, not two")]
    NotTwoSlots {
        /// So many.
        count: usize,
    },
    /// It speaks of a slot that it has not listed, or of none.
    #[error("it names no slot of its own: {said:?}")]
    NoSuchSlot {
        /// What it named.
        said: String,
    },
    /// It says that it is done, and that the slot is not whole.
    #[error("it has installed, and says that slot {name} is not whole")]
    NotWhole {
        /// Its name for the slot.
        name: String,
    },
}

impl UpdaterFault {
    /// Whether the same may simply be tried again.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Gone { .. } | Self::Busy | Self::TooSlow { .. })
    }
}

/// How bytes differ from what was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// The target goes on behind its end.
    #[error("the target is longer than {listed} bytes")]
    TargetTooLong {
        /// Bytes that were signed for.
        listed: u64,
    },
    /// The target has another digest.
    #[error("the target has another SHA-256")]
    TargetDigest,
    /// The target unpacks to more than the image: a bomb, or another image.
    #[error("the image is longer than {listed} bytes")]
    ImageTooLong {
        /// Bytes that were signed for.
        listed: u64,
    },
    /// The target unpacks to less than the image.
    #[error("the image ended after {written} bytes of {listed}")]
    ImageTooShort {
        /// Bytes that it unpacked to.
        written: u64,
        /// Bytes that were signed for.
        listed: u64,
    },
    /// The image has another digest.
    #[error("the image has another SHA-256")]
    ImageDigest,
    /// The packing is not what we take.
    #[error("the target cannot be unpacked")]
    Frames(#[from] FrameFault),
    /// The delta is none for this image.
    #[error("the delta cannot be used")]
    Delta(#[from] DeltaFault),
}

impl From<DeltaError> for InstallError {
    fn from(error: DeltaError) -> Self {
        match error {
            DeltaError::Fault(fault) => Wrong::Delta(fault).into(),
            DeltaError::Base(source) => Self::BaseUnreadable(source),
        }
    }
}

impl InstallError {
    /// Whether the same write, called again, goes on where this one stopped.
    pub fn resumes(&self) -> bool {
        match self {
            Self::Updater(fault) => fault.passes(),
            other => matches!(other, Self::Source { .. } | Self::TooShort { .. } | Self::Io { .. }),
        }
    }
}
