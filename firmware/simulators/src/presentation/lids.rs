//! Closes the eyes of a photographed face: the skin above the upper lid is stretched
//! down over the eye.

use image::RgbImage;

use super::{Features, surface::sampled};

// In distances between the eyes, from the middle of an eye.
/// Half the width of an eye, corner to corner.
const HALF_WIDTH: f32 = 0.3;

/// Draws the lids `closed` (0: as they were, 1: shut) onto a copy of the photograph.
pub(super) fn closed(photograph: &RgbImage, features: &Features, closed: f32) -> RgbImage {
    let mut drawn = photograph.clone();
    let [[ax, ay], [bx, by]] = [features.left_eye, features.right_eye];
    let along = [bx - ax, by - ay];
    for eye in [features.left_eye, features.right_eye] {
        shut(photograph, &mut drawn, features, (eye, along), closed.clamp(0.0, 1.0));
    }
    drawn
}

fn shut(
    photograph: &RgbImage,
    drawn: &mut RgbImage,
    features: &Features,
    ([x, y], [ax, ay]): ([f32; 2], [f32; 2]),
    closed: f32,
) {
    let size = ax * ax + ay * ay;
    let reach = size.sqrt() * 0.5;
    let span = |middle: f32, end: u32| {
        (middle - reach).max(0.0) as u32..=((middle + reach).max(0.0) as u32).min(end - 1)
    };
    for row in span(y, photograph.height()) {
        for column in span(x, photograph.width()) {
            let (dx, dy) = (column as f32 - x, row as f32 - y);
            let (u, v) = ((dx * ax + dy * ay) / size, (dy * ax - dx * ay) / size);
            let Some(v) = uncovered(features, u, v, closed) else { continue };
            let from = [x + u * ax - v * ay, y + u * ay + v * ax];
            if let Some(pixel) = sampled(photograph, from) {
                drawn.put_pixel(column, row, image::Rgb(pixel));
            }
        }
    }
}

/// How high in the open eye's picture that is what is seen at `v` of the closing one.
fn uncovered(features: &Features, u: f32, v: f32, closed: f32) -> Option<f32> {
    let across = u / HALF_WIDTH;
    if across.abs() >= 1.0 {
        return None;
    }
    // The slit between the lids is a lens.
    let brow = features.brow;
    let lid = features.lids * (1.0 - across * across);
    let (upper, lower) = (-lid, lid * 1.1);
    let edge = upper + closed * (lower - upper);
    if v <= -brow || v >= lower {
        None
    } else if v < edge {
        Some(-brow + (v + brow) * (upper + brow) / (edge + brow))
    } else {
        Some(upper + (v - edge) * (lower - upper) / (lower - edge).max(1e-6))
    }
}
