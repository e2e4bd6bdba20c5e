//! The stages of a look at a camera frame, by our engine and by the peers. Every
//! measurement is a process of its own, ours too, so that memory and load time stand
//! beside each other; they take turns, so that a busy moment hits everybody alike.

use std::{
    fs,
    num::NonZeroUsize,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use devices::{Frame, Pixels};
use face::{Attempt, Engine, FaceConfig, Tempo, Timings};
use identity::Identity;
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    chip::{Failure, milliseconds},
    machine::peak_memory_mib,
};

/// Turns of everybody.
const TURNS: usize = 3;
/// Frames at the beginning of a turn that do not count: caches and buffers fill.
const WARM_UP: usize = 3;
/// Who is measured: the name in the table, and the word that `peers/faces.py` knows.
const RUNTIMES: [(&str, Option<&str>); 3] =
    [("face (rten)", None), ("onnxruntime", Some("onnxruntime")), ("OpenCV", Some("opencv"))];

/// One line of the table; milliseconds of wall clock, medians over all frames that count.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Whose runtime.
    pub runtime: &'static str,
    /// Threads that the models may use.
    pub threads: usize,
    /// `None`: not measured, because no Python with the peers was given.
    pub measured: Option<Measured>,
}

/// What was measured of it.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Of the peer; ours is the lock file's.
    pub version: String,
    /// Frames that count.
    pub frames: usize,
    /// The medians of the stages.
    pub stages: Stages,
    /// The median of a frame's stages together.
    pub total_ms: f64,
    /// Loading the models.
    pub load_ms: f64,
    /// The template of the card's portrait; ours only.
    pub reference_ms: Option<f64>,
    /// The most memory that the process held before it loaded the models.
    pub before_models_mib: Option<f64>,
    /// The same at its end.
    pub peak_mib: Option<f64>,
}

/// Milliseconds of each stage. The peers go only through those that they have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// Pixels out of the camera's format.
    pub decode: f64,
    /// Finding faces: on the whole frame, and once more from near.
    pub detect: f64,
    /// Bringing the face upright.
    pub align: f64,
    /// The template.
    pub template: f64,
    /// Landmarks, and with them the pose.
    pub landmarks: f64,
    /// Every measure of quality; ours only.
    #[serde(default)]
    pub quality: f64,
    /// Looking for a pattern over the skin; ours only.
    #[serde(default)]
    pub pattern: f64,
    /// What a movement shows of a living face; ours only.
    #[serde(default)]
    pub movement: f64,
    /// Comparing templates; ours only.
    #[serde(default)]
    pub compare: f64,
    /// The passive liveness model; ours only, and where it is installed.
    #[serde(default)]
    pub passive: f64,
    /// CPU time of the whole process meanwhile: of all threads, waiting ones that spin too,
    /// and of nobody else.
    pub cpu: f64,
}

impl Stages {
    /// What our engine says of one look, if that is all of its time: a stage that is missing here
    /// would make ours look faster than it is.
    fn of(times: &Timings, cpu: Duration) -> Result<Self, Failure> {
        let stages = Self {
            decode: milliseconds(times.decode),
            detect: milliseconds(times.detect),
            align: milliseconds(times.align),
            template: milliseconds(times.template),
            landmarks: milliseconds(times.landmarks),
            quality: milliseconds(times.quality),
            pattern: milliseconds(times.pattern),
            movement: milliseconds(times.movement),
            compare: milliseconds(times.compare),
            passive: milliseconds(times.passive),
            cpu: milliseconds(cpu),
        };
        let missing = milliseconds(times.total()) - stages.total();
        // Between sums of the same numbers lies only rounding; no stage is as short as that.
        if missing.abs() > 1e-6 {
            return Err(format!("{missing} ms of a look lie in no stage").into());
        }
        Ok(stages)
    }

    /// All but the CPU time.
    fn total(&self) -> f64 {
        let seen = self.decode + self.detect + self.landmarks + self.quality;
        let alive = self.pattern + self.movement + self.passive;
        seen + alive + self.align + self.template + self.compare
    }

