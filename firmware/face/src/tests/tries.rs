//! Whole tries before the simulated camera: what ends in a match, what in which hint.

use std::{path::PathBuf, time::Duration};

use devices::{Frame, FrameSource, Light, Pixels};
use simulators::{
    face_camera::{CameraMishap, CameraSetup, FaceCamera, Pace},
    sensor::FillLamp,
};

use super::{ENGINE, disguises::shut_eyes, doctored::Sitter, photograph, photographs};
use crate::{
    CameraEvidence, FaceConfig, FaceHint, Glow, Look, NoMatch, Tempo, Timings, Why,
    align::{Similarity, cut},
    session::Session,
};

const ASKED: (Tempo, [u8; 32]) = (Tempo::Usual, [1; 32]);

fn setup(pixels: Pixels, mishap: Option<CameraMishap>) -> CameraSetup {
    CameraSetup { pixels, mishap, pace: Pace::Instant, ..CameraSetup::default() }
}

fn live(person: &str) -> PathBuf {
    photographs().join(format!("{person}-live.jpg"))
}

fn camera(person: &str, pixels: Pixels, mishap: Option<CameraMishap>) -> FaceCamera {
    FaceCamera::showing(&live(person), setup(pixels, mishap)).unwrap()
}

/// Looks until the try is finished; gives the last look, how many there were, and the answer.
fn attempt(
    holder: &str,
    mut camera: FaceCamera,
    config: &FaceConfig,
) -> (Look, u32, Result<CameraEvidence, NoMatch>) {
    camera.start().unwrap();
    looked_at(holder, config, || camera.next_frame(Duration::ZERO).unwrap())
}

/// The same with frames of any source.
fn looked_at(
    holder: &str,
    config: &FaceConfig,
    mut next: impl FnMut() -> Frame,
) -> (Look, u32, Result<CameraEvidence, NoMatch>) {
    let portrait = photograph(&format!("{holder}-portrait.jpg"));
    let reference = ENGINE.portrait_template(&portrait).unwrap();
    let mut session = Session::new(&ENGINE, &reference, config, 1, ASKED);
    for looks in 1.. {
        let look = session.look(&next()).unwrap();
        if look.finished {
            return (look, looks, session.decide());
        }
    }
    unreachable!()
}

/// Short, so that a try without a face ends soon.
fn impatient() -> FaceConfig {
    FaceConfig { time_limit_seconds: 1, ..FaceConfig::documented() }
}

fn hint(camera: FaceCamera) -> FaceHint {
    match attempt("khue", camera, &impatient()).2 {
        Err(NoMatch { why: Why::TookTooLong(hint), .. }) => hint,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("a match"),
    }
}

#[test]
fn the_holder_is_asked_to_move_after_three_good_frames() {
    let reference = ENGINE.portrait_template(&photograph("khue-portrait.jpg")).unwrap();
    let config = FaceConfig::documented();
    for pixels in [Pixels::Rgb8, Pixels::Mjpg, Pixels::Yuyv, Pixels::Nv12] {
        let mut session = Session::new(&ENGINE, &reference, &config, 1, ASKED);
        let mut camera = camera("khue", pixels, None);
        camera.start().unwrap();
        let mut look = || session.look(&camera.next_frame(Duration::ZERO).unwrap()).unwrap();
        let percent = [look().percent, look().percent, look().percent];
        assert_eq!(percent, [13, 26, 40], "{pixels:?}");
        let hints: Vec<FaceHint> = (0..30).map(|_| look().hint).collect();
        let asked = [
            FaceHint::TurnLeft,
            FaceHint::TurnRight,
            FaceHint::CloseEyes,
            FaceHint::ComeCloser,
            FaceHint::OpenMouth,
        ];
        assert!(hints.iter().any(|hint| asked.contains(hint)), "{hints:?}");
    }
}

