//! What a frame is like, measured, and the one hint that follows from it. The
//! measures are those of ISO/IEC 29794-5 as OFIQ defines them where they need no
//! further model, and proxies of our own where they do; units and thresholds stand
//! with [`QualityLimits`]. OFIQ-aligned, not conformant.

mod colour;
mod cover;
mod framing;
mod light;
mod measures;
mod ofiq;

use identity::Picture;

use screen::FaceHint;

use crate::{
    align::Crop,
    config::QualityLimits,
    detect::Face,
    mesh::{self, Mesh},
};
use cover::Cover;
use framing::Margins;
use light::Light;

pub use measures::Measure;
pub use ofiq::Component;

/// What was measured about the face in one picture. Not personal: no picture, no place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// The detector's certainty, 0 to 1.
    pub certainty: f32,
    /// Area of the second largest face as a share of the largest; 0: there is none
    /// (OFIQ: SingleFacePresent).
    pub second_face: f32,
    /// Pixels between the eyes (OFIQ: InterEyeDistance).
    pub eye_distance: f32,
    /// Height of the face as a share of the picture's height.
    pub face_height: f32,
    /// How far right of the picture's centre the face's centre lies, as a share of its height.
    pub right_of_centre: f32,
    /// How far below.
    pub below_centre: f32,
    /// From midway between the eyes to the picture's left edge, in distances between the
    /// eyes (OFIQ: LeftwardCropOfTheFaceImage).
    pub margin_left: f32,
    /// The same to the right edge (OFIQ: RightwardCropOfTheFaceImage).
    pub margin_right: f32,
    /// From the eyes to the upper edge, in lengths from the eyes to the chin (OFIQ:
    /// MarginAboveOfTheFaceImage).
    pub margin_above: f32,
    /// From the eyes to the lower edge, in the same; the chin is at 1 (OFIQ:
    /// MarginBelowOfTheFaceImage).
    pub margin_below: f32,
    /// Degrees; positive: turned to the picture's right (OFIQ: HeadPoseYaw).
    pub yaw: f32,
    /// Degrees; positive: chin down (OFIQ: HeadPosePitch).
    pub pitch: f32,
    /// Degrees; positive: clockwise as seen in the picture (OFIQ: HeadPoseRoll).
    pub roll: f32,
    /// Mean brightness of the face, 0 to 1 (OFIQ: LuminanceMean).
    pub brightness: f32,
    /// Variance of the same (OFIQ: LuminanceVariance).
    pub contrast: f32,
    /// Entropy of the face's grey levels, in bits (OFIQ: DynamicRange).
    pub dynamic_range: f32,
    /// Share of nearly black pixels (OFIQ: UnderExposurePrevention).
    pub black: f32,
    /// Share of nearly white pixels (OFIQ: OverExposurePrevention).
    pub white: f32,
    /// How much darker one cheek is than the other, as a share of the brighter: 0 even, 1 black.
    pub one_sided: f32,
    /// How much of their grey levels the cheeks share, 0 to 1 (OFIQ: IlluminationUniformity).
    /// Measured and shown, and without a limit: cheeks that differ by a tenth share nothing.
    pub cheek_overlap: f32,
    /// How far the skin's colour lies outside that of skin in white light, in units of CIELAB
    /// (OFIQ: NaturalColour, which takes the cheeks; here the forehead counts where they are
    /// covered).
    pub odd_colour: f32,
    /// Variance of the Laplacian at a fixed size, in squared grey levels; stands for OFIQ's
    /// Sharpness, which is a trained model.
    pub sharpness: f32,
    /// Brightness of what is around the better lit eye, as a share of the skin's; stands for
    /// OFIQ's EyesVisible.
    pub eye_light: f32,
    /// How much less red than the skin the lips are, in units of CIELAB; below 0: redder, as
    /// lips are. Stands for OFIQ's MouthOcclusionPrevention.
    pub lip_pallor: f32,
    /// How far the forehead's colour lies from the skin's, in units of CIELAB; stands for
    /// OFIQ's NoHeadCoverings.
    pub brow_colour: f32,
    /// Lid gap of the eye that is open least, over the distance from eyes to chin (OFIQ: EyesOpen).
    pub eye_opening: f32,
    /// Lip gap over the distance from eyes to chin (OFIQ: MouthClosed).
    pub mouth_opening: f32,
    /// Mean gradient beside and above the head (OFIQ: BackgroundUniformity).
    pub background: f32,
    /// The landmark model's certainty that the crop shows a face, 0 to 1.
    pub presence: f32,
}

