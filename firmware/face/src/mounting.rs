//! Whether the camera hangs upside down. The detector finds some faces the wrong way up too, and
//! what is compared of them is like nobody; the frame turned by 180 degrees tells it apart.
//!
//! In doubt it says no, because whoever is before a camera that hangs so has to go another way.
//! What the limits were chosen by stands in the README.

use std::time::Duration;

use identity::Picture;

use crate::{
    FaceError,
    config::QualityLimits,
    detect::Face,
    engine::Engine,
    mesh::{self, Mesh},
    orientation::half_turned,
    timing::{Timings, timed},
};

/// A try looks at no more turned frames than this: each costs as much as a frame that is compared.
const LOOKS: u32 = 2;
/// The detector is as certain of a face that the turned frame shows upright. Heads that lie on their
/// side stay below, whichever way the frame is turned.
const CERTAINTY_MIN: f32 = 0.90;
/// By so much more certain than of any face in the frame as it came.
const LEAD_MIN: f32 = 0.02;
/// The landmark model must see a face there as well.
const PRESENCE_MIN: f32 = 0.9;

/// How often a try has looked at a turned frame.
#[derive(Default)]
pub(crate) struct TurnedLooks(u32);

impl TurnedLooks {
    /// Whether good frames were waited for so long that it is time for a look: after a third of the
    /// limit, and of what is left after two.
    pub(crate) fn are_due(&self, waited: Duration, limit: Duration) -> bool {
        self.are_left() && waited * (LOOKS + 1) >= limit * (self.0 + 1)
    }

    pub(crate) fn are_left(&self) -> bool {
        self.0 < LOOKS
    }

    pub(crate) fn count(&mut self) {
        self.0 += 1;
    }
}

/// What the turned frame shows.
#[derive(Clone, Copy)]
struct Turned {
    certainty: f32,
    presence: f32,
    /// As a share of the frame's.
    height: f32,
}

impl Turned {
    /// Whether this and not the frame as it came, with that certainty of a face, is the right way up.
    fn is_the_right_way_up(self, as_it_came: f32, limits: &QualityLimits) -> bool {
        self.certainty >= CERTAINTY_MIN
            && self.certainty - as_it_came >= LEAD_MIN
            && self.presence >= PRESENCE_MIN
            // Something small in the background is nobody's face.
            && self.height >= limits.face_height_min
    }
}

impl Engine {
    /// Whether a face is seen upright only in the turned frame; `faces` are those of the frame as
    /// it came.
    pub(crate) fn is_upside_down(
        &self,
        picture: &Picture,
        faces: &[Face],
        limits: &QualityLimits,
        timings: &mut Timings,
    ) -> Result<bool, FaceError> {
        let as_it_came = faces.iter().map(|face| face.certainty).fold(0.0, f32::max);
        let picture = half_turned(picture);
        let turned = self.faces(&picture, timings)?;
        let best = turned.iter().max_by(|one, other| one.certainty.total_cmp(&other.certainty));
        let Some(face) = best else { return Ok(false) };
        let mesh = timed(&mut timings.landmarks, || {
            let (crop, by) = mesh::crop(&picture, face);
            Mesh::of(&self.landmarks, &crop, by)
        })?;
        let height = face.height / picture.height as f32;
        let turned = Turned { certainty: face.certainty, presence: mesh.presence, height };
        Ok(turned.is_the_right_way_up(as_it_came, limits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FaceConfig;

    #[test]
    fn every_part_of_the_rule_is_needed() {
        let limits = FaceConfig::documented().quality;
        let face = Turned { certainty: 0.94, presence: 1.0, height: 0.4 };
        let says = |turned: Turned, as_it_came| turned.is_the_right_way_up(as_it_came, &limits);
        assert!(says(face, 0.0) && says(face, 0.91));
        assert!(!says(face, 0.93), "as certain of both");
        assert!(!says(face, 0.95), "better as it came");
        assert!(!says(Turned { certainty: 0.89, ..face }, 0.0), "no upright face is so uncertain");
        assert!(!says(Turned { presence: 0.8, ..face }, 0.0), "the landmarks see none");
        assert!(!says(Turned { height: 0.2, ..face }, 0.0), "a picture on the wall");
    }

    #[test]
    fn a_try_looks_after_a_third_of_the_time_and_after_two_and_no_more() {
        let (mut looks, mut when) = (TurnedLooks::default(), Vec::new());
        for second in 0..60 {
            if looks.are_due(Duration::from_secs(second), Duration::from_secs(21)) {
                looks.count();
                when.push(second);
            }
        }
        assert_eq!(when, [7, 14]);
        assert!(!looks.are_left());
    }
}
