//! Frames in a folder: JPEG pictures in order, and a manifest that says how they came to be.
//! What the program `recapture` writes, and a camera that plays it. Never linked into a
//! production build: there, a camera that plays back a file is an attack.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use devices::{CameraFault, Frame, FrameSource, Pixels};
use openssl::sha::Sha256;
use rand_core::Rng;
use screen::FaceHint;
use serde::{Deserialize, Serialize};

use crate::{
    chance::SeededChance,
    face_camera::{CameraSetup, FaceCamera, Pace},
    presentation::{Features, Motion, Presentation, Prompter, Raster},
    scenario::{SimulatorError, read_toml},
};

/// The manifest's file name.
pub const MANIFEST: &str = "manifest.toml";
/// What it says of every folder: such frames find what a check cannot see, and never say how
/// well it does.
pub const ORIGIN: &str =
    "drawn by Một Chạm's recapture after descriptions of the processes; no recording of an attack";

/// `manifest.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// [`ORIGIN`].
    pub origin: String,
    /// What is held before the camera.
    pub kind: Presentation,
    /// What chance was drawn from: the same seed gives the same frames.
    pub seed: u64,
    /// SHA-256 of each picture that was drawn from, in order.
    pub sources: Vec<String>,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Frames in one second.
    pub frames_per_second: u32,
    /// How many there are.
    pub frames: u32,
    /// SHA-256 over the bytes of all frames, in order.
    pub sha256: String,
    /// The raster of pixels or dots, where it was not the coarse one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raster: Option<Raster>,
    /// What whoever stands there was told.
    #[serde(default)]
    pub told: Vec<Told>,
}

/// A motion that somebody was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Told {
    /// Before that frame was taken, from 0.
    pub frame: u32,
    /// The screen's hint.
    pub motion: FaceHint,
}

/// What is drawn from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A photograph, and where the features lie in it.
    Picture(PathBuf, Features),
    /// The frames of a film that somebody else made, one a frame.
    Frames(Vec<PathBuf>),
}

/// What is to be drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// From what.
    pub source: Source,
    /// What is held before the camera.
    pub kind: Presentation,
    /// Size and rate of the frames. Chance comes from its seed.
    pub setup: CameraSetup,
    /// How many frames of a photograph.
    pub frames: u32,
}

impl Drawing {
    /// Draws into a folder that is there and empty.
    pub fn write(&self, folder: &Path) -> Result<Manifest, SimulatorError> {
        let setup = CameraSetup { pixels: Pixels::Mjpg, pace: Pace::Instant, ..self.setup };
        let (frames, told, sources) = match &self.source {
            Source::Picture(picture, features) => {
                let told = self.motions();
                let frames = write_posed(picture, *features, (self.kind, self.frames), &told, setup, folder)?;
                (frames, told, vec![picture.clone()])
            }
            Source::Frames(pictures) => {
                (write_filmed(pictures, setup, folder)?, Vec::new(), pictures.clone())
            }
        };
        let manifest = Manifest {
            origin: ORIGIN.to_owned(),
            kind: self.kind,
            seed: setup.seed,
            sources: sources.iter().map(|source| digest([source.clone()])).collect::<Result<_, _>>()?,
            width: setup.width,
            height: setup.height,
            frames_per_second: setup.frames_per_second,
            frames,
            sha256: digest((0..frames).map(|number| folder.join(name(number))))?,
            raster: setup.raster,
            told,
        };
        let text = toml::to_string(&manifest).expect("a manifest is plain data");
        write(&folder.join(MANIFEST), text.as_bytes())?;
        Ok(manifest)
    }

    /// What an attacker tries when nobody asks for anything: each movement once and back, in an
    /// order and with pauses drawn by chance, over and over.
    fn motions(&self) -> Vec<Told> {
        if !self.kind.obeys() {
            return Vec::new();
        }
        let mut chance = SeededChance::new(self.setup.seed);
        let rate = self.setup.frames_per_second;
        let mut told = Vec::new();
        let mut frame = rate;
        loop {
            let mut pairs = PAIRS;
            for last in (1..pairs.len()).rev() {
                pairs.swap(last, chance.next_u32() as usize % (last + 1));
            }
            for motion in pairs.into_iter().flatten() {
                if frame >= self.frames {
                    return told;
                }
                told.push(Told { frame, motion });
                frame += rate + chance.next_u32() % rate.max(1);
            }
        }
    }
}

/// A movement, and back.
const PAIRS: [[FaceHint; 2]; 5] = [
    [FaceHint::TurnLeft, FaceHint::LookStraight],
    [FaceHint::TurnRight, FaceHint::LookStraight],
    [FaceHint::CloseEyes, FaceHint::OpenEyes],
    [FaceHint::ComeCloser, FaceHint::MoveBack],
    [FaceHint::OpenMouth, FaceHint::CloseMouth],
];

