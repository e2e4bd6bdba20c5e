//! Why something was not installed.

use std::io;

use tuf::{store::StoreError, transport::TransportError};

use crate::{boot::Refused, frames::FrameFault, record::RecordError};

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
}

impl InstallError {
    /// Whether the same write, called again, goes on where this one stopped.
    pub fn resumes(&self) -> bool {
        matches!(self, Self::Source { .. } | Self::TooShort { .. } | Self::Io { .. })
    }
}
