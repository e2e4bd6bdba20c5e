//! Every measure of a picture against its limits, worst fault first: the one table behind
//! the hints, the command line and the tests.

use screen::FaceHint;

use super::Quality;
use crate::config::QualityLimits;

/// One measure, the limits it must keep, and what to say where it does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Its name, in words.
    pub name: &'static str,
    /// What was measured.
    pub value: f32,
    /// In what unit.
    pub unit: &'static str,
    /// The least that is good; negative infinity where there is no such limit.
    pub least: f32,
    /// The most that is good; infinity where there is no such limit.
    pub most: f32,
    below: FaceHint,
    above: FaceHint,
}

impl Measure {
    fn new(name: &'static str, value: f32, unit: &'static str) -> Self {
        let (least, most) = (f32::NEG_INFINITY, f32::INFINITY);
        Self { name, value, unit, least, most, below: FaceHint::NoFace, above: FaceHint::NoFace }
    }

    fn least(self, least: f32, hint: FaceHint) -> Self {
        Self { least, below: hint, ..self }
    }

    fn most(self, most: f32, hint: FaceHint) -> Self {
        Self { most, above: hint, ..self }
    }

    /// At most so much to either side.
    fn either(self, most: f32, below: FaceHint, above: FaceHint) -> Self {
        self.least(-most, below).most(most, above)
    }

    /// What to tell the person; none where the measure is within its limits. What is no
    /// number is within none.
    pub fn fault(&self) -> Option<FaceHint> {
        if self.value > self.most {
            Some(self.above)
        } else if self.value >= self.least {
            None
        } else {
            Some(self.below)
        }
    }
}

impl Quality {
    /// All measures, in the order in which their faults are told.
    pub fn measures(&self, limits: &QualityLimits) -> Vec<Measure> {
        let mut all = Vec::with_capacity(32);
        all.extend(self.persons(limits));
        all.extend(self.exposure(limits));
        all.extend(self.places(limits));
        all.extend(self.covers(limits));
        all.extend(self.poses(limits));
        all.extend(self.surroundings(limits));
        all
    }

    fn persons(&self, limits: &QualityLimits) -> [Measure; 2] {
        [
            Measure::new("certainty", self.certainty, "").least(limits.face_certainty_min, FaceHint::NoFace),
            Measure::new("second face", self.second_face, "of the first's area")
                .most(limits.second_face_max, FaceHint::OnePerson),
        ]
    }

    fn exposure(&self, limits: &QualityLimits) -> [Measure; 6] {
        // What is flat is lit too little where it is dark; else it is behind glare or haze.
        let flat = if self.brightness < 0.5 { FaceHint::TooDark } else { FaceHint::TooBright };
        [
            Measure::new("brightness", self.brightness, "")
                .least(limits.brightness_min, FaceHint::TooDark)
                .most(limits.brightness_max, FaceHint::TooBright),
            Measure::new("black", self.black, "of the face").most(limits.black_max, FaceHint::TooDark),
            Measure::new("white", self.white, "of the face").most(limits.white_max, FaceHint::TooBright),
            Measure::new("one-sided", self.one_sided, "of the brighter cheek")
                .most(limits.one_sided_max, FaceHint::OneSidedLight),
            Measure::new("contrast", self.contrast, "").least(limits.contrast_min, flat),
            Measure::new("dynamic range", self.dynamic_range, "bits").least(limits.dynamic_range_min, flat),
        ]
    }

    fn places(&self, limits: &QualityLimits) -> [Measure; 8] {
        // Who stands left in the picture stands right of the camera's middle as they see it.
        let (left, right) = (FaceHint::MoveLeft, FaceHint::MoveRight);
        let (closer, back) = (FaceHint::ComeCloser, FaceHint::MoveBack);
        let (eyes, chin) = ("eye distances", "of eyes to chin");
        [
            Measure::new("face height", self.face_height, "of the picture")
                .least(limits.face_height_min, closer)
                .most(limits.face_height_max, back),
            Measure::new("eye distance", self.eye_distance, "px").least(limits.eye_distance_min, closer),
            Measure::new("right of centre", self.right_of_centre, "of the height").either(
                limits.off_centre_max,
                left,
                right,
            ),
            Measure::new("below centre", self.below_centre, "of the height").either(
                limits.off_height_max,
                back,
                back,
            ),
            Measure::new("margin left", self.margin_left, eyes).least(limits.margin_side_min, left),
            Measure::new("margin right", self.margin_right, eyes).least(limits.margin_side_min, right),
            Measure::new("margin above", self.margin_above, chin).least(limits.margin_above_min, back),
            Measure::new("margin below", self.margin_below, chin).least(limits.margin_below_min, back),
        ]
    }

    fn covers(&self, limits: &QualityLimits) -> [Measure; 4] {
        let hint = FaceHint::Uncover;
        [
            Measure::new("presence", self.presence, "").least(limits.presence_min, hint),
            Measure::new("eye light", self.eye_light, "of the skin's").least(limits.eye_light_min, hint),
            Measure::new("lip pallor", self.lip_pallor, "CIELAB").most(limits.lip_pallor_max, hint),
            Measure::new("brow colour", self.brow_colour, "CIELAB").most(limits.brow_colour_max, hint),
        ]
    }

    fn poses(&self, limits: &QualityLimits) -> [Measure; 5] {
        let straight = FaceHint::LookStraight;
        [
            Measure::new("yaw", self.yaw, "degrees").either(limits.yaw_max, straight, straight),
            Measure::new("roll", self.roll, "degrees").either(limits.roll_max, straight, straight),
            Measure::new("pitch", self.pitch, "degrees").either(
                limits.pitch_max,
                FaceHint::LookDown,
                FaceHint::LookUp,
            ),
            Measure::new("eye opening", self.eye_opening, "of eyes to chin")
                .least(limits.eye_opening_min, FaceHint::OpenEyes),
            Measure::new("mouth opening", self.mouth_opening, "of eyes to chin")
                .most(limits.mouth_opening_max, FaceHint::CloseMouth),
        ]
    }

    fn surroundings(&self, limits: &QualityLimits) -> [Measure; 4] {
        [
            Measure::new("sharpness", self.sharpness, "squared levels")
                .least(limits.sharpness_min, FaceHint::HoldStill),
            Measure::new("odd colour", self.odd_colour, "CIELAB")
                .most(limits.odd_colour_max, FaceHint::OddLight),
            Measure::new("background", self.background, "levels")
                .most(limits.background_max, FaceHint::BusyBackground),
            Measure::new("cheek overlap", self.cheek_overlap, ""),
        ]
    }
}