#[test]
fn another_person_is_refused_without_blame() {
    let (_, looks, answer) = attempt("khue", camera("dat", Pixels::Rgb8, None), &FaceConfig::documented());
    let refused = answer.unwrap_err();
    assert_eq!((refused.why, looks), (Why::Different, 3));
    assert_eq!(refused.fault(), faults::Fault::FaceNotMatched);
}

#[test]
fn a_score_in_the_grey_zone_takes_more_frames_and_then_no_match() {
    // The zone is moved to where this pair lies; no real pair of the tree lies in it.
    let config = FaceConfig { accept: 0.95, grey: 0.60, ..FaceConfig::documented() };
    let (look, looks, answer) = attempt("khue", camera("khue", Pixels::Rgb8, None), &config);
    assert_eq!(answer.unwrap_err().why, Why::Uncertain);
    assert_eq!((looks, look.percent), (9, 40));
}

#[test]
fn an_empty_room_ends_by_the_frames_own_clock() {
    let room = FaceCamera::empty_room(setup(Pixels::Rgb8, None));
    let (look, looks, answer) = attempt("khue", room, &impatient());
    assert_eq!(answer.unwrap_err().why, Why::TookTooLong(FaceHint::NoFace));
    // At 15 frames a second the first frame past one second is number 17.
    assert_eq!((looks, look.percent), (17, 0));
}

#[test]
fn a_room_too_dark_to_find_anybody_in_asks_for_light_and_so_does_a_covered_lens() {
    assert_eq!(hint(camera("khue", Pixels::Rgb8, Some(CameraMishap::Black))), FaceHint::TooDark);
}

#[test]
fn a_dark_room_asks_for_light_and_ends_late_where_none_comes() {
    for person in ["khue", "hieu", "dat"] {
        let refused = attempt(person, camera(person, Pixels::Mjpg, Some(CameraMishap::Dim)), &impatient());
        let refused = refused.2.unwrap_err();
        assert_eq!((refused.why, refused.frames_compared), (Why::TookTooLong(FaceHint::TooDark), 0));
        assert_eq!(refused.fault().code(), "FACE-05", "{person}");
    }
}

#[test]
fn a_dark_room_goes_on_once_the_lamp_shines() {
    let reference = ENGINE.portrait_template(&photograph("khue-portrait.jpg")).unwrap();
    let config = FaceConfig::documented();
    let mut session = Session::new(&ENGINE, &reference, &config, 1, ASKED);
    let mut lamp = FillLamp::default();
    let mut camera = camera("khue", Pixels::Mjpg, Some(CameraMishap::Dim)).lit_by(lamp.clone());
    camera.start().unwrap();
    let mut look = || session.look(&camera.next_frame(Duration::ZERO).unwrap()).unwrap();
    for _ in 0..5 {
        let look = look();
        assert_eq!((look.hint, look.percent), (FaceHint::TooDark, 0));
    }
    lamp.shine(true);
    // The camera first has to get used to the light.
    let looks: Vec<Look> = (0..12).map(|_| look()).collect();
    assert!(looks.iter().any(|look| look.moving), "{:?}", looks.last().map(|look| look.hint));
}

/// Whoever stands there, and whosesoever the card is: nobody hears that they are not its holder.
#[test]
fn a_camera_upside_down_is_told_as_that() {
    for (holder, person) in everybody_at_each_card() {
        for pixels in [Pixels::Rgb8, Pixels::Mjpg] {
            let camera = camera(person, pixels, Some(CameraMishap::UpsideDown));
            let refused = attempt(holder, camera, &impatient()).2.unwrap_err();
            assert_eq!(refused.why, Why::UpsideDown, "{person} at the card of {holder}, {pixels:?}");
            assert_eq!(refused.fault(), faults::Fault::CameraUpsideDown);
        }
    }
}

