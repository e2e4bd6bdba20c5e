//! Patterns over the skin: no photograph of a person has one, whatever a camera makes of it;
//! screens and prints have one as far as the camera sees their pixels and dots.
//!
//! The photographs are of three people and all attacks are drawn by ourselves: what is measured
//! here says where the measure sees nothing, and not how well it does.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use devices::{FrameSource, Pixels};
use identity::Picture;
use image::{RgbImage, codecs::jpeg::JpegEncoder, imageops::FilterType};
use simulators::{
    face_camera::{CameraSetup, FaceCamera, Pace},
    people::People,
    presentation::{Presentation, Prompter, Raster},
};

use super::{ENGINE, photographs};
use crate::{
    FaceConfig, PatternEvidence,
    detect::Face,
    liveness::{LivenessConfig, prominence},
    timing::Timings,
};

fn limit() -> f32 {
    FaceConfig::documented().liveness.pattern_max
}

fn picture(drawn: &RgbImage) -> Picture {
    Picture { width: drawn.width(), height: drawn.height(), rgb: drawn.as_raw().clone().into() }
}

fn face(drawn: &RgbImage) -> Option<Face> {
    ENGINE.faces(&picture(drawn), &mut Timings::default()).unwrap().into_iter().next()
}

fn photograph(file: &Path) -> RgbImage {
    image::open(file).unwrap().into_rgb8()
}

fn khue() -> RgbImage {
    photograph(&photographs().join("khue-live.jpg"))
}

/// A photograph so large that this face of it has so many pixels between the eyes.
fn sized(photograph: &RgbImage, face: &Face, eyes: f32) -> RgbImage {
    scaled(photograph, eyes / face.eye_distance(), FilterType::Triangle)
}

fn scaled(drawn: &RgbImage, by: f32, how: FilterType) -> RgbImage {
    let side = |pixels: u32| (pixels as f32 * by).round() as u32;
    image::imageops::resize(drawn, side(drawn.width()), side(drawn.height()), how)
}

/// The face and what is next to it: enough for all squares.
fn cropped(photograph: &RgbImage, face: &Face) -> RgbImage {
    let ([x, y], eyes) = (face.centre(), face.eye_distance());
    let [left, top] = [x - 2.5 * eyes, y - 2.5 * eyes].map(|edge| edge.max(0.0) as u32);
    let side = |from: u32, end: u32| ((5.0 * eyes) as u32).min(end - from);
    let (across, down) = (side(left, photograph.width()), side(top, photograph.height()));
    image::imageops::crop_imm(photograph, left, top, across, down).to_image()
}

/// What a sensor makes of it that sees one colour with each pixel (Bayer), neighbours taken for the
/// others.
fn through_a_mosaic(drawn: &RgbImage) -> RgbImage {
    let own = |x: u32, y: u32| [[0, 1], [1, 2]][y as usize % 2][x as usize % 2];
    let (width, height) = drawn.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        let around = || {
            (y.saturating_sub(1)..=y + 1)
                .flat_map(|row| (x.saturating_sub(1)..=x + 1).map(move |column| (column, row)))
        };
        image::Rgb([0, 1, 2].map(|colour| {
            let exact = own(x, y) == colour;
            let places = around()
                .filter(|&(column, row)| column < width && row < height && own(column, row) == colour);
            let values: Vec<u32> = places
                .filter(|&place| !exact || place == (x, y))
                .map(|(column, row)| u32::from(drawn.get_pixel(column, row).0[colour]))
                .collect();
            (values.iter().sum::<u32>() / values.len().max(1) as u32) as u8
        }))
    })
}

/// As far as it goes the size that it had.
fn and_back(drawn: &RgbImage, small: &RgbImage, how: FilterType) -> RgbImage {
    image::imageops::resize(small, drawn.width(), drawn.height(), how)
}

fn jpeg(drawn: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(drawn).unwrap();
    image::load_from_memory(&bytes).unwrap().into_rgb8()
}

