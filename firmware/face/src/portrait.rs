//! Whether the portrait on a chip is good enough to be compared with anybody. It is the only
//! portrait that there is, so what a camera's frame must be like is not asked of it: small,
//! old, grey and badly lit ones are compared. Below the floors here a score would mean nothing,
//! so the citizen takes another way at once instead of failing three times.

use std::fmt;

use crate::quality::Quality;

/// Pixels between the eyes. The recogniser sees them 35 apart; at 18 the score of a true pair
/// of the tree's photographs fell from 0.79 to 0.74, at 11 to 0.64.
const LEAST_EYE_DISTANCE: f32 = 20.0;
/// Entropy of the grey levels, in bits (OFIQ: DynamicRange): what is nearly black, burnt out or
/// washed out has few. At 4.3 the same score fell to 0.72, at 3.7 to 0.62, at 2.6 to 0.43.
const LEAST_DYNAMIC_RANGE: f32 = 4.0;
/// Variance of the Laplacian, in squared grey levels: at 0.9 the same score fell to 0.64, at 0.6
/// to 0.57, at 0.4 to 0.29.
const LEAST_SHARPNESS: f32 = 0.8;
/// Certainty of the landmark model that it sees a face.
const LEAST_PRESENCE: f32 = 0.5;

/// What is wrong with a portrait. Numbers only: no picture, no place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PortraitFlaw {
    /// So many pixels between the eyes.
    Small(f32),
    /// Nearly black, burnt out or washed out: so many bits of grey levels.
    Flat(f32),
    /// A sharpness of so many squared grey levels.
    Blurred(f32),
    /// Covered, or hardly a face: so certain is the landmark model.
    Unclear(f32),
}

impl PortraitFlaw {
    /// The first floor that a portrait lies below. What is no number lies below all.
    pub(crate) fn of(quality: &Quality) -> Option<Self> {
        let below = |value: f32, floor: f32| value.is_nan() || value < floor;
        if below(quality.eye_distance, LEAST_EYE_DISTANCE) {
            Some(Self::Small(quality.eye_distance))
        } else if below(quality.dynamic_range, LEAST_DYNAMIC_RANGE) {
            Some(Self::Flat(quality.dynamic_range))
        } else if below(quality.sharpness, LEAST_SHARPNESS) {
            Some(Self::Blurred(quality.sharpness))
        } else {
            below(quality.presence, LEAST_PRESENCE).then_some(Self::Unclear(quality.presence))
        }
    }
}

impl fmt::Display for PortraitFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small(pixels) => write!(f, "{pixels:.0} pixels between the eyes"),
            Self::Flat(bits) => write!(f, "{bits:.1} bits of light and shade"),
            Self::Blurred(levels) => write!(f, "a sharpness of {levels:.1}"),
            Self::Unclear(certainty) => write!(f, "a face with a certainty of {certainty:.2}"),
        }
    }
}
