//! Whether a camera that hangs upside down is told from people who are upright, tilt their heads, lie
//! on their side or wear something. The photographs are of three people.

use std::path::Path;

use identity::Picture;

use super::{
    ENGINE,
    disguises::{cap, dark_glasses, face_mask, open_mouth, shut_eyes, turned_head},
    doctored::{Canvas, Sitter},
    photograph,
};
use crate::{FaceConfig, orientation::half_turned, timing::Timings};

const PHOTOGRAPHS: [&str; 6] = [
    "khue-live.jpg",
    "khue-portrait.jpg",
    "dat-live.jpg",
    "dat-portrait.jpg",
    "hieu-live.jpg",
    "hieu-portrait.jpg",
];
/// Frames: what each is, and how it looks.
type Drawn = Vec<(String, Canvas)>;

/// The middle of the frames into which photographs are put.
const MIDDLE: [f32; 2] = [320.0, 240.0];

/// Whether the camera of that picture hangs upside down.
fn hangs_upside_down(picture: &Picture) -> bool {
    let (limits, mut timings) = (FaceConfig::documented().quality, Timings::default());
    let faces = ENGINE.faces(picture, &mut timings).unwrap();
    ENGINE.is_upside_down(picture, &faces, &limits, &mut timings).unwrap()
}

/// In the middle of a frame of 640 by 480, the face so high as a share of it.
fn framed(picture: &Picture, height: f32) -> Canvas {
    let face = ENGINE.faces(picture, &mut Timings::default()).unwrap().remove(0);
    let ([x, y], by) = (face.centre(), face.height / (480.0 * height));
    let canvas = Canvas::of(picture);
    canvas.warped(640, 480, |[px, py]| [x + (px - MIDDLE[0]) * by, y + (py - MIDDLE[1]) * by])
}

/// As good as a frame must be to be compared, or nearly.
fn good(picture: &Picture) -> Drawn {
    let mut all = vec![("as it is".to_owned(), Canvas::of(picture))];
    for (height, light) in [(0.25, 1.0), (0.4, 0.5), (0.4, 1.0), (0.4, 1.3), (0.58, 1.0)] {
        let lit = framed(picture, height).levels(|level| (level * light).min(1.0));
        all.push((format!("height {height}, light {light}"), lit));
    }
    for degrees in [-15.0, 15.0] {
        all.push((format!("tilted by {degrees}"), framed(picture, 0.4).turned(MIDDLE, degrees)));
    }
    all
}

/// Upright, and too poor to be compared: tilted further, too dark, too bright, lit from one side,
/// off the middle, blurred.
fn poor(picture: &Picture) -> Drawn {
    let frame = framed(picture, 0.4);
    let mut all = vec![("blurred".to_owned(), frame.blurred(4))];
    for degrees in [-45.0, -30.0, -20.0, 20.0, 30.0, 45.0] {
        all.push((format!("tilted by {degrees}"), frame.turned(MIDDLE, degrees)));
    }
    for light in [0.15, 0.3, 2.5] {
        all.push((format!("light {light}"), frame.levels(|level| (level * light).min(1.0))));
    }
    for (side, [right, down]) in
        [("right", [1.0, 0.0]), ("left", [-1.0, 0.0]), ("below", [0.0, 1.0]), ("above", [0.0, -1.0])]
    {
        let shade = |[x, y]: [f32; 2]| {
            let along = right * (x - MIDDLE[0]) + down * (y - MIDDLE[1]);
            1.0 - 0.9 * (along / 60.0 + 0.5).clamp(0.0, 1.0)
        };
        let lit = frame.map(|place, colour| colour.map(|level| level * shade(place)));
        all.push((format!("dark {side}"), lit));
        all.push((format!("off {side}"), frame.part(right * 160.0, down * 140.0, 640.0, 480.0)));
    }
    all
}

/// A head that lies on its side, or nearly.
fn sideways(picture: &Picture) -> Drawn {
    let frame = framed(picture, 0.4);
    let angles = [60.0, 75.0, 90.0, 105.0, 120.0].into_iter().flat_map(|degrees| [degrees, -degrees]);
    angles.map(|degrees| (format!("lies at {degrees}"), frame.turned(MIDDLE, degrees))).collect()
}

