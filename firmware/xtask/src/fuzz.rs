//! `cargo xtask fuzz`: hostile bytes for every parser of card and file bytes, found by
//! libFuzzer from the branches they take. The compiler that the project uses is enough:
//! its stable flags instrument the code, and the `libfuzzer-sys` crate brings the rest.
//!
//! No sanitizer: nothing of ours is `unsafe`. What bounds memory is the address space,
//! so that one absurd allocation ends the run even if nothing ever touches it.

mod outcome;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use self::outcome::Outcome;
use crate::{packages, project};

/// What the command line asks for.
pub struct Options {
    /// For all targets together.
    pub minutes: f64,
    /// The only target to run.
    pub target: Option<String>,
}

/// What makes libFuzzer see the branches taken and the values compared (LLVM,
/// SanitizerCoverage).
const INSTRUMENTED: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg",
    "fuzzing",
];
/// What one input may take; a portrait of the greatest size that is decoded needs most.
const MOST_MEMORY_MIB: u32 = 1024;
/// The same for what is asked for and not used; libFuzzer's own tables are in it too.
const MOST_ADDRESSES_MIB: u32 = 2048;
/// The longest that one input may take.
const MOST_SECONDS: u32 = 10;

/// Runs the targets one after another and says what came of each.
pub fn run(options: &Options) -> Result<()> {
    let targets = chosen(options.target.as_deref())?;
    packages::install_missing()?;
    // Only libFuzzer is C++; nothing that a kiosk runs needs this.
    packages::install(["g++"].into_iter())?;
    let program = build()?;
    let share = options.minutes * 60.0 / targets.len() as f64;
    ensure!(share >= 1.0, "CONF-03: {} targets need a second each; give more --minutes", targets.len());
    println!("fuzz: {} targets, {share:.0} seconds each", targets.len());
    let folder = project::root().join("out/fuzz");
    let mut outcomes = Vec::new();
    for target in &targets {
        let outcome = attack(&program, &folder, target, share as u64)?;
        println!("{}", outcome.line());
        outcomes.push(outcome);
    }
    summary(&program, &outcomes)
}

/// Writes the seeds of the committed corpus anew.
pub fn write_seeds() -> Result<()> {
    packages::install_missing()?;
    project::run(project::cargo().args(["run", "--quiet", "--locked", "-p", "fuzz", "--example", "seeds"]))
}

fn corpus() -> PathBuf {
    project::root().join("firmware/fuzz/corpus")
}

/// The targets by their folders in the corpus; a test of `fuzz` keeps the two the same.
fn chosen(only: Option<&str>) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for folder in fs::read_dir(corpus()).context("firmware/fuzz/corpus is not there")? {
        all.push(folder?.file_name().to_string_lossy().into_owned());
    }
    all.sort();
    match only {
        None => Ok(all),
        Some(name) if all.iter().any(|it| it == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("CONF-03: no fuzz target '{name}'; there are {}", all.join(", ")),
    }
}

/// Builds the targets into a folder of their own: the flags would rebuild all the rest.
fn build() -> Result<PathBuf> {
    let host = host()?;
    println!("fuzz: building the targets with instrumentation; the first time takes minutes");
    let folder = project::target().join("fuzz");
    let manifest = "firmware/fuzz/libfuzzer/Cargo.toml";
    // With a target named, build scripts and macros stay as they are.
    let built = project::run(
        project::cargo()
            .args(["build", "--release", "--locked", "--manifest-path", manifest, "--target", &host])
            .arg("--target-dir")
            .arg(&folder)
            .env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTED.join("\u{1f}")),
    );
    built.context(
        "CONF-01: the fuzz targets cannot be built; they need a C++ compiler, the crate libfuzzer-sys, and a \
         compiler that knows -Cpasses=sancov-module",
    )?;
    Ok(folder.join(host).join("release/fuzz-libfuzzer"))
}

/// The machine that the compiler builds for when nothing is said.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot start rustc")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say which machine this is")?.to_owned())
}

/// Runs one target for some seconds. New inputs that reach further stay in `out/`.
fn attack(program: &Path, folder: &Path, target: &str, seconds: u64) -> Result<Outcome> {
    let reached = folder.join("reached").join(target);
    let findings = folder.join("findings").join(target);
    for folder in [&reached, &findings] {
        fs::create_dir_all(folder)?;
    }
    let log = folder.join(target).with_extension("log");
    let limit = format!("ulimit -v {} && exec \"$0\" \"$@\"", MOST_ADDRESSES_MIB * 1024);
    let status = Command::new("sh")
        .args(["-c", &limit])
        .arg(program)
        .args([&reached, &corpus().join(target)])
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={MOST_MEMORY_MIB}"))
        .arg(format!("-timeout={MOST_SECONDS}"))
        .arg("-print_final_stats=1")
        .env("FUZZ_TARGET", target)
        .stderr(File::create(&log)?)
        .stdout(File::create(folder.join(target).with_extension("out"))?)
        .status()
        .context("cannot start the fuzz targets")?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    Outcome::read(target, &said, status.success())
        .with_context(|| format!("{target} ended without a word; see {}", log.display()))
}

fn summary(program: &Path, outcomes: &[Outcome]) -> Result<()> {
    let executions: u64 = outcomes.iter().map(|outcome| outcome.executions).sum();
    let found: Vec<_> = outcomes.iter().filter(|outcome| outcome.finding.is_some()).collect();
    println!("fuzz: {executions} inputs, {} findings", found.len());
    for outcome in &found {
        let input = outcome.finding.as_deref().unwrap_or_default();
        println!("fuzz: {}: {}\n  input: {input}", outcome.target, outcome.what);
        println!("  again: FUZZ_TARGET={} {} {input}", outcome.target, program.display());
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!("{} of {} targets have a finding; full logs in out/fuzz", found.len(), outcomes.len())
}
