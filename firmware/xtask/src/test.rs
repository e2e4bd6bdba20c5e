//! `cargo xtask test`: everything that must hold before a change lands.

use anyhow::Result;

use crate::{layers, licences, packages, project};

/// Runs all checks; the last lines are the test runner's own.
pub fn run() -> Result<()> {
    packages::install_missing()?;
    project::run(project::cargo().args(["fmt", "--all", "--check"]))?;
    layers::run()?;
    licences::run()?;
    project::run(project::cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))?;
    project::run(project::cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"]))
}
