//! What was seen of a living person, for the record, and why it was not enough.

use serde::Serialize;

use super::{LightEvidence, PatternEvidence, Task, Tempo};
use crate::evidence::Score;

/// What shows that a living person stood before the camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LivenessEvidence {
    /// How it was asked for.
    pub tempo: Tempo,
    /// The movements that came when asked for, in their order.
    pub tasks: Vec<Task>,
    /// How many came that nobody had asked for, and how often the face was lost from sight
    /// among them: for each one more was asked for.
    pub mistakes: u8,
    /// For each turn, how far the nose left the plane of the face, in ten-thousandths of the
    /// distance between the eyes.
    pub relief: Vec<Score>,
    /// How the skin answered to the kiosk's own light.
    pub light: LightEvidence,
    /// Whether a pattern of pixels or dots lay over the skin.
    pub pattern: PatternEvidence,
    /// Whether the passive model agreed.
    pub passive: PassiveEvidence,
    /// How often it began anew because the face was lost from sight.
    pub restarts: u32,
}

/// What the passive model said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
pub enum PassiveEvidence {
    /// The operator installed none; the movements alone showed it.
    NotInstalled,
    /// It agreed.
    Installed {
        /// The median probability of "live", in ten-thousandths.
        live: Score,
        /// SHA-256 of each of its files.
        files: Vec<String>,
    },
}

/// Why nobody living was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLive {
    /// A movement did not come in its time.
    #[error("a movement did not come in time")]
    NotDone,
    /// Another movement came than was asked for.
    #[error("another movement came than was asked for")]
    OtherWay,
    /// The movement was there before anybody could have made it.
    #[error("a movement came sooner than it was asked for")]
    TooSoon,
    /// The face was out of sight too often while it should have moved.
    #[error("the face was lost from sight too often")]
    Lost,
    /// Movements came that nobody asked for.
    #[error("movements came that nobody asked for")]
    Unasked,
    /// What turned was flat.
    #[error("what turned has no relief")]
    Flat,
    /// A frame with the face came again after others, to the byte, as no camera sends it.
    #[error("a frame came again after others")]
    Looped,
    /// The face of the movements is not the one that was compared.
    #[error("the face changed")]
    OtherFace,
    /// The passive model takes it for a picture.
    #[error("the passive model takes it for a picture")]
    Picture,
    /// Something periodic lies over the skin: pixels of a screen, dots of a print.
    #[error("a pattern of pixels or dots lies over the skin")]
    Pattern,
    /// The skin's colour changed otherwise than the kiosk's light did.
    #[error("the skin answers to another light than the kiosk's")]
    OtherLight,
    /// The skin did not answer to the kiosk's light, and at this machine it must.
    #[error("the skin does not answer to the kiosk's light")]
    Unlit,
    /// No turn or no open mouth could be shown, and there is no passive model.
    #[error("too little was shown without the passive model")]
    TooLittle,
}

impl NotLive {
    /// A word for logs, stable.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotDone => "not-done",
            Self::OtherWay => "other-way",
            Self::TooSoon => "too-soon",
            Self::Lost => "lost",
            Self::Unasked => "unasked",
            Self::Flat => "flat",
            Self::Looped => "looped",
            Self::OtherFace => "other-face",
            Self::Picture => "picture",
            Self::Pattern => "pattern",
            Self::OtherLight => "other-light",
            Self::Unlit => "unlit",
            Self::TooLittle => "too-little",
        }
    }
}
