//! `cargo xtask test`: everything that must hold before a change lands.

use std::process::Command;

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
    let opponents = install_opponents()?;
    // Programs and tests in one build, so that nothing is built twice with other features.
    project::run(project::cargo().args(["build", "--all-targets"]).args(EVERYTHING))?;
    production::refuses_simulators(&EVERYTHING)?;
    demo::walk_all()?;
    project::run(
        project::cargo()
            .args(["test", "--no-fail-fast"])
            .args(EVERYTHING)
            .env("KIOSK_OPPONENTS", "required")
            .env("KIOSK_EMUPOS", opponents),
    )
}

/// The receipt printer emulator that opposes our driver; somebody else's work, so that
/// one mistake cannot agree with itself.
fn install_opponents() -> Result<std::path::PathBuf> {
    let folder = project::target().join("opponents/emupos");
    let install = project::root().join("firmware/drivers/tests/emupos/install.py");
    project::run(Command::new("python3").arg(install).arg(&folder))?;
    Ok(folder.join("bin/emupos"))
}
