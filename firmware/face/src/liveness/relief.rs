//! Relief: the nose of a head leaves the plane of the face when the head turns. The
//! plane's homography between a frontal and a turned view says where the nose would lie
//! on a flat picture.

use super::plane::Homography;
use crate::align::Point;

// Points by their number in the mesh: corners of eyes and mouth, chin, brow, cheeks.
const OUTLINE: [usize; 14] = [33, 133, 362, 263, 61, 291, 152, 10, 234, 454, 70, 300, 172, 397];
const NOSE: [usize; 5] = [1, 4, 5, 195, 197];
/// The first and the last eye corner of the outline.
const OUTER_EYE_CORNERS: [usize; 2] = [0, 3];

/// Nineteen points of a face. The unit is the distance between the outer corners of the eyes.
#[derive(Clone)]
pub(crate) struct Shape {
    outline: [Point; 14],
    nose: [Point; 5],
}

impl Shape {
    /// Out of a mesh's points, by their number.
    pub(crate) fn of(point: impl Fn(usize) -> Point) -> Self {
        let outline = OUTLINE.map(&point);
        let [[ax, ay], [bx, by]] = OUTER_EYE_CORNERS.map(|place| outline[place]);
        let unit = (bx - ax).hypot(by - ay).max(1.0);
        let sized = |[x, y]: Point| [(x - ax.midpoint(bx)) / unit, (y - ay.midpoint(by)) / unit];
        Self { outline: outline.map(sized), nose: NOSE.map(point).map(sized) }
    }

    /// How far the nose lies from where it would on a flat picture, on average; 0 where the views
    /// say nothing.
    pub(crate) fn relief_to(&self, turned: &Self) -> f32 {
        let Some(plane) = Homography::between(&self.outline, &turned.outline) else { return 0.0 };
        let away = self.nose.iter().zip(&turned.nose).map(|(&flat, &[x, y])| {
            let [fx, fy] = plane.apply(flat);
            (x - fx).hypot(y - fy)
        });
        let mean = away.sum::<f32>() / self.nose.len() as f32;
        if mean.is_finite() { mean } else { 0.0 }
    }
}
