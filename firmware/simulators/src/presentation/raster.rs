//! What a camera sees of the pixels of a screen or of the dots of a print, at any distance: a
//! raster as fine as the camera's own pixels comes out as waves that are in neither (moiré), a
//! finer one not at all.
//!
//! Each is a sum of waves (Fourier). The lens blurs and the camera's square pixels average every
//! wave by a known share, and what is left is taken at the middle of each pixel, behind one of the
//! sensor's three colours (Bayer). Made by ourselves after the textbook, not of a recording.

use std::f32::consts::{PI, TAU};

use image::{Rgb, RgbImage};
use serde::{Deserialize, Serialize};

/// A raster, and how sharp the camera is that looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Raster {
    /// From one pixel or dot to the next while it is held straight, in pixels of the frame.
    pub pitch: f32,
    /// Degrees by which it is turned in the frame.
    pub askew: f32,
    /// How far the lens spreads a point: a standard deviation in pixels of the frame.
    pub blur: f32,
}

/// What makes a raster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Made {
    /// Of a red, a green and a blue stripe for each pixel.
    Pixels,
    /// Of dots of cyan, magenta and yellow, each at its own angle.
    Dots,
}

/// How a place in the picture moves with one in the frame: for across and down in the picture, by
/// how much for a step across and one down in the frame.
pub(super) type Slope = [[f32; 2]; 2];

/// Width of a stripe and its height, as shares of a pixel.
const STRIPE: [f32; 2] = [0.28, 0.85];
/// Waves with so many cycles a pixel at most: stripes have corners, which nobody sees.
const HARMONICS: i8 = 4;
/// A smaller share is below any level of a picture.
const SEEN: f32 = 0.002;
/// How much darker a dot is in its middle than between dots: toner spreads.
const INK: f32 = 0.28;
/// Degrees of cyan's, magenta's and yellow's rows.
const ANGLES: [f32; 3] = [15.0, 75.0, 45.0];

/// A wave as the camera sees it: for a place in the picture, how many cycles and how strong.
struct Wave {
    cycles: [f32; 2],
    /// Cycles in a pixel's width: the stripes of its colours lie a third of that apart.
    in_pixel: f32,
    share: f32,
}

/// A raster seen on a part of the frame so small that it lies there as on a plane.
pub(super) struct Patch {
    made: Made,
    waves: [Vec<Wave>; 3],
}

impl Raster {
    pub(super) fn patch(&self, made: Made, slope: Slope) -> Patch {
        let waves = match made {
            Made::Pixels => [self.stripes(slope), Vec::new(), Vec::new()],
            Made::Dots => ANGLES.map(|angle| self.dots(angle, slope)),
        };
        Patch { made, waves }
    }

    fn stripes(&self, slope: Slope) -> Vec<Wave> {
        let [width, height] = STRIPE;
        let all = (0..=HARMONICS).flat_map(|m| (-HARMONICS..=HARMONICS).map(move |n| [m, n]));
        // Of a wave and its opposite one stands for both.
        let halves = all.filter(|[m, n]| *m > 0 || *n > 0);
        let waves = halves.map(|pair| {
            let [m, n] = pair.map(f32::from);
            let cycles = turned([m / self.pitch, n / self.pitch], self.askew);
            let share = 2.0 * sinc(m * width) * sinc(n * height) * self.left(cycles, slope);
            Wave { cycles, in_pixel: m, share }
        });
        waves.filter(|wave| wave.share.abs() >= SEEN).collect()
    }

    fn dots(&self, angle: f32, slope: Slope) -> Vec<Wave> {
        let waves = [[1.0, 0.0], [0.0, 1.0]].map(|pair: [f32; 2]| {
            let cycles = turned(pair.map(|cycle| cycle / self.pitch), angle + self.askew);
            Wave { cycles, in_pixel: 0.0, share: INK / 4.0 * self.left(cycles, slope) }
        });
        waves.into_iter().filter(|wave| wave.share.abs() >= SEEN).collect()
    }

    /// What lens and pixels leave of a wave.
    fn left(&self, cycles: [f32; 2], slope: Slope) -> f32 {
        let [x, y] = [0, 1].map(|axis| cycles[0] * slope[0][axis] + cycles[1] * slope[1][axis]);
        (-2.0 * (PI * self.blur).powi(2) * (x * x + y * y)).exp() * sinc(x) * sinc(y)
    }
}

