//! At what thresholds a face is compared and accepted. The numbers and where they
//! come from: `firmware/face/README.md`. Unknown keys are refused; safety thresholds
//! have no default, so a board's file must say them.

use std::time::Duration;

use serde::Deserialize;

use crate::{FaceError, Tempo, liveness::LivenessConfig};

/// The face section of a board's configuration.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FaceConfig {
    /// Similarity (cosine) from which it is the same person.
    pub accept: f32,
    /// Similarity from which more frames are looked at before the answer is no.
    pub grey: f32,
    /// Good frames that a first decision rests on.
    pub frames: u8,
    /// Good frames in all, where the first decision falls in the grey zone.
    pub frames_in_grey: u8,
    /// Seconds until enough good frames were seen, by the frames' own clock; the movements that
    /// are asked for have times of their own.
    pub time_limit_seconds: u16,
    /// What a frame must be like to be compared.
    pub quality: QualityLimits,
    /// What shows that a living person stands there.
    pub liveness: LivenessConfig,
}

/// What a frame must be like to be compared with the portrait.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct QualityLimits {
    /// Share of the detector's certainty, 0 to 1.
    pub face_certainty_min: f32,
    /// Area of the second largest face as a share of the largest; above: two people.
    pub second_face_max: f32,
    /// Pixels of the frame between the eyes.
    pub eye_distance_min: f32,
    /// Height of the face as a share of the frame's height; below: too far away.
    pub face_height_min: f32,
    /// Above: too close, the surroundings are not seen.
    pub face_height_max: f32,
    /// Distance of the face's centre from the frame's to either side, as a share of the frame's height.
    pub off_centre_max: f32,
    /// The same, above or below.
    pub off_height_max: f32,
    /// From midway between the eyes to either side of the frame, in distances between the eyes.
    pub margin_side_min: f32,
    /// From the eyes to the frame's upper edge, in lengths from the eyes to the chin.
    pub margin_above_min: f32,
    /// From the eyes to the frame's lower edge, in the same; the chin is at 1.
    pub margin_below_min: f32,
    /// Degrees to either side.
    pub yaw_max: f32,
    /// Degrees up or down.
    pub pitch_max: f32,
    /// Degrees of tilt.
    pub roll_max: f32,
    /// Mean brightness of the face, 0 to 1.
    pub brightness_min: f32,
    /// Above: too bright.
    pub brightness_max: f32,
    /// Share of the face's pixels that are nearly black.
    pub black_max: f32,
    /// Share of the face's pixels that are nearly white.
    pub white_max: f32,
    /// How much darker one cheek may be than the other, as a share of the brighter.
    pub one_sided_max: f32,
    /// Variance of the face's brightness, whose largest is 0.25.
    pub contrast_min: f32,
    /// Entropy of the face's grey levels, in bits, at most 8.
    pub dynamic_range_min: f32,
    /// How far the cheeks' colour may lie outside that of skin in white light, in units of CIELAB.
    pub odd_colour_max: f32,
    /// Certainty of the landmark model that it sees a face, 0 to 1.
    pub presence_min: f32,
    /// Brightness around the eyes as a share of the skin's; below: dark glasses.
    pub eye_light_min: f32,
    /// How much less red than the skin the lips may be, in units of CIELAB; above: a mask.
    pub lip_pallor_max: f32,
    /// How far the forehead's colour may lie from the skin's, in units of CIELAB; above: a cap.
    pub brow_colour_max: f32,
    /// Variance of the Laplacian of the face at a fixed size, in squared grey levels.
    pub sharpness_min: f32,
    /// Gap between the lids as a share of the distance from the eyes to the chin.
    pub eye_opening_min: f32,
    /// Gap between the lips as a share of the distance from the eyes to the chin.
    pub mouth_opening_max: f32,
    /// Mean gradient (Scharr) of what is around the head, of grey levels 0 to 255.
    pub background_max: f32,
}

