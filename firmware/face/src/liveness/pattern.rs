//! A pattern that lies over the skin and is none of it: the pixels of a screen, the moiré that
//! they make with the camera's own, the dots of a print. Artefact detection after ISO/IEC
//! 30107-1.
//!
//! Skin's power falls with the frequency, in all directions alike. A pattern's stands out at single
//! frequencies, and at the same ones all over the face. So squares of skin are taken as the camera
//! sent them, because whoever scales a picture makes and destroys patterns; and what counts
//! is by how much a frequency stands out of what lies around it in most of the squares. A striped
//! shirt, a strand of hair, the rim of a pair of glasses lie in one or two.
//!
//! What makes pictures digital has patterns too, which every camera may send: blocks of eight
//! pixels (JPEG), rows that a lamp's flicker makes brighter, pixels doubled to a larger picture. They
//! lie along rows and columns. Frequencies near there, and multiples of an eighth of a cycle a
//! pixel, are never looked at; so a screen held exactly upright shows less, and one whose pixels
//! the camera cannot tell apart shows nothing. `firmware/face/README.md` has the numbers.

use std::{ops::RangeInclusive, sync::LazyLock};

use identity::Picture;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{
    LivenessConfig,
    fourier::{NOISE, SIDE, powers},
};
use crate::detect::Face;

/// The middles of the squares: right of the point between the eyes and below it, in distances
/// between the eyes. Cheeks, both sides of the forehead, chin.
const PLACES: [[f32; 2]; 5] = [[-0.5, 0.62], [0.5, 0.62], [-0.3, -0.62], [0.3, -0.62], [0.0, 1.55]];
/// So many of them must show the same frequency.
const AGREE: usize = 3;
/// So many frames must have been looked at.
const FRAMES: usize = 3;
/// With fewer pixels between the eyes the squares reach beyond the skin.
const EYE_DISTANCE_MIN: f32 = 60.0;

/// Frequencies that count, in cycles of a square: below, faces have features; above, a camera has
/// little but noise.
const BAND: RangeInclusive<f32> = 0.10 * SIDE as f32..=0.48 * SIDE as f32;
/// As near to a row's or a column's frequencies, and to a multiple of an eighth of a cycle a pixel,
/// Hann's window still shows what lies there.
const AXES: i32 = 2;
const EIGHTHS: i32 = 1;
/// What surrounds a frequency: farther than the window widens a peak.
const AROUND: [i32; 2] = [4, 7];
/// A ratio that is noise's everywhere: it need not be told exactly.
const NOISY: f32 = 4.0;

/// By how much a pattern stands out of the skin in a picture, in decibels; none where too little
/// skin is seen.
pub(crate) fn prominence(picture: &Picture, face: &Face) -> Option<f32> {
    let squares: Vec<_> =
        squares(picture, face).map(|mut levels| prominences(&powers(&mut levels))).collect();
    if squares.len() < AGREE {
        return None;
    }
    let looked_at = LOOKED_AT.iter().map(|&frequency| {
        let mut each: Vec<f32> = squares.iter().map(|square| nearby(square, frequency)).collect();
        each.sort_by(|one, other| other.total_cmp(one));
        each[AGREE - 1]
    });
    Some(10.0 * looked_at.fold(1.0, f32::max).log10())
}

/// The squares that lie in the picture, in grey levels (ITU-R BT.601).
fn squares(picture: &Picture, face: &Face) -> impl Iterator<Item = Zeroizing<Vec<f32>>> {
    let [[ax, ay], [bx, by], ..] = face.points;
    let ([x, y], [along, across]) = ([ax.midpoint(bx), ay.midpoint(by)], [bx - ax, by - ay]);
    let places = PLACES.map(|[right, down]| {
        [x + right * along - down * across, y + right * across + down * along]
            .map(|middle| (middle - SIDE as f32 / 2.0).round())
    });
    let (width, height) = (picture.width as usize, picture.height as usize);
    let large = face.eye_distance() >= EYE_DISTANCE_MIN;
    let inside = move |[left, top]: [f32; 2]| {
        let whole = left >= 0.0 && top >= 0.0;
        let (left, top) = (left as usize, top as usize);
        (large && whole && left + SIDE <= width && top + SIDE <= height).then_some([left, top])
    };
    places.into_iter().filter_map(inside).map(move |[left, top]| {
        let mut levels = Zeroizing::new(Vec::with_capacity(SIDE * SIDE));
        for row in picture.rgb.chunks_exact(width * 3).skip(top).take(SIDE) {
            let pixels = row[left * 3..(left + SIDE) * 3].chunks_exact(3);
            levels.extend(pixels.map(|pixel| {
                0.299 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.114 * f32::from(pixel[2])
            }));
        }
        levels
    })
}

