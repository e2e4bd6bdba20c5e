//! Every fault of a picture has a photograph that shows it and only it, and the photographs
//! as they are show none. The pictures are altered photographs of three people: this says that
//! a measure sees what it is for, not how often it errs.

use std::{collections::BTreeSet, sync::LazyLock};

use super::{
    ENGINE,
    disguises::{cap, dark_glasses, face_mask, open_mouth, shut_eyes, spotlight, turned_head},
    doctored::{Canvas, Sitter, ellipse},
};
use crate::{FaceConfig, FaceHint, Quality};

static KHUE: LazyLock<Sitter> = LazyLock::new(|| Sitter::of("khue-live.jpg"));
/// The most frontal one.
static FRONTAL: LazyLock<Sitter> = LazyLock::new(|| Sitter::of("khue-portrait.jpg"));
static HIEU: LazyLock<Sitter> = LazyLock::new(|| Sitter::of("hieu-live.jpg"));
static DAT: LazyLock<Sitter> = LazyLock::new(|| Sitter::of("dat-live.jpg"));
static ALL: [&LazyLock<Sitter>; 4] = [&KHUE, &FRONTAL, &HIEU, &DAT];

/// A picture, drawn when it is looked at, and what must be told of it.
struct Case {
    what: &'static str,
    draw: Box<dyn Fn() -> Canvas>,
    /// The measures that it breaks, and no others.
    faults: &'static [&'static str],
    /// Of the first of them.
    hint: FaceHint,
}

fn case(
    what: &'static str,
    faults: &'static [&'static str],
    hint: FaceHint,
    draw: impl Fn() -> Canvas + 'static,
) -> Case {
    Case { what, draw: Box::new(draw), faults, hint }
}

fn check(cases: &[Case]) {
    let limits = FaceConfig::documented().quality;
    for Case { what, draw, faults, hint } in cases {
        let quality = quality(&draw());
        let measures = quality.measures(&limits);
        let found: Vec<_> = measures.iter().filter(|one| one.fault().is_some()).map(|one| one.name).collect();
        assert_eq!(found, *faults, "{what}: {quality:?}");
        assert_eq!(quality.hint(&limits), Some(*hint), "{what}");
    }
}

fn quality(canvas: &Canvas) -> Quality {
    ENGINE.quality_of(&canvas.picture()).unwrap().expect("a face").0
}

#[test]
fn a_photograph_as_it_is_has_no_fault() {
    for sitter in ALL {
        let quality = quality(&sitter.canvas);
        let measures = quality.measures(&FaceConfig::documented().quality);
        assert!(measures.iter().all(|one| one.fault().is_none()), "{quality:?}");
    }
}

/// Whoever adds a measure with a limit shows what breaks it.
#[test]
fn every_limit_has_a_picture_that_breaks_it_and_no_other() {
    let measures = quality(&FRONTAL.canvas).measures(&FaceConfig::documented().quality);
    let limited = measures.iter().filter(|one| one.least.is_finite() || one.most.is_finite());
    let limited: BTreeSet<&str> = limited.map(|one| one.name).collect();
    let groups = [
        light(),
        light_from_one_side(),
        coloured_light(),
        blur(),
        places(),
        edges(),
        covers(),
        masks(),
        turned(),
        eyes_and_mouths(),
        others_and_backgrounds(),
        hardly_faces(),
    ];
    let alone = groups.iter().flatten().filter_map(|case| match case.faults {
        [only] => Some(*only),
        _ => None,
    });
    assert_eq!(alone.collect::<BTreeSet<&str>>(), limited);
}

#[test]
fn light_that_is_wrong_in_one_way_is_told_as_that() {
    check(&light());
}

