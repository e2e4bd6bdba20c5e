//! What becomes of a picture that is printed or shown on a screen before a camera sees it
//! again. Made by ourselves after descriptions of the processes, not of recordings of real
//! attacks: good for finding what a check cannot see, not for stating how well it does.

use image::{Rgb, RgbImage};

/// Dots of the printer's screen, in pixels of the picture.
const HALFTONE: f32 = 3.2;

/// A colour laser print: fewer tones, dots at the screen angles of cyan, magenta and
/// yellow, the paper's white around it. The dots are far coarser than a printer's.
pub fn printed(picture: &RgbImage) -> RgbImage {
    let angles = [15.0_f32, 75.0, 45.0].map(f32::to_radians);
    let mut print = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let tones = picture.get_pixel(x, y).0;
        Rgb(std::array::from_fn(|ink| {
            let (sin, cos) = angles[ink].sin_cos();
            let turn = std::f32::consts::TAU / HALFTONE;
            let (u, v) = (x as f32 * cos + y as f32 * sin, y as f32 * cos - x as f32 * sin);
            let dot = ((u * turn).cos() + (v * turn).cos()) / 4.0;
            let tone = f32::from(tones[ink]) / 255.0;
            // Dots grow where ink is, and never stand out fully: toner spreads.
            let inked = tone + 0.28 * dot * (1.0 - (2.0 * tone - 1.0).abs());
            on_paper(inked)
        }))
    });
    frame(&mut print, PAPER, 0.03);
    print
}

/// The same without the dots, which are drawn as the camera sees them.
pub(super) fn toned(picture: &RgbImage) -> RgbImage {
    let mut print = picture.clone();
    for value in print.as_flat_samples_mut().samples {
        *value = on_paper(f32::from(*value) / 255.0);
    }
    frame(&mut print, PAPER, 0.03);
    print
}

const PAPER: Rgb<u8> = Rgb([236, 234, 228]);

fn on_paper(inked: f32) -> u8 {
    ((0.11 + 0.78 * inked).clamp(0.0, 1.0) * 255.0) as u8
}

/// A screen: rows and columns of sub-pixels, a blue cast, a lamp's reflection, a dark rim.
pub fn on_screen(picture: &RgbImage) -> RgbImage {
    shining(picture, |tone, [x, y], plane| {
        let row = if y % 3 == 0 { 0.78 } else { 1.05 };
        tone * row * if x as usize % 3 == plane { 1.16 } else { 0.94 }
    })
}

/// The same without the sub-pixels, which are drawn as the camera sees them.
pub(super) fn glazed(picture: &RgbImage) -> RgbImage {
    shining(picture, |tone, _, _| tone)
}

/// A blue cast, a lamp's reflection, a dark rim, and sub-pixels that show each tone as that.
fn shining(picture: &RgbImage, lit: impl Fn(f32, [u32; 2], usize) -> f32) -> RgbImage {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let (lamp_x, lamp_y) = (width * 0.72, height * 0.2);
    let mut screen = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let tones = picture.get_pixel(x, y).0;
        let (dx, dy) = (x as f32 - lamp_x, y as f32 - lamp_y);
        let glare = 70.0 * (-(dx * dx + dy * dy) / (0.02 * width * width)).exp();
        Rgb(std::array::from_fn(|plane| {
            let cast = [0.95, 1.0, 1.08][plane];
            (lit(f32::from(tones[plane]), [x, y], plane) * cast + glare).clamp(0.0, 255.0) as u8
        }))
    });
    frame(&mut screen, Rgb([14, 14, 16]), 0.03);
    screen
}

/// A rim of one colour, as a share of the width.
fn frame(picture: &mut RgbImage, colour: Rgb<u8>, share: f32) {
    let (width, height) = picture.dimensions();
    let rim = (width as f32 * share) as u32;
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if x < rim || y < rim || x >= width - rim || y >= height - rim {
            *pixel = colour;
        }
    }
}