/// Mean red, green and blue of the skin of the cheeks, without gamma, 0 to 1.
pub(crate) fn skin(crop: &Crop, mesh: &Mesh) -> [f32; 3] {
    light::skin(crop, mesh.cheeks())
}

impl Quality {
    pub(crate) fn measure(picture: &Picture, faces: &[Face], crop: &Crop, mesh: &Mesh) -> Self {
        Self { presence: mesh.presence, ..Self::default() }
            .placed(picture, faces)
            .lit(crop, mesh)
            .posed(mesh)
            .framed(picture, &faces[0], crop, mesh)
    }

    fn placed(self, picture: &Picture, faces: &[Face]) -> Self {
        let (width, height) = (picture.width as f32, picture.height as f32);
        let face = &faces[0];
        let [x, y] = face.centre();
        Self {
            certainty: face.certainty,
            second_face: faces.get(1).map_or(0.0, |second| second.area() / face.area()),
            eye_distance: face.eye_distance(),
            face_height: face.height / height,
            right_of_centre: (x - width / 2.0) / height,
            below_centre: (y - height / 2.0) / height,
            ..self
        }
    }

    fn lit(self, crop: &Crop, mesh: &Mesh) -> Self {
        let light = Light::of(crop, &mesh.outline());
        let cover = Cover::of(crop, mesh);
        Self {
            brightness: light.mean,
            contrast: light.variance,
            dynamic_range: light.entropy,
            black: light.black,
            white: light.white,
            one_sided: light::one_sided(crop, mesh.cheeks()),
            cheek_overlap: light::overlap(crop, mesh.cheeks()),
            odd_colour: cover.odd_colour,
            sharpness: light.sharpness,
            eye_light: cover.eye_light,
            lip_pallor: cover.lip_pallor,
            brow_colour: cover.brow_colour,
            ..self
        }
    }

    fn posed(self, mesh: &Mesh) -> Self {
        Self {
            yaw: mesh.yaw(),
            pitch: mesh.pitch(),
            roll: mesh.roll(),
            eye_opening: mesh.eye_opening(),
            mouth_opening: mesh.mouth_opening(),
            ..self
        }
    }

    fn framed(self, picture: &Picture, face: &Face, crop: &Crop, mesh: &Mesh) -> Self {
        let (to_picture, _) = mesh::place(face);
        let margins = Margins::of(picture, face, mesh, to_picture);
        Self {
            margin_left: margins.left,
            margin_right: margins.right,
            margin_above: margins.above,
            margin_below: margins.below,
            background: framing::background(picture, crop, mesh, to_picture),
            ..self
        }
    }

    /// The first thing to change, worst first; none where the frame can be compared.
    pub fn hint(&self, limits: &QualityLimits) -> Option<FaceHint> {
        self.measures(limits).iter().find_map(Measure::fault)
    }

    /// Which of several good frames is the best: frontal, sharp, evenly lit, eyes open.
    pub(crate) fn rank(&self) -> f32 {
        self.sharpness.clamp(0.0, 400.0) / 400.0
            - (self.yaw.abs() + self.pitch.abs()) / 30.0
            - self.one_sided / 2.0
            + self.eye_opening.clamp(0.0, 0.05) * 10.0
    }
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
            margin_left: 3.0,
            margin_right: 3.0,
            margin_above: 1.5,
            margin_below: 2.0,
            brightness: 0.5,
            contrast: 0.02,
            dynamic_range: 7.0,
            sharpness: 100.0,
            eye_light: 0.9,
            lip_pallor: -5.0,
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