impl FaceConfig {
    /// The thresholds that `README.md` gives reasons for; for tests and the command
    /// line. A kiosk reads its own from its board's file.
    pub fn documented() -> Self {
        Self {
            accept: 0.46,
            grey: 0.40,
            frames: 3,
            frames_in_grey: 9,
            time_limit_seconds: 20,
            quality: QualityLimits {
                face_certainty_min: 0.6,
                second_face_max: 0.25,
                eye_distance_min: 60.0,
                face_height_min: 0.22,
                face_height_max: 0.60,
                off_centre_max: 0.20,
                off_height_max: 0.30,
                margin_side_min: 0.9,
                margin_above_min: 0.8,
                margin_below_min: 1.1,
                yaw_max: 20.0,
                pitch_max: 20.0,
                roll_max: 15.0,
                brightness_min: 0.20,
                brightness_max: 0.80,
                black_max: 0.35,
                white_max: 0.20,
                one_sided_max: 0.60,
                contrast_min: 0.001,
                dynamic_range_min: 4.0,
                odd_colour_max: 15.0,
                presence_min: 0.5,
                eye_light_min: 0.4,
                lip_pallor_max: 6.0,
                brow_colour_max: 20.0,
                sharpness_min: 10.0,
                eye_opening_min: 0.02,
                mouth_opening_max: 0.25,
                background_max: 800.0,
            },
            liveness: LivenessConfig::documented(),
        }
    }

    /// Refuses settings that cannot be meant.
    pub fn check(&self) -> Result<(), FaceError> {
        let rules = [
            (self.accept > self.grey, "accept must be above grey"),
            (self.grey >= 0.363, "grey below 0.363 lets in one stranger in a thousand"),
            (self.accept < 1.0, "accept must be below 1"),
            (self.frames >= 1, "frames must be at least 1"),
            (self.frames_in_grey >= self.frames, "frames-in-grey must not be below frames"),
            (self.time_limit_seconds >= 1, "time-limit-seconds must be at least 1"),
        ];
        let mistake = rules.into_iter().find(|(holds, _)| !holds).map(|(_, reason)| reason);
        mistake.or(self.liveness.mistake()).map_or(Ok(()), |reason| Err(FaceError::Config(reason)))
    }

    /// Whether more frames are looked at before the answer is no.
    pub(crate) fn is_grey(&self, score: f32) -> bool {
        (self.grey..self.accept).contains(&score)
    }

    /// What a frame must be like. Gently the eyes need not be open: there are people who cannot
    /// open one, or either; what shows that they live and agree are movements they can make.
    pub(crate) fn quality_for(&self, tempo: Tempo) -> QualityLimits {
        match tempo {
            Tempo::Usual => self.quality.clone(),
            Tempo::Gentle => QualityLimits { eye_opening_min: 0.0, ..self.quality.clone() },
        }
    }

    pub(crate) fn time_limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.time_limit_seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../face.toml");

    #[test]
    fn the_example_file_holds_the_documented_thresholds() {
        assert_eq!(toml::from_str::<FaceConfig>(FILE).unwrap(), FaceConfig::documented());
        FaceConfig::documented().check().unwrap();
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let text = FILE.replace("accept =", "acceptance =");
        assert!(toml::from_str::<FaceConfig>(&text).unwrap_err().to_string().contains("acceptance"));
    }

    #[test]
    fn a_missing_threshold_is_refused() {
        let text = FILE.replace("grey = 0.40\n", "");
        assert!(toml::from_str::<FaceConfig>(&text).unwrap_err().to_string().contains("grey"));
    }

    #[test]
    fn a_threshold_that_lets_strangers_in_is_refused() {
        for (from, to) in [("accept = 0.46", "accept = 0.30"), ("grey = 0.40", "grey = 0.20")] {
            let text = FILE.replace(from, to);
            let config: FaceConfig = toml::from_str(&text).unwrap();
            assert!(matches!(config.check(), Err(FaceError::Config(_))), "{to}");
        }
    }

    #[test]
    fn times_that_nobody_could_keep_are_refused() {
        for (key, from, to) in
            [("reaction-min-milliseconds", 150, 60_000), ("lost-max-milliseconds", 1500, 65_535)]
        {
            let text = FILE.replace(&format!("{key} = {from}"), &format!("{key} = {to}"));
            let config: FaceConfig = toml::from_str(&text).unwrap();
            let refused = config.check().unwrap_err().to_string();
            assert!(refused.contains(key), "{refused}");
        }
    }

    #[test]
    fn a_limit_that_skin_alone_could_reach_is_refused() {
        for limit in ["12.0", "100.0", "nan"] {
            let text = FILE.replace("pattern-max = 20.0", &format!("pattern-max = {limit}"));
            let config: FaceConfig = toml::from_str(&text).unwrap();
            let refused = config.check().unwrap_err().to_string();
            assert!(refused.contains("pattern-max"), "{limit}: {refused}");
        }
    }
}
