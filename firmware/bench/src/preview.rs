//! Does the citizen's picture stay alive while the models run? A camera in real time, one
//! thread that makes previews and one that looks at the newest frame, as `kioskd` has them
//! (`face_desk.rs`). Drawing the preview is the touchscreen's own process and not in it.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use devices::Frame;
use face::{Attempt, Engine, FaceConfig, FaceError, Reference, Tempo};
use identity::Identity;
use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};

use crate::{
    chip::{Failure, milliseconds},
    stages::{answer, middle, own, read_frames},
};

/// Frames that the camera sends in a second.
const RATE: u32 = 30;
/// Dots of the preview, as `kioskd` makes it.
const PREVIEW: (u32, u32) = (480, 640);
/// How long is watched.
pub const SECONDS: usize = 10;
/// The preview may never fall below this.
pub const LEAST_RATE: u32 = 15;

/// What came of one setting.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watched {
    /// Processor cores that the process might use; `None`: all.
    pub cores: Option<usize>,
    /// Threads that the models might use.
    pub threads: usize,
    /// Previews a second, over the whole time.
    pub previews_per_second: f64,
    /// Previews in the worst of the whole seconds.
    pub fewest_in_a_second: u32,
    /// Looks of the engine a second, while that went on.
    pub looks_per_second: f64,
    /// Milliseconds from a frame to what the engine says of it; median.
    pub frame_to_answer_ms: f64,
    /// The same at worst.
    pub frame_to_answer_worst_ms: f64,
    /// Milliseconds from the first frame of a try to its decision; median.
    pub try_ms: f64,
}

/// All settings one after the other, each in a process of its own.
pub fn measure(frames: &Path) -> Result<Vec<Watched>, Failure> {
    let mut found = Vec::new();
    for one_core in [false, true] {
        for threads in ["1", "2"] {
            let mut command = own(&["preview", "--threads", threads]);
            command.arg("--frames").arg(frames).args(one_core.then_some("--one-core"));
            found.push(answer(&mut command)?);
        }
    }
    Ok(found)
}

/// Keeps this process, and all threads that it starts from now on, on one core.
pub fn keep_to_one_core() -> Result<(), Failure> {
    let mut one = CpuSet::new();
    one.set(0)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &one)?)
}

/// Watches for [`SECONDS`].
pub fn watch(
    models: &Path,
    frames: &Path,
    threads: NonZeroUsize,
    cores: Option<usize>,
    holder: &Identity,
) -> Result<Watched, Failure> {
    let engine = Engine::load_with_threads(models, threads)?;
    let reference = engine.reference(holder)?;
    let frames = read_frames(frames)?;
    let slot = Slot::default();
    let began = Instant::now();
    let (shown, looked) = thread::scope(|scope| {
        let looking = scope.spawn(|| look(&engine, &reference, &slot, began));
        let shown = film(&frames, &slot, began);
        slot.close();
        (shown, looking.join().expect("the looking thread does not panic"))
    });
    let (answers, tries) = looked?;
    let shown = shown?;
    let longest = answers.iter().copied().max().unwrap_or_default();
    let times = |times: &[Duration]| middle(times.iter().map(|time| milliseconds(*time)));
    Ok(Watched {
        cores,
        threads: threads.get(),
        previews_per_second: f64::from(shown.iter().sum::<u32>()) / SECONDS as f64,
        fewest_in_a_second: shown.into_iter().min().unwrap_or_default(),
        looks_per_second: answers.len() as f64 / SECONDS as f64,
        frame_to_answer_ms: times(&answers),
        frame_to_answer_worst_ms: milliseconds(longest),
        try_ms: times(&tries),
    })
}

/// Takes frames when they are due, as a camera has them: what came while nobody looked is
/// lost. Gives the count of previews in each second.
fn film(frames: &[Frame], slot: &Slot, began: Instant) -> Result<[u32; SECONDS], Failure> {
    let mut shown = [0; SECONDS];
    let mut number = 0;
    loop {
        let due = Duration::from_secs(1) * number / RATE;
        thread::sleep(due.saturating_sub(began.elapsed()));
        let picture = &frames[number as usize % frames.len()];
        let mut frame = Frame { taken: due, ..picture.clone() };
        // No camera sends the same bytes twice, and the engine refuses one that does. What follows
        // the end of a JPEG picture is not looked at.
        frame.data.extend(number.to_be_bytes());
        let preview = face::preview(&frame, PREVIEW.0, PREVIEW.1)?;
        // The wire takes a copy; it is part of what a preview costs.
        std::hint::black_box(preview.to_vec());
        slot.put(frame);
        let now = began.elapsed();
        match usize::try_from(now.as_secs()).ok().and_then(|second| shown.get_mut(second)) {
            Some(count) => *count += 1,
            None => return Ok(shown),
        }
        // What came while the preview was made is lost; the newest is waited for.
        number = u32::try_from(now.as_millis() * u128::from(RATE) / 1000)?.max(number + 1);
    }
}

type Looked = (Vec<Duration>, Vec<Duration>);

/// Looks at the newest frame, one try after the other. Gives the time from each frame to its
/// answer, and from the first frame of each try to its end.
fn look(engine: &Engine, reference: &Reference, slot: &Slot, began: Instant) -> Result<Looked, FaceError> {
    let config = FaceConfig::documented();
    let (mut answers, mut tries) = (Vec::new(), Vec::new());
    let begin = || Attempt::new(engine, reference, &config, 1, (Tempo::Usual, [0; 32]));
    let mut attempt = begin();
    let mut first = None;
    while let Some(frame) = slot.take() {
        let look = attempt.look(&frame)?;
        let taken = *first.get_or_insert(frame.taken);
        answers.push(began.elapsed().saturating_sub(frame.taken));
        // The frames show somebody who does not move: each try ends where the face is compared.
        if look.moving || look.finished {
            tries.push(began.elapsed().saturating_sub(taken));
            attempt = begin();
            first = None;
        }
    }
    Ok((answers, tries))
}

/// Room for one frame: the newest wins.
#[derive(Default)]
struct Slot {
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Default)]
struct Held {
    frame: Option<Frame>,
    closed: bool,
}

impl Slot {
    fn put(&self, frame: Frame) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).frame = Some(frame);
        self.changed.notify_one();
    }

    /// Waits for a frame; none once the slot is closed.
    fn take(&self) -> Option<Frame> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if held.closed {
                return None;
            }
            if let Some(frame) = held.frame.take() {
                return Some(frame);
            }
            held = self.changed.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.changed.notify_all();
    }
}