/// It is seen where the detector finds a face as the frame comes, and where it finds none.
#[test]
fn a_camera_upside_down_is_told_after_a_third_of_the_time() {
    let config = FaceConfig { time_limit_seconds: 3, ..FaceConfig::documented() };
    for (person, faces) in [("hieu", 1), ("dat", 0)] {
        let hanging = || camera(person, Pixels::Rgb8, Some(CameraMishap::UpsideDown));
        let mut first = hanging();
        first.start().unwrap();
        let picture = crate::decode_frame(&first.next_frame(Duration::ZERO).unwrap()).unwrap();
        assert_eq!(ENGINE.faces(&picture, &mut Timings::default()).unwrap().len(), faces);
        let (_, looks, answer) = attempt("khue", hanging(), &config);
        // At 15 frames a second the first frame after one second is number 16.
        assert_eq!((answer.unwrap_err().why, looks), (Why::UpsideDown, 16), "{person}");
    }
}

/// Before anybody hears that they are somebody else; these limits let faces be compared that stand on
/// their heads.
#[test]
fn a_camera_upside_down_is_told_before_its_faces_are_called_different() {
    let mut config = FaceConfig::documented();
    config.quality.presence_min = 0.0;
    config.quality.eye_opening_min = 0.0;
    config.quality.lip_pallor_max = 100.0;
    let hanging = camera("khue", Pixels::Rgb8, Some(CameraMishap::UpsideDown));
    let (_, looks, answer) = attempt("khue", hanging, &config);
    let refused = answer.unwrap_err();
    assert_eq!((refused.why, refused.frames_compared), (Why::UpsideDown, 3));
    assert!(refused.score.is_some_and(|score| score.ten_thousandths() < 4000), "{refused:?}");
    // A third of the time is a hundred frames.
    assert!(looks < 50, "{looks}");
}

/// Nobody stands there at the first look; at the second somebody does.
#[test]
fn a_camera_upside_down_is_told_at_the_second_look() {
    let mut room = FaceCamera::empty_room(setup(Pixels::Rgb8, None));
    let mut hanging = camera("dat", Pixels::Rgb8, Some(CameraMishap::UpsideDown));
    room.start().unwrap();
    hanging.start().unwrap();
    let config = FaceConfig { time_limit_seconds: 3, ..FaceConfig::documented() };
    let (_, looks, answer) = looked_at("khue", &config, || {
        let [empty, frame] = [&mut room, &mut hanging].map(|it| it.next_frame(Duration::ZERO).unwrap());
        if frame.taken.as_millis() < 1500 { empty } else { frame }
    });
    assert_eq!((answer.unwrap_err().why, looks), (Why::UpsideDown, 31));
}

/// Whoever lies on a bed that was pushed before it.
#[test]
fn a_head_on_its_side_ends_late_and_not_as_a_camera_upside_down() {
    let sitter = Sitter::of("khue-live.jpg");
    for degrees in [70.0, 90.0, -90.0] {
        let picture = sitter.canvas.turned(sitter.between_eyes(), degrees).picture();
        let mut number = 0_u8;
        let (.., answer) = looked_at("khue", &impatient(), || {
            let mut data = picture.rgb.clone();
            // No camera sends the same bytes twice.
            data[0] = number;
            number += 1;
            let taken = Duration::from_millis(100) * number.into();
            Frame { taken, width: picture.width, height: picture.height, pixels: Pixels::Rgb8, data }
        });
        assert!(matches!(answer.unwrap_err().why, Why::TookTooLong(_)), "{degrees}");
    }
}

#[test]
fn whoever_is_somebody_else_before_an_upright_camera_is_not_told_to_be_upside_down() {
    for (holder, person) in everybody_at_each_card() {
        if holder != person {
            let upright = camera(person, Pixels::Mjpg, None);
            let refused = attempt(holder, upright, &FaceConfig::documented()).2.unwrap_err();
            assert_eq!(refused.why, Why::Different, "{person} at the card of {holder}");
        }
    }
}