impl Patch {
    /// A pixel of the picture as it is seen there.
    pub(super) fn seen(&self, pixel: [u8; 3], [x, y]: [f32; 2]) -> [u8; 3] {
        let sum = |colour: usize, waves: &[Wave]| -> f32 {
            let late = (colour as f32 + 0.5) / 3.0;
            let turn = |wave: &Wave| wave.cycles[0] * x + wave.cycles[1] * y - wave.in_pixel * late;
            waves.iter().map(|wave| wave.share * (TAU * turn(wave).rem_euclid(1.0)).cos()).sum()
        };
        std::array::from_fn(|colour| {
            let value = f32::from(pixel[colour]);
            let seen = match self.made {
                // Light adds up before the gamma.
                Made::Pixels => value * (1.0 + sum(colour, &self.waves[0])).max(0.0).powf(1.0 / 2.2),
                // Neither white paper nor a full ground of ink has dots.
                Made::Dots => {
                    let tone = value / 255.0;
                    value + 255.0 * sum(colour, &self.waves[colour]) * (1.0 - (2.0 * tone - 1.0).abs())
                }
            };
            (seen + 0.5).clamp(0.0, 255.0) as u8
        })
    }
}

/// The frame as a sensor gives it that sees one colour with each pixel, and takes the others from the
/// neighbours.
pub(super) fn mosaic(scene: &RgbImage) -> RgbImage {
    const WEIGHTS: [[u32; 3]; 3] = [[1, 2, 1], [2, 4, 2], [1, 2, 1]];
    let (width, height) = scene.dimensions();
    let colour = |x: u32, y: u32| match (x % 2, y % 2) {
        (0, 0) => 0,
        (1, 1) => 2,
        _ => 1,
    };
    RgbImage::from_fn(width, height, |x, y| {
        let own = colour(x, y);
        let (mut sum, mut weight) = ([0; 3], [0; 3]);
        for (right, below) in (0..3).flat_map(|below| (0..3).map(move |right| (right, below))) {
            let (column, row) = ((x + right).wrapping_sub(1), (y + below).wrapping_sub(1));
            if column < width && row < height {
                let (of, share) = (colour(column, row), WEIGHTS[below as usize][right as usize]);
                sum[of] += share * u32::from(scene.get_pixel(column, row).0[of]);
                weight[of] += share;
            }
        }
        let mut pixel = [0, 1, 2].map(|of| (sum[of] / weight[of].max(1)) as u8);
        pixel[own] = scene.get_pixel(x, y).0[own];
        Rgb(pixel)
    })
}

fn turned([x, y]: [f32; 2], degrees: f32) -> [f32; 2] {
    let (sin, cos) = degrees.to_radians().sin_cos();
    [x * cos - y * sin, x * sin + y * cos]
}

/// What averaging over a width leaves of so many cycles in it.
fn sinc(cycles: f32) -> f32 {
    if cycles.abs() < 1e-4 { 1.0 } else { (PI * cycles).sin() / (PI * cycles) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRAIGHT: Slope = [[1.0, 0.0], [0.0, 1.0]];

    /// A grey field seen through a raster.
    fn seen(raster: Raster, made: Made) -> RgbImage {
        let patch = raster.patch(made, STRAIGHT);
        RgbImage::from_fn(48, 48, |x, y| Rgb(patch.seen([128; 3], [x as f32, y as f32])))
    }

    fn spread(picture: &RgbImage) -> f32 {
        let green: Vec<f32> = picture.pixels().map(|pixel| f32::from(pixel.0[1])).collect();
        let mean = green.iter().sum::<f32>() / green.len() as f32;
        (green.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / green.len() as f32).sqrt()
    }

    #[test]
    fn a_fine_raster_is_not_seen_and_a_coarse_one_is() {
        for made in [Made::Pixels, Made::Dots] {
            let at = |pitch| spread(&seen(Raster { pitch, askew: 3.0, blur: 0.5 }, made));
            assert!(at(0.4) < 1.0 && at(2.5) > 3.0, "{made:?}: {} {}", at(0.4), at(2.5));
            assert!(at(4.0) > at(2.5), "{made:?}");
        }
    }

    #[test]
    fn a_raster_finer_than_two_pixels_makes_waves_that_are_coarser() {
        // One and a quarter: four fifths of a cycle a pixel, seen as one fifth.
        let row = seen(Raster { pitch: 1.25, askew: 0.0, blur: 0.2 }, Made::Pixels);
        let value = |x: u32| f32::from(row.get_pixel(x, 0).0[1]);
        assert!((0..40).all(|x| (value(x) - value(x + 5)).abs() <= 1.0));
        assert!((0..5).any(|x| (value(x) - value(x + 1)).abs() > 3.0));
    }

    #[test]
    fn the_sensors_mosaic_leaves_an_even_grey_as_it_is() {
        let grey = RgbImage::from_pixel(9, 6, Rgb([90, 120, 150]));
        assert_eq!(mosaic(&grey), grey);
    }
}
