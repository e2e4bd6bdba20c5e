//! Cuts a face out of a picture, upright and at a fixed size. There is one
//! resampler for everything, the chip's portrait and the camera's frame alike,
//! because two resamplers cost a percent of similarity. A change here is a change of
//! [`PREPROCESSING`], and stored scores are no longer comparable.

use identity::Picture;
use zeroize::Zeroizing;

/// Version of how pictures are brought before the models.
pub(crate) const PREPROCESSING: u8 = 1;

/// A point in a picture: x to the right, y down, in pixels; the centre of the first
/// pixel is (0, 0).
pub(crate) type Point = [f32; 2];

/// Turns, scales and shifts, and nothing else: (x, y) becomes
/// (a x - b y + c, b x + a y + d).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Similarity {
    pub(crate) a: f32,
    pub(crate) b: f32,
    pub(crate) c: f32,
    pub(crate) d: f32,
}

impl Similarity {
    /// The one that brings `from` closest to `to`, by least squares (Umeyama 1991,
    /// without reflection).
    pub(crate) fn between<const N: usize>(from: &[Point; N], to: &[Point; N]) -> Self {
        let (from_mean, to_mean) = (mean(from), mean(to));
        let (mut along, mut across, mut size) = (0.0, 0.0, 0.0);
        for (source, target) in from.iter().zip(to) {
            let (sx, sy) = (source[0] - from_mean[0], source[1] - from_mean[1]);
            let (tx, ty) = (target[0] - to_mean[0], target[1] - to_mean[1]);
            along += sx * tx + sy * ty;
            across += sx * ty - sy * tx;
            size += sx * sx + sy * sy;
        }
        let size = size.max(f32::EPSILON);
        let (a, b) = (along / size, across / size);
        Self {
            a,
            b,
            c: to_mean[0] - a * from_mean[0] + b * from_mean[1],
            d: to_mean[1] - b * from_mean[0] - a * from_mean[1],
        }
    }

    /// The way back.
    pub(crate) fn inverse(self) -> Self {
        let size = (self.a * self.a + self.b * self.b).max(f32::EPSILON);
        let (a, b) = (self.a / size, -self.b / size);
        Self { a, b, c: b * self.d - a * self.c, d: -b * self.c - a * self.d }
    }

    pub(crate) fn apply(self, [x, y]: Point) -> Point {
        [self.a * x - self.b * y + self.c, self.b * x + self.a * y + self.d]
    }

    /// By how much lengths grow.
    pub(crate) fn scale(self) -> f32 {
        self.a.hypot(self.b)
    }
}

fn mean<const N: usize>(points: &[Point; N]) -> Point {
    let count = N as f32;
    let sum = points.iter().fold([0.0, 0.0], |sum, point| [sum[0] + point[0], sum[1] + point[1]]);
    [sum[0] / count, sum[1] / count]
}

/// A square cut-out: three planes (red, green, blue), 0 to 255. Wiped when dropped.
pub(crate) struct Crop {
    pub(crate) side: usize,
    pub(crate) planes: Zeroizing<Vec<f32>>,
}

/// Cuts a square of `side` pixels; `to_picture` says where each of its pixels lies in
/// the picture. Where the picture is finer, it is first averaged over whole blocks,
/// then read with bilinear interpolation; outside the picture all is black.
pub(crate) fn cut(picture: &Picture, to_picture: Similarity, side: usize) -> Crop {
    let block = (to_picture.scale().floor() as usize).clamp(1, 16);
    let source = Blocks::of(picture, block, reach(to_picture, side));
    let step = block as f32;
    // The centre of a block lies half a block minus half a pixel from its corner.
    let offset = (step - 1.0) / 2.0;
    let mut planes = Zeroizing::new(vec![0.0; 3 * side * side]);
    let (red, rest) = planes.split_at_mut(side * side);
    let (green, blue) = rest.split_at_mut(side * side);
    for y in 0..side {
        for x in 0..side {
            let [px, py] = to_picture.apply([x as f32, y as f32]);
            let [r, g, b] = source.at((px - offset) / step, (py - offset) / step);
            let place = y * side + x;
            (red[place], green[place], blue[place]) = (r, g, b);
        }
    }
    Crop { side, planes }
}

/// The rectangle of the picture that a crop can touch: left, top, right, bottom.
fn reach(to_picture: Similarity, side: usize) -> [f32; 4] {
    let end = side as f32;
    let corners = [[0.0, 0.0], [end, 0.0], [0.0, end], [end, end]].map(|corner| to_picture.apply(corner));
    corners.iter().fold(
        [f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY],
        |[left, top, right, bottom], &[x, y]| [left.min(x), top.min(y), right.max(x), bottom.max(y)],
    )
}

