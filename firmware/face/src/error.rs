//! Why the face engine cannot work at all. What goes wrong with one person before
//! the camera is a [`crate::FaceHint`] or a [`crate::NoMatch`], not an error.

use std::{io, path::PathBuf};

use faults::Fault;
use identity::PortraitError;

use crate::portrait::PortraitFlaw;

/// Why no comparison is possible.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaceError {
    /// A file of the models folder is not there.
    #[error("cannot read the face model file {}", path.display())]
    ModelUnreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The list of models breaks its format or lacks one.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A model file is not the one in the list.
    #[error("the face model file {} is not the one that was installed: its SHA-256 is {found}", path.display())]
    ModelAltered {
        /// Which.
        path: PathBuf,
        /// The digest of what is there.
        found: String,
    },
    /// The runtime refuses a model, or it gives something else than its contract says.
    #[error("the face model '{model}' does not work")]
    ModelUnusable {
        /// Its name in the list.
        model: &'static str,
        /// What the runtime says, where it says something.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The portrait cannot be decoded.
    #[error("the portrait on the card cannot be decoded")]
    Portrait(#[source] PortraitError),
    /// There is not exactly one face in the portrait.
    #[error("the portrait on the card shows {faces} faces")]
    PortraitFaces {
        /// How many were found.
        faces: usize,
    },
    /// The face on the portrait is too poor to be compared with anybody.
    #[error("the portrait on the card is too poor to compare: {0}")]
    PortraitPoor(PortraitFlaw),
    /// A picture cannot be decoded.
    #[error("the picture is damaged or of an unknown format")]
    Picture,
    /// The configuration cannot be right.
    #[error("face settings: {0}")]
    Config(&'static str),
}

impl FaceError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::ModelUnreadable { .. }
            | Self::Manifest { .. }
            | Self::ModelAltered { .. }
            | Self::ModelUnusable { .. } => Fault::ModelMissing,
            Self::Portrait(_) | Self::PortraitFaces { .. } | Self::PortraitPoor(_) => Fault::PortraitTooPoor,
            Self::Picture => Fault::CameraSilent,
            Self::Config(_) => Fault::ConfigBroken,
        }
    }
}
