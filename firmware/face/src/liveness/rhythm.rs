//! The camera's rhythm. A camera sends one frame after the other; whoever feeds in pictures and
//! has to make the next ones first holds them back for a moment. What was seen before such
//! a gap counts no longer.

use std::time::Duration;

use super::LivenessConfig;

/// Watches the times of all frames of one try, also of those that nobody had time to look at.
pub struct Rhythm {
    gap_max: Duration,
    last: Option<Duration>,
}

impl Rhythm {
    /// Before the first frame.
    pub fn new(config: &LivenessConfig) -> Self {
        Self { gap_max: config.gap_max(), last: None }
    }

    /// Whether a frame that was taken then does not follow the one before as a camera's does:
    /// it comes too late, or not after it.
    pub fn is_broken_by(&mut self, taken: Duration) -> bool {
        let last = self.last.replace(taken);
        last.is_some_and(|last| taken <= last || taken.saturating_sub(last) > self.gap_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaks(milliseconds: &[u64]) -> Vec<bool> {
        let mut rhythm = Rhythm::new(&LivenessConfig::documented());
        milliseconds.iter().map(|&taken| rhythm.is_broken_by(Duration::from_millis(taken))).collect()
    }

    #[test]
    fn a_camera_that_slows_down_in_the_dark_keeps_its_rhythm() {
        assert_eq!(breaks(&[0, 33, 66, 166, 366, 399]), [false; 6]);
    }

    #[test]
    fn what_was_held_back_or_comes_out_of_order_breaks_it_once() {
        assert_eq!(breaks(&[0, 33, 900, 933]), [false, false, true, false]);
        assert_eq!(breaks(&[100, 133, 133, 120, 153]), [false, false, true, true, false]);
    }
}
