//! The command line.

use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf};

use face::Tempo;
use lexopt::{Arg, ValueExt as _};

/// For people.
pub const HELP: &str = "\
bench --attacks TRIES [--gently] [--liveness-pack DIR --pack-sha256 HEX]
  presents living people and attacks to the face engine, so often for each of three people;
  --gently: on the slow path of those who cannot make every movement
bench --numbers MODELS --peers-python PYTHON [--out DIR] [--liveness-pack DIR --pack-sha256 HEX]
  only what the models of a folder give beside the peers' runtimes, number by number
bench [--out DIR] [--pages FILE] [--visit FILE] [--peers-python PYTHON]
  --out DIR              folder that bench.json is written to (default: the current one)
  --pages FILE           what page-times of ui/ wrote
  --visit FILE           result.json of a headless demo
  --peers-python PYTHON  a Python with onnxruntime and OpenCV, for the face's peers; README.md";

/// What is wanted.
pub enum Wanted {
    /// Only help.
    Help,
    /// The whole run.
    All(Options),
    /// Attacks presented to the face engine.
    Attacks {
        /// For each person and kind.
        tries: u8,
        /// How movements are asked for.
        tempo: Tempo,
        /// The passive model's folder and the SHA-256 of its list.
        pack: Option<(PathBuf, String)>,
    },
    /// The models' numbers beside the peers'.
    Numbers {
        /// The folder of models.
        models: PathBuf,
        /// The passive model's folder and the SHA-256 of its list.
        pack: Option<(PathBuf, String)>,
        /// Where frames go.
        out: PathBuf,
        /// A Python with the peers.
        python: PathBuf,
    },
    /// One measurement, asked for by the whole run.
    Part(Part),
}

/// The whole run.
pub struct Options {
    /// Where results go.
    pub out: PathBuf,
    /// What page-times wrote.
    pub pages: Option<PathBuf>,
    /// A headless demo's result.
    pub visit: Option<PathBuf>,
    /// A Python with the peers.
    pub peers_python: Option<PathBuf>,
}

/// One measurement in a process of its own.
pub enum Part {
    /// Our engine's turn at the stages.
    Stages {
        /// Threads of the models.
        threads: NonZeroUsize,
        /// Folder of frames.
        frames: PathBuf,
    },
    /// The preview while the models run.
    Preview {
        /// Threads of the models.
        threads: NonZeroUsize,
        /// Folder of frames.
        frames: PathBuf,
        /// Whether the process keeps to one core.
        one_core: bool,
    },
}

/// Reads the command line.
pub fn read() -> Result<Wanted, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut options = Options { out: PathBuf::from("."), pages: None, visit: None, peers_python: None };
    let mut part: Option<OsString> = None;
    let mut numbers: Option<PathBuf> = None;
    let (mut attacks, mut folder, mut sha256, mut tempo) = (None, None, None, Tempo::Usual);
    let (mut threads, mut frames, mut one_core) = (NonZeroUsize::MIN, PathBuf::new(), false);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("out") => options.out = parser.value()?.into(),
            Arg::Long("pages") => options.pages = Some(parser.value()?.into()),
            Arg::Long("visit") => options.visit = Some(parser.value()?.into()),
            Arg::Long("peers-python") => options.peers_python = Some(parser.value()?.into()),
            Arg::Long("attacks") => attacks = Some(parser.value()?.parse()?),
            Arg::Long("numbers") => numbers = Some(parser.value()?.into()),
            Arg::Long("gently") => tempo = Tempo::Gentle,
            Arg::Long("liveness-pack") => folder = Some(parser.value()?.into()),
            Arg::Long("pack-sha256") => sha256 = Some(parser.value()?.string()?),
            Arg::Long("part") => part = Some(parser.value()?),
            Arg::Long("threads") => threads = parser.value()?.parse()?,
            Arg::Long("frames") => frames = parser.value()?.into(),
            Arg::Long("one-core") => one_core = true,
            Arg::Long("help") | Arg::Short('h') => return Ok(Wanted::Help),
            other => return Err(other.unexpected()),
        }
    }
    if folder.is_some() != sha256.is_some() {
        return Err("--liveness-pack and --pack-sha256 go together".into());
    }
    if let Some(tries) = attacks {
        return Ok(Wanted::Attacks { tries, tempo, pack: folder.zip(sha256) });
    }
    if let Some(models) = numbers {
        let python = options.peers_python.ok_or("--numbers needs --peers-python")?;
        return Ok(Wanted::Numbers { models, pack: folder.zip(sha256), out: options.out, python });
    }
    let Some(part) = part else { return Ok(Wanted::All(options)) };
    match part.to_str() {
        Some("stages") => Ok(Wanted::Part(Part::Stages { threads, frames })),
        Some("preview") => Ok(Wanted::Part(Part::Preview { threads, frames, one_core })),
        _ => Err(format!("--part is stages or preview, not {}", part.display()).into()),
    }
}
