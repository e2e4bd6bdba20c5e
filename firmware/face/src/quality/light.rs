//! How a face is lit and how sharp it is: inside its outline, and on its cheeks.

use super::colour::{self, luminance};
use crate::align::{Crop, Point};

/// Light and sharpness of the face in its crop.
pub(super) struct Light {
    /// Mean, 0 to 1.
    pub(super) mean: f32,
    /// Variance of the same, 0 to 0.25.
    pub(super) variance: f32,
    /// Share of grey levels up to 25.
    pub(super) black: f32,
    /// Share of grey levels from 247.
    pub(super) white: f32,
    /// Entropy of the grey levels, 0 to 8 bits.
    pub(super) entropy: f32,
    /// Variance of the Laplacian, in squared grey levels.
    pub(super) sharpness: f32,
}

impl Light {
    pub(super) fn of(crop: &Crop, outline: &[Point]) -> Self {
        let mut levels = [0_u32; 256];
        let (mut sum, mut squares, mut edges, mut edge_squares) = (0.0, 0.0, 0.0, 0.0);
        let mut count = 0.0_f64;
        for (y, columns) in rows(outline, crop.side) {
            for x in columns {
                let value = luminance(crop, x, y);
                let around = luminance(crop, x - 1, y)
                    + luminance(crop, x + 1, y)
                    + luminance(crop, x, y - 1)
                    + luminance(crop, x, y + 1);
                let edge = f64::from(4.0 * value - around);
                levels[value.round().clamp(0.0, 255.0) as usize] += 1;
                count += 1.0;
                sum += f64::from(value / 255.0);
                squares += f64::from(value / 255.0).powi(2);
                edges += edge;
                edge_squares += edge * edge;
            }
        }
        let count = count.max(1.0);
        let variance = |sum: f64, squares: f64| (squares / count - (sum / count).powi(2)).max(0.0) as f32;
        let share = |levels: &[u32]| f64::from(levels.iter().sum::<u32>()) / count;
        let bits = |level: &u32| match share(&[*level]) {
            0.0 => 0.0,
            share => -share * share.log2(),
        };
        Self {
            mean: (sum / count) as f32,
            variance: variance(sum, squares),
            black: share(&levels[..=25]) as f32,
            white: share(&levels[247..]) as f32,
            entropy: levels.iter().map(bits).sum::<f64>() as f32,
            sharpness: variance(edges, edge_squares),
        }
    }
}

/// The columns inside an outline, row by row; a pixel's width away from the crop's edges.
/// An outline that turns back on itself in a row is taken from its first column to its last.
fn rows(outline: &[Point], side: usize) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
    let inside = move |value: f32| (value.round().max(1.0) as usize).min(side - 1);
    (1..side - 1).filter_map(move |y| {
        let row = y as f32;
        let ends = outline.iter().zip(outline.iter().cycle().skip(1));
        let crossed = ends.filter(|(from, to)| (from[1] <= row) != (to[1] <= row));
        let columns =
            crossed.map(|(from, to)| from[0] + (row - from[1]) / (to[1] - from[1]) * (to[0] - from[0]));
        let span = columns.fold(None, |span: Option<[f32; 2]>, column| {
            let [least, most] = span.unwrap_or([column; 2]);
            Some([least.min(column), most.max(column)])
        });
        span.map(|[from, to]| (y, inside(from)..inside(to)))
    })
}

/// How much darker the darker of both cheeks is, as a share of the brighter.
pub(super) fn one_sided(crop: &Crop, cheeks: [[usize; 4]; 2]) -> f32 {
    let [one, other] = cheeks.map(|[left, top, right, bottom]| {
        let sum: f32 = pixels([left, top, right, bottom]).map(|[x, y]| luminance(crop, x, y)).sum();
        sum / ((right - left) * (bottom - top)).max(1) as f32
    });
    // Grey levels below the first say nothing.
    (one - other).abs() / one.max(other).max(1.0)
}

/// How much of their grey levels both cheeks share, 0 to 1 (OFIQ: IlluminationUniformity).
pub(super) fn overlap(crop: &Crop, cheeks: [[usize; 4]; 2]) -> f32 {
    let [one, other] = cheeks.map(|cheek| {
        let mut levels = [0.0_f32; 256];
        let count = pixels(cheek).count().max(1) as f32;
        for [x, y] in pixels(cheek) {
            levels[luminance(crop, x, y).round().clamp(0.0, 255.0) as usize] += 1.0 / count;
        }
        levels
    });
    one.iter().zip(&other).map(|(one, other)| one.min(*other)).sum()
}

/// Mean red, green and blue of both cheeks, without gamma, 0 to 1.
pub(super) fn skin(crop: &Crop, cheeks: [[usize; 4]; 2]) -> [f32; 3] {
    let (mut sum, mut count) = ([0.0_f32; 3], 0.0_f32);
    for [x, y] in cheeks.into_iter().flat_map(pixels) {
        let colour = colour::pixel(crop, x, y).map(colour::linear);
        sum = std::array::from_fn(|channel| sum[channel] + colour[channel]);
        count += 1.0;
    }
    sum.map(|value| value / count.max(1.0))
}

fn pixels([left, top, right, bottom]: [usize; 4]) -> impl Iterator<Item = [usize; 2]> {
    (top..bottom).flat_map(move |y| (left..right).map(move |x| [x, y]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(side: usize, level: impl Fn(usize, usize) -> f32) -> Crop {
        let plane: Vec<f32> = (0..side * side).map(|at| level(at % side, at / side) / 255.0).collect();
        Crop { side, planes: [plane.clone(), plane.clone(), plane].concat().into() }
    }

    const SQUARE: [Point; 4] = [[10.0, 10.0], [30.0, 10.0], [30.0, 30.0], [10.0, 30.0]];

    #[test]
    fn only_what_lies_inside_the_outline_counts() {
        let inside = |x: usize, y: usize| (10..30).contains(&x) && (10..31).contains(&y);
        let light = Light::of(&grey(40, |x, y| if inside(x, y) { 102.0 } else { 0.0 }), &SQUARE);
        assert!((light.mean - 0.4).abs() < 0.001 && light.black == 0.0, "{}", light.mean);
        assert!(light.entropy.abs() < 1e-6 && light.variance < 1e-6);
    }

    #[test]
    fn four_even_levels_are_two_bits() {
        let light = Light::of(&grey(40, |x, _| (x % 4) as f32 * 60.0), &SQUARE);
        assert!((light.entropy - 2.0).abs() < 0.01, "{}", light.entropy);
        assert!((light.black - 0.25).abs() < 0.01, "{}", light.black);
    }

    #[test]
    fn an_outline_out_of_the_crop_counts_what_is_in_it() {
        let far = SQUARE.map(|[x, y]| [x * 9.0 - 200.0, y * 9.0 - 200.0]);
        assert!((Light::of(&grey(40, |_, _| 51.0), &far).mean - 0.2).abs() < 0.001);
        let away = SQUARE.map(|[x, y]| [x + 500.0, y]);
        assert!(Light::of(&grey(40, |_, _| 51.0), &away).mean.abs() < 0.001);
    }
}
