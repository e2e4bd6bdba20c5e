//! What a frame is like, measured, and the one hint that follows from it. The
//! measures are those of ISO/IEC 29794-5 as OFIQ defines them where they need no
//! further model; units and thresholds stand with [`QualityLimits`].

use identity::Picture;

use screen::FaceHint;

use crate::{align::Crop, config::QualityLimits, detect::Face, mesh::Mesh};

/// What was measured about the face in one picture. Not personal: no picture, no place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// The detector's certainty, 0 to 1.
    pub certainty: f32,
    /// Area of the second largest face as a share of the largest; 0: there is none.
    pub second_face: f32,
    /// Pixels between the eyes.
    pub eye_distance: f32,
    /// Height of the face as a share of the picture's height.
    pub face_height: f32,
    /// How far right of the picture's centre the face's centre lies, as a share of its height.
    pub right_of_centre: f32,
    /// How far below.
    pub below_centre: f32,
    /// Degrees; positive: turned to the picture's right.
    pub yaw: f32,
    /// Degrees; positive: chin down.
    pub pitch: f32,
    /// Degrees; positive: clockwise as seen in the picture.
    pub roll: f32,
    /// Mean brightness of the face, 0 to 1.
    pub brightness: f32,
    /// Share of nearly black pixels.
    pub black: f32,
    /// Share of nearly white pixels.
    pub white: f32,
    /// How much darker one cheek is than the other, as a share of the brighter: 0 even, 1 black.
    pub one_sided: f32,
    /// Variance of the Laplacian at a fixed size, in squared grey levels.
    pub sharpness: f32,
    /// Lid gap of the eye that is open least, over the distance from eyes to chin.
    pub eye_opening: f32,
    /// Lip gap over the distance from eyes to chin.
    pub mouth_opening: f32,
    /// The landmark model's certainty that the crop shows a face, 0 to 1.
    pub presence: f32,
}

/// Below this the landmark model sees no bare face in the crop.
const PRESENCE_MIN: f32 = 0.5;

impl Quality {
    pub(crate) fn measure(picture: &Picture, faces: &[Face], crop: &Crop, mesh: &Mesh) -> Self {
        let (width, height) = (picture.width as f32, picture.height as f32);
        let face = &faces[0];
        let [x, y] = face.centre();
        let light = Light::of(crop, mesh.bounds());
        Self {
            certainty: face.certainty,
            second_face: faces.get(1).map_or(0.0, |second| second.area() / face.area()),
            eye_distance: face.eye_distance(),
            face_height: face.height / height,
            right_of_centre: (x - width / 2.0) / height,
            below_centre: (y - height / 2.0) / height,
            yaw: mesh.yaw(),
            pitch: mesh.pitch(),
            roll: mesh.roll(),
            brightness: light.mean,
            black: light.black,
            white: light.white,
            one_sided: one_sided(crop, mesh.cheeks()),
            sharpness: light.sharpness,
            eye_opening: mesh.eye_opening(),
            mouth_opening: mesh.mouth_opening(),
            presence: mesh.presence,
        }
    }

    /// The first thing to change, worst first; none where the frame can be compared.
    pub fn hint(&self, limits: &QualityLimits) -> Option<FaceHint> {
        let rules = [
            (self.certainty < limits.face_certainty_min, FaceHint::NoFace),
            (self.second_face > limits.second_face_max, FaceHint::OnePerson),
            (self.brightness < limits.brightness_min || self.black > limits.black_max, FaceHint::TooDark),
            (self.brightness > limits.brightness_max || self.white > limits.white_max, FaceHint::TooBright),
            (self.one_sided > limits.one_sided_max, FaceHint::OneSidedLight),
            (self.face_height > limits.face_height_max, FaceHint::MoveBack),
            (self.face_height < limits.face_height_min, FaceHint::ComeCloser),
            (self.eye_distance < limits.eye_distance_min, FaceHint::ComeCloser),
            // Who stands left in the picture stands right of the camera's middle as they see it.
            (self.right_of_centre < -limits.off_centre_max, FaceHint::MoveLeft),
            (self.right_of_centre > limits.off_centre_max, FaceHint::MoveRight),
            (self.below_centre.abs() > limits.off_centre_max * 1.5, FaceHint::MoveBack),
            (self.presence < PRESENCE_MIN, FaceHint::Uncover),
            (self.yaw.abs() > limits.yaw_max || self.roll.abs() > limits.roll_max, FaceHint::LookStraight),
            (self.pitch > limits.pitch_max, FaceHint::LookUp),
            (self.pitch < -limits.pitch_max, FaceHint::LookDown),
            (self.eye_opening < limits.eye_opening_min, FaceHint::OpenEyes),
            (self.mouth_opening > limits.mouth_opening_max, FaceHint::LookStraight),
            (self.sharpness < limits.sharpness_min, FaceHint::HoldStill),
        ];
        rules.into_iter().find(|(broken, _)| *broken).map(|(_, hint)| hint)
    }