fn everybody_at_each_card() -> impl Iterator<Item = (&'static str, &'static str)> {
    let people = ["khue", "dat", "hieu"];
    people.into_iter().flat_map(move |holder| people.map(|person| (holder, person)))
}

#[test]
fn a_frozen_camera_never_makes_a_match() {
    let frozen = camera("khue", Pixels::Mjpg, Some(CameraMishap::Frozen));
    let refused = attempt("khue", frozen, &impatient()).2.unwrap_err();
    assert_eq!((refused.why, refused.frames_compared), (Why::Frozen, 1));
    assert_eq!(refused.fault(), faults::Fault::CameraSilent);
}

/// Not only what never moved: whoever was seen well is asked for movements, and nobody makes them
/// any more.
#[test]
fn a_camera_that_freezes_later_is_told_as_frozen_and_soon() {
    let freezing = camera("khue", Pixels::Mjpg, Some(CameraMishap::FrozenAfter(8)));
    let (look, looks, answer) = attempt("khue", freezing, &FaceConfig::documented());
    let refused = answer.unwrap_err();
    assert_eq!((refused.why, refused.frames_compared), (Why::Frozen, 3));
    assert_eq!(refused.fault(), faults::Fault::CameraSilent);
    // Frame number 8 came last; 1.5 seconds are 22.5 frames.
    assert_eq!((looks, look.glow), (8 + 23, Glow::Off));
}

#[test]
fn nothing_is_decided_before_the_try_is_finished() {
    let reference = ENGINE.portrait_template(&photograph("khue-portrait.jpg")).unwrap();
    let config = FaceConfig::documented();
    let mut session = Session::new(&ENGINE, &reference, &config, 1, ASKED);
    let mut camera = camera("khue", Pixels::Rgb8, None);
    camera.start().unwrap();
    let look = session.look(&camera.next_frame(Duration::ZERO).unwrap()).unwrap();
    assert!(!look.finished && look.percent == 13);
    assert_eq!(session.decide().unwrap_err().why, Why::NotFinished);
}

/// The live photograph as another camera would see it: part of it, brighter or darker.
fn seen(zoom: f32, right: f32, light: f32) -> FaceHint {
    seen_in(zoom, right, [light, light])
}

/// The same with another light on the right half of the picture than on the left.
fn seen_in(zoom: f32, right: f32, light: [f32; 2]) -> FaceHint {
    let photograph = photograph("khue-live.jpg");
    let side = 720;
    // The face's centre lies at (777, 430).
    let scale = 956.0 / side as f32 / zoom;
    let middle = side as f32 / 2.0;
    let map = Similarity {
        a: scale,
        b: 0.0,
        c: 777.0 - (middle + right * side as f32) * scale,
        d: 430.0 - middle * scale,
    };
    let crop = cut(&photograph, map, side);
    let mut data = Vec::new();
    for place in 0..side * side {
        for plane in 0..3 {
            let light = light[usize::from(place % side > side / 2)];
            data.push((crop.planes[plane * side * side + place] * light).clamp(0.0, 255.0) as u8);
        }
    }
    let frame = Frame {
        taken: Duration::ZERO,
        width: side as u32,
        height: side as u32,
        pixels: Pixels::Rgb8,
        data: data.into(),
    };
    let reference = ENGINE.portrait_template(&photograph).unwrap();
    let config = FaceConfig::documented();
    Session::new(&ENGINE, &reference, &config, 1, ASKED).look(&frame).unwrap().hint
}

