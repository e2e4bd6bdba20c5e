//! How long each stage took. The one place of this crate that looks at a clock, and
//! only to measure: nothing is decided by it.

use std::time::{Duration, Instant};

/// Time spent in each stage; zero where a stage was not reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Pixels out of the camera's format.
    pub decode: Duration,
    /// Finding faces.
    pub detect: Duration,
    /// Bringing the face upright and to size.
    pub align: Duration,
    /// Landmarks, and with them the pose.
    pub landmarks: Duration,
    /// Light, sharpness, covers, framing: every measure of quality.
    pub quality: Duration,
    /// What a movement shows of a living face.
    pub movement: Duration,
    /// The template.
    pub template: Duration,
    /// Comparing templates.
    pub compare: Duration,
    /// Looking for a pattern over the skin.
    pub pattern: Duration,
    /// The passive liveness model, where it is installed.
    pub passive: Duration,
}

impl Timings {
    /// All stages together.
    pub fn total(&self) -> Duration {
        let seen = self.decode + self.detect + self.landmarks + self.quality;
        let alive = self.movement + self.pattern + self.passive;
        seen + alive + self.align + self.template + self.compare
    }
}

/// Does the work and adds what it took.
pub(crate) fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    *sum += began.elapsed();
    result
}