fn disguised(sitter: &Sitter) -> Drawn {
    let named = |what: &str, canvas: Canvas| (what.to_owned(), canvas);
    let mut all = vec![
        named("dark glasses", dark_glasses(sitter)),
        named("cap", cap(sitter, [0.15, 0.25, 0.7])),
        named("light mask", face_mask(sitter, [0.85; 3])),
        named("dark mask", face_mask(sitter, [0.12; 3])),
        named("shut eyes", shut_eyes(sitter)),
        named("open mouth", open_mouth(sitter)),
    ];
    for (yaw, pitch) in [(25.0, 0.0), (-45.0, 0.0), (0.0, 38.0), (0.0, -50.0)] {
        all.push((format!("turned by {yaw}, {pitch}"), turned_head(sitter, yaw, pitch)));
    }
    all
}

#[test]
fn nobody_upright_is_taken_for_a_camera_that_hangs_upside_down() {
    for name in PHOTOGRAPHS {
        let picture = photograph(name);
        for (what, canvas) in [good(&picture), poor(&picture)].concat() {
            assert!(!hangs_upside_down(&canvas.picture()), "{name} {what}");
        }
    }
}

#[test]
fn nor_is_anybody_for_what_they_wear_or_do() {
    for name in PHOTOGRAPHS.into_iter().filter(|name| name.ends_with("portrait.jpg")) {
        for (what, canvas) in disguised(&Sitter::of(name)) {
            assert!(!hangs_upside_down(&canvas.picture()), "{name} {what}");
        }
    }
}

/// Neither way round: whoever lies on the other side is the same picture turned.
#[test]
fn a_head_on_its_side_is_not_taken_for_a_camera_that_hangs_upside_down() {
    for name in PHOTOGRAPHS {
        for (what, canvas) in sideways(&photograph(name)) {
            assert!(!hangs_upside_down(&canvas.picture()), "{name} {what}");
        }
    }
}

#[test]
fn everybody_upside_down_is_seen_to_be() {
    for name in PHOTOGRAPHS {
        for (what, canvas) in good(&photograph(name)) {
            assert!(hangs_upside_down(&half_turned(&canvas.picture())), "{name} {what}");
        }
    }
}

/// `MOUNTING_PICTURES=FOLDER cargo test -p face how_many_hang -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing"]
fn how_many_hang_upside_down() {
    let mut all: Vec<_> = PHOTOGRAPHS.map(|name| (name.to_owned(), photograph(name))).into();
    if let Some(folder) = std::env::var_os("MOUNTING_PICTURES") {
        for entry in std::fs::read_dir(Path::new(&folder)).unwrap() {
            let file = entry.unwrap().path();
            let picture = crate::read_picture(&std::fs::read(&file).unwrap()).unwrap();
            all.push((file.display().to_string(), picture));
        }
    }
    for kind in ["good", "poor", "sideways"] {
        let draw = match kind {
            "good" => good,
            "poor" => poor,
            _ => sideways,
        };
        let (mut count, mut as_they_are, mut turned, mut leads) = (0, 0, 0, Vec::new());
        for (name, picture) in &all {
            if certainty(picture) == 0.0 {
                continue;
            }
            for (what, canvas) in draw(picture) {
                let upright = canvas.picture();
                let other = half_turned(&upright);
                let pair = [certainty(&upright), certainty(&other)];
                leads.push((pair[0] - pair[1], pair, format!("{name} {what}")));
                count += 1;
                as_they_are += u32::from(hangs_upside_down(&upright));
                turned += u32::from(hangs_upside_down(&other));
            }
        }
        println!("{kind}: {count}; said to hang upside down: {as_they_are}, of them turned {turned}");
        leads.sort_by(|one, other| one.0.total_cmp(&other.0));
        leads.iter().take(5).for_each(|lead| println!("  {lead:?}"));
        let most = leads.iter().map(|lead| lead.1[0].max(lead.1[1])).fold(0.0, f32::max);
        println!("  most certain of all {most:.3}");
    }
}

fn certainty(picture: &Picture) -> f32 {
    let faces = ENGINE.faces(picture, &mut Timings::default()).unwrap();
    faces.iter().map(|face| face.certainty).fold(0.0, f32::max)
}

/// `cargo test -p face how_long_a_turned -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing"]
fn how_long_a_turned_look_takes() {
    let frame = half_turned(&framed(&photograph("khue-live.jpg"), 0.4).scaled(2.0).picture());
    let (limits, mut timings) = (FaceConfig::documented().quality, Timings::default());
    let faces = ENGINE.faces(&frame, &mut timings).unwrap();
    let mut times: Vec<_> = (0..100)
        .map(|_| {
            let began = std::time::Instant::now();
            assert!(ENGINE.is_upside_down(&frame, &faces, &limits, &mut timings).unwrap());
            began.elapsed()
        })
        .collect();
    times.sort();
    println!("{} x {}: least {:?}, median {:?}", frame.width, frame.height, times[0], times[50]);
}
