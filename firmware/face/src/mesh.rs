//! 478 points in a face, three-dimensional: the MediaPipe face landmarks. From them the
//! pose, the opening of eyes and mouth, and the part of the crop that is skin. The older
//! mesh of 468 points costs half the time and leaves shut eyes half open.

use identity::Picture;
use zeroize::Zeroizing;

use crate::{
    FaceError,
    align::{Crop, Point, Similarity, cut},
    detect::Face,
    liveness::Shape,
    models::Net,
};

/// The side of the picture that the model takes.
pub(crate) const SIDE: usize = 256;
/// How much larger than the face the crop is.
const MARGIN: f32 = 1.5;
const POINTS: usize = 478;

// Points by their number in the mesh.
const BROW_TOP: usize = 10;
const CHIN: usize = 152;
const CHEEKS: [usize; 2] = [234, 454];
/// The outline of the face, once around.
const OUTLINE: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/// The middle of either cheek.
const CHEEK_MIDDLES: [usize; 2] = [50, 280];
const OUTER_EYE_CORNERS: [usize; 2] = [33, 263];
/// Upper and lower lid of either eye.
const LIDS: [[usize; 2]; 2] = [[159, 145], [386, 374]];
const INNER_LIPS: [usize; 2] = [13, 14];

/// The points of one face, in the pixels of its crop. Wiped when dropped.
pub(crate) struct Mesh {
    values: Zeroizing<Vec<f32>>,
    /// How certain the model is that the crop shows a face at all.
    pub(crate) presence: f32,
    /// Degrees by which the crop was turned to bring the eyes level.
    turned: f32,
}

/// The face with its surroundings, eyes level.
pub(crate) fn crop(picture: &Picture, face: &Face) -> (Crop, f32) {
    let (map, turned) = place(face);
    let mut crop = cut(picture, map, SIDE);
    crop.planes.iter_mut().for_each(|value| *value /= 255.0);
    (crop, turned)
}

/// Where the pixels of that crop lie in the picture, and by how many degrees it is turned.
pub(crate) fn place(face: &Face) -> (Similarity, f32) {
    let [[ax, ay], [bx, by], ..] = face.points;
    let angle = (by - ay).atan2(bx - ax);
    let scale = face.width.max(face.height) * MARGIN / SIDE as f32;
    let (a, b) = (scale * angle.cos(), scale * angle.sin());
    let [cx, cy] = face.centre();
    let middle = (SIDE as f32 - 1.0) / 2.0;
    let map = Similarity { a, b, c: cx - a * middle + b * middle, d: cy - b * middle - a * middle };
    (map, angle.to_degrees())
}

impl Mesh {
    pub(crate) fn of(net: &Net, crop: &Crop, turned: f32) -> Result<Self, FaceError> {
        let outputs = net.run(&crop.planes, crop.side, crop.side)?;
        match <[_; 2]>::try_from(outputs) {
            Ok([values, presence]) if values.len() == POINTS * 3 && presence.len() == 1 => {
                let presence = 1.0 / (1.0 + (-presence[0]).exp());
                Ok(Self { values, presence, turned })
            }
            _ => Err(net.unusable(None)),
        }
    }

    /// A point by its number: across, down and away from the camera, in pixels of the crop.
    pub(crate) fn point(&self, number: usize) -> [f32; 3] {
        let at = number * 3;
        [self.values[at], self.values[at + 1], self.values[at + 2]]
    }

    fn between(&self, [from, to]: [usize; 2]) -> [f32; 3] {
        let (from, to) = (self.point(from), self.point(to));
        [to[0] - from[0], to[1] - from[1], to[2] - from[2]]
    }

    fn gap(&self, pair: [usize; 2]) -> f32 {
        let [x, y, _] = self.between(pair);
        x.hypot(y)
    }

    /// Degrees; positive: turned to the picture's right.
    pub(crate) fn yaw(&self) -> f32 {
        let [x, _, z] = self.between(CHEEKS);
        z.atan2(x).to_degrees()
    }

    /// Degrees; positive: chin down.
    pub(crate) fn pitch(&self) -> f32 {
        let [_, y, z] = self.between([BROW_TOP, CHIN]);
        z.atan2(y).to_degrees()
    }

    /// Degrees; positive: clockwise as seen in the picture.
    pub(crate) fn roll(&self) -> f32 {
        let [x, y, _] = self.between(OUTER_EYE_CORNERS);
        self.turned + y.atan2(x).to_degrees()
    }

    /// From between the eyes to the chin: the length that OFIQ measures openings by.
    pub(crate) fn lower_face(&self) -> f32 {
        let [a, b] = OUTER_EYE_CORNERS.map(|number| self.point(number));
        let chin = self.point(CHIN);
        (chin[0] - a[0].midpoint(b[0])).hypot(chin[1] - a[1].midpoint(b[1])).max(1.0)
    }

    /// The lid gap of the eye that is open least.
    pub(crate) fn eye_opening(&self) -> f32 {
        let [one, other] = LIDS.map(|pair| self.gap(pair));
        one.min(other) / self.lower_face()
    }

    /// The lid gap of the eye that is open most: both are shut where it is small.
    pub(crate) fn widest_eye_opening(&self) -> f32 {
        let [one, other] = LIDS.map(|pair| self.gap(pair));
        one.max(other) / self.lower_face()
    }

    /// The points that show relief when the head turns.
    pub(crate) fn shape(&self) -> Shape {
        Shape::of(|number| {
            let [x, y, _] = self.point(number);
            [x, y]
        })
    }

    pub(crate) fn mouth_opening(&self) -> f32 {
        self.gap(INNER_LIPS) / self.lower_face()
    }

    /// The outline of the face, once around, in the crop.
    pub(crate) fn outline(&self) -> [Point; 36] {
        OUTLINE.map(|number| self.point(number)).map(|[x, y, _]| [x, y])
    }

    /// From one side of the face to the other, in pixels of the crop.
    pub(crate) fn width(&self) -> f32 {
        self.gap(CHEEKS)
    }

    /// The point midway between the eyes, in the crop.
    pub(crate) fn between_eyes(&self) -> Point {
        let [a, b] = OUTER_EYE_CORNERS.map(|number| self.point(number));
        [a[0].midpoint(b[0]), a[1].midpoint(b[1])]
    }

    /// A square on the middle of either cheek, three tenths of the distance between the eyes
    /// wide, as OFIQ cuts it: left, top, right, bottom, in the crop.
    pub(crate) fn cheeks(&self) -> [[usize; 4]; 2] {
        let half = self.gap(OUTER_EYE_CORNERS) * 0.15;
        let inside = |value: f32| value.clamp(0.0, SIDE as f32) as usize;
        CHEEK_MIDDLES.map(|number| {
            let [x, y, _] = self.point(number);
            [x - half, y - half, x + half, y + half].map(inside)
        })
    }

    #[cfg(test)]
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }
}
