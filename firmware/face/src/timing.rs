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
    /// Landmarks, pose, eyes, mouth, sharpness.
    pub landmarks: Duration,
    /// The template.
    pub template: Duration,
    /// Looking for a pattern over the skin.
    pub pattern: Duration,
    /// The passive liveness model, where it is installed.
    pub passive: Duration,
}

impl Timings {
    /// All stages together.
    pub fn total(&self) -> Duration {
        self.decode + self.detect + self.align + self.landmarks + self.template + self.pattern + self.passive
    }
}

/// Does the work and adds what it took.
pub(crate) fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    *sum += began.elapsed();
    result
}
