//! Finds faces: YuNet (2023mar), on a small copy of the picture. The contract of the
//! model stands in `models/manifest.toml`; the decoding follows its authors'.

use identity::Picture;
use zeroize::Zeroizing;

use crate::{FaceError, align::Point, models::Net, picture::shrink};

/// The longer side of the copy that is searched.
pub(crate) const LONG_SIDE: u32 = 320;
/// The same for a second look at one face.
const NEAR_SIDE: u32 = 224;
/// How much larger than the face the part is that is looked at again.
const NEAR_MARGIN: f32 = 1.6;
/// The model takes multiples of this.
pub(crate) const MULTIPLE: usize = 32;
const STRIDES: [usize; 3] = [8, 16, 32];
/// Below this certainty nothing is a face; the quality gate asks for more.
const CERTAINTY_FLOOR: f32 = 0.5;
/// Two boxes that overlap by more than this are one face.
const OVERLAP: f32 = 0.3;

/// A face in a picture, in the picture's pixels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Face {
    pub(crate) certainty: f32,
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// Eye on the picture's left, eye on its right, tip of the nose, corners of the mouth.
    pub(crate) points: [Point; 5],
}

impl Face {
    pub(crate) fn area(&self) -> f32 {
        self.width * self.height
    }

    pub(crate) fn centre(&self) -> Point {
        [self.left + self.width / 2.0, self.top + self.height / 2.0]
    }

    pub(crate) fn eye_distance(&self) -> f32 {
        let [[ax, ay], [bx, by], ..] = self.points;
        (bx - ax).hypot(by - ay)
    }

    /// Whether it may be the same face a moment later.
    pub(crate) fn overlaps(&self, before: &Self) -> bool {
        self.overlap(before) > 0.2
    }

    fn overlap(&self, other: &Self) -> f32 {
        let across = (self.left + self.width).min(other.left + other.width) - self.left.max(other.left);
        let down = (self.top + self.height).min(other.top + other.height) - self.top.max(other.top);
        let both = across.max(0.0) * down.max(0.0);
        both / (self.area() + other.area() - both).max(f32::EPSILON)
    }

    /// Out of a small copy into the picture.
    fn placed(mut self, [across, down]: [f32; 2], [left, top]: [f32; 2]) -> Self {
        self.left = self.left * across + left;
        self.top = self.top * down + top;
        self.width *= across;
        self.height *= down;
        // Points are centres of pixels, not corners: half a pixel moves with the scale.
        let place = |[x, y]: Point| [(x + 0.5) * across - 0.5 + left, (y + 0.5) * down - 0.5 + top];
        self.points = self.points.map(place);
        self
    }
}

/// All faces in a picture, the largest first.
pub(crate) fn faces(net: &Net, picture: &Picture) -> Result<Vec<Face>, FaceError> {
    let mut found = faces_in(net, picture, [0, 0, picture.width, picture.height], LONG_SIDE)?;
    found.sort_by(|a, b| b.area().total_cmp(&a.area()));
    Ok(found)
}

/// The same face, looked at again from near: its points are more exact, and a
/// template hangs on their exactness.
pub(crate) fn nearer(net: &Net, picture: &Picture, face: &Face) -> Result<Face, FaceError> {
    let reach = face.width.max(face.height) * NEAR_MARGIN / 2.0;
    let [x, y] = face.centre();
    let span = |middle: f32, end: u32| {
        let from = (middle - reach).clamp(0.0, end as f32 - 1.0) as u32;
        (from, ((middle + reach).clamp(from as f32 + 1.0, end as f32) as u32).max(from + 1) - from)
    };
    let ((left, width), (top, height)) = (span(x, picture.width), span(y, picture.height));
    let found = faces_in(net, picture, [left, top, width, height], NEAR_SIDE)?;
    let best = found.into_iter().max_by(|a, b| a.overlap(face).total_cmp(&b.overlap(face)));
    Ok(best.filter(|nearer| nearer.overlap(face) > OVERLAP).unwrap_or_else(|| face.clone()))
}

/// The faces in a part of the picture (left, top, width, height), searched on a copy
/// whose longer side is at most `side`.
fn faces_in(net: &Net, picture: &Picture, part: [u32; 4], side: u32) -> Result<Vec<Face>, FaceError> {
    let [left, top, width, height] = part;
    let long = width.max(height);
    let fit = |length: u32| if long <= side { length } else { (length * side / long).max(1) };
    let small = shrink(picture, part, fit(width), fit(height));
    let (planes, across, down) = planes(&small, MULTIPLE);
    let outputs = net.run(&planes, across, down)?;
    let scale = [width as f32 / small.width as f32, height as f32 / small.height as f32];
    let corner = [left as f32, top as f32];
    let found = distinct(candidates(net, &outputs, across, down)?);
    Ok(found.into_iter().map(|face| face.placed(scale, corner)).collect())
}

