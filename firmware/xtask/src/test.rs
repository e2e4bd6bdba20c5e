//! `cargo xtask test`: everything that must hold before a change lands.

use std::{path::PathBuf, process::Command};

use anyhow::Result;
use opponents::Opponent;

use crate::{demo, layers, licences, packages, production, project, published, suites};

/// The whole workspace, with the hardware pretended.
const EVERYTHING: [&str; 4] = ["--workspace", "--locked", "--features", "kioskd/simulators"];

/// Runs all checks; the last lines are the test runner's own.
pub fn run() -> Result<()> {
    packages::install_missing()?;
    project::run(project::cargo().args(["fmt", "--all", "--check"]))?;
    layers::run()?;
    licences::run()?;
    published::build()?;
    for opponent in Opponent::ALL {
        install_opponent(opponent)?;
    }
    // Lints, programs and tests in one build, so that nothing is looked at or built twice.
    project::run(linting()?.args(["build", "--all-targets"]).args(EVERYTHING))?;
    production::refuses_simulators(linting()?, &EVERYTHING)?;
    demo::walk_all()?;
    // Where they are named none may be missing.
    suites::run(linting, &EVERYTHING, (opponents::FOLDER, &opponents_folder()))
}

/// A cargo that compiles our own crates with clippy's driver, warnings being errors: what `cargo
/// clippy` does, but what it compiles can be run. A pass of its own reads every dependency a
/// second time, a quarter of the whole. Only checks are built so; the driver optimises a little
/// less.
fn linting() -> Result<Command> {
    let mut cargo = project::cargo();
    cargo.env("RUSTC_WORKSPACE_WRAPPER", project::toolchain()?.join("bin/clippy-driver"));
    // As `cargo clippy -- -D warnings` hands its words on.
    cargo.env("CLIPPY_ARGS", ["-D", "warnings", ""].join("__CLIPPY_HACKERY__"));
    Ok(cargo)
}

fn opponents_folder() -> PathBuf {
    project::target().join("opponents")
}

/// Brings an opponent, where it is not there yet; its folder.
pub fn install_opponent(opponent: Opponent) -> Result<PathBuf> {
    let folder = opponents_folder().join(opponent.name());
    let mut python = Command::new("python3");
    python.current_dir(project::root()).args(opponent.script());
    project::run(python.arg(&folder))?;
    Ok(folder)
}
