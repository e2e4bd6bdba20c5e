//! The plane homography between two views: what a flat picture does when it is turned,
//! and a head does not.

use crate::align::Point;

/// A map between two planes in perspective: eight numbers, the ninth is 1.
pub(super) struct Homography([f64; 8]);

impl Homography {
    /// The one that brings `from` closest to `to`, by least squares over the linear
    /// equations in coordinates of about one (Hartley 1997). None where the points lie
    /// on a line.
    pub(super) fn between(from: &[Point], to: &[Point]) -> Option<Self> {
        let mut normal = [[0.0; 9]; 8];
        for (source, target) in from.iter().zip(to) {
            let [x, y] = source.map(f64::from);
            let [u, v] = target.map(f64::from);
            let rows = [
                [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u],
                [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v],
            ];
            for row in rows {
                for (line, &factor) in normal.iter_mut().zip(&row) {
                    line.iter_mut().zip(&row).for_each(|(sum, value)| *sum += factor * value);
                }
            }
        }
        solved(normal).map(Self)
    }

    pub(super) fn apply(&self, [x, y]: Point) -> Point {
        let point = [f64::from(x), f64::from(y), 1.0];
        let row =
            |numbers: &[f64]| numbers.iter().zip(point).map(|(number, value)| number * value).sum::<f64>();
        let depth = row(&self.0[6..]) + 1.0;
        [(row(&self.0[..3]) / depth) as f32, (row(&self.0[3..6]) / depth) as f32]
    }
}

/// Gauss's elimination, each time with the largest number that is left.
fn solved(mut lines: [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for step in 0..8 {
        let best = (step..8).max_by(|&a, &b| lines[a][step].abs().total_cmp(&lines[b][step].abs()))?;
        lines.swap(step, best);
        let pivot = lines[step];
        if pivot[step].abs() < 1e-9 {
            return None;
        }
        for (number, line) in lines.iter_mut().enumerate() {
            if number != step {
                let share = line[step] / pivot[step];
                line.iter_mut().zip(&pivot).for_each(|(value, of_pivot)| *value -= share * of_pivot);
            }
        }
    }
    Some(std::array::from_fn(|step| lines[step][8] / lines[step][step]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_of_a_plane_is_found_again() {
        let given = Homography([0.9, 0.1, 3.0, -0.2, 1.1, 1.0, 0.01, -0.02]);
        let from = [[-1.0, -1.0], [1.0, -0.8], [0.9, 1.0], [-1.1, 0.7], [0.1, 0.2], [0.5, -0.4]];
        let to = from.map(|point| given.apply(point));
        let found = Homography::between(&from, &to).unwrap();
        let [x, y] = found.apply([0.3, 0.6]);
        let [ex, ey] = given.apply([0.3, 0.6]);
        assert!((x - ex).abs() < 1e-3 && (y - ey).abs() < 1e-3, "{x} {y}, {ex} {ey}");
    }

    #[test]
    fn points_on_a_line_span_no_plane() {
        let line = [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]];
        assert!(Homography::between(&line, &line).is_none());
    }
}
