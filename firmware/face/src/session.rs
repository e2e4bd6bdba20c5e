//! One try before the camera: takes frames, compares the good ones, stops when it
//! knows enough or when the time is over. It knows a template, not a person; what
//! binds the answer to an identity is [`crate::Attempt`].

use faults::Fault;

use crate::{evidence::Score, hint::FaceHint, quality::Quality, timing::Timings};

/// What came of looking at one frame.
#[derive(Clone, Debug)]
pub struct Look {
    /// What to tell the person now.
    pub hint: FaceHint,
    /// How much of what is needed was seen, in per cent.
    pub percent: u8,
    /// Nothing more is needed: call `decide`.
    pub finished: bool,
    /// What the frame is like, where it shows a face.
    pub quality: Option<Quality>,
    /// How long it took.
    pub timings: Timings,
}

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
    /// The camera showed the same picture over and over.
    #[error("the camera shows a frozen picture")]
    Frozen,
    /// `decide` was asked before the try was finished.
    #[error("the try is not finished")]
    NotFinished,
}

impl NoMatch {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self.why {
            Why::Different | Why::Uncertain => Fault::FaceNotMatched,
            Why::TookTooLong(_) | Why::NotFinished => Fault::FaceTookTooLong,
            Why::Frozen => Fault::CameraSilent,
        }
    }
}
