//! The photographs of the tree, altered so that one thing is wrong with each. Honest
//! operations on pixels: no model makes a face here.

use identity::Picture;

use super::{ENGINE, photograph};
use crate::{
    align::Point,
    mesh::{self, Mesh},
    timing::Timings,
};

/// A colour, 0 to 1.
pub(super) type Colour = [f32; 3];

/// Columns, rows and pixels, 0 to 1.
#[derive(Clone)]
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Colour>,
}

impl Canvas {
    pub(super) fn of(picture: &Picture) -> Self {
        let pixels = picture.rgb.chunks_exact(3).map(|rgb| [0, 1, 2].map(|at| f32::from(rgb[at]) / 255.0));
        Self { width: picture.width as usize, height: picture.height as usize, pixels: pixels.collect() }
    }

    pub(super) fn picture(&self) -> Picture {
        let byte = |value: &f32| (value * 255.0).round().clamp(0.0, 255.0) as u8;
        let rgb: Vec<u8> = self.pixels.as_flattened().iter().map(byte).collect();
        Picture { width: self.width as u32, height: self.height as u32, rgb: rgb.into() }
    }

    /// The colour at a place, between pixels too; beyond the edge the edge goes on.
    pub(super) fn at(&self, [x, y]: Point) -> Colour {
        let (x, y) = (x.clamp(0.0, self.width as f32 - 1.0), y.clamp(0.0, self.height as f32 - 1.0));
        let (column, row) = (x as usize, y as usize);
        let (right, down) = ((column + 1).min(self.width - 1), (row + 1).min(self.height - 1));
        let pixel = |x: usize, y: usize| self.pixels[y * self.width + x];
        let upper = mixed(pixel(column, row), pixel(right, row), x.fract());
        mixed(upper, mixed(pixel(column, down), pixel(right, down), x.fract()), y.fract())
    }

    /// Each pixel made anew out of where it lies and what it was.
    pub(super) fn map(&self, change: impl Fn(Point, Colour) -> Colour) -> Self {
        let place = |at: usize| [(at % self.width) as f32, (at / self.width) as f32];
        let pixels = self.pixels.iter().enumerate().map(|(at, old)| change(place(at), *old)).collect();
        Self { pixels, ..*self }
    }

    /// Each level of each channel made anew.
    pub(super) fn levels(&self, change: impl Fn(f32) -> f32) -> Self {
        self.map(|_, colour| colour.map(&change))
    }

    /// Another frame around it: what it shows at a place, lies in the old one at `from`.
    pub(super) fn warped(&self, width: usize, height: usize, from: impl Fn(Point) -> Point) -> Self {
        let places = (0..width * height).map(|at| [(at % width) as f32, (at / width) as f32]);
        Self { width, height, pixels: places.map(|place| self.at(from(place))).collect() }
    }

    /// A part of it; what lies beyond its edge goes on as the edge is.
    pub(super) fn part(&self, left: f32, top: f32, width: f32, height: f32) -> Self {
        self.warped(width as usize, height as usize, |[x, y]| [x + left, y + top])
    }

    /// The same at another size.
    pub(super) fn scaled(&self, scale: f32) -> Self {
        let size = |side: usize| (side as f32 * scale) as u32;
        let whole = [0, 0, self.width as u32, self.height as u32];
        Self::of(&crate::picture::shrink(&self.picture(), whole, size(self.width), size(self.height)))
    }

