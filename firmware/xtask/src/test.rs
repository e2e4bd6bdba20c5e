//! `cargo xtask test`: everything that must hold before a change lands.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use crate::{demo, layers, licences, packages, production, project};

/// The whole workspace, with the hardware pretended.
const EVERYTHING: [&str; 4] = ["--workspace", "--locked", "--features", "kioskd/simulators"];

/// Runs all checks; the last lines are the test runner's own.
pub fn run() -> Result<()> {
    packages::install_missing()?;
    project::run(project::cargo().args(["fmt", "--all", "--check"]))?;
    layers::run()?;
    licences::run()?;
    project::run(
        project::cargo().args(["clippy", "--all-targets"]).args(EVERYTHING).args(["--", "-D", "warnings"]),
    )?;
    let emupos = install_opponent("emupos", "firmware/drivers/tests/emupos/install.py")?;
    let python_tuf = install_opponent("python-tuf", "firmware/tuf/tests/python_tuf/install.py")?;
    let swupdate =
        install_opponent("swupdate", "firmware/simulators/pretend-platform/tests/swupdate/install.py")?;
    // Programs and tests in one build, so that nothing is built twice with other features.
    project::run(project::cargo().args(["build", "--all-targets"]).args(EVERYTHING))?;
    production::refuses_simulators(&EVERYTHING)?;
    demo::walk_all()?;
    project::run(
        project::cargo()
            .args(["test", "--no-fail-fast"])
            .args(EVERYTHING)
            .env("KIOSK_OPPONENTS", "required")
            .env("KIOSK_EMUPOS", emupos.join("bin/emupos"))
            .env("KIOSK_PYTHON_TUF", python_tuf)
            .env("KIOSK_SWUPDATE", swupdate.join("run")),
    )
}

/// Somebody else's work that opposes ours, so that one mistake cannot agree with itself: the
/// receipt printer emulator of our driver, the reference implementation of TUF, an update client of
/// our fleet server.
fn install_opponent(name: &str, script: &str) -> Result<PathBuf> {
    let folder = project::target().join("opponents").join(name);
    project::run(Command::new("python3").arg(project::root().join(script)).arg(&folder))?;
    Ok(folder)
}
