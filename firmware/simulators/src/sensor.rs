//! What a camera's sensor makes of the light that falls on it: exposure that follows the light,
//! up to its bounds, and the noise that stands out where the bounds are reached. Also the lamp
//! that may light the scene.
//!
//! Made by ourselves after the textbook (photons arrive by chance, reading adds a little), not
//! of a recording; the same frame number gives the same noise on every machine.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicBool, Ordering},
};

use devices::Light;
use image::RgbImage;

/// A lamp that fills a dark face. Clones are one lamp.
#[derive(Clone, Default)]
pub struct FillLamp(Arc<AtomicBool>);

impl FillLamp {
    /// Whether it shines.
    pub fn shines(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Light for FillLamp {
    fn shine(&mut self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }
}

/// The light of a dark room, as a share of what the photograph was taken in: a corridor at
/// night beside a lit office.
pub(crate) const DARK_ROOM: f32 = 0.007;
/// What the lamp adds on a face that stands where it should.
pub(crate) const LAMP: f32 = 0.3;

/// How much longer than in a lit room a frame may be exposed: its rate must not sink.
const LONGEST: f32 = 2.0;
/// How far what was read is amplified beyond that.
const STRONGEST: f32 = 4.0;
/// From one frame to the next exposure changes by at most this factor.
const PACE: f32 = 1.25;
/// Electrons of a white pixel in a lit room, and what reading adds, of a small sensor.
const WHITE: f32 = 6000.0;
const READING: f32 = 3.0;

/// The exposure that a camera has chosen, and whether it may choose another.
pub(crate) struct Sensor {
    /// Time and amplification together; 1 in a lit room.
    exposure: f32,
    held: bool,
}

impl Sensor {
    /// A camera that has settled in a lit room.
    pub(crate) fn new() -> Self {
        Self { exposure: 1.0, held: false }
    }

    /// Settles for that light at once, as a camera does before its first frame is shown.
    pub(crate) fn settle(&mut self, light: f32) {
        *self = Self { exposure: wanted(light), held: false };
    }

    /// Keeps the exposure as it is, or lets it follow the light again.
    pub(crate) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Frame `number` of the scene in that light. In the light of the photograph it is the
    /// photograph itself, to the byte.
    pub(crate) fn see(&mut self, scene: RgbImage, light: f32, number: u64) -> RgbImage {
        if !self.held {
            let part = wanted(light) / self.exposure;
            self.exposure *= part.clamp(1.0 / PACE, PACE);
        }
        if (light - 1.0).abs() < f32::EPSILON && (self.exposure - 1.0).abs() < f32::EPSILON {
            return scene;
        }
        exposed(scene, light, self.exposure, number)
    }
}

/// What would show a scene in that light as in a lit room, as far as it can be had.
fn wanted(light: f32) -> f32 {
    (1.0 / light).clamp(0.1, LONGEST * STRONGEST)
}

fn exposed(mut scene: RgbImage, light: f32, exposure: f32, number: u64) -> RgbImage {
    let electrons = WHITE * light * exposure.min(LONGEST);
    let amplified = light * exposure / electrons;
    // What a value comes to, and how far noise spreads it, in steps of `SHOWN`.
    let steps = (SHOWN.len() - 1) as f32 * amplified;
    let read: [[f32; 2]; 256] = std::array::from_fn(|value| {
        let caught = LINEAR[value] * electrons;
        [caught * steps, (caught + READING * READING).sqrt() * steps]
    });
    let (shown, noise) = (&*SHOWN, &*NOISE);
    let most = (shown.len() - 1) as f32;
    let mut chance = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x6A09_E667_F3BC_C909;
    for value in scene.as_flat_samples_mut().samples.iter_mut() {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let [mean, spread] = read[usize::from(*value)];
        let step = mean + spread * noise[(chance >> 40) as usize % noise.len()];
        *value = shown[(step + 0.5).clamp(0.0, most) as usize];
    }
    scene
}

/// Light by the values of a picture (IEC 61966-2-1).
static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let shown = value as f32 / 255.0;
        if shown <= 0.040_45 { shown / 12.92 } else { ((shown + 0.055) / 1.055).powf(2.4) }
    })
});

/// The reverse, in steps finer than any value's.
static SHOWN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let steps = 8192_u16;
    let shown = |step: u16| {
        let light = f32::from(step) / f32::from(steps);
        let shown = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
        (shown * 255.0).round() as u8
    };
    (0..=steps).map(shown).collect()
});

/// Numbers around 0 that spread by 1, near enough to a normal distribution: each the sum of
/// twelve even ones.
static NOISE: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    let mut even = move || {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        (chance >> 40) as f32 / (1_u64 << 24) as f32
    };
    (0..65_536).map(|_| (0..12).map(|_| even()).sum::<f32>() - 6.0).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(value: u8) -> RgbImage {
        RgbImage::from_pixel(64, 64, image::Rgb([value; 3]))
    }

    /// Mean and spread of a picture's values.
    fn levels(picture: &RgbImage) -> (f32, f32) {
        let values = picture.as_raw();
        let mean = values.iter().map(|value| f32::from(*value)).sum::<f32>() / values.len() as f32;
        let square = |value: &u8| (f32::from(*value) - mean).powi(2);
        (mean, (values.iter().map(square).sum::<f32>() / values.len() as f32).sqrt())
    }

    #[test]
    fn in_the_photographs_light_nothing_changes() {
        let mut sensor = Sensor::new();
        assert_eq!(sensor.see(grey(130), 1.0, 5).into_raw(), grey(130).into_raw());
    }

    #[test]
    fn a_dark_room_is_dark_and_grainy_although_the_camera_does_what_it_can() {
        let mut sensor = Sensor::new();
        sensor.settle(DARK_ROOM);
        let (mean, spread) = levels(&sensor.see(grey(150), DARK_ROOM, 1));
        // 150 is 0.305 of white; 0.056 of that is 0.017, shown as 35.
        assert!((33.0..37.0).contains(&mean), "{mean}");
        assert!((3.0..12.0).contains(&spread), "{spread}");
    }

    #[test]
    fn a_lamp_lights_the_face_within_some_frames_and_leaves_little_noise() {
        let mut sensor = Sensor::new();
        sensor.settle(DARK_ROOM);
        let lit = DARK_ROOM + LAMP;
        let frames: Vec<_> = (0..8).map(|number| levels(&sensor.see(grey(150), lit, number))).collect();
        assert!(frames[0].0 > 180.0, "not yet used to it: {:?}", frames[0]);
        assert!((147.0..153.0).contains(&frames[7].0) && frames[7].1 < 4.0, "{:?}", frames[7]);
    }

    #[test]
    fn the_same_frame_has_the_same_noise_and_another_has_another() {
        let see = |number| {
            let mut sensor = Sensor::new();
            sensor.settle(DARK_ROOM);
            sensor.see(grey(150), DARK_ROOM, number).into_raw()
        };
        assert_eq!(see(4), see(4));
        assert_ne!(see(4), see(5));
    }

    #[test]
    fn what_is_held_shows_the_light_and_not_the_camera() {
        let mut sensor = Sensor::new();
        sensor.hold(true);
        let half = |sensor: &mut Sensor| levels(&sensor.see(grey(150), 0.5, 1)).0;
        let held = half(&mut sensor);
        assert!((105.0..112.0).contains(&held), "{held}");
        assert!((half(&mut sensor) - held).abs() < 0.01, "it went on choosing");
        sensor.hold(false);
        for _ in 0..6 {
            half(&mut sensor);
        }
        assert!((148.0..152.0).contains(&half(&mut sensor)));
    }
}