    /// Turned clockwise about a place.
    pub(super) fn turned(&self, [x, y]: Point, degrees: f32) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        self.warped(self.width, self.height, |[px, py]| {
            let (right, down) = (px - x, py - y);
            [x + right * cos + down * sin, y - right * sin + down * cos]
        })
    }

    /// Blurred by the mean of so many pixels to each side, three times, which is nearly a Gaussian.
    pub(super) fn blurred(&self, reach: usize) -> Self {
        let mut canvas = self.clone();
        for _ in 0..3 {
            canvas = canvas.smeared(reach, [1.0, 0.0]).smeared(reach, [0.0, 1.0]);
        }
        canvas
    }

    fn smeared(&self, reach: usize, [right, down]: Point) -> Self {
        let reach = reach as i32;
        self.map(|[x, y], _| {
            let mut sum = [0.0; 3];
            for step in -reach..=reach {
                let colour = self.at([x + right * step as f32, y + down * step as f32]);
                sum.iter_mut().zip(colour).for_each(|(sum, value)| *sum += value);
            }
            sum.map(|value| value / (2 * reach + 1) as f32)
        })
    }

    /// A shape in one colour, keeping so much of the light and shade of what it covers.
    pub(super) fn painted(&self, outline: &[Point], colour: Colour, shade: f32) -> Self {
        self.map(|place, old| {
            if !inside(outline, place) {
                return old;
            }
            let light = 1.0 + shade * ((old[0] + old[1] + old[2]) / 1.5 - 1.0);
            colour.map(|value| (value * light).clamp(0.0, 1.0))
        })
    }
}

pub(super) fn mixed(first: Colour, second: Colour, share: f32) -> Colour {
    [0, 1, 2].map(|at| first[at] + (second[at] - first[at]) * share)
}

/// Whether a place lies in a shape, by the even-odd rule.
fn inside(outline: &[Point], [x, y]: Point) -> bool {
    let ends = outline.iter().zip(outline.iter().cycle().skip(1));
    let crossed = ends.filter(|(from, to)| {
        (from[1] <= y) != (to[1] <= y) && x < from[0] + (y - from[1]) / (to[1] - from[1]) * (to[0] - from[0])
    });
    crossed.count() % 2 == 1
}

/// An ellipse as a shape.
pub(super) fn ellipse([x, y]: Point, across: f32, down: f32) -> Vec<Point> {
    let corner = |step: u8| {
        let (sin, cos) = (f32::from(step) * std::f32::consts::TAU / 48.0).sin_cos();
        [x + across * cos, y + down * sin]
    };
    (0..48).map(corner).collect()
}

/// A photograph and where the points of the face lie in it.
pub(super) struct Sitter {
    pub(super) canvas: Canvas,
    points: Vec<Point>,
}

impl Sitter {
    pub(super) fn of(name: &str) -> Self {
        let picture = photograph(name);
        let face = ENGINE.faces(&picture, &mut Timings::default()).unwrap().remove(0);
        let (crop, turned) = mesh::crop(&picture, &face);
        let mesh = Mesh::of(&ENGINE.landmarks, &crop, turned).unwrap();
        let (to_picture, _) = mesh::place(&face);
        let point = |three: &[f32]| to_picture.apply([three[0], three[1]]);
        Self { canvas: Canvas::of(&picture), points: mesh.values().chunks_exact(3).map(point).collect() }
    }

    /// A point of the mesh, in the photograph.
    pub(super) fn point(&self, number: usize) -> Point {
        self.points[number]
    }

    /// A shape by the numbers of its corners.
    pub(super) fn shape(&self, numbers: &[usize]) -> Vec<Point> {
        numbers.iter().map(|number| self.point(*number)).collect()
    }

    /// Midway between the eyes.
    pub(super) fn between_eyes(&self) -> Point {
        self.middle(33, 263)
    }

    /// From midway between the eyes to the chin, in pixels.
    pub(super) fn lower_face(&self) -> f32 {
        let ([ax, ay], [bx, by]) = (self.between_eyes(), self.point(152));
        (bx - ax).hypot(by - ay)
    }

    /// Midway between two points.
    pub(super) fn middle(&self, one: usize, other: usize) -> Point {
        let ([ax, ay], [bx, by]) = (self.point(one), self.point(other));
        [ax.midpoint(bx), ay.midpoint(by)]
    }

    /// From one point to the other, in pixels.
    pub(super) fn length(&self, one: usize, other: usize) -> f32 {
        let ([ax, ay], [bx, by]) = (self.point(one), self.point(other));
        (bx - ax).hypot(by - ay)
    }
}
