//! The frames of a try that were compared with the portrait, and what they say together.

use crate::config::FaceConfig;

/// The score is the median of this many best frames.
const BEST: usize = 3;

/// What is kept of a frame that was compared: numbers only.
#[derive(Clone, Copy)]
struct Compared {
    rank: f32,
    likeness: f32,
}

/// The frames of a try that were compared.
#[derive(Default)]
pub(crate) struct Comparisons {
    frames: Vec<Compared>,
}

impl Comparisons {
    pub(crate) fn add(&mut self, rank: f32, likeness: f32) {
        self.frames.push(Compared { rank, likeness });
    }

    pub(crate) fn count(&self) -> usize {
        self.frames.len()
    }

    /// The median of the best frames, once there are enough of them.
    pub(crate) fn score(&self, config: &FaceConfig) -> Option<f32> {
        if self.frames.len() < usize::from(config.frames) {
            return None;
        }
        let mut best = self.frames.clone();
        best.sort_by(|a, b| b.rank.total_cmp(&a.rank));
        best.truncate(BEST);
        best.sort_by(|a, b| a.likeness.total_cmp(&b.likeness));
        // Of two the lower one: in doubt against a match.
        Some(best[(best.len() - 1) / 2].likeness)
    }

    /// How many frames an answer needs as it looks now.
    pub(crate) fn needed(&self, config: &FaceConfig) -> usize {
        let grey = self.score(config).is_some_and(|score| config.is_grey(score));
        usize::from(if grey { config.frames_in_grey } else { config.frames })
    }

    /// Whether they are enough for an answer.
    pub(crate) fn are_enough(&self, config: &FaceConfig) -> bool {
        self.frames.len() >= self.needed(config)
    }
}
