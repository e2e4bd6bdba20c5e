//! What becomes of a picture that is printed or shown on a screen before a camera sees it
//! again. Made by ourselves after descriptions of the processes, not of recordings of real
//! attacks: good for finding what a check cannot see, not for stating how well it does.

use image::{Rgb, RgbImage};

/// Dots of the printer's screen, in pixels of the picture.
const HALFTONE: f32 = 3.2;

/// A colour laser print: fewer tones, dots at the screen angles of cyan, magenta and
/// yellow, the paper's white around it.
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
            ((0.11 + 0.78 * inked).clamp(0.0, 1.0) * 255.0) as u8
        }))
    });
    frame(&mut print, Rgb([236, 234, 228]), 0.03);
    print
}

/// A screen: rows and columns of sub-pixels, a blue cast, a lamp's reflection, a dark rim.
pub fn on_screen(picture: &RgbImage) -> RgbImage {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let (lamp_x, lamp_y) = (width * 0.72, height * 0.2);
    let mut screen = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let tones = picture.get_pixel(x, y).0;
        let (dx, dy) = (x as f32 - lamp_x, y as f32 - lamp_y);
        let glare = 70.0 * (-(dx * dx + dy * dy) / (0.02 * width * width)).exp();
        let row = if y % 3 == 0 { 0.78 } else { 1.05 };
        Rgb(std::array::from_fn(|plane| {
            let lit = if x as usize % 3 == plane { 1.16 } else { 0.94 };
            let cast = [0.95, 1.0, 1.08][plane];
            (f32::from(tones[plane]) * row * lit * cast + glare).clamp(0.0, 255.0) as u8
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
