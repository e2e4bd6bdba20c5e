//! Opens the mouth of a photographed face: below the line where the lips meet the skin is pressed
//! together down to below the chin, and what is left free is dark.

use image::{Rgb, RgbImage};

use super::{Features, surface::sampled};

// In distances between the eyes.
/// From the middle of the mouth to its corner.
const HALF_WIDTH: f32 = 0.42;
/// Between the lips of a mouth wide open.
const GAP: f32 = 0.55;
/// From the line of the lips to where nothing moves any more.
const REACH: f32 = 1.5;
/// Inside of a mouth.
const INSIDE: Rgb<u8> = Rgb([41, 13, 13]);

/// Draws the mouth `open` (0: as it was, 1: wide) onto a copy of the photograph.
pub(super) fn opened(photograph: &RgbImage, features: &Features, open: f32) -> RgbImage {
    let mut drawn = photograph.clone();
    let ([ax, ay], [bx, by]) = (features.left_eye, features.right_eye);
    let ([x, y], [dx, dy]) = (features.middle(), [bx - ax, by - ay]);
    let size = dx * dx + dy * dy;
    for (column, row, pixel) in drawn.enumerate_pixels_mut() {
        let (right, down) = (column as f32 - x, row as f32 - y);
        let (u, v) = ((right * dx + down * dy) / size, (down * dx - right * dy) / size - features.mouth);
        let shown = match from(u, v, GAP * open) {
            From::Here => None,
            From::Inside => Some(INSIDE),
            From::Below(v) => {
                let v = v + features.mouth;
                sampled(photograph, [x + u * dx - v * dy, y + u * dy + v * dx]).map(Rgb)
            }
        };
        *pixel = shown.unwrap_or(*pixel);
    }
    drawn
}

/// What is seen at a place of the opened mouth.
enum From {
    /// What was there before.
    Here,
    /// The inside of the mouth.
    Inside,
    /// What was that far below the line of the lips.
    Below(f32),
}

fn from(u: f32, v: f32, gap: f32) -> From {
    let across = u / HALF_WIDTH;
    // The jaw falls less towards the cheeks, and the lips part between their corners only.
    let fall = gap * (1.0 - (across * 0.5).powi(2)).max(0.0);
    let parted = fall * (1.0 - across * across).max(0.0).sqrt();
    if !(0.0..REACH).contains(&v) {
        From::Here
    } else if v < parted {
        From::Inside
    } else {
        From::Below((v - parted) / (REACH - parted) * REACH)
    }
}
