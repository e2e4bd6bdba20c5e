//! The kiosk's light on whatever stands before it: the screen's colours added to those of a
//! room's light, as a diffuse surface shows them.

use image::RgbImage;
use screen::Glow;

use super::Features;

/// What a channel of the screen adds to the same channel of an office's light on a face half a
/// metre away: a pane of 0.03 square metres of 300 candela each gives 36 lux there, the office
/// 400.
const SHARE: f32 = 0.09;
/// How far the light reaches, in distances between the eyes from the face's middle.
const REACH: f32 = 5.0;

/// What the light falls on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lit {
    /// Skin or paper.
    Diffuse,
    /// The glass of a screen that shines itself.
    Glass,
    /// Nothing is there: the picture comes over the wire.
    Nothing,
}

/// Colours what is near the face, in a room so many times as bright as an office.
pub(super) fn lit(
    scene: &mut RgbImage,
    features: &Features,
    place: [f32; 2],
    glow: Glow,
    on: Lit,
    room: f32,
) {
    let share = match on {
        Lit::Diffuse => SHARE,
        Lit::Glass => SHARE * 0.15,
        Lit::Nothing => return,
    } / room;
    if glow == Glow::Off {
        return;
    }
    let ([x, y], [ax, ay], [bx, by]) = (features.middle(), features.left_eye, features.right_eye);
    let (x, y) = (x + place[0], y + place[1]);
    let reach = REACH * (bx - ax).hypot(by - ay);
    for (column, row, pixel) in scene.enumerate_pixels_mut() {
        let (dx, dy) = ((column as f32 - x) / reach, (row as f32 - y) / reach);
        let there = share * (-(dx * dx + dy * dy)).exp();
        for (value, channel) in pixel.0.iter_mut().zip(glow.channels()) {
            *value = (f32::from(*value) * gamma(there * channel) + 0.5).min(255.0) as u8;
        }
    }
}

/// How much brighter a pixel is shown on which so much more light falls: light adds up before the
/// camera's gamma of 1/2.2. What a screen adds in an office is little, and a series is exact enough
/// for it, and much faster: this is drawn for every pixel of every frame.
fn gamma(more: f32) -> f32 {
    const A: f32 = 1.0 / 2.2;
    if more > 0.1 {
        return (1.0 + more).powf(A);
    }
    1.0 + more * A * (1.0 + more * (A - 1.0) / 2.0 * (1.0 + more * (A - 2.0) / 3.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_the_power_to_a_hundredth_of_a_grey_level() {
        for step in 0..=40 {
            let more = step as f32 * 0.005;
            let exact = (1.0 + more).powf(1.0 / 2.2);
            assert!((gamma(more) - exact).abs() * 255.0 < 0.01, "{more}: {} and {exact}", gamma(more));
        }
    }
}