/// With noise that spreads by so many levels.
fn noisy(drawn: &RgbImage, spread: f32) -> RgbImage {
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    let mut even = move || {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        (chance >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    };
    let mut noisy = drawn.clone();
    for value in noisy.as_flat_samples_mut().samples {
        // The sum of four even numbers is near enough to a normal one; its variance is a third.
        let by = (0..4).map(|_| even()).sum::<f32>() * 3.0_f32.sqrt() * spread;
        *value = (f32::from(*value) + by).round().clamp(0.0, 255.0) as u8;
    }
    noisy
}

fn sharpened(drawn: &RgbImage) -> RgbImage {
    image::imageops::unsharpen(drawn, 1.0, 0)
}

/// What cameras and their drivers make of a picture.
fn as_cameras_send(drawn: &RgbImage) -> Vec<(String, RgbImage)> {
    let half = scaled(drawn, 0.5, FilterType::Triangle);
    let mut all = vec![
        ("as it is".to_owned(), drawn.clone()),
        ("sharpened".to_owned(), sharpened(drawn)),
        ("sharpened twice".to_owned(), sharpened(&sharpened(drawn))),
        ("through a mosaic".to_owned(), through_a_mosaic(drawn)),
        ("noise through a mosaic".to_owned(), sharpened(&through_a_mosaic(&noisy(drawn, 4.0)))),
        ("halved and doubled".to_owned(), and_back(drawn, &half, FilterType::Triangle)),
        ("halved, pixels doubled".to_owned(), and_back(drawn, &half, FilterType::Nearest)),
    ];
    for by in [0.55, 0.67, 0.75, 0.83, 0.91] {
        let small = scaled(drawn, by, FilterType::Triangle);
        all.push((format!("pixels repeated, by {by}"), and_back(drawn, &small, FilterType::Nearest)));
    }
    for quality in [40, 50, 60, 75, 85, 95] {
        all.push((format!("JPEG {quality}"), jpeg(drawn, quality)));
        all.push((format!("noise, JPEG {quality}"), jpeg(&noisy(drawn, 3.0), quality)));
        all.push((format!("sharpened, JPEG {quality}"), jpeg(&sharpened(drawn), quality)));
        let small = jpeg(&half, quality);
        for how in [FilterType::Triangle, FilterType::CatmullRom, FilterType::Nearest] {
            let what = format!("JPEG {quality} doubled by {how:?}");
            all.push((what, and_back(drawn, &small, how)));
        }
        let large = jpeg(&scaled(drawn, 2.0, FilterType::Triangle), quality);
        all.push((format!("JPEG {quality} halved"), and_back(drawn, &large, FilterType::Triangle)));
        let third = jpeg(&scaled(drawn, 2.0 / 3.0, FilterType::Triangle), quality);
        all.push((format!("JPEG {quality} by 1.5"), and_back(drawn, &third, FilterType::CatmullRom)));
    }
    for spread in [1.5, 3.0, 6.0, 12.0] {
        all.push((format!("noise of {spread}"), noisy(drawn, spread)));
    }
    all
}

/// Every picture that stands for a living person: what it is, and how far anything stands out.
fn bona_fide(files: &[PathBuf], sizes: &[f32]) -> Vec<(f32, String)> {
    let mut found = Vec::new();
    for file in files {
        let photograph = photograph(file);
        let Some(before) = face(&photograph) else { continue };
        let photograph = cropped(&photograph, &before);
        for &eyes in sizes {
            let drawn = sized(&photograph, &before, eyes);
            let Some(face) = face(&drawn) else { continue };
            for (what, seen) in as_cameras_send(&drawn) {
                let what = format!("{} {eyes} {what}", file.file_stem().unwrap().display());
                found.extend(prominence(&picture(&seen), &face).map(|it| (it, what)));
            }
        }
    }
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    found
}

fn of_the_tree() -> Vec<PathBuf> {
    let names = ["khue-live", "khue-portrait", "dat-live", "hieu-live"];
    names.iter().map(|name| photographs().join(format!("{name}.jpg"))).collect()
}

#[test]
fn no_living_person_has_a_pattern_whatever_the_camera_does() {
    let found = bona_fide(&of_the_tree(), &[62.0, 110.0, 150.0]);
    assert!(found.len() > 500, "{}", found.len());
    let (most, what) = &found[0];
    println!("{most:.1} dB: {what}, of {}", found.len());
    // Each picture alone, although a kiosk takes the median of some.
    assert!(*most < limit() - 2.0, "{what}: {most} decibels");
}

/// How far anything stands out of frames at rest, in the order in which they were taken.
fn at_rest(person: &str, presentation: Presentation, raster: Option<Raster>, frames: usize) -> Vec<f32> {
    let people = People::load(&photographs()).unwrap();
    let found = people.person(person).unwrap();
    let setup = CameraSetup { pixels: Pixels::Mjpg, pace: Pace::Instant, raster, ..CameraSetup::default() };
    let (live, prompter) = (photographs().join(&found.live), Prompter::default());
    let mut camera =
        FaceCamera::presenting(&live, found.live_features, presentation, prompter, setup).unwrap();
    camera.start().unwrap();
    let mut seen = Vec::new();
    for _ in 0..frames {
        let frame = crate::decode_frame(&camera.next_frame(Duration::ZERO).unwrap()).unwrap();
        let faces = ENGINE.faces(&frame, &mut Timings::default()).unwrap();
        seen.extend(faces.first().and_then(|face| prominence(&frame, face)));
    }
    seen
}

fn is_refused(frames: &[f32]) -> bool {
    PatternEvidence::of(frames).is_no_skin(&LivenessConfig::documented())
}

#[test]
fn a_screen_or_print_that_the_camera_resolves_has_a_pattern_in_every_frame() {
    for (presentation, pitch) in
        [(Presentation::Screen, 2.2), (Presentation::SteeredFilm, 1.8), (Presentation::Print, 3.5)]
    {
        let raster = Some(Raster { pitch, askew: 4.0, blur: 0.4 });
        for person in ["khue", "dat", "hieu"] {
            let frames = at_rest(person, presentation, raster, 3);
            println!("{presentation:?} {person} {frames:.1?}");
            assert!(frames.iter().all(|it| *it > limit()), "{presentation:?} {person}: {frames:?}");
            assert!(is_refused(&frames));
        }
    }
}

/// What the measure cannot see. Should this test ever fail, SECURITY.md says too little.
#[test]
fn a_screen_finer_than_the_cameras_pixels_shows_nothing() {
    let raster = Some(Raster { pitch: 0.6, askew: 4.0, blur: 0.5 });
    let frames = at_rest("khue", Presentation::Screen, raster, 3);
    println!("{frames:.1?}");
    assert!(!is_refused(&frames), "{frames:?}");
}

/// Skin at rest, and something added to its levels that depends on the place in the frame.
fn with(add: impl Fn(u32, u32) -> f32) -> Option<f32> {
    let photograph = khue();
    let mut drawn = sized(&photograph, &face(&photograph)?, 110.0);
    let face = face(&drawn)?;
    for (x, y, pixel) in drawn.enumerate_pixels_mut() {
        let more = add(x, y);
        pixel.0 = pixel.0.map(|value| (f32::from(value) + more).round().clamp(0.0, 255.0) as u8);
    }
    prominence(&picture(&drawn), &face)
}

/// Levels of a wave of so many cycles a pixel across and down.
fn wave(across: f32, down: f32) -> impl Fn(u32, u32) -> f32 {
    move |x, y| 4.0 * (std::f32::consts::TAU * (across * x as f32 + down * y as f32)).cos()
}

#[test]
fn a_pattern_over_the_whole_face_stands_out_wherever_it_runs() {
    for (across, down) in [(0.2, 0.08), (0.3, -0.2), (0.07, 0.3), (0.19, 0.31)] {
        let found = with(wave(across, down)).unwrap();
        assert!(found > limit(), "{across} {down}: {found}");
    }
}

#[test]
fn what_makes_pictures_digital_is_no_pattern() {
    let found = |add: &dyn Fn(u32, u32) -> f32| with(add).unwrap();
    for (what, seen) in [
        ("blocks of eight", found(&|x, y| if (x / 8 + y / 8) % 2 == 0 { 4.0 } else { -4.0 })),
        ("seams of blocks", found(&|x, y| if x % 8 == 0 || y % 8 == 0 { 6.0 } else { 0.0 })),
        ("an eighth", found(&wave(0.125, 0.25))),
        ("three eighths", found(&wave(0.375, -0.125))),
        ("a lamp's flicker in rows", found(&wave(0.0, 0.21))),
        ("columns that a sensor reads apart", found(&wave(0.5, 0.0))),
        ("columns of a scaled picture", found(&wave(0.34, 0.0))),
    ] {
        println!("{what}: {seen:.1}");
        assert!(seen < limit(), "{what}: {seen}");
    }
}

/// A strand of hair, a strap or a scarf lies in one square or two.
#[test]
fn stripes_over_two_of_five_squares_are_no_pattern_and_over_three_are_one() {
    let photograph = khue();
    let seen = face(&sized(&photograph, &face(&photograph).unwrap(), 110.0)).unwrap();
    let [[_, left], [_, right], ..] = seen.points;
    let eyes = left.midpoint(right) as u32;
    let stripes = wave(0.27, 0.12);
    let forehead = with(|x, y| if y < eyes { stripes(x, y) } else { 0.0 }).unwrap();
    let face = with(|x, y| if y > eyes { stripes(x, y) } else { 0.0 }).unwrap();
    println!("{forehead:.1} {face:.1}");
    assert!(forehead < limit() && face > limit(), "{forehead} {face}");
}

#[test]
fn half_the_frames_do_not_make_a_pattern_and_too_few_say_nothing() {
    let (skin, pixels) = (limit() - 10.0, limit() + 10.0);
    assert!(!is_refused(&[skin, pixels, skin, pixels]));
    assert!(is_refused(&[pixels, skin, pixels]));
    assert!(!is_refused(&[pixels, pixels]));
    assert_eq!(PatternEvidence::of(&[pixels, pixels]), PatternEvidence { prominence: 0, frames: 2 });
}

#[test]
fn a_face_too_small_or_cut_by_the_frame_says_nothing() {
    let mut seen = face(&khue()).unwrap();
    let drawn = picture(&khue());
    assert!(prominence(&drawn, &seen).is_some());
    let [[ax, ay], ..] = seen.points;
    let whole = seen.clone();
    seen.points[1] = [ax + 50.0, ay];
    assert_eq!(prominence(&drawn, &seen), None);
    for place in [[-500.0, 0.0], [f32::NAN, 0.0], [1e30, 1e30], [f32::INFINITY, 0.0]] {
        let mut away = whole.clone();
        away.points.iter_mut().for_each(|point| *point = [point[0] + place[0] * 10.0, point[1] + place[1]]);
        assert_eq!(prominence(&drawn, &away), None, "{place:?}");
    }
    let tiny = Picture { width: 40, height: 40, rgb: vec![7; 4800].into() };
    assert_eq!(prominence(&tiny, &whole), None);
}

/// `PATTERN_PICTURES=FOLDER cargo test -p face how_far -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing"]
fn how_far_patterns_stand_out() {
    let mut files = of_the_tree();
    if let Some(folder) = std::env::var_os("PATTERN_PICTURES") {
        let more = std::fs::read_dir(Path::new(&folder)).unwrap().map(|entry| entry.unwrap().path());
        files.extend(more.filter(|path| path.extension().is_some_and(|it| it == "jpg" || it == "png")));
    }
    let found = bona_fide(&files, &[62.0, 80.0, 110.0, 150.0]);
    let at = |share: f32| found[((found.len() - 1) as f32 * (1.0 - share)) as usize].0;
    println!(
        "bona fide, {} pictures: median {:.1}, 99 % {:.1}, 99.9 % {:.1}",
        found.len(),
        at(0.5),
        at(0.99),
        at(0.999)
    );
    found.iter().take(12).for_each(|(it, what)| println!("  {it:.1} {what}"));
    for person in ["khue", "dat", "hieu"] {
        println!("drawn living {person}: {:.1?}", at_rest(person, Presentation::Living, None, 4));
    }
    for presentation in Presentation::ATTACKS {
        let frames: Vec<_> =
            ["khue", "dat", "hieu"].map(|person| at_rest(person, presentation, None, 3)).concat();
        println!("drawn coarse {presentation:?}: {frames:.1?}");
    }
}

/// `cargo test -p face how_fine -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing"]
fn how_fine_a_raster_may_be() {
    for presentation in [Presentation::Screen, Presentation::Print] {
        for pitch in [0.5, 0.9, 1.3, 1.6, 2.0, 2.5, 3.2, 4.5, 6.0] {
            let mut refused = [0; 3];
            let (mut by_angle, mut each) = ([0; 4], Vec::new());
            for (at_angle, askew) in by_angle.iter_mut().zip([0.0, 1.0, 3.0, 6.0]) {
                for (refused, blur) in refused.iter_mut().zip([0.3, 0.45, 0.6]) {
                    for person in ["khue", "dat", "hieu"] {
                        let raster = Some(Raster { pitch, askew, blur });
                        let frames = at_rest(person, presentation, raster, 3);
                        *refused += u32::from(is_refused(&frames));
                        *at_angle += u32::from(is_refused(&frames));
                        each.extend(frames);
                    }
                }
            }
            each.sort_by(f32::total_cmp);
            let [least, most] = [each[0], each[each.len() - 1]];
            println!(
                "{presentation:?} pitch {pitch}: refused of 12 each, blur 0.3, 0.45, 0.6: {refused:?}; of 9 each, \
                 askew 0, 1, 3, 6: {by_angle:?}; {least:.1} to {most:.1}, median {:.1}",
                each[each.len() / 2]
            );
        }
    }
}

/// `cargo test -p face a_look_for_patterns -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing"]
fn how_long_a_look_for_patterns_takes() {
    let photograph = khue();
    for (what, drawn) in [("skin", photograph.clone()), ("noise", noisy(&photograph, 12.0))] {
        let (seen, picture) = (face(&drawn).unwrap(), picture(&drawn));
        let mut times: Vec<Duration> = (0..200)
            .map(|_| {
                let began = std::time::Instant::now();
                std::hint::black_box(prominence(&picture, &seen));
                began.elapsed()
            })
            .collect();
        times.sort();
        println!("{what}: least {:?}, median {:?}", times[0], times[100]);
    }
}