fn write_posed(
    picture: &Path,
    features: Features,
    (kind, frames): (Presentation, u32),
    told: &[Told],
    setup: CameraSetup,
    folder: &Path,
) -> Result<u32, SimulatorError> {
    let prompter = Prompter::default();
    let mut camera = FaceCamera::presenting(picture, features, kind, prompter.clone(), setup)?;
    camera.start().expect("a simulated camera starts");
    for number in 0..frames {
        let now = told.iter().filter(|told| told.frame == number);
        now.filter_map(|told| Motion::asked_by(told.motion)).for_each(|motion| prompter.tell(motion));
        take(&mut camera, &folder.join(name(number)))?;
    }
    Ok(frames)
}

/// Each frame of the film on a screen, one after the other.
fn write_filmed(pictures: &[PathBuf], setup: CameraSetup, folder: &Path) -> Result<u32, SimulatorError> {
    // Nobody turns the screen, so it does not matter where the features lie.
    let anywhere =
        Features { left_eye: [0.0, 0.0], right_eye: [1.0, 0.0], lids: 0.06, brow: 0.2, mouth: 1.05 };
    for (number, picture) in pictures.iter().enumerate() {
        let screen = Presentation::Screen;
        let mut camera = FaceCamera::presenting(picture, anywhere, screen, Prompter::default(), setup)?;
        camera.start_at(number as u64);
        take(&mut camera, &folder.join(name(number as u32)))?;
    }
    Ok(pictures.len() as u32)
}

fn take(camera: &mut FaceCamera, path: &Path) -> Result<(), SimulatorError> {
    let frame = camera.next_frame(Duration::ZERO).expect("nothing is wrong with this camera");
    write(path, &frame.data)
}

/// The file name of a frame.
pub fn name(number: u32) -> String {
    format!("frame-{number:05}.jpg")
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), SimulatorError> {
    fs::write(path, bytes).map_err(|source| SimulatorError::Write { path: path.to_owned(), source })
}

fn read(path: &Path) -> Result<Vec<u8>, SimulatorError> {
    fs::read(path).map_err(|source| SimulatorError::Read { path: path.to_owned(), source })
}

/// SHA-256 over the bytes of some files.
fn digest(files: impl IntoIterator<Item = PathBuf>) -> Result<String, SimulatorError> {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(&read(&file)?);
    }
    Ok(hex::encode(hash.finish()))
}

/// A camera that plays such a folder, from the beginning again when it has ended.
pub struct FrameFolder {
    folder: PathBuf,
    manifest: Manifest,
    pace: Pace,
    next: u64,
    started: Option<Instant>,
}

impl FrameFolder {
    /// Refuses a folder that `recapture` did not write, or that was changed since.
    pub fn open(folder: &Path, pace: Pace) -> Result<Self, SimulatorError> {
        let manifest: Manifest = read_toml(&folder.join(MANIFEST))?;
        let refuse = |reason| Err(SimulatorError::Frames { folder: folder.to_owned(), reason });
        if manifest.origin != ORIGIN {
            return refuse("its frames are of another origin");
        }
        if manifest.frames == 0 || manifest.frames_per_second == 0 {
            return refuse("it has no frames");
        }
        if digest((0..manifest.frames).map(|number| folder.join(name(number))))? != manifest.sha256 {
            return refuse("its frames are not those that were drawn");
        }
        Ok(Self { folder: folder.to_owned(), manifest, pace, next: 0, started: None })
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

impl FrameSource for FrameFolder {
    fn start(&mut self) -> Result<(), CameraFault> {
        self.next = 0;
        self.started = Some(Instant::now());
        Ok(())
    }

    fn next_frame(&mut self, limit: Duration) -> Result<Frame, CameraFault> {
        let started = self.started.ok_or(CameraFault::Silent)?;
        let Manifest { width, height, frames, frames_per_second, .. } = self.manifest;
        let taken = Duration::from_secs(self.next) / frames_per_second;
        if self.pace == Pace::RealTime {
            let left = taken.saturating_sub(started.elapsed());
            thread::sleep(left.min(limit));
            if left > limit {
                return Err(CameraFault::Silent);
            }
        }
        let number = (self.next % u64::from(frames)) as u32;
        let data = fs::read(self.folder.join(name(number))).map_err(|_| CameraFault::Unplugged)?;
        self.next += 1;
        Ok(Frame { taken, width, height, pixels: Pixels::Mjpg, data: data.into() })
    }

    fn stop(&mut self) {
        self.started = None;
    }
}