#[test]
fn a_face_is_led_to_where_it_can_be_compared() {
    assert_eq!(seen(1.0, 0.0, 1.0), FaceHint::HoldStill);
    assert_eq!(seen(0.5, 0.0, 1.0), FaceHint::ComeCloser);
    assert_eq!(seen(2.0, 0.0, 1.0), FaceHint::MoveBack);
    assert_eq!(seen(1.0, -0.3, 1.0), FaceHint::MoveLeft);
    assert_eq!(seen(1.0, 0.3, 1.0), FaceHint::MoveRight);
    assert_eq!(seen(1.0, 0.0, 0.25), FaceHint::TooDark);
    assert_eq!(seen(1.0, 0.0, 2.5), FaceHint::TooBright);
    assert_eq!(seen_in(1.0, 0.0, [1.2, 0.3]), FaceHint::OneSidedLight);
    assert_eq!(seen_in(1.0, 0.0, [0.3, 1.2]), FaceHint::OneSidedLight);
    assert_eq!(seen_in(1.0, 0.0, [0.8, 1.2]), FaceHint::HoldStill);
}

#[test]
fn a_damaged_frame_is_passed_over() {
    let reference = ENGINE.portrait_template(&photograph("khue-portrait.jpg")).unwrap();
    let config = FaceConfig::documented();
    let mut session = Session::new(&ENGINE, &reference, &config, 1, ASKED);
    let mut camera = camera("khue", Pixels::Mjpg, None);
    camera.start().unwrap();
    let whole = camera.next_frame(Duration::ZERO).unwrap();
    let mut chance = 1_u32;
    for round in 0..120 {
        let mut frame = whole.clone();
        if round % 3 == 0 {
            frame.data.truncate(whole.data.len() * round / 120);
        }
        for _ in 0..round {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Heads are where a decoder's tables are, so they are hit more often.
            let reach = if round % 2 == 0 { frame.data.len() } else { frame.data.len().min(700) };
            if reach > 0 {
                frame.data[chance as usize / 7 % reach] = (chance >> 24) as u8;
            }
        }
        _ = crate::decode_frame(&frame);
        if round % 40 == 39 {
            session.look(&frame).unwrap();
        }
    }
    let look = session.look(&whole).unwrap();
    assert_eq!(look.hint, FaceHint::HoldStill);
}

#[test]
fn mjpg_without_huffman_tables_is_read_as_cameras_send_it() {
    let mut camera = camera("khue", Pixels::Mjpg, None);
    camera.start().unwrap();
    let mut frame = camera.next_frame(Duration::ZERO).unwrap();
    let with = crate::decode_frame(&frame).unwrap();
    let before = frame.data.len();
    frame.data = without_huffman_tables(&frame.data).into();
    assert!(frame.data.len() < before - 400, "the tables were not cut out");
    let without = crate::decode_frame(&frame).unwrap();
    assert!(with.rgb == without.rgb, "other pixels without the tables");
}

/// The simulators turn pictures into what cameras send by the standard's own formulas, the engine
/// turns them back by whole numbers: neither knows the other.
#[test]
fn every_format_of_a_camera_shows_the_same_picture() {
    let first = |pixels| {
        let mut camera = camera("khue", pixels, None);
        camera.start().unwrap();
        crate::decode_frame(&camera.next_frame(Duration::ZERO).unwrap()).unwrap()
    };
    let exact = first(Pixels::Rgb8);
    for pixels in [Pixels::Mjpg, Pixels::Yuyv, Pixels::Nv12] {
        let seen = first(pixels);
        for channel in 0..3 {
            let pairs = exact.rgb.iter().zip(seen.rgb.iter()).skip(channel).step_by(3);
            let off: u64 = pairs.map(|(exact, seen)| u64::from(exact.abs_diff(*seen))).sum();
            let off = off as f32 / (exact.rgb.len() / 3) as f32;
            // JPEG, the worst, is off by 1.4; two pixels that are swapped would be by 2.5.
            assert!(off < 2.0, "{pixels:?}: {off} levels in channel {channel}");
        }
    }
}

fn without_huffman_tables(jpeg: &[u8]) -> Vec<u8> {
    let (mut kept, mut rest) = (jpeg[..2].to_vec(), &jpeg[2..]);
    while rest[1] != 0xDA {
        let length = 2 + usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        if rest[1] != 0xC4 {
            kept.extend(&rest[..length]);
        }
        rest = &rest[length..];
    }
    kept.extend(rest);
    kept
}

