//! What covers a face: dark glasses, a mask, a coloured cap. Without a model for it, so by
//! colour: each part is held against the skin of the same face in the same light. What has
//! skin's colour, such as a hand, is not seen; a black cap is not told from a black fringe.

use super::colour::{Lab, lab_at, luminance_at};
use crate::{
    align::{Crop, Point},
    mesh::Mesh,
};

/// Skin that a mask leaves bare, points by their number in the mesh: forehead, bridge of the nose.
const UPPER_SKIN: [usize; 5] = [151, 108, 337, 9, 6];
/// Skin that a hat leaves bare: cheeks, tip of the nose, chin.
const LOWER_SKIN: [usize; 7] = [195, 50, 280, 205, 425, 187, 411];
/// The forehead below the hair.
const BROW: [usize; 6] = [151, 108, 337, 69, 299, 9];
/// The red of the lips, in its middle.
const LIPS: [usize; 21] =
    [73, 72, 11, 302, 303, 41, 38, 12, 268, 271, 90, 180, 85, 16, 315, 404, 320, 179, 86, 316, 403];
/// Two rings around either eye, inside what glasses cover and outside the eye itself.
const EYE_RINGS: [[usize; 32]; 2] = [
    [
        247, 30, 29, 27, 28, 56, 190, 243, 112, 26, 22, 23, 24, 110, 25, 130, 113, 225, 224, 223, 222, 221,
        189, 244, 233, 232, 231, 230, 229, 228, 31, 226,
    ],
    [
        467, 260, 259, 257, 258, 286, 414, 463, 341, 256, 252, 253, 254, 339, 255, 359, 342, 445, 444, 443,
        442, 441, 413, 464, 453, 452, 451, 450, 449, 448, 261, 446,
    ],
];
/// Below this many grey levels skin is too dark to compare with.
const DARKEST_SKIN: f32 = 10.0;
/// How much farther from skin's colour one half of the face must be than the other to be
/// no measure of the skin, in units of CIELAB.
const COVERED: f32 = 2.0;

/// How bare the parts of a face are.
pub(super) struct Cover {
    /// How far the skin's colour lies outside that of skin in white light, in units of CIELAB.
    pub(super) odd_colour: f32,
    /// Brightness around the better lit eye, as a share of the skin's.
    pub(super) eye_light: f32,
    /// How much less red than the skin the lips are, in CIELAB's a; negative: redder, as lips are.
    pub(super) lip_pallor: f32,
    /// How far the forehead's colour lies from the skin's and from hair's, in CIELAB's a and b.
    pub(super) brow_colour: f32,
}

impl Cover {
    pub(super) fn of(crop: &Crop, mesh: &Mesh) -> Self {
        let points = |numbers: &[usize]| -> Vec<Point> {
            numbers.iter().map(|number| mesh.point(*number)).map(|[x, y, _]| [x, y]).collect()
        };
        let light =
            |points: &[Point]| median(points.iter().map(|point| luminance_at(crop, *point)).collect());
        let (bare, odd_colour) = bare_skin(crop, points(&UPPER_SKIN), points(&LOWER_SKIN));
        let skin = median_lab(crop, &bare);
        let lips = median_lab(crop, &points(&LIPS));
        let brow = median_lab(crop, &points(&BROW));
        let skin_light = light(&bare).max(DARKEST_SKIN);
        let [one, other] = EYE_RINGS.map(|ring| light(&points(&ring)) / skin_light);
        Self {
            odd_colour,
            // Glasses cover both eyes; light from one side leaves one of them in the dark.
            eye_light: one.max(other),
            lip_pallor: skin[1] - lips[1],
            brow_colour: beyond_hair(brow, skin),
        }
    }
}

/// The half of the face that has more of skin's colour, or both where neither has, and how far
/// that is from natural.
fn bare_skin(crop: &Crop, upper: Vec<Point>, lower: Vec<Point>) -> (Vec<Point>, f32) {
    let [above, below] = [&upper, &lower].map(|points| unnatural(median_lab(crop, points)));
    let natural = above.min(below);
    if above > below + COVERED {
        (lower, natural)
    } else if below > above + COVERED {
        (upper, natural)
    } else {
        ([upper, lower].concat(), natural)
    }
}

/// How far a colour lies outside that of skin in white light: a 5 to 25, b 5 to 35 in CIELAB
/// (OFIQ: NaturalColour).
fn unnatural([_, red, yellow]: Lab) -> f32 {
    let outside = |value: f32, least: f32, most: f32| (least - value).max(value - most).max(0.0);
    outside(red, 5.0, 25.0).hypot(outside(yellow, 5.0, 35.0))
}

/// How far a colour lies from all that is between skin and black, grey or white: hair is.
fn beyond_hair([_, red, yellow]: Lab, [_, skin_red, skin_yellow]: Lab) -> f32 {
    let length = (skin_red * skin_red + skin_yellow * skin_yellow).max(1.0);
    let along = ((red * skin_red + yellow * skin_yellow) / length).clamp(0.0, 1.0);
    (red - along * skin_red).hypot(yellow - along * skin_yellow)
}

/// The middle one of each axis.
fn median_lab(crop: &Crop, points: &[Point]) -> Lab {
    let colours: Vec<Lab> = points.iter().map(|point| lab_at(crop, *point)).collect();
    [0, 1, 2].map(|axis| median(colours.iter().map(|colour| colour[axis]).collect()))
}

/// The middle one; of two the greater. There must be one.
fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}
