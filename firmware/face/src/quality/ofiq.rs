//! The scale of BSI's OFIQ (v1.1.0), 0 worst to 100 best, of those of its components whose
//! formula is known and needs no further model. For people who tune and compare; a kiosk
//! decides on the measures themselves. OFIQ-aligned, not conformant: the landmarks are
//! another model's, and faces are not masked for what covers them.

use std::f32::consts::PI;

use super::Quality;

/// One component of OFIQ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// As OFIQ calls it.
    pub name: &'static str,
    /// 0 worst to 100 best.
    pub scalar: u8,
}

impl Component {
    fn new(name: &'static str, scalar: f32) -> Self {
        Self { name, scalar: scalar.clamp(0.0, 100.0).round() as u8 }
    }
}

/// Rises from 0 to 1 around `middle`; the smaller `width`, the steeper.
fn sigmoid(value: f32, middle: f32, width: f32) -> f32 {
    1.0 / (1.0 + ((middle - value) / width).exp())
}

fn rising(value: f32, middle: f32, width: f32) -> f32 {
    100.0 * sigmoid(value, middle, width)
}

/// OFIQ's falling scales begin at their middle and are stretched to it.
fn falling(height: f32, value: f32, middle: f32, width: f32) -> f32 {
    height * (1.0 - sigmoid(value, middle, width))
}

fn frontal(degrees: f32) -> f32 {
    100.0 * degrees.to_radians().cos().max(0.0).powi(2)
}

impl Quality {
    /// The twenty components that follow from the measures.
    pub fn ofiq(&self) -> Vec<Component> {
        let mut all = self.light_components();
        all.extend(self.face_components());
        all
    }

    fn light_components(&self) -> Vec<Component> {
        let spread = 60.0 * self.contrast;
        let mean = rising(self.brightness, 0.2, 0.05) * (1.0 - sigmoid(self.brightness, 0.8, 0.05));
        vec![
            Component::new("IlluminationUniformity", 100.0 * self.cheek_overlap.powf(0.3)),
            Component::new("LuminanceMean", mean),
            Component::new("LuminanceVariance", 100.0 * (PI * spread / (spread + 1.0)).sin()),
            Component::new("UnderExposurePrevention", 120.0 * (0.832 - sigmoid(self.black, 0.92, 0.05))),
            Component::new("OverExposurePrevention", 1.0 / (self.white + 0.01)),
            Component::new("DynamicRange", 12.5 * self.dynamic_range),
            Component::new("NaturalColour", falling(200.0, self.odd_colour, 0.0, 10.0)),
            Component::new("BackgroundUniformity", falling(190.0, self.background, 10.0, 100.0)),
        ]
    }

    fn face_components(&self) -> Vec<Component> {
        // As a share of the picture's height, which is both margins together.
        let size = 1.0 / (self.margin_above + self.margin_below).max(f32::EPSILON);
        let across = self.eye_distance / self.yaw.to_radians().cos().max(0.1);
        vec![
            Component::new("SingleFacePresent", 100.0 * (1.0 - self.second_face)),
            Component::new("EyesOpen", rising(self.eye_opening, 0.02, 0.01)),
            Component::new("MouthClosed", falling(100.0, self.mouth_opening, 0.2, 0.06)),
            Component::new("InterEyeDistance", rising(across, 70.0, 20.0)),
            Component::new("HeadSize", falling(200.0, (size - 0.45).abs(), 0.0, 0.05)),
            Component::new("LeftwardCropOfTheFaceImage", rising(self.margin_left, 0.9, 0.1)),
            Component::new("RightwardCropOfTheFaceImage", rising(self.margin_right, 0.9, 0.1)),
            Component::new("MarginAboveOfTheFaceImage", rising(self.margin_above, 1.4, 0.1)),
            Component::new("MarginBelowOfTheFaceImage", rising(self.margin_below, 1.8, 0.1)),
            Component::new("HeadPoseYaw", frontal(self.yaw)),
            Component::new("HeadPosePitch", frontal(self.pitch)),
            Component::new("HeadPoseRoll", frontal(self.roll)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The turning points of the published formulas.
    #[test]
    fn the_scale_turns_where_ofiq_says() {
        let half = Quality {
            brightness: 0.2,
            contrast: 1.0 / 60.0,
            white: 0.01,
            dynamic_range: 8.0,
            eye_opening: 0.02,
            mouth_opening: 0.2,
            eye_distance: 70.0,
            margin_left: 0.9,
            margin_above: 1.4,
            margin_below: 1.8,
            yaw: 45.0,
            ..Quality::default()
        };
        let found = half.ofiq();
        assert_eq!(found.len(), 20);
        let scalar = |name: &str| found.iter().find(|one| one.name == name).unwrap().scalar;
        for name in ["LuminanceMean", "OverExposurePrevention", "EyesOpen", "MouthClosed", "HeadPoseYaw"] {
            assert_eq!(scalar(name), 50, "{name}");
        }
        for name in ["LeftwardCropOfTheFaceImage", "MarginAboveOfTheFaceImage", "MarginBelowOfTheFaceImage"] {
            assert_eq!(scalar(name), 50, "{name}");
        }
        for name in ["LuminanceVariance", "DynamicRange", "NaturalColour", "UnderExposurePrevention"] {
            assert_eq!(scalar(name), 100, "{name}");
        }
        assert!(scalar("InterEyeDistance") > 50, "a turned head's eyes are nearer to each other");
    }
}
