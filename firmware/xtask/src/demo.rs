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
use serde::Deserialize;

use crate::{packages, project, stage::Stage};

/// What the command line asks for.
pub struct Options {
    /// No window: a robot citizen walks the visit.
    pub headless: bool,
    /// Where the report goes.
    pub out: Option<PathBuf>,
    /// A file, or the name of one in the scenarios folder.
    pub scenario: String,
    /// Which service.
    pub service: String,
    /// The citizen's language.
    pub language: String,
    /// The screen.
    pub size: String,
    /// A real reader, by a part of its name.
    pub reader: Option<String>,
    /// A real camera.
    pub camera: Option<PathBuf>,
}

impl Options {
    /// The happy way without a window.
    pub fn headless() -> Self {
        Self {
            headless: true,
            out: None,
            scenario: "happy".to_owned(),
            service: "eid.activate".to_owned(),
            language: "vi".to_owned(),
            size: "1080x1920".to_owned(),
            reader: None,
            camera: None,
        }
    }
}

/// Where the invented citizens and the scenarios lie.
pub fn people() -> PathBuf {
    project::root().join("firmware/simulators/people")
}

/// The folder of the scenarios.
pub fn scenarios() -> PathBuf {
    project::root().join("firmware/simulators/scenarios")
}

/// Lists the scenarios and what each shows.
pub fn list() -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(scenarios())?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    for path in names {
        let script = Script::load(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        println!("{name:24} {}", script.title);
    }
    Ok(())
}

/// Runs the demo.
pub fn run(options: &Options) -> Result<()> {
    packages::install_missing()?;
    let path = scenario_path(&options.scenario)?;
    let script = Script::load(&path)?;
    build()?;
    let out = options.out.clone().unwrap_or_else(|| project::root().join("out/demo"));
    let stage = Stage::set(options, &path, &script, &out)?;
    if options.headless { stage.walk(options, &script) } else { stage.open_window(options, &script) }
}

/// Builds the demo and walks every scenario.
pub fn run_every() -> Result<()> {
    packages::install_missing()?;
    build()?;
    walk_all()
}

/// Visits that are walked at the same time: most of one is waiting.
const AT_ONCE: usize = 2;

/// Walks every scenario once, headless, with the programs that are built already. The first
/// that fails ends it.
pub fn walk_all() -> Result<()> {
    let mut paths: Vec<_> = fs::read_dir(scenarios())?.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let paths = Mutex::new(paths);
    let next = || paths.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let walk_some = || {
        while let Some(path) = next() {
            if let Err(error) = walk_one(&path) {
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
    let script = Script::load(path)?;
    let options = Options { scenario: path.display().to_string(), ..Options::headless() };
    Stage::set(&options, path, &script, &out)?
        .walk(&options, &script)
        .with_context(|| format!("scenario {name}"))
}

/// What the demo itself must know of a scenario file.
#[derive(Deserialize)]
pub struct Script {
    /// One sentence.
    pub title: String,
    /// Who comes, by short name.
    pub person: String,
    #[serde(default)]
    platform: PlatformPart,
    #[serde(default)]
    citizen: CitizenPart,
    /// What must come of it.
    pub expect: Expectation,
}

#[derive(Default, Deserialize)]
struct PlatformPart {
    otp: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct CitizenPart {
    shows_qr: Option<bool>,
}

/// What must come of a scenario.
#[derive(Deserialize)]
pub struct Expectation {
    /// The outcome's word, or `none`.
    pub outcome: String,
    /// Events of the audit log, in this order.
    #[serde(default)]
    pub events: Vec<String>,
    /// Pages, in this order.
    #[serde(default)]
    pub pages: Vec<String>,
    /// Hints of the camera, in this order.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Transactions that the platform holds in the end.
    #[serde(default)]
    pub transactions: u32,
    /// Whether a slip came out.
    #[serde(default)]
    pub paper: bool,
}

/// What the demo must know of an invented citizen.
#[derive(Clone, Deserialize)]
pub struct Person {
    /// The 12-digit number.
    pub number: String,
    /// The name.
    pub name: String,
    /// The phone.
    pub phone: String,
}

impl Script {
    /// Reads a scenario file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// The code that the platform "sends".
    pub fn otp(&self) -> &str {
        self.platform.otp.as_deref().unwrap_or("246813")
    }

    /// Whether the citizen shows the card's QR instead of typing digits.
    pub fn shows_qr(&self) -> bool {
        self.citizen.shows_qr != Some(false)
    }

    /// Who comes.
    pub fn person(&self) -> Result<Person> {
        let path = people().join("people.toml");
        let mut people: std::collections::BTreeMap<String, Person> =
            toml::from_str(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
        people.remove(&self.person).with_context(|| format!("no invented citizen '{}'", self.person))
    }
}

/// The file of a scenario, by path or by name.
pub fn scenario_path(name: &str) -> Result<PathBuf> {
    let given = PathBuf::from(name);
    if given.is_file() {
        return Ok(given.canonicalize()?);
    }
    let known = scenarios().join(format!("{name}.toml"));
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
