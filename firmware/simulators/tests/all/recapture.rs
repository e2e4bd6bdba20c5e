//! The program `recapture` from the outside: its frames are what the library draws, and the
//! camera that plays them refuses what was changed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use devices::FrameSource;
use simulators::{
    face_camera::{CameraSetup, FaceCamera, Pace},
    people::People,
    presentation::{Motion, Presentation, Prompter, Raster, on_screen},
    recorded::{FrameFolder, Manifest, ORIGIN, name},
};
use tempfile::TempDir;

fn people() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("people")
}

fn recapture(arguments: &[&str], input: &Path, out: &Path) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_recapture"));
    program.arg(arguments[0]).arg(input).args(&arguments[1..]).arg("--out").arg(out);
    program.output().unwrap()
}

fn manifest(folder: &Path) -> Manifest {
    toml::from_str(&fs::read_to_string(folder.join("manifest.toml")).unwrap()).unwrap()
}

fn frame(folder: &Path, number: u32) -> Vec<u8> {
    fs::read(folder.join(name(number))).unwrap()
}

fn small() -> CameraSetup {
    CameraSetup {
        width: 320,
        height: 180,
        frames_per_second: 5,
        pace: Pace::Instant,
        seed: 7,
        ..CameraSetup::default()
    }
}

/// What the program is told of it.
const SMALL_WORDS: [&str; 6] = ["--size", "320x180", "--rate", "5", "--seed", "7"];

fn draw(kind: &str, frames: &str) -> TempDir {
    let out = TempDir::new().unwrap();
    let arguments = [&[kind, "--frames", frames], SMALL_WORDS.as_slice()].concat();
    let said = recapture(&arguments, &people().join("khue-live.jpg"), out.path());
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(String::from_utf8_lossy(&said.stdout).starts_with("seed 7\n"));
    out
}

#[test]
fn every_kind_is_drawn_as_the_library_draws_it() {
    let khue = People::load(&people()).unwrap().person("khue").unwrap().clone();
    let kinds = Presentation::ATTACKS.into_iter().chain([Presentation::Living]);
    for kind in kinds {
        let word = serde_json_word(kind);
        let out = draw(&word, "40");
        let written = manifest(out.path());
        assert_eq!((written.origin.as_str(), written.kind, written.frames), (ORIGIN, kind, 40), "{word}");
        let prompter = Prompter::default();
        let live = people().join(&khue.live);
        let mut camera =
            FaceCamera::presenting(&live, khue.live_features, kind, prompter.clone(), small()).unwrap();
        camera.start().unwrap();
        for number in 0..40 {
            for told in written.told.iter().filter(|told| told.frame == number) {
                prompter.tell(Motion::asked_by(told.motion).unwrap());
            }
            let drawn = camera.next_frame(Duration::ZERO).unwrap();
            assert!(frame(out.path(), number) == *drawn.data, "{word}, frame {number}");
        }
        // Whoever holds a picture moves it; whoever plays a film does not hear what is asked.
        let moves = !["still", "film", "injected-film"].contains(&word.as_str());
        assert_eq!(written.told.is_empty(), !moves, "{word}");
    }
}

fn serde_json_word(kind: Presentation) -> String {
    #[derive(serde::Serialize)]
    struct Kind {
        kind: Presentation,
    }
    let text = toml::to_string(&Kind { kind }).unwrap();
    text.trim().trim_start_matches("kind = ").trim_matches('"').to_owned()
}

#[test]
fn pixels_and_dots_are_drawn_as_the_camera_sees_them_where_it_is_asked_for() {
    let khue = People::load(&people()).unwrap().person("khue").unwrap().clone();
    let raster = Raster { pitch: 1.6, askew: 3.0, blur: 0.5 };
    for (kind, word) in [(Presentation::Screen, "screen"), (Presentation::BentPrint, "bent-print")] {
        let out = TempDir::new().unwrap();
        let words =
            [[word, "--frames", "3", "--pitch", "1.6", "--askew", "3"].as_slice(), &SMALL_WORDS].concat();
        let said = recapture(&words, &people().join(&khue.live), out.path());
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        assert_eq!(manifest(out.path()).raster, Some(raster));
        FrameFolder::open(out.path(), Pace::Instant).unwrap();
        let live = people().join(&khue.live);
        let drawn = |raster| {
            let setup = CameraSetup { raster, ..small() };
            let prompter = Prompter::default();
            let mut camera =
                FaceCamera::presenting(&live, khue.live_features, kind, prompter, setup).unwrap();
            camera.start().unwrap();
            camera.next_frame(Duration::ZERO).unwrap().data
        };
        assert!(frame(out.path(), 0) == *drawn(Some(raster)), "{word}");
        let finer = Raster { pitch: 1.5, ..raster };
        assert!(drawn(Some(raster)) != drawn(None) && drawn(Some(raster)) != drawn(Some(finer)), "{word}");
    }
}

#[test]
fn a_seed_is_the_same_film_and_another_seed_is_another() {
    let (one, same) = (draw("print", "30"), draw("print", "30"));
    assert_eq!(manifest(one.path()), manifest(same.path()));
    let other = TempDir::new().unwrap();
    let arguments = ["print", "--frames", "30", "--size", "320x180", "--rate", "5", "--seed", "8"];
    assert!(recapture(&arguments, &people().join("khue-live.jpg"), other.path()).status.success());
    let (one, other) = (manifest(one.path()), manifest(other.path()));
    assert!(one.sha256 != other.sha256 && one.told != other.told);
}

