//! `cargo xtask demo`: the main job on pretend hardware. A private pcscd with a virtual
//! card, a camera that replays photographs, printer and scanner on pseudo-terminals, a
//! pretend platform, the real `kioskd`; and either the touchscreen in a window or,
//! with `--headless`, a robot citizen at the same pages.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
};

use anyhow::{Context, Result, bail};
use rehearsal::{Options, Places, Script, Stage};

use crate::{packages, project, update, window};

/// What the command line asks for.
pub struct Asked {
    /// No window: a robot citizen walks the visit.
    pub headless: bool,
    /// Where the report goes.
    pub out: Option<PathBuf>,
    /// A file, or the name of one in the scenarios folder.
    pub scenario: String,
    /// What is asked for at the screen, and which hardware is real.
    pub options: Options,
}

impl Asked {
    /// The happy way without a window.
    pub fn headless() -> Self {
        Self { headless: true, out: None, scenario: "happy".to_owned(), options: Options::usual() }
    }
}

/// Where everything lies.
pub fn places() -> Places {
    Places::of_project(&project::root(), project::target().join("debug"))
}

/// Lists the scenarios and what each shows.
pub fn list() -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(places().scenarios)?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    for path in names {
        let script = Script::load(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        println!("{name:24} {}", script.title);
    }
    Ok(())
}

/// Runs the demo.
pub fn run(asked: &Asked) -> Result<()> {
    packages::install_missing()?;
    let scenario = scenario_path(&asked.scenario)?;
    Script::load(&scenario)?;
    build()?;
    let out = asked.out.clone().unwrap_or_else(|| project::root().join("out/demo"));
    let stage = Stage::set(&places(), &asked.options, &scenario, &out, None)?;
    if asked.headless { stage.walk() } else { window::open(stage, &asked.options.size) }
}

/// Builds the demo and walks every scenario.
pub fn run_every() -> Result<()> {
    packages::install_missing()?;
    update::build()?;
    walk_all()
}

/// Visits that are walked at the same time: most of one is waiting.
const AT_ONCE: usize = 2;

/// Records that wait in the walk of an update; the demo has more.
const RECORDS: usize = 300;

/// Walks every scenario once, headless, and an update under visits, with the programs that are
/// built already. The first that fails ends it.
pub fn walk_all() -> Result<()> {
    let mut paths: Vec<_> =
        fs::read_dir(places().scenarios)?.flatten().map(|entry| Some(entry.path())).collect();
    paths.sort();
    // The update takes longest, so it is begun first.
    paths.push(None);
    let paths = Mutex::new(paths);
    let next = || paths.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let walk_some = || {
        while let Some(path) = next() {
            let walked = match path {
                Some(path) => walk_one(&path),
                None => update::walk(&project::target().join("scenarios/update"), RECORDS).context("update"),
            };
            if let Err(error) = walked {
                paths.lock().unwrap_or_else(PoisonError::into_inner).clear();
                return Err(error);
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let walkers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(walk_some)).collect();
        walkers.into_iter().try_for_each(|walker| walker.join().expect("a walk that panicked"))
    })
}

fn walk_one(path: &Path) -> Result<()> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let out = project::target().join("scenarios").join(&name);
    Stage::set(&places(), &Options::usual(), path, &out, None)
        .and_then(Stage::walk)
        .with_context(|| format!("scenario {name}"))
}

/// The file of a scenario, by path or by name.
pub fn scenario_path(name: &str) -> Result<PathBuf> {
    let given = PathBuf::from(name);
    if given.is_file() {
        return Ok(given.canonicalize()?);
    }
    let known = places().scenarios.join(format!("{name}.toml"));
    if known.is_file() {
        return Ok(known);
    }
    bail!("CONF-03: no scenario '{name}'; see cargo xtask demo --list");
}

/// Builds every program of the demo.
pub fn build() -> Result<()> {
    project::run(project::cargo().args([
        "build",
        "--locked",
        "--bins",
        "--features",
        "kioskd/simulators",
        "-p",
        "kioskd",
        "-p",
        "simulators",
        "-p",
        "pretend-platform",
        "-p",
        "kiosk-ui",
        "-p",
        "gallery",
    ]))
}