/// For every frequency that is looked at, its power over that of what surrounds it; 0 for others.
fn prominences(powers: &[f32]) -> Vec<f32> {
    // Less than a camera's noise is a rounding, and stands out of nothing.
    let power = |place: usize| powers[place] + NOISE;
    let mut falling: [Vec<f32>; SIDE] = [const { Vec::new() }; SIDE];
    (0..powers.len()).for_each(|place| falling[radius(place)].push(power(place)));
    let falling = falling.map(|mut ring| median(&mut ring));
    let mut found = vec![0.0; powers.len()];
    let mut around = Vec::with_capacity(SIDE * 2);
    for &[across, down] in &*LOOKED_AT {
        let here = place([across, down]);
        let ratio = power(here) / falling[radius(here)];
        found[here] = ratio;
        // An edge is strong at all frequencies of its direction.
        if ratio > NOISY {
            around.clear();
            around.extend(RING.iter().map(|[right, below]| power(place([across + right, down + below]))));
            found[here] = ratio.min(power(here) / median(&mut around));
        }
    }
    found
}

/// The most of a frequency and its neighbours: a pattern is not seen from all places alike.
fn nearby(square: &[f32], [across, down]: [i32; 2]) -> f32 {
    let around = (-1..=1).flat_map(|right| (-1..=1).map(move |below| [across + right, down + below]));
    around.map(|frequency| square[place(frequency)]).fold(0.0, f32::max)
}

/// All frequencies that are looked at; of each and its opposite only one.
static LOOKED_AT: LazyLock<Vec<[i32; 2]>> = LazyLock::new(|| {
    let half = SIDE as i32 / 2;
    let eighth = SIDE as i32 / 8;
    let near_eighth = |cycles: i32| (cycles + EIGHTHS).rem_euclid(eighth) <= 2 * EIGHTHS;
    let all = (AXES + 1..half).flat_map(|across| (1 - half..half).map(move |down| [across, down]));
    all.filter(|&[across, down]| {
        let in_band = BAND.contains(&(across as f32).hypot(down as f32));
        in_band && down.abs() > AXES && !(near_eighth(across) && near_eighth(down))
    })
    .collect()
});

/// What surrounds a frequency, as steps from it.
static RING: LazyLock<Vec<[i32; 2]>> = LazyLock::new(|| {
    let [near, far] = AROUND;
    let all = (-far..=far).flat_map(|right| (-far..=far).map(move |below| [right, below]));
    all.filter(|[right, below]| (near * near..=far * far).contains(&(right * right + below * below)))
        .collect()
});

/// Where a frequency's power stands.
fn place([across, down]: [i32; 2]) -> usize {
    let wrapped = |cycles: i32| cycles.rem_euclid(SIDE as i32) as usize;
    wrapped(down) * SIDE + wrapped(across)
}

/// How far from no frequency at all.
fn radius(place: usize) -> usize {
    let cycles = |at: usize| at.min(SIDE - at) as f32;
    cycles(place % SIDE).hypot(cycles(place / SIDE)).round() as usize
}

/// The upper one of the two middle values where there is no middle; 1 where there are none.
fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() { 1.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
}

/// What was seen of a pattern over the skin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PatternEvidence {
    /// By how much it stands out, the lower median of the frames, in tenths of a decibel; 0 where too
    /// few frames were looked at.
    pub prominence: u16,
    /// Frames in which enough skin was seen to look for one.
    pub frames: u32,
}

impl PatternEvidence {
    /// What the frames say together, each in decibels: a pattern stays, a chance does not.
    pub(crate) fn of(frames: &[f32]) -> Self {
        let mut seen = frames.to_vec();
        seen.sort_by(f32::total_cmp);
        let middle = seen.get(seen.len().saturating_sub(1) / 2).filter(|_| seen.len() >= FRAMES);
        Self { prominence: middle.map_or(0, |decibels| tenths(*decibels)), frames: frames.len() as u32 }
    }

    /// Whether it is more than skin can show.
    pub(crate) fn is_no_skin(self, config: &LivenessConfig) -> bool {
        self.prominence > tenths(config.pattern_max)
    }
}

fn tenths(decibels: f32) -> u16 {
    (decibels * 10.0) as u16
}
