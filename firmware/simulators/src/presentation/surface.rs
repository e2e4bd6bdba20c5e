//! Turns a photograph in space: the picture is laid over a surface (a head, a sheet of
//! paper, a bent one), the surface is turned, and what a camera before it would see is
//! drawn. A camera far away is assumed for heads, a near one for sheets.
//!
//! Lengths are in distances between the eyes, the origin lies between them: u to the
//! picture's right, v down, z towards the camera.

use image::RgbImage;

use super::{
    Features,
    raster::{Made, Raster, Slope},
};

/// What the photograph is laid over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Surface {
    /// A head of the measures of an adult's, with a nose; the room around it stays where it is.
    Head,
    /// A flat sheet.
    Sheet,
    /// A sheet bent around an upright cylinder of that radius.
    Bent {
        /// In distances between the eyes.
        radius: f32,
    },
}

/// How the surface is held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Turn {
    /// Degrees; positive: to the picture's right.
    pub yaw: f32,
    /// Degrees; positive: the chin down.
    pub pitch: f32,
}

/// Half the width of a head, from the middle of the face to the ear.
const HALF_WIDTH: f32 = 1.2;
/// From the axis of the neck to the forehead.
const HALF_DEPTH: f32 = 1.5;
/// The middle of the head lies that far below the eyes, and its ends that far from there.
const MIDDLE: f32 = 0.25;
const HALF_HEIGHT: f32 = 2.1;
/// How far the nose stands out, how wide it is, and how far below the eyes its tip lies.
const NOSE: [f32; 3] = [0.42, 0.2, 0.78];
/// How far around the head the room is drawn along with it.
const BLEND: f32 = 0.7;
/// From a sheet to the camera that looks at it.
const CAMERA_DISTANCE: f32 = 9.0;
/// The grid's step.
const STEP: f32 = 0.04;

/// A point of the grid: where it is drawn, how near it is, where it lies in the photograph.
#[derive(Clone, Copy)]
struct Corner {
    to: [f32; 2],
    near: f32,
    from: [f32; 2],
}

impl Surface {
    /// Draws the photograph, turned, onto `canvas`, its corner at `place` while it is straight.
    pub fn draw(
        self,
        photograph: &RgbImage,
        features: &Features,
        turn: Turn,
        canvas: &mut RgbImage,
        place: [f32; 2],
    ) {
        self.draw_shown((photograph, None), features, turn, canvas, place);
    }

    /// The same, of a photograph that a raster shows.
    pub(super) fn draw_shown(
        self,
        (photograph, raster): (&RgbImage, Option<(Raster, Made)>),
        features: &Features,
        turn: Turn,
        canvas: &mut RgbImage,
        place: [f32; 2],
    ) {
        let frame = Frame::of(features);
        let [left, top, right, bottom] = match self {
            Self::Head => [-2.3, -2.4, 2.3, 2.9],
            Self::Sheet | Self::Bent { .. } => frame.extent(photograph),
        };
        let (across, down) = (((right - left) / STEP) as usize, ((bottom - top) / STEP) as usize);
        let corner = |column: usize, row: usize| {
            let u = left + (right - left) * column as f32 / across as f32;
            let v = top + (bottom - top) * row as f32 / down as f32;
            let [x, y, near] = self.placed(u, v, turn);
            let [to_x, to_y] = frame.pixel([x, y]);
            Corner { to: [to_x + place[0], to_y + place[1]], near, from: frame.pixel([u, v]) }
        };
        let mut sheet = Canvas::new(canvas, photograph, raster);
        let mut above: Vec<Corner> = (0..=across).map(|column| corner(column, 0)).collect();
        for row in 1..=down {
            let below: Vec<Corner> = (0..=across).map(|column| corner(column, row)).collect();
            for column in 0..across {
                let [a, b] = [above[column], above[column + 1]];
                let [c, d] = [below[column], below[column + 1]];
                sheet.triangle([a, b, c]);
                sheet.triangle([b, d, c]);
            }
            above = below;
        }
    }