fn light() -> Vec<Case> {
    let (dark, bright) = (FaceHint::TooDark, FaceHint::TooBright);
    let levels = |change: fn(f32) -> f32| move || FRONTAL.canvas.levels(change);
    let glare = || {
        let middle = FRONTAL.point(151);
        let glare = ellipse(middle, FRONTAL.length(234, 454) * 0.42, FRONTAL.length(10, 9) * 0.95);
        FRONTAL.canvas.painted(&glare, [1.0; 3], 0.0)
    };
    vec![
        case("darkened", &["brightness"], dark, levels(|v| v * 0.3)),
        case("brightened", &["brightness"], bright, levels(|v| 0.64 + 0.33 * v)),
        case("a spot of light", &["black"], dark, || spotlight(&FRONTAL)),
        case("a spot of light", &["black"], dark, || spotlight(&HIEU)),
        case("glare on the forehead", &["white"], bright, glare),
        case("haze", &["contrast"], dark, levels(|v| 0.4 + (v - 0.58) * 0.2)),
        case("haze", &["contrast"], bright, levels(|v| 0.6 + (v - 0.58) * 0.2)),
        case("two tones", &["dynamic range"], dark, || two_tones(&DAT.canvas)),
    ]
}

/// Light and shade without anything between, as a bad copier makes it; its colours stay.
fn two_tones(canvas: &Canvas) -> Canvas {
    canvas.map(|_, [red, green, blue]| {
        let light = 0.3 * red + 0.6 * green + 0.1 * blue;
        let shift = (light * 2.0).round() / 2.0 - light;
        [red, green, blue].map(|value| value + shift)
    })
}

#[test]
fn light_from_one_side_is_told_as_that() {
    check(&light_from_one_side());
}

fn light_from_one_side() -> Vec<Case> {
    let lit = |sitter: &Sitter, side: f32| {
        let [x, _] = sitter.between_eyes();
        let width = sitter.length(33, 263) * 0.3;
        let share = |px: f32| (side * (px - x) / width + 0.5).clamp(0.0, 1.0);
        sitter.canvas.map(|[px, _], colour| colour.map(|v| v * (1.0 - 0.72 * share(px))))
    };
    let one = move |sitter: &'static Sitter, side: f32| {
        case("one-sided", &["one-sided"], FaceHint::OneSidedLight, move || lit(sitter, side))
    };
    ALL.into_iter().flat_map(|sitter| [one(sitter, -1.0), one(sitter, 1.0)]).collect()
}

#[test]
fn coloured_light_is_told_as_that() {
    check(&coloured_light());
}

fn coloured_light() -> Vec<Case> {
    let tinted = |sitter: &'static Sitter, tint: [f32; 3]| {
        move || sitter.canvas.map(|_, colour| [0, 1, 2].map(|channel| colour[channel] * tint[channel]))
    };
    let (blue, green, orange) = ([0.6, 0.9, 1.5], [0.6, 1.1, 0.7], [1.2, 0.8, 0.25]);
    let odd = FaceHint::OddLight;
    let mut cases = Vec::new();
    for sitter in ALL {
        for tint in [blue, green] {
            cases.push(case("blue, green", &["odd colour"], odd, tinted(sitter, tint)));
        }
    }
    for sitter in [&FRONTAL, &HIEU, &DAT] {
        cases.push(case("orange", &["odd colour"], odd, tinted(sitter, orange)));
    }
    // Red skin in such light is out of its range; the lips, redder still, are clipped first.
    let uncover = FaceHint::Uncover;
    cases.push(case("orange", &["lip pallor", "odd colour"], uncover, tinted(&KHUE, orange)));
    cases
}

#[test]
fn a_blurred_picture_is_told_as_that() {
    check(&blur());
}

fn blur() -> Vec<Case> {
    let blurred = |sitter: &Sitter| sitter.canvas.blurred((sitter.length(33, 263) / 28.0) as usize);
    let one = |sitter: &'static Sitter| {
        case("blurred", &["sharpness"], FaceHint::HoldStill, move || blurred(sitter))
    };
    vec![one(&FRONTAL), one(&HIEU)]
}

#[test]
fn a_face_in_the_wrong_place_is_told_as_that() {
    check(&places());
}