/// Part of a picture, averaged over blocks. Wiped when dropped.
struct Blocks {
    left: i64,
    top: i64,
    width: usize,
    height: usize,
    pixels: Zeroizing<Vec<[f32; 3]>>,
}

impl Blocks {
    fn of(picture: &Picture, block: usize, [left, top, right, bottom]: [f32; 4]) -> Self {
        let across = picture.width as usize / block;
        let down = picture.height as usize / block;
        let span = |from: f32, to: f32, count: usize| {
            let first = ((from / block as f32).floor() - 1.0).clamp(0.0, count as f32) as usize;
            let end = ((to / block as f32).ceil() + 2.0).clamp(first as f32, count as f32) as usize;
            (first, end - first)
        };
        let ((left, width), (top, height)) = (span(left, right, across), span(top, bottom, down));
        let mut pixels = Zeroizing::new(Vec::with_capacity(width * height));
        let row = picture.width as usize * 3;
        let share = 1.0 / (block * block) as f32;
        for y in top..top + height {
            for x in left..left + width {
                let mut sum = [0_u32; 3];
                for line in picture.rgb.chunks_exact(row).skip(y * block).take(block) {
                    for pixel in line[x * block * 3..(x + 1) * block * 3].chunks_exact(3) {
                        for channel in 0..3 {
                            sum[channel] += u32::from(pixel[channel]);
                        }
                    }
                }
                pixels.push(sum.map(|value| value as f32 * share));
            }
        }
        Self { left: left as i64, top: top as i64, width, height, pixels }
    }

    fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let (column, row) = (x.floor(), y.floor());
        let (right, down) = (x - column, y - row);
        let (column, row) = (column as i64 - self.left, row as i64 - self.top);
        let upper = mixed(self.pixel(column, row), self.pixel(column + 1, row), right);
        let lower = mixed(self.pixel(column, row + 1), self.pixel(column + 1, row + 1), right);
        mixed(upper, lower, down)
    }

    fn pixel(&self, x: i64, y: i64) -> [f32; 3] {
        match (usize::try_from(x), usize::try_from(y)) {
            (Ok(x), Ok(y)) if x < self.width && y < self.height => self.pixels[y * self.width + x],
            _ => [0.0; 3],
        }
    }
}

/// So much of the second, the rest of the first.
fn mixed(first: [f32; 3], second: [f32; 3], share: f32) -> [f32; 3] {
    let mut result = first;
    for (value, other) in result.iter_mut().zip(second) {
        *value += (other - *value) * share;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similarity_is_found_again_from_its_points() {
        let truth = Similarity { a: 1.5, b: -0.4, c: 20.0, d: -7.0 };
        let from = [[3.0, 4.0], [40.0, 9.0], [20.0, 30.0], [8.0, 50.0], [33.0, 52.0]];
        let found = Similarity::between(&from, &from.map(|point| truth.apply(point)));
        let back = found.inverse();
        for point in from {
            let [x, y] = back.apply(truth.apply(point));
            assert!((x - point[0]).abs() < 1e-3 && (y - point[1]).abs() < 1e-3, "{point:?}");
        }
    }

    /// A picture whose red grows to the right and green downwards, one level a pixel.
    fn ramp(width: u32, height: u32) -> Picture {
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 9])).collect();
        Picture { width, height, rgb: Zeroizing::new(rgb) }
    }

    #[test]
    fn a_cut_shows_what_lies_there_at_every_scale() {
        for scale in [0.5_f32, 1.0, 2.0, 3.3] {
            let map = Similarity { a: scale, b: 0.0, c: 40.0, d: 30.0 };
            let crop = cut(&ramp(200, 150), map, 20);
            let place = 10 * 20 + 5;
            let [x, y] = map.apply([5.0, 10.0]);
            assert!((crop.planes[place] - x).abs() < 0.01, "{scale}");
            assert!((crop.planes[400 + place] - y).abs() < 0.01, "{scale}");
            assert!((crop.planes[800 + place] - 9.0).abs() < 0.01, "{scale}");
        }
    }

    #[test]
    fn outside_the_picture_all_is_black() {
        let crop = cut(&ramp(50, 50), Similarity { a: 1.0, b: 0.0, c: -30.0, d: 500.0 }, 10);
        assert!(crop.planes.iter().all(|value| *value == 0.0));
    }
}