    /// What takes too little time for a column of its own.
    pub fn rest(&self) -> f64 {
        self.movement + self.compare + self.passive
    }
}

/// What one process says of its turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Turn {
    version: String,
    load_ms: f64,
    #[serde(default)]
    reference_ms: Option<f64>,
    looks: Vec<Stages>,
    before_models_mib: Option<f64>,
    peak_mib: Option<f64>,
}

/// Everybody in turns, on one thread and on two.
pub fn measure(models: &Path, frames: &Path, peers: Option<&Path>) -> Result<Vec<Row>, Failure> {
    let mut rows: Vec<(Row, Vec<Turn>)> = RUNTIMES
        .iter()
        .flat_map(|(runtime, _)| [1, 2].map(|threads| Row { runtime, threads, measured: None }))
        .map(|row| (row, Vec::new()))
        .collect();
    for _ in 0..TURNS {
        for (row, turns) in &mut rows {
            let word =
                RUNTIMES.iter().find(|(runtime, _)| *runtime == row.runtime).and_then(|(_, word)| *word);
            let count = row.threads.to_string();
            let mut command = match (word, peers) {
                (None, _) => own(&["stages", "--threads", &count, "--frames"]),
                (Some(word), Some(python)) => peer(python, &["stages", word, &count], models),
                (Some(_), None) => continue,
            };
            turns.push(answer(command.arg(frames))?);
        }
    }
    Ok(rows.into_iter().map(|(row, turns)| Row { measured: summed_up(&turns), ..row }).collect())
}

/// A part of this program, as a process of its own.
pub fn own(part: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "bench".into()));
    command.arg("--part").args(part);
    command
}

/// The peers' program in the Python that has them.
pub fn peer(python: &Path, words: &[&str], models: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/faces.py")).args(words).arg(models);
    command
}

/// Runs a process and reads the JSON that it prints.
pub fn answer<T: DeserializeOwned>(command: &mut Command) -> Result<T, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "{name}: {}",
            said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it failed")
        )
        .into());
    }
    Ok(serde_json::from_slice(&output.stdout).map_err(|error| format!("{name}: {error}"))?)
}

fn summed_up(turns: &[Turn]) -> Option<Measured> {
    let first = turns.first()?;
    let looks: Vec<Stages> = turns.iter().flat_map(|turn| turn.looks.iter().skip(WARM_UP)).copied().collect();
    let stage = |of: fn(&Stages) -> f64| middle(looks.iter().map(of));
    let most = |of: fn(&Turn) -> Option<f64>| turns.iter().filter_map(of).max_by(f64::total_cmp);
    let reference: Vec<f64> = turns.iter().filter_map(|turn| turn.reference_ms).collect();
    Some(Measured {
        version: first.version.clone(),
        frames: looks.len(),
        stages: Stages {
            decode: stage(|it| it.decode),
            detect: stage(|it| it.detect),
            align: stage(|it| it.align),
            template: stage(|it| it.template),
            landmarks: stage(|it| it.landmarks),
            quality: stage(|it| it.quality),
            pattern: stage(|it| it.pattern),
            movement: stage(|it| it.movement),
            compare: stage(|it| it.compare),
            passive: stage(|it| it.passive),
            cpu: stage(|it| it.cpu),
        },
        total_ms: stage(Stages::total),
        load_ms: middle(turns.iter().map(|turn| turn.load_ms)),
        reference_ms: (!reference.is_empty()).then(|| middle(reference.into_iter())),
        before_models_mib: most(|turn| turn.before_models_mib),
        peak_mib: most(|turn| turn.peak_mib),
    })
}

