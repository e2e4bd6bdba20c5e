//! The stages of a look at one camera frame: the holder of the virtual card stands
//! before the virtual camera, and the frames are those a camera of the kiosk sends.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use devices::FrameSource as _;
use face::{Attempt, Engine, FaceConfig, Timings};
use identity::Identity;
use serde::Serialize;
use simulators::face_camera::{CameraSetup, FaceCamera, Pace};

use crate::chip::{Failure, median, milliseconds};

/// Frames that count.
const FRAMES: usize = 10;
/// So many frames without enough good ones among them are a mistake of the bench.
const MOST_FRAMES: usize = 200;

/// Milliseconds, wall clock, medians.
#[derive(Clone, Debug, Serialize)]
pub struct Faces {
    /// Loading and checking the models, once.
    pub load_ms: f64,
    /// The template of the card's portrait, once for each citizen.
    pub reference_ms: f64,
    /// Frames that went through all stages; the medians are over these.
    pub frames: usize,
    /// Pixels of a frame.
    pub frame_size: [u32; 2],
    /// Pixels out of the camera's format.
    pub decode_ms: f64,
    /// Finding faces.
    pub detect_ms: f64,
    /// Bringing the face upright.
    pub align_ms: f64,
    /// The template.
    pub template_ms: f64,
    /// Landmarks and quality.
    pub landmarks_ms: f64,
    /// All stages of a frame together.
    pub total_ms: f64,
}

/// Looks until enough frames have gone through all stages.
pub fn measure(models: &Path, people: &Path, holder: &Identity) -> Result<Faces, Failure> {
    let began = Instant::now();
    let engine = Engine::load(models)?;
    let load = began.elapsed();
    let began = Instant::now();
    let reference = engine.reference(holder)?;
    let reference_time = began.elapsed();

    let config = FaceConfig::documented();
    let setup = CameraSetup { pace: Pace::Instant, ..CameraSetup::default() };
    let mut camera = FaceCamera::showing(&people.join("khue-live.jpg"), setup)?;
    camera.start()?;
    let mut looks: Vec<Timings> = Vec::new();
    let mut attempt = Attempt::new(&engine, &reference, &config, 1);
    for _ in 0..MOST_FRAMES {
        let look = attempt.look(&camera.next_frame(Duration::ZERO)?)?;
        if !look.timings.template.is_zero() {
            looks.push(look.timings);
        }
        if looks.len() == FRAMES {
            break;
        }
        if look.finished {
            attempt = Attempt::new(&engine, &reference, &config, 1);
        }
    }
    if looks.len() < FRAMES {
        return Err(format!("only {} of {MOST_FRAMES} frames went through all stages", looks.len()).into());
    }
    let stage = |of: fn(&Timings) -> Duration| milliseconds(median(looks.iter().map(of).collect()));
    Ok(Faces {
        load_ms: milliseconds(load),
        reference_ms: milliseconds(reference_time),
        frames: looks.len(),
        frame_size: [setup.width, setup.height],
        decode_ms: stage(|times| times.decode),
        detect_ms: stage(|times| times.detect),
        align_ms: stage(|times| times.align),
        template_ms: stage(|times| times.template),
        landmarks_ms: stage(|times| times.landmarks),
        total_ms: stage(Timings::total),
    })
}
