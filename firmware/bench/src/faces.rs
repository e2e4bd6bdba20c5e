//! What looking at a face costs: the frames that everybody is given, and everything that is
//! measured on them. The frames are those that the virtual camera sends of an invented
//! citizen, written as JPEG files, so that every process reads the same bytes.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use devices::FrameSource as _;
use serde::Serialize;
use simulators::face_camera::{CameraSetup, FaceCamera, Pace};

use crate::{
    chip::Failure,
    numbers::{self, Difference},
    preview::{self, Watched},
    stages::{self, Row},
};

/// Pixels of a frame.
pub const FRAME: [u32; 2] = [1280, 720];
/// Frames of each person; those of the holder are looked at in every turn.
const FRAMES: u32 = 13;
/// Whose photographs stand before the camera; the first is the card's holder.
const PEOPLE: [&str; 3] = ["khue", "dat", "hieu"];
/// By how much one thread of a Raspberry Pi 4 is slower than one of this machine. Nobody has
/// measured it: an assumption, and said with every number that rests on it.
const PI4_FACTOR: f64 = 4.0;

/// Everything about faces.
#[derive(Clone, Debug, Serialize)]
pub struct Faces {
    /// Pixels of a frame.
    pub frame_size: [u32; 2],
    /// Stages beside the peers.
    pub stages: Vec<Row>,
    /// Numbers beside the peers; empty where no Python with the peers was given.
    pub numbers: Vec<Difference>,
    /// The preview while the models run.
    pub previews: Vec<Watched>,
    /// A projection, not measured.
    pub pi4: Estimate,
}

/// What one thread of a Raspberry Pi 4 might need, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Estimate {
    /// Slower than one thread here by this.
    pub factor: f64,
    /// One frame through all stages.
    pub frame_ms: f64,
    /// Three of them, the fewest that a try takes.
    pub try_ms: f64,
}

/// The models' numbers alone, of these folders of models: such as an operator's.
pub fn numbers(
    models: &Path,
    pack: numbers::Pack<'_>,
    people: &Path,
    out: &Path,
    python: &Path,
) -> Result<Vec<Difference>, Failure> {
    let folders = write_all_frames(people, out)?;
    let all: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    numbers::compare(models, pack, &all, out, python)
}

/// A folder of frames of each person.
fn write_all_frames(people: &Path, out: &Path) -> Result<[PathBuf; 3], Failure> {
    let folders = PEOPLE.map(|person| out.join("frames").join(person));
    for (person, folder) in PEOPLE.iter().zip(&folders) {
        write_frames(&people.join(format!("{person}-live.jpg")), folder)?;
    }
    Ok(folders)
}

/// Measures all of it. Frames are left in the folder, crops of faces are not.
pub fn measure(models: &Path, people: &Path, out: &Path, peers: Option<&Path>) -> Result<Faces, Failure> {
    let folders = write_all_frames(people, out)?;
    let stages = stages::measure(models, &folders[0], peers)?;
    let all: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let numbers = peers.map(|python| numbers::compare(models, None, &all, out, python)).transpose()?;
    let previews = preview::measure(&folders[0])?;
    let alone = stages.first().and_then(|row| row.measured.as_ref()).ok_or("our engine was not measured")?;
    let frame_ms = alone.total_ms * PI4_FACTOR;
    let pi4 = Estimate { factor: PI4_FACTOR, frame_ms, try_ms: frame_ms * 3.0 };
    Ok(Faces { frame_size: FRAME, stages, numbers: numbers.unwrap_or_default(), previews, pi4 })
}

fn write_frames(photograph: &Path, folder: &Path) -> Result<(), Failure> {
    _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let [width, height] = FRAME;
    let setup = CameraSetup { width, height, pace: Pace::Instant, ..CameraSetup::default() };
    let mut camera = FaceCamera::showing(photograph, setup)?;
    camera.start()?;
    for number in 0..FRAMES {
        let frame = camera.next_frame(Duration::ZERO)?;
        fs::write(folder.join(format!("{number:02}.jpg")), frame.data.as_slice())?;
    }
    Ok(())
}