/// The middle one; of an even number the later of the two in the middle.
pub fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Our engine's turn: looks at every frame of the folder as the kiosk does.
pub fn take_turn(
    models: &Path,
    frames: &Path,
    threads: NonZeroUsize,
    holder: &Identity,
) -> Result<Turn, Failure> {
    let frames = read_frames(frames)?;
    let before_models_mib = peak_memory_mib();
    let began = Instant::now();
    let engine = Engine::load_with_threads(models, threads)?;
    let load_ms = milliseconds(began.elapsed());
    let began = Instant::now();
    let reference = engine.reference(holder)?;
    let reference_ms = Some(milliseconds(began.elapsed()));
    let config = FaceConfig::documented();
    let begin = || Attempt::new(&engine, &reference, &config, 1, (Tempo::Usual, [0; 32]));
    let mut attempt = begin();
    let mut looks = Vec::new();
    for frame in &frames {
        let cpu = process_time();
        let look = attempt.look(frame)?;
        let times = look.timings;
        if times.template.is_zero() {
            return Err("a frame did not go through all stages".into());
        }
        looks.push(Stages::of(&times, process_time().saturating_sub(cpu))?);
        // Movements need no template: only what is compared goes through all stages.
        if look.moving || look.finished {
            attempt = begin();
        }
    }
    let version = "in the lock file".to_owned();
    Ok(Turn { version, load_ms, reference_ms, looks, before_models_mib, peak_mib: peak_memory_mib() })
}

fn process_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("Linux has this clock").into()
}

/// The JPEG frames of a folder in the order of their names, 30 a second.
pub fn read_frames(folder: &Path) -> Result<Vec<Frame>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths = entries.map(|entry| entry.map(|it| it.path())).collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|it| it == "jpg"));
    paths.sort();
    let [width, height] = crate::faces::FRAME;
    let frame = |(number, path): (u32, _)| {
        let data = Zeroizing::new(fs::read(path)?);
        Ok(Frame { taken: Duration::from_secs(1) * number / 30, width, height, pixels: Pixels::Mjpg, data })
    };
    (0..).zip(paths).map(frame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_warm_up_do_not_count_and_the_middle_does() {
        let look = |ms| Stages { decode: ms, template: 1.0, cpu: ms, ..Stages::default() };
        let turn = Turn {
            version: "1".to_owned(),
            load_ms: 5.0,
            reference_ms: None,
            looks: [900.0, 900.0, 900.0, 1.0, 2.0, 30.0].map(look).to_vec(),
            before_models_mib: Some(10.0),
            peak_mib: Some(20.0),
        };
        let found = summed_up(&[turn.clone(), Turn { peak_mib: Some(25.0), ..turn }]).unwrap();
        assert_eq!((found.frames, found.stages.decode, found.total_ms), (6, 2.0, 3.0));
        assert_eq!(found.peak_mib, Some(25.0));
        assert!(summed_up(&[]).is_none(), "nothing is invented");
    }

    #[test]
    fn a_look_takes_as_long_as_its_stages_together() {
        let [decode, detect, align, landmarks, quality] = [1, 2, 4, 8, 16].map(Duration::from_millis);
        let [movement, template, compare, pattern, passive] =
            [32, 64, 128, 256, 512].map(Duration::from_millis);
        let times = Timings {
            decode,
            detect,
            align,
            landmarks,
            quality,
            movement,
            template,
            compare,
            pattern,
            passive,
        };
        let stages = Stages::of(&times, Duration::ZERO).unwrap();
        assert!((stages.total() - 1023.0).abs() < 1e-6 && (stages.rest() - 672.0).abs() < 1e-6, "{stages:?}");
    }

    #[test]
    fn a_peer_need_not_have_what_only_ours_does() {
        let said = r#"{"decode":1,"detect":2,"align":3,"template":4,"landmarks":5,"cpu":6}"#;
        let stages: Stages = serde_json::from_str(said).unwrap();
        assert!((stages.total() - 15.0).abs() < 1e-9 && stages.quality < 1e-9, "{stages:?}");
        // What everybody does may not be left out.
        assert!(serde_json::from_str::<Stages>(&said.replace("\"align\":3,", "")).is_err());
    }
}