    /// Where the point of the photograph is seen when the surface is turned, and how near.
    fn placed(self, u: f32, v: f32, turn: Turn) -> [f32; 3] {
        match self {
            Self::Head => head(u, v, turn),
            Self::Sheet => seen_from_near(turned([u, v, 0.0], turn)),
            Self::Bent { radius } => {
                let angle = u / radius;
                seen_from_near(turned([radius * angle.sin(), v, radius * (angle.cos() - 1.0)], turn))
            }
        }
    }
}

fn head(u: f32, v: f32, turn: Turn) -> [f32; 3] {
    let (across, along) = (u / HALF_WIDTH, (v - MIDDLE) / HALF_HEIGHT);
    let inside = 1.0 - across * across - along.powi(4);
    if inside > 0.0 {
        return turned([u, v, HALF_DEPTH * inside.sqrt() + nose(u, v)], turn);
    }
    // Around the head the room follows its outline and then stands still.
    let out = (1.0 - inside).powf(0.4);
    let outline = [u / out, MIDDLE + (v - MIDDLE) / out];
    let moved = turned([outline[0], outline[1], 0.0], turn);
    let share = (1.0 - (out - 1.0) / BLEND).max(0.0);
    let share = share * share;
    [u + (moved[0] - outline[0]) * share, v + (moved[1] - outline[1]) * share, -2.0 - out]
}

fn nose(u: f32, v: f32) -> f32 {
    let [height, width, tip] = NOSE;
    let along = if v < tip { (v / tip).max(0.0) } else { (1.0 - (v - tip) / 0.22).max(0.0) };
    height * along * (-(u / width).powi(2)).exp()
}

/// Turns a point around the upright axis, then around the one that goes through both ears.
fn turned([x, y, z]: [f32; 3], turn: Turn) -> [f32; 3] {
    let (sin, cos) = turn.yaw.to_radians().sin_cos();
    let (x, z) = (x * cos + z * sin, z * cos - x * sin);
    let (sin, cos) = turn.pitch.to_radians().sin_cos();
    [x, y * cos + z * sin, z * cos - y * sin]
}

fn seen_from_near([x, y, z]: [f32; 3]) -> [f32; 3] {
    let nearer = CAMERA_DISTANCE / (CAMERA_DISTANCE - z).max(1.0);
    [x * nearer, y * nearer, z]
}

/// Between lengths of a face and pixels of its photograph.
struct Frame {
    origin: [f32; 2],
    along: [f32; 2],
}

impl Frame {
    fn of(features: &Features) -> Self {
        let ([ax, ay], [bx, by]) = (features.left_eye, features.right_eye);
        Self { origin: [ax.midpoint(bx), ay.midpoint(by)], along: [bx - ax, by - ay] }
    }

    fn pixel(&self, [u, v]: [f32; 2]) -> [f32; 2] {
        let ([x, y], [ax, ay]) = (self.origin, self.along);
        [x + u * ax - v * ay, y + u * ay + v * ax]
    }

    /// The whole photograph: left, top, right, bottom.
    fn extent(&self, photograph: &RgbImage) -> [f32; 4] {
        let (width, height) = (photograph.width() as f32, photograph.height() as f32);
        let ([x, y], [ax, ay]) = (self.origin, self.along);
        let size = ax * ax + ay * ay;
        let corners = [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]];
        let lengths = corners.map(|[cx, cy]| {
            let (dx, dy) = (cx - x, cy - y);
            [(dx * ax + dy * ay) / size, (dy * ax - dx * ay) / size]
        });
        let least = |axis: usize| lengths.iter().map(|point| point[axis]).fold(f32::INFINITY, f32::min);
        let most = |axis: usize| lengths.iter().map(|point| point[axis]).fold(f32::NEG_INFINITY, f32::max);
        [least(0), least(1), most(0), most(1)]
    }
}

/// What is drawn onto, and how near what was drawn there is.
struct Canvas<'a> {
    pixels: &'a mut RgbImage,
    near: Vec<f32>,
    photograph: &'a RgbImage,
    raster: Option<(Raster, Made)>,
}