fn places() -> Vec<Case> {
    let (left, right) = (FaceHint::MoveLeft, FaceHint::MoveRight);
    let (back, closer) = (FaceHint::MoveBack, FaceHint::ComeCloser);
    let (face, [x, y]) = (&KHUE.canvas, KHUE.between_eyes());
    let (w, h) = (face.width as f32, face.height as f32);
    let part = |left, top, width, height| move || face.part(left, top, width, height);
    let near = || {
        let chin = FRONTAL.lower_face();
        FRONTAL.canvas.part(0.0, FRONTAL.between_eyes()[1] - 1.05 * chin, 480.0, 2.5 * chin)
    };
    let aside = |by: f32| part(x - w / 2.0 + by * h, 0.0, w, h);
    vec![
        case("far", &["face height"], closer, part(x - w, y - h, w * 2.0, h * 2.0)),
        case("near", &["face height"], back, near),
        case("coarse", &["eye distance"], closer, || face.scaled(0.43)),
        case("left", &["right of centre"], left, aside(0.26)),
        case("right", &["right of centre"], right, aside(-0.26)),
        case("high", &["below centre"], back, part(0.0, y - 220.0, w, 1500.0)),
        case("low", &["below centre"], back, part(0.0, y - 1200.0, w, 1500.0)),
    ]
}

#[test]
fn a_head_cut_by_the_edge_is_told_as_that() {
    check(&edges());
}

fn edges() -> Vec<Case> {
    let (face, [x, y]) = (&FRONTAL.canvas, FRONTAL.between_eyes());
    let (eyes, chin) = (FRONTAL.length(33, 263) * 0.7, FRONTAL.lower_face());
    let (w, h) = (face.width as f32, face.height as f32);
    let part = |left, top, width, height| move || face.part(left, top, width, height);
    let (left, right, back) = (FaceHint::MoveLeft, FaceHint::MoveRight, FaceHint::MoveBack);
    vec![
        case("left", &["margin left"], left, part(x - 0.88 * eyes, 0.0, 2.6 * eyes, h)),
        case("right", &["margin right"], right, part(x - 1.8 * eyes, 0.0, 2.6 * eyes, h)),
        case("crown", &["margin above"], back, part(0.0, y - 0.7 * chin, w, 2.75 * chin)),
        case("chin", &["margin below"], back, part(0.0, y - 1.66 * chin, w, 2.7 * chin)),
    ]
}

#[test]
fn what_covers_the_face_is_told_as_that() {
    check(&covers());
}

fn covers() -> Vec<Case> {
    let (hint, mut cases) = (FaceHint::Uncover, Vec::new());
    for sitter in ALL {
        cases.push(case("dark glasses", &["eye light"], hint, || dark_glasses(sitter)));
        for colour in [[0.15, 0.25, 0.7], [0.75, 0.1, 0.12], [0.1, 0.45, 0.2]] {
            cases.push(case("cap", &["brow colour"], hint, move || cap(sitter, colour)));
        }
    }
    cases
}

#[test]
fn a_mask_is_told_as_that() {
    check(&masks());
}

fn masks() -> Vec<Case> {
    let (blue, white, black) = ([0.45, 0.65, 0.85], [0.85, 0.85, 0.85], [0.12, 0.12, 0.13]);
    let (alone, mut cases): (&[_], _) = (&["lip pallor"], Vec::new());
    for sitter in [&FRONTAL, &HIEU, &DAT] {
        for colour in [blue, white, black] {
            cases.push(case("mask", alone, FaceHint::Uncover, move || face_mask(sitter, colour)));
        }
    }
    cases.push(case("mask", alone, FaceHint::Uncover, move || face_mask(&KHUE, black)));
    // The detector takes the collar below a light mask for another face.
    let two: &[_] = &["second face", "lip pallor"];
    for colour in [blue, white] {
        cases.push(case("mask", two, FaceHint::OnePerson, move || face_mask(&KHUE, colour)));
    }
    cases
}

#[test]
fn a_turned_head_is_told_as_that() {
    check(&turned());
}

fn turned() -> Vec<Case> {
    let straight = FaceHint::LookStraight;
    let head = |sitter: &'static Sitter, yaw, pitch| move || turned_head(sitter, yaw, pitch);
    let tilted = |sitter: &'static Sitter, degrees| {
        let draw = move || sitter.canvas.turned(sitter.between_eyes(), degrees);
        case("tilted", &["roll"], straight, draw)
    };
    vec![
        case("to the right", &["yaw"], straight, head(&KHUE, 25.0, 0.0)),
        case("to the left", &["yaw"], straight, head(&HIEU, -45.0, 0.0)),
        case("chin down", &["pitch"], FaceHint::LookUp, head(&FRONTAL, 0.0, 38.0)),
        case("chin up", &["pitch"], FaceHint::LookDown, head(&DAT, 0.0, -50.0)),
        tilted(&FRONTAL, -22.0),
        tilted(&FRONTAL, 22.0),
        tilted(&HIEU, -22.0),
        tilted(&HIEU, 22.0),
    ]
}

