//! A photograph worn as a mask: printed, over a face that it fits, the wearer's eyes in holes.
//! Drawn by ourselves, and kinder to the attacker than a real one: the head below has the very
//! measures that the photograph is laid over, and the eyes are the holder's own, for there is no
//! other picture.

use image::RgbImage;

use super::Features;

// In distances between the eyes: u to the picture's right, v down from between them.
/// From brow to chin, from temple to temple.
const FACE: Oval = Oval { middle: [0.0, 0.45], half: [1.05, 1.4] };
/// Around the middle of an eye.
const HOLE: Oval = Oval { middle: [0.0, 0.0], half: [0.3, 0.16] };

struct Oval {
    middle: [f32; 2],
    half: [f32; 2],
}

impl Oval {
    fn holds(&self, [u, v]: [f32; 2]) -> bool {
        let ([x, y], [across, down]) = (self.middle, self.half);
        ((u - x) / across).hypot((v - y) / down) < 1.0
    }
}

/// The photograph with a mask on: `print` over the face, but not over the eyes.
pub(super) fn worn(photograph: &RgbImage, print: &RgbImage, features: &Features) -> RgbImage {
    let ([ax, ay], [bx, by]) = (features.left_eye, features.right_eye);
    let ([x, y], along) = (features.middle(), [bx - ax, by - ay]);
    let size = along[0] * along[0] + along[1] * along[1];
    let mut worn = photograph.clone();
    for (column, row, pixel) in worn.enumerate_pixels_mut() {
        let (dx, dy) = (column as f32 - x, row as f32 - y);
        let place = [(dx * along[0] + dy * along[1]) / size, (dy * along[0] - dx * along[1]) / size];
        let is_eye = [-0.5, 0.5].iter().any(|eye| HOLE.holds([place[0] - eye, place[1]]));
        if FACE.holds(place) && !is_eye {
            *pixel = *print.get_pixel(column, row);
        }
    }
    worn
}
