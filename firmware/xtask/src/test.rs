//! `cargo xtask test`: everything that must hold before a change lands.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use crate::{demo, layers, licences, packages, production, project, suites};

/// The whole workspace, with the hardware pretended.
const EVERYTHING: [&str; 4] = ["--workspace", "--locked", "--features", "kioskd/simulators"];

/// Runs all checks; the last lines are the test runner's own.
pub fn run() -> Result<()> {
    packages::install_missing()?;
    project::run(project::cargo().args(["fmt", "--all", "--check"]))?;
    layers::run()?;
    licences::run()?;
    let emupos = install_opponent("emupos", "firmware/drivers/tests/emupos/install.py")?;
    let python_tuf = install_python_tuf()?;
    let swupdate = unpack_debian("swupdate")?;
    let rauc = install_rauc()?;
    let softhsm = unpack_debian("softhsm2")?;
    let opensc = unpack_debian("opensc")?;
    let full_precision = install_opponent("full-precision", "firmware/face/full_precision.py")?;
    let victoria = install_opponent("victoria-metrics", "firmware/fleetd/tests/victoria_metrics/install.py")?;
    // Lints, programs and tests in one build, so that nothing is looked at or built twice.
    project::run(linting()?.args(["build", "--all-targets"]).args(EVERYTHING))?;
    production::refuses_simulators(linting()?, &EVERYTHING)?;
    demo::walk_all()?;
    suites::run(
        linting,
        &EVERYTHING,
        &[
            ("KIOSK_OPPONENTS", "required".into()),
            ("KIOSK_EMUPOS", emupos.join("bin/emupos")),
            ("KIOSK_PYTHON_TUF", python_tuf),
            ("KIOSK_SWUPDATE", swupdate.join("run")),
            ("KIOSK_RAUC", rauc.join("run")),
            ("KIOSK_SOFTHSM", softhsm),
            ("KIOSK_OPENSC", opensc),
            ("KIOSK_FULL_PRECISION", full_precision),
            ("KIOSK_VICTORIA", victoria),
        ],
    )
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

/// The reference implementation of TUF, in a Python of its own.
pub fn install_python_tuf() -> Result<PathBuf> {
    install_opponent("python-tuf", "firmware/tuf/tests/python_tuf/install.py")
}

/// Debian's RAUC.
pub fn install_rauc() -> Result<PathBuf> {
    unpack_debian("rauc")
}

/// A program of Debian's that is not to become part of the machine.
fn unpack_debian(package: &str) -> Result<PathBuf> {
    let folder = project::target().join("opponents").join(package);
    let script = project::root().join("firmware/xtask/unpack_debian.py");
    project::run(Command::new("python3").arg(script).arg(package).arg(&folder))?;
    Ok(folder)
}

/// Somebody else's work that opposes ours, so that one mistake cannot agree with itself: the
/// receipt printer emulator of our driver, the reference implementation of TUF, an update client of
/// our fleet server, an engine for our metrics, the recogniser before its weights were rounded; and
/// RAUC, which our back end drives.
fn install_opponent(name: &str, script: &str) -> Result<PathBuf> {
    let folder = project::target().join("opponents").join(name);
    project::run(Command::new("python3").arg(project::root().join(script)).arg(&folder))?;
    Ok(folder)
}
