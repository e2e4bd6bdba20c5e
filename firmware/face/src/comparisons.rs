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

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of these ranks and likenesses, in the order in which they came.
    fn compared<const N: usize>(frames: [(f32, f32); N]) -> Comparisons {
        let mut compared = Comparisons::default();
        for (rank, likeness) in frames {
            compared.add(rank, likeness);
        }
        compared
    }

    #[test]
    fn the_best_frames_decide_and_neither_the_first_nor_the_likest() {
        let config = FaceConfig::documented();
        let frames = [(0.1, 0.9), (0.2, 0.9), (0.3, 0.9), (0.7, 0.2), (0.9, 0.5), (0.8, 0.3)];
        assert_eq!(compared(frames).score(&config), Some(0.3));
        let mut reversed = frames;
        reversed.reverse();
        assert_eq!(compared(reversed).score(&config), Some(0.3));
    }

    #[test]
    fn of_three_the_middle_one_counts_and_of_two_the_lower() {
        let config = FaceConfig::documented();
        let three = [(0.5, 0.9), (0.5, 0.1), (0.5, 0.6)];
        assert_eq!(compared(three).score(&config), Some(0.6));
        let two = FaceConfig { frames: 2, ..config };
        for frames in [[(0.9, 0.8), (0.5, 0.3)], [(0.9, 0.3), (0.5, 0.8)]] {
            assert_eq!(compared(frames).score(&two), Some(0.3));
        }
    }

    #[test]
    fn fewer_than_asked_for_say_nothing() {
        let (config, two) = (FaceConfig::documented(), compared([(0.9, 0.9), (0.9, 0.9)]));
        assert_eq!((two.score(&config), two.are_enough(&config)), (None, false));
    }

    #[test]
    fn three_do_not_suffice_in_the_grey_zone() {
        let config = FaceConfig::documented();
        let of = |likeness: f32, count: usize| {
            let mut compared = Comparisons::default();
            for _ in 0..count {
                compared.add(0.5, likeness);
            }
            compared.are_enough(&config)
        };
        // Below it and from the threshold on they do.
        assert_eq!([0.39, 0.40, 0.459, 0.46].map(|likeness| of(likeness, 3)), [true, false, false, true]);
        assert_eq!([8, 9].map(|count| of(0.43, count)), [false, true]);
    }

    #[test]
    fn a_better_frame_leads_out_of_the_grey_zone() {
        let config = FaceConfig::documented();
        let mut frames = compared([(0.5, 0.43), (0.5, 0.43), (0.6, 0.70)]);
        assert!(!frames.are_enough(&config));
        frames.add(0.6, 0.70);
        assert!(frames.are_enough(&config) && frames.score(&config) == Some(0.70));
    }
}
