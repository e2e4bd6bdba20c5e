//! Two pictures compared, for people who tune and test; it makes no [`crate::FaceMatch`].

use crate::{evidence::Score, quality::Quality, timing::Timings};

/// What came of comparing two pictures.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// How alike the faces are.
    pub score: Score,
    /// What each picture is like.
    pub quality: [Quality; 2],
    /// How long each took.
    pub timings: [Timings; 2],
}