#[test]
fn shut_eyes_and_an_open_mouth_are_told_as_that() {
    check(&eyes_and_mouths());
}

fn eyes_and_mouths() -> Vec<Case> {
    let (open, close) = (FaceHint::OpenEyes, FaceHint::CloseMouth);
    // The lids painted on the third leave a gap of 0.027: wide eyes, drawn shut badly.
    let shut = |sitter: &'static Sitter| case("shut eyes", &["eye opening"], open, || shut_eyes(sitter));
    let mouth =
        |sitter: &'static Sitter| case("open mouth", &["mouth opening"], close, || open_mouth(sitter));
    vec![shut(&KHUE), shut(&FRONTAL), shut(&DAT), mouth(&KHUE), mouth(&FRONTAL)]
}

#[test]
fn a_second_person_and_a_restless_background_are_told_as_that() {
    check(&others_and_backgrounds());
}

fn others_and_backgrounds() -> Vec<Case> {
    let mut cases = vec![case("two", &["second face"], FaceHint::OnePerson, two_people)];
    for sitter in ALL {
        cases.push(case("chequered", &["background"], FaceHint::BusyBackground, || chequered(sitter)));
    }
    cases
}

fn two_people() -> Canvas {
    let mut two = KHUE.canvas.clone();
    let other = DAT.canvas.part(330.0, 90.0, 480.0, 600.0).scaled(0.6);
    for row in 0..other.height {
        let to = (250 + row) * two.width + 150;
        two.pixels[to..to + other.width].copy_from_slice(&other.pixels[row * other.width..][..other.width]);
    }
    two
}

/// A chequered wall behind the head.
fn chequered(sitter: &Sitter) -> Canvas {
    let [x, y] = sitter.between_eyes();
    let (across, up, chin) = (sitter.length(234, 454) * 0.8, sitter.length(10, 152), sitter.point(152)[1]);
    let step = sitter.length(33, 263) / 14.0;
    sitter.canvas.map(|[px, py], colour| {
        let is_head = ((px - x) / across).hypot((py - y) / up) <= 1.0 || py >= chin;
        let is_light = ((px / step) as i32 + (py / step) as i32) % 2 == 0;
        if is_head { colour } else { [if is_light { 0.8 } else { 0.2 }; 3] }
    })
}

#[test]
fn what_is_hardly_a_face_is_told_as_that() {
    check(&hardly_faces());
}

/// The detector is certain for long, and then sees no face at all: between lies little.
fn hardly_faces() -> Vec<Case> {
    let unsure = || {
        let shares = [0.63, 0.635, 0.64, 0.645, 0.65, 0.655];
        let mut noisy = shares.iter().map(|share| noisy(&HIEU.canvas, *share));
        noisy.find(|canvas| quality(canvas).certainty < 0.6).unwrap()
    };
    let unclear = || {
        let shares = [0.12, 0.13, 0.135, 0.14, 0.145, 0.15, 0.16];
        let mut blocks = shares.iter().map(|share| blocks(&HIEU.canvas, HIEU.length(33, 263) * share));
        blocks.find(|canvas| quality(canvas).presence < 0.5).unwrap()
    };
    vec![
        case("noise", &["certainty"], FaceHint::NoFace, unsure),
        case("blocks", &["presence"], FaceHint::Uncover, unclear),
    ]
}

/// Each square of so many pixels in the colour of its corner.
fn blocks(canvas: &Canvas, side: f32) -> Canvas {
    canvas.warped(canvas.width, canvas.height, |place| place.map(|value| (value / side).floor() * side))
}

/// So much noise, the rest of the picture.
fn noisy(canvas: &Canvas, share: f32) -> Canvas {
    let (mut canvas, mut chance) = (canvas.clone(), 1_u32);
    for pixel in &mut canvas.pixels {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (chance >> 8) as f32 / (1 << 24) as f32;
        *pixel = pixel.map(|value| value * (1.0 - share) + noise * share);
    }
    canvas
}
