//! How the head lies in the picture, and what is behind it.

use identity::Picture;

use super::colour::luminance;
use crate::{
    align::{Crop, Point, Similarity},
    detect::Face,
    mesh::Mesh,
};

/// Room around the head (OFIQ: crop of the face image, margins above and below).
pub(super) struct Margins {
    /// From midway between the eyes to the picture's left edge, in distances between the eyes.
    pub(super) left: f32,
    /// To its right edge, in the same.
    pub(super) right: f32,
    /// To its upper edge, in lengths from the eyes to the chin.
    pub(super) above: f32,
    /// To its lower edge, in the same.
    pub(super) below: f32,
}

impl Margins {
    pub(super) fn of(picture: &Picture, face: &Face, mesh: &Mesh, to_picture: Similarity) -> Self {
        let [one, other, ..] = face.points;
        let [x, y] = [one[0].midpoint(other[0]), one[1].midpoint(other[1])];
        let across = face.eye_distance().max(1.0);
        let down = mesh.lower_face() * to_picture.scale();
        Self {
            left: x / across,
            right: (picture.width as f32 - x) / across,
            above: y / down,
            below: (picture.height as f32 - y) / down,
        }
    }
}

/// Half the width of a head with its hair, as a share of the face's width.
const HEAD_ACROSS: f32 = 0.8;
/// From the eyes to above the hair, in lengths from the eyes to the chin.
const HEAD_UP: f32 = 1.5;
/// With fewer pixels nothing can be said.
const FEWEST_PIXELS: u32 = 200;

/// Mean gradient (Scharr, 3-10-3, unscaled, of grey levels 0 to 255) of what is seen beside and
/// above the head, down to the chin (OFIQ: BackgroundUniformity, which has a model to tell the
/// person from the background; here an ellipse is the head). 0 where too little is seen.
pub(super) fn background(picture: &Picture, crop: &Crop, mesh: &Mesh, to_picture: Similarity) -> f32 {
    let [x, y] = mesh.between_eyes();
    let (across, up) = (mesh.width() * HEAD_ACROSS, mesh.lower_face() * HEAD_UP);
    let chin = (y + mesh.lower_face()).clamp(1.0, crop.side as f32 - 1.0) as usize;
    let outside = |column: f32, row: f32| ((column - x) / across).hypot((row - y) / up) > 1.0;
    let (mut sum, mut count) = (0.0, 0_u32);
    for row in 1..chin {
        for column in 1..crop.side - 1 {
            let place = [column as f32, row as f32];
            if outside(place[0], place[1])
                && is_in(picture, to_picture.apply(place), to_picture.scale() * 2.0)
            {
                sum += gradient(crop, column, row);
                count += 1;
            }
        }
    }
    if count < FEWEST_PIXELS { 0.0 } else { sum / count as f32 }
}

/// Whether a place lies so far inside the picture that nothing beyond its edge is looked at.
fn is_in(picture: &Picture, [x, y]: Point, margin: f32) -> bool {
    let inside = |value: f32, end: u32| value >= margin && value < end as f32 - margin;
    inside(x, picture.width) && inside(y, picture.height)
}

fn gradient(crop: &Crop, x: usize, y: usize) -> f32 {
    let grey = |right: usize, down: usize| luminance(crop, x + right - 1, y + down - 1);
    let across =
        3.0 * (grey(2, 0) - grey(0, 0)) + 10.0 * (grey(2, 1) - grey(0, 1)) + 3.0 * (grey(2, 2) - grey(0, 2));
    let down =
        3.0 * (grey(0, 2) - grey(0, 0)) + 10.0 * (grey(1, 2) - grey(1, 0)) + 3.0 * (grey(2, 2) - grey(2, 0));
    across.hypot(down)
}