impl<'a> Canvas<'a> {
    fn new(pixels: &'a mut RgbImage, photograph: &'a RgbImage, raster: Option<(Raster, Made)>) -> Self {
        let near = vec![f32::NEG_INFINITY; (pixels.width() * pixels.height()) as usize];
        Self { pixels, near, photograph, raster }
    }

    fn triangle(&mut self, [a, b, c]: [Corner; 3]) {
        let cross = |p: [f32; 2], q: [f32; 2], r: [f32; 2]| {
            (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        };
        let area = cross(a.to, b.to, c.to);
        // Turned away from the camera, or too thin to be seen.
        if area <= 1e-6 {
            return;
        }
        let span = |axis: usize, end: u32| {
            let ends = [a.to[axis], b.to[axis], c.to[axis]];
            let from = ends.iter().copied().fold(f32::INFINITY, f32::min).floor().max(0.0);
            let to = ends.iter().copied().fold(f32::NEG_INFINITY, f32::max).ceil().min(end as f32 - 1.0);
            from as i64..=to as i64
        };
        let (columns, rows) = (span(0, self.pixels.width()), span(1, self.pixels.height()));
        let shown = self.raster.map(|(raster, made)| raster.patch(made, slope([a, b, c], area)));
        for y in rows {
            for x in columns.clone() {
                let at = [x as f32, y as f32];
                let (wa, wb) = (cross(at, b.to, c.to) / area, cross(a.to, at, c.to) / area);
                let wc = 1.0 - wa - wb;
                if wa < -1e-4 || wb < -1e-4 || wc < -1e-4 {
                    continue;
                }
                let mix = |of: fn(&Corner) -> f32| wa * of(&a) + wb * of(&b) + wc * of(&c);
                let near = mix(|corner| corner.near);
                let place = (y * i64::from(self.pixels.width()) + x) as usize;
                if near < self.near[place] {
                    continue;
                }
                let from = [mix(|corner| corner.from[0]), mix(|corner| corner.from[1])];
                if let Some(pixel) = sampled(self.photograph, from) {
                    self.near[place] = near;
                    let pixel = shown.as_ref().map_or(pixel, |shown| shown.seen(pixel, from));
                    self.pixels.put_pixel(x as u32, y as u32, image::Rgb(pixel));
                }
            }
        }
    }
}

/// How the place in the photograph moves with that in the frame, over a triangle of that area.
fn slope([a, b, c]: [Corner; 3], area: f32) -> Slope {
    [0, 1].map(|axis| {
        let from = [a.from[axis], b.from[axis], c.from[axis]];
        let rise = |across: [f32; 3]| from.iter().zip(across).map(|(from, by)| from * by).sum::<f32>() / area;
        [
            rise([b.to[1] - c.to[1], c.to[1] - a.to[1], a.to[1] - b.to[1]]),
            rise([c.to[0] - b.to[0], a.to[0] - c.to[0], b.to[0] - a.to[0]]),
        ]
    })
}

/// The photograph between its pixels; none outside it.
pub(super) fn sampled(photograph: &RgbImage, [x, y]: [f32; 2]) -> Option<[u8; 3]> {
    let (width, height) = photograph.dimensions();
    if x < -0.5 || y < -0.5 || x > width as f32 - 0.5 || y > height as f32 - 0.5 {
        return None;
    }
    let (x, y) = (x.clamp(0.0, width as f32 - 1.0), y.clamp(0.0, height as f32 - 1.0));
    let (column, row) = (x as u32, y as u32);
    let (right, below) = ((column + 1).min(width - 1), (row + 1).min(height - 1));
    let (across, down) = (x - column as f32, y - row as f32);
    let at = |column: u32, row: u32| photograph.get_pixel(column, row).0.map(f32::from);
    let upper = [at(column, row), at(right, row)];
    let lower = [at(column, below), at(right, below)];
    let mix = |from: f32, to: f32, share: f32| from + (to - from) * share;
    Some(std::array::from_fn(|plane| {
        let line = |[left, right]: [[f32; 3]; 2]| mix(left[plane], right[plane], across);
        (mix(line(upper), line(lower), down) + 0.5) as u8
    }))
}
