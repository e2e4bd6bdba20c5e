//! Why a try ended without a match, in words for the log and as an entry of the fault list.

use faults::Fault;
use screen::FaceHint;

use crate::{evidence::Score, liveness::NotLive};

/// The try ended without a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NoMatch {
    /// Why.
    pub why: Why,
    /// The score, where enough frames were compared. No personal data.
    pub score: Option<Score>,
    /// Frames that were looked at.
    pub frames_seen: u32,
    /// Frames that were compared.
    pub frames_compared: u32,
}

/// Why there is no match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The score is below the grey zone.
    #[error("the face is not the one on the card")]
    Different,
    /// The score stayed in the grey zone.
    #[error("the face could not be told with enough certainty")]
    Uncertain,
    /// Too few good frames in the time given; the last hint says what was wrong.
    #[error("the face was not seen well enough in time ({0:?})")]
    TookTooLong(FaceHint),
    /// The movements took longer than anybody is asked for them.
    #[error("the movements took too long")]
    MovedTooLong,
    /// The camera showed the same picture over and over.
    #[error("the camera shows a frozen picture")]
    Frozen,
    /// Most of the camera's pictures could not be read.
    #[error("the camera sends damaged pictures")]
    Damaged,
    /// The camera's rhythm broke too often.
    #[error("the camera's pictures come with gaps")]
    Unsteady,
    /// Somebody is seen the right way up only when the camera's picture is turned by 180 degrees.
    #[error("the camera hangs upside down")]
    UpsideDown,
    /// Nobody living was seen.
    #[error("nobody living was seen: {0}")]
    NotLive(NotLive),
    /// The machine must have the passive model and has it not.
    #[error("the passive liveness model that this machine must have is not installed")]
    NoPassiveModel,
    /// `decide` was asked before the try was finished.
    #[error("the try is not finished")]
    NotFinished,
}

impl Why {
    /// A word for logs, stable; never anything about the person.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Different => "different",
            Self::Uncertain => "uncertain",
            Self::TookTooLong(_) => "took-too-long",
            Self::MovedTooLong => "moved-too-long",
            Self::Frozen => "frozen",
            Self::Damaged => "damaged",
            Self::Unsteady => "unsteady",
            Self::UpsideDown => "upside-down",
            Self::NotLive(why) => why.word(),
            Self::NoPassiveModel => "no-passive-model",
            Self::NotFinished => "not-finished",
        }
    }

    /// Whether the camera was at fault and nobody before it.
    pub fn is_of_the_camera(self) -> bool {
        matches!(self, Self::Frozen | Self::Damaged | Self::Unsteady | Self::UpsideDown)
    }
}

impl NoMatch {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self.why {
            // Asked again, whoever could not show enough cannot either.
            Why::NotLive(NotLive::TooLittle) => Fault::FaceNotConfirmed,
            Why::Different | Why::Uncertain => Fault::FaceNotMatched,
            Why::TookTooLong(_) | Why::MovedTooLong | Why::NotFinished => Fault::FaceTookTooLong,
            Why::Frozen | Why::Damaged | Why::Unsteady => Fault::CameraSilent,
            Why::UpsideDown => Fault::CameraUpsideDown,
            Why::NotLive(_) => Fault::FaceNotLive,
            Why::NoPassiveModel => Fault::ModelMissing,
        }
    }
}