    /// Which of several good frames is the best: frontal and sharp first.
    pub(crate) fn rank(&self) -> f32 {
        self.sharpness.clamp(0.0, 400.0) / 400.0 - (self.yaw.abs() + self.pitch.abs()) / 30.0
    }
}

/// Brightness and sharpness of the face in its crop.
struct Light {
    mean: f32,
    black: f32,
    white: f32,
    sharpness: f32,
}

impl Light {
    fn of(crop: &Crop, [left, top, right, bottom]: [usize; 4]) -> Self {
        let side = crop.side;
        let grey = |x: usize, y: usize| luminance(crop, x, y);
        let mut light = Self { mean: 0.0, black: 0.0, white: 0.0, sharpness: 0.0 };
        let (mut edges, mut squares, mut count) = (0.0_f32, 0.0_f32, 0.0_f32);
        for y in top.max(1)..bottom.min(side - 1) {
            for x in left.max(1)..right.min(side - 1) {
                let value = grey(x, y);
                let edge = 4.0 * value - grey(x - 1, y) - grey(x + 1, y) - grey(x, y - 1) - grey(x, y + 1);
                count += 1.0;
                light.mean += value / 255.0;
                light.black += f32::from(u8::from(value < 25.5));
                light.white += f32::from(u8::from(value >= 247.0));
                edges += edge;
                squares += edge * edge;
            }
        }
        let count = count.max(1.0);
        light.mean /= count;
        light.black /= count;
        light.white /= count;
        light.sharpness = squares / count - (edges / count) * (edges / count);
        light
    }
}

/// How much darker the darker of two patches is, as a share of the brighter.
fn one_sided(crop: &Crop, patches: [[usize; 4]; 2]) -> f32 {
    let [one, other] = patches.map(|[left, top, right, bottom]| {
        let sum: f32 = (top..bottom).flat_map(|y| (left..right).map(move |x| luminance(crop, x, y))).sum();
        sum / ((right - left) * (bottom - top)).max(1) as f32
    });
    // Grey levels below the first say nothing.
    (one - other).abs() / one.max(other).max(1.0)
}

/// Grey levels, 0 to 255, by ITU-R BT.709, as OFIQ takes them.
fn luminance(crop: &Crop, x: usize, y: usize) -> f32 {
    let plane = crop.side * crop.side;
    let [red, green, blue] = [0, plane, 2 * plane].map(|offset| crop.planes[offset + y * crop.side + x]);
    (0.2126 * red + 0.7152 * green + 0.0722 * blue) * 255.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FaceConfig;

    fn good() -> Quality {
        Quality {
            certainty: 0.9,
            eye_distance: 120.0,
            face_height: 0.4,
            brightness: 0.5,
            sharpness: 100.0,
            eye_opening: 0.07,
            presence: 0.99,
            ..Quality::default()
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Quality), expected: Option<FaceHint>) {
        let mut quality = good();
        change(&mut quality);
        assert_eq!(quality.hint(&FaceConfig::documented().quality), expected);
    }

    #[test]
    fn each_fault_has_its_own_hint() {
        check(|_| (), None);
        check(|q| q.certainty = 0.55, Some(FaceHint::NoFace));
        check(|q| q.second_face = 0.5, Some(FaceHint::OnePerson));
        check(|q| q.brightness = 0.1, Some(FaceHint::TooDark));
        check(|q| q.black = 0.6, Some(FaceHint::TooDark));
        check(|q| q.white = 0.5, Some(FaceHint::TooBright));
        check(|q| q.one_sided = 0.8, Some(FaceHint::OneSidedLight));
        check(|q| q.face_height = 0.8, Some(FaceHint::MoveBack));
        check(|q| q.face_height = 0.1, Some(FaceHint::ComeCloser));
        check(|q| q.eye_distance = 40.0, Some(FaceHint::ComeCloser));
        check(|q| q.right_of_centre = -0.4, Some(FaceHint::MoveLeft));
        check(|q| q.right_of_centre = 0.4, Some(FaceHint::MoveRight));
        check(|q| q.presence = 0.1, Some(FaceHint::Uncover));
        check(|q| q.yaw = -30.0, Some(FaceHint::LookStraight));
        check(|q| q.roll = 25.0, Some(FaceHint::LookStraight));
        check(|q| q.pitch = 30.0, Some(FaceHint::LookUp));
        check(|q| q.pitch = -30.0, Some(FaceHint::LookDown));
        check(|q| q.eye_opening = 0.01, Some(FaceHint::OpenEyes));
        check(|q| q.sharpness = 1.0, Some(FaceHint::HoldStill));
    }

    #[test]
    fn the_worst_fault_is_said_first() {
        check(
            |q| {
                q.sharpness = 0.0;
                q.yaw = 40.0;
                q.brightness = 0.05;
            },
            Some(FaceHint::TooDark),
        );
    }
}