#[test]
fn each_stage_of_a_try_has_a_time_of_its_own() {
    let reference = ENGINE.portrait_template(&photograph("khue-portrait.jpg")).unwrap();
    let config = FaceConfig::documented();
    let mut session = Session::new(&ENGINE, &reference, &config, 1, ASKED);
    let mut camera = camera("khue", Pixels::Mjpg, None);
    camera.start().unwrap();
    let mut sums = [Duration::ZERO; 10];
    loop {
        let look = session.look(&camera.next_frame(Duration::ZERO).unwrap()).unwrap();
        let Timings { decode, detect, align, landmarks, quality, movement, template, compare, .. } =
            look.timings;
        let Timings { pattern, passive, .. } = look.timings;
        let each = [decode, detect, align, landmarks, quality, movement, template, compare, pattern, passive];
        assert_eq!(look.timings.total(), each.iter().sum());
        sums.iter_mut().zip(each).for_each(|(sum, time)| *sum += time);
        if look.finished {
            break;
        }
    }
    let (passive, stages) = sums.split_last().unwrap();
    assert!(stages.iter().all(|sum| !sum.is_zero()), "{stages:?}");
    assert!(passive.is_zero(), "no pack is installed");
}

/// `cargo test -p face how_long -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing"]
fn how_long_each_stage_takes() {
    let began = std::time::Instant::now();
    drop(crate::Engine::load(&super::models()).unwrap());
    println!("load {:?}", began.elapsed());
    let reference = ENGINE.portrait_template(&photograph("khue-portrait.jpg")).unwrap();
    let config = FaceConfig { accept: 0.99, grey: 0.5, frames_in_grey: 40, ..FaceConfig::documented() };
    let mut session = Session::new(&ENGINE, &reference, &config, 1, ASKED);
    let mut camera = camera("khue", Pixels::Mjpg, None);
    camera.start().unwrap();
    let mut stages = [const { Vec::new() }; 5];
    loop {
        let look = session.look(&camera.next_frame(Duration::ZERO).unwrap()).unwrap();
        let times = look.timings;
        let each = [times.decode, times.detect, times.landmarks, times.align, times.template];
        stages.iter_mut().zip(each).for_each(|(all, time)| all.push(time));
        if look.finished {
            break;
        }
    }
    for (name, mut all) in ["decode", "detect twice", "landmarks", "align", "template"].iter().zip(stages) {
        all.sort();
        println!("{name}: least {:?}, median {:?} of {}", all[0], all[all.len() / 2], all.len());
    }
}

/// Whoever cannot open their eyes need not hear for a whole try that they should.
#[test]
fn gently_the_eyes_need_not_be_open() {
    let picture = shut_eyes(&Sitter::of("khue-live.jpg")).picture();
    let reference = ENGINE.portrait_template(&photograph("khue-portrait.jpg")).unwrap();
    let config = FaceConfig::documented();
    for (tempo, moves) in [(Tempo::Usual, false), (Tempo::Gentle, true)] {
        let mut session = Session::new(&ENGINE, &reference, &config, 1, (tempo, [1; 32]));
        let looks = (0..4_u8).map(|number| {
            let mut data = picture.rgb.clone();
            // No camera sends the same bytes twice.
            data[0] = number;
            let (width, height) = (picture.width, picture.height);
            let taken = Duration::from_millis(150) * number.into();
            session.look(&Frame { taken, width, height, pixels: Pixels::Rgb8, data }).unwrap()
        });
        let last = looks.last().unwrap();
        assert_eq!(last.moving, moves, "{tempo:?}: {:?}", last.hint);
        assert!(moves || last.hint == FaceHint::OpenEyes);
    }
}