/// Three planes of numbers, one after the other, their width and their height.
pub(crate) type Planes = (Zeroizing<Vec<f32>>, usize, usize);

/// Blue, green and red planes, padded with black to a multiple that the model takes.
pub(crate) fn planes(picture: &Picture, multiple: usize) -> Planes {
    let width = (picture.width as usize).next_multiple_of(multiple);
    let height = (picture.height as usize).next_multiple_of(multiple);
    let mut planes = Zeroizing::new(vec![0.0; 3 * width * height]);
    for (y, row) in picture.rgb.chunks_exact(picture.width as usize * 3).enumerate() {
        for (x, pixel) in row.chunks_exact(3).enumerate() {
            for (plane, value) in pixel.iter().rev().enumerate() {
                planes[plane * width * height + y * width + x] = f32::from(*value);
            }
        }
    }
    (planes, width, height)
}

/// Every place of the three grids that may be a face.
fn candidates(
    net: &Net,
    outputs: &[Zeroizing<Vec<f32>>],
    width: usize,
    height: usize,
) -> Result<Vec<Face>, FaceError> {
    let mut found = Vec::new();
    for (grid, stride) in STRIDES.into_iter().enumerate() {
        let columns = width / stride;
        let cells = columns * (height / stride);
        let part = |kind: usize, size: usize| {
            let values = &outputs[kind * STRIDES.len() + grid];
            if values.len() == cells * size { Ok(values.as_slice()) } else { Err(net.unusable(None)) }
        };
        let (class, object, boxes, points) = (part(0, 1)?, part(1, 1)?, part(2, 4)?, part(3, 10)?);
        for cell in 0..cells {
            let certainty = (class[cell].clamp(0.0, 1.0) * object[cell].clamp(0.0, 1.0)).sqrt();
            if certainty >= CERTAINTY_FLOOR {
                let place = [(cell % columns) as f32, (cell / columns) as f32];
                let shape = (&boxes[cell * 4..][..4], &points[cell * 10..][..10]);
                found.extend(face(certainty, place, stride as f32, shape));
            }
        }
    }
    Ok(found)
}

fn face(certainty: f32, [column, row]: Point, stride: f32, shape: (&[f32], &[f32])) -> Option<Face> {
    let (bounds, corners) = shape;
    let (width, height) = (bounds[2].exp() * stride, bounds[3].exp() * stride);
    let mut points = [[0.0; 2]; 5];
    for (point, pair) in points.iter_mut().zip(corners.chunks_exact(2)) {
        *point = [(pair[0] + column) * stride, (pair[1] + row) * stride];
    }
    let face = Face {
        certainty,
        left: (column + bounds[0]) * stride - width / 2.0,
        top: (row + bounds[1]) * stride - height / 2.0,
        width,
        height,
        points,
    };
    let finite =
        [face.left, face.top, width, height].iter().chain(points.as_flattened()).all(|v| v.is_finite());
    finite.then_some(face)
}

/// Of boxes that overlap, only the most certain.
fn distinct(mut found: Vec<Face>) -> Vec<Face> {
    found.sort_by(|a, b| b.certainty.total_cmp(&a.certainty));
    let mut kept: Vec<Face> = Vec::new();
    for face in found {
        if kept.iter().all(|other| face.overlap(other) <= OVERLAP) {
            kept.push(face);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(left: f32, certainty: f32) -> Face {
        Face { certainty, left, top: 0.0, width: 10.0, height: 10.0, points: [[0.0; 2]; 5] }
    }

    #[test]
    fn of_overlapping_boxes_the_most_certain_stays() {
        let kept = distinct(vec![boxed(1.0, 0.7), boxed(0.0, 0.9), boxed(40.0, 0.6)]);
        assert_eq!(kept.iter().map(|face| face.left).collect::<Vec<_>>(), [0.0, 40.0]);
    }

    #[test]
    fn a_place_that_is_no_number_is_no_face() {
        let corners = [f32::NAN; 10];
        assert_eq!(face(0.9, [0.0, 0.0], 8.0, (&[0.0; 4], &corners)), None);
        assert_eq!(face(0.9, [0.0, 0.0], 8.0, (&[0.0, 0.0, 1e9, 0.0], &[0.0; 10])), None);
    }
}
