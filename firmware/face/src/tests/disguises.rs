//! What people wear and do before a camera, painted or warped into a photograph.

use super::doctored::{Canvas, Colour, Sitter, ellipse};
use crate::align::Point;

/// The lower outline of the face, from ear to ear below the chin.
const JAW: [usize; 17] = [234, 93, 132, 58, 172, 136, 150, 149, 152, 378, 379, 365, 397, 288, 361, 323, 454];

/// Over mouth and nose, up to the bridge, as a surgical mask lies.
pub(super) fn face_mask(sitter: &Sitter, colour: Colour) -> Canvas {
    let outline = [sitter.shape(&JAW), sitter.shape(&[347, 197, 118])].concat();
    sitter.canvas.painted(&outline, colour, 0.1)
}

/// Two dark lenses.
pub(super) fn dark_glasses(sitter: &Sitter) -> Canvas {
    let size = sitter.length(33, 263) * 0.29;
    let lens = |inner: usize, outer: usize| ellipse(sitter.middle(inner, outer), size, size * 0.85);
    let dark = [0.05, 0.05, 0.06];
    sitter.canvas.painted(&lens(133, 33), dark, 0.3).painted(&lens(362, 263), dark, 0.3)
}

/// From the brows up, and wider than the head.
pub(super) fn cap(sitter: &Sitter, colour: Colour) -> Canvas {
    let ([left, _], [right, _]) = (sitter.point(234), sitter.point(454));
    let size = sitter.length(234, 454);
    let brim = sitter.middle(105, 334)[1] - size * 0.04;
    let dome = ellipse([left.midpoint(right), brim], size * 0.65, size * 0.75);
    let outline: Vec<Point> = dome.iter().map(|[x, y]| [*x, y.min(brim)]).collect();
    sitter.canvas.painted(&outline, colour, 0.3)
}

/// Light on the middle of the face only.
pub(super) fn spotlight(sitter: &Sitter) -> Canvas {
    let size = sitter.length(234, 454);
    let [x, _] = sitter.point(195);
    let y = sitter.between_eyes()[1].midpoint(sitter.point(17)[1]);
    sitter.canvas.map(|[px, py], colour| {
        let away = ((px - x) / (size * 0.34)).hypot((py - y) / (size * 0.40));
        let light = ((1.1 - away) / 0.1).clamp(0.06, 1.0);
        colour.map(|value| value * light)
    })
}

/// The skin of the upper lids drawn down over both eyes.
pub(super) fn shut_eyes(sitter: &Sitter) -> Canvas {
    // Upper and lower lid, corners inside and outside, and the fold above.
    let eyes = [[159, 145, 133, 33, 223], [386, 374, 362, 263, 443]];
    eyes.iter().fold(sitter.canvas.clone(), |canvas, eye| shut_eye(sitter, &canvas, *eye))
}

fn shut_eye(sitter: &Sitter, canvas: &Canvas, [upper, lower, inner, outer, fold]: [usize; 5]) -> Canvas {
    let half = sitter.length(inner, outer) * 0.62;
    let [x, _] = sitter.middle(inner, outer);
    let [top, lid, end] = [fold, upper, lower].map(|number| sitter.point(number)[1]);
    let ([ax, ay], [bx, by]) = (sitter.point(inner), sitter.point(outer));
    let tilt = (by - ay) / (bx - ax);
    let lash = (end - lid) * 0.15;
    canvas.map(|[px, py], colour| {
        // Lids follow the eye's curve; beside the corners nothing moves.
        let bow = 1.0 - ((px - x) / half).powi(2);
        let level = py - (px - x) * tilt;
        let goal = lid + (end - lid + 1.0 + lash) * bow;
        if bow <= 0.0 || level <= top || level >= goal {
            return colour;
        }
        // What lies between the fold and the lid is stretched down to the lower lid.
        let from = top + (level - top) / (goal - top) * (lid - lash - top);
        canvas.at([px, from + (px - x) * tilt])
    })
}

/// Chin and lower lip lowered, and the dark of the mouth between the lips.
pub(super) fn open_mouth(sitter: &Sitter) -> Canvas {
    let line = sitter.middle(13, 14)[1];
    let [x, _] = sitter.middle(61, 291);
    let half = sitter.length(61, 291) * 0.5;
    let drop = sitter.length(10, 152) * 0.22;
    let bottom = sitter.point(152)[1] + drop * 2.5;
    sitter.canvas.map(|[px, py], colour| {
        let across = (px - x) / half;
        let fall = drop * (1.0 - (across * 0.55).powi(2)).max(0.0);
        let gap = fall * (1.0 - across * across).max(0.0).sqrt();
        if py < line || py > bottom {
            colour
        } else if py < line + gap {
            [0.16, 0.05, 0.05]
        } else {
            // Below the gap the lower face is pressed together, down to where it stays as it is.
            let share = (py - line - gap) / (bottom - line - gap);
            sitter.canvas.at([px, line + share * (bottom - line)])
        }
    })
}

/// The head as an ellipsoid, turned: degrees to the picture's right, and chin down.
pub(super) fn turned_head(sitter: &Sitter, yaw: f32, pitch: f32) -> Canvas {
    let canvas = &sitter.canvas;
    let across = sitter.length(234, 454) * 0.62;
    let down = across * 1.45;
    let [x, y] = sitter.middle(234, 454);
    let (yaw, pitch) = (yaw.to_radians(), pitch.to_radians());
    canvas.warped(canvas.width, canvas.height, |[px, py]| {
        let goal = [(px - x) / across, (py - y) / down];
        if goal[0].hypot(goal[1]) >= 1.0 {
            return [px, py];
        }
        // Where this place was before the head was turned, looked for step by step.
        let mut from = goal;
        for _ in 0..25 {
            let depth = (1.0 - from[0] * from[0] - from[1] * from[1]).max(0.0).sqrt();
            let right = from[0] * yaw.cos() + depth * yaw.sin();
            let low = from[1] * pitch.cos() + depth * across / down * pitch.sin();
            from = [from[0] + (goal[0] - right) * 0.5, from[1] + (goal[1] - low) * 0.5];
            let length = from[0].hypot(from[1]).max(1.0);
            from = from.map(|value| value / length);
        }
        [x + from[0] * across, y + from[1] * down]
    })
}