#[test]
fn a_film_of_frames_shows_each_on_a_screen() {
    let (film, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for (number, person) in ["khue", "dat", "hieu"].iter().enumerate() {
        let frame = film.path().join(format!("{number}.jpg"));
        fs::copy(people().join(format!("{person}-live.jpg")), frame).unwrap();
    }
    fs::write(film.path().join("notes.txt"), "no picture").unwrap();
    let arguments = [["film"].as_slice(), SMALL_WORDS.as_slice()].concat();
    let said = recapture(&arguments, film.path(), out.path());
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let written = manifest(out.path());
    assert_eq!((written.frames, written.sources.len(), written.told.len()), (3, 3, 0));
    let khue = film.path().join("0.jpg");
    let anywhere = People::load(&people()).unwrap().person("khue").unwrap().live_features;
    let prompter = Prompter::default();
    let mut camera =
        FaceCamera::presenting(&khue, anywhere, Presentation::Screen, prompter, small()).unwrap();
    camera.start().unwrap();
    assert!(frame(out.path(), 0) == *camera.next_frame(Duration::ZERO).unwrap().data);
    for number in 0..3 {
        let seen = image::load_from_memory(&frame(out.path(), number)).unwrap().into_rgb8();
        let unlike = ["khue", "dat", "hieu"].map(|person| difference(person, &seen));
        let least = unlike.iter().copied().fold(f64::INFINITY, f64::min);
        assert!((unlike[number as usize] - least).abs() < f64::EPSILON, "frame {number}: {unlike:?}");
    }
}

/// How far a frame is from that person on a screen, in the middle of both.
fn difference(person: &str, seen: &image::RgbImage) -> f64 {
    let photograph = image::open(people().join(format!("{person}-live.jpg"))).unwrap().into_rgb8();
    let width = photograph.width() * 180 / photograph.height();
    let sized = image::imageops::resize(&photograph, width, 180, image::imageops::FilterType::Triangle);
    let middle = |picture: &image::RgbImage| {
        image::imageops::crop_imm(picture, picture.width() / 2 - 60, 30, 120, 120).to_image().into_raw()
    };
    let pairs =
        middle(&on_screen(&sized)).into_iter().zip(middle(seen)).map(|(a, b)| f64::from(a.abs_diff(b)));
    pairs.sum::<f64>() / (120.0 * 120.0 * 3.0)
}

#[test]
fn the_camera_plays_what_was_written_over_and_over_and_refuses_what_was_changed() {
    let out = draw("screen", "3");
    let mut camera = FrameFolder::open(out.path(), Pace::Instant).unwrap();
    camera.start().unwrap();
    let played: Vec<_> = (0..4).map(|_| camera.next_frame(Duration::ZERO).unwrap()).collect();
    assert!((0..3).all(|number| *played[number].data == frame(out.path(), number as u32)));
    assert!(*played[3].data == *played[0].data);
    assert_eq!((played[3].taken, played[3].width), (Duration::from_millis(600), 320));
    assert_eq!(devices::contract::a_camera_is_held_and_let_go(&mut camera), devices::Held::default());

    let text = fs::read_to_string(out.path().join("manifest.toml")).unwrap();
    let refused = |text: &str| {
        fs::write(out.path().join("manifest.toml"), text).unwrap();
        FrameFolder::open(out.path(), Pace::Instant).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused(&text.replace("drawn by", "filmed by")).contains("another origin"));
    assert!(refused(&text.replace("frames = 3", "frames = 2")).contains("not those that were drawn"));
    assert!(refused(&format!("colour = 1\n{text}")).contains("unknown field"));
    assert!(refused(&text).is_empty(), "whole again");
    fs::write(out.path().join(name(1)), frame(out.path(), 0)).unwrap();
    assert!(refused(&text).contains("not those that were drawn"));
}

#[test]
fn what_cannot_be_drawn_is_refused_with_the_reason() {
    let out = TempDir::new().unwrap();
    let live = people().join("khue-live.jpg");
    let refused = |arguments: &[&str], input: &Path, code: i32, reason: &str| {
        let said = recapture(arguments, input, out.path());
        let told = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(code), "{told}");
        assert!(told.contains(reason), "{told}");
    };
    refused(&["statue"], &live, 2, "'statue' is no KIND");
    refused(&["print"], &people(), 2, "a folder of frames is a film");
    refused(&["print"], &people().join("khue-portrait.jpg"), 2, "--eyes");
    refused(&["print", "--eyes", "9,9,3,9"], &live, 2, "the left eye comes first");
    refused(&["print", "--frames", "0"], &live, 2, "not within 1 to 99999");
    refused(&["film", "--frames", "9"], &people(), 2, "are for a PICTURE");
    refused(&["living", "--pitch", "2"], &live, 2, "has pixels or dots");
    refused(&["screen", "--askew", "2"], &live, 2, "need a --pitch");
    refused(&["screen", "--pitch", "0"], &live, 2, "not within 0.2 to 20");
    refused(&["screen", "--pitch", "NaN"], &live, 2, "not within 0.2 to 20");
    refused(&["print", "--eyes", "1,1,9,1"], &people().join("people.toml"), 1, "cannot read the photograph");
    fs::write(out.path().join("kept.txt"), "mine").unwrap();
    refused(&["print"], &live, 1, "is not empty");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1, "something was written all the same");
}
