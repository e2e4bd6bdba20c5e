//! Light and colour of a crop's pixels, as OFIQ takes them: luminance by ITU-R BT.709,
//! colour in CIELAB (CIE 15:2004) of sRGB under D65.

use crate::align::{Crop, Point};

/// CIELAB: lightness 0 to 100, green to red, blue to yellow.
pub(super) type Lab = [f32; 3];

/// Red, green and blue of a pixel, 0 to 1.
pub(super) fn pixel(crop: &Crop, x: usize, y: usize) -> [f32; 3] {
    let plane = crop.side * crop.side;
    [0, plane, 2 * plane].map(|offset| crop.planes[offset + y * crop.side + x])
}

/// Grey levels, 0 to 255.
pub(super) fn luminance(crop: &Crop, x: usize, y: usize) -> f32 {
    let [red, green, blue] = pixel(crop, x, y);
    (0.2126 * red + 0.7152 * green + 0.0722 * blue) * 255.0
}

/// The same at a point; the nearest pixel of the crop counts.
pub(super) fn luminance_at(crop: &Crop, point: Point) -> f32 {
    let [x, y] = nearest(crop, point);
    luminance(crop, x, y)
}

/// The colour at a point; the nearest pixel of the crop counts.
pub(super) fn lab_at(crop: &Crop, point: Point) -> Lab {
    let [x, y] = nearest(crop, point);
    lab(pixel(crop, x, y))
}

fn nearest(crop: &Crop, point: Point) -> [usize; 2] {
    point.map(|value| value.round().clamp(0.0, crop.side as f32 - 1.0) as usize)
}

fn lab(rgb: [f32; 3]) -> Lab {
    let [red, green, blue] = rgb.map(linear);
    // By the white of D65.
    let x = (0.412_456 * red + 0.357_576 * green + 0.180_437 * blue) / 0.950_47;
    let y = 0.212_673 * red + 0.715_152 * green + 0.072_175 * blue;
    let z = (0.019_334 * red + 0.119_192 * green + 0.950_304 * blue) / 1.088_83;
    let [x, y, z] = [x, y, z].map(root);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// sRGB without its gamma (IEC 61966-2-1).
pub(super) fn linear(value: f32) -> f32 {
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn root(value: f32) -> f32 {
    if value > 216.0 / 24_389.0 { value.cbrt() } else { (24_389.0 / 27.0 * value + 16.0) / 116.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_lie_where_the_standard_puts_them() {
        for (rgb, expected) in [
            ([1.0, 1.0, 1.0], [100.0, 0.0, 0.0]),
            ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
            ([1.0, 0.0, 0.0], [53.24, 80.09, 67.20]),
            ([0.0, 0.0, 1.0], [32.30, 79.19, -107.86]),
        ] {
            let found = lab(rgb);
            let near = found.iter().zip(expected).all(|(a, b): (&f32, f32)| (a - b).abs() < 0.1);
            assert!(near, "{rgb:?}: {found:?}");
        }
    }
}
