//! A production build must refuse simulators: the compiler is asked, as a release would
//! ask it, and must say no for that reason and no other.

use std::process::Command;

use anyhow::{Result, bail, ensure};

/// What `hardware.rs` of kioskd says to a build that would link a simulator.
const REFUSAL: &str = "simulators are never linked into a production build";

/// Compiles `kioskd` with simulators and without debug assertions, beside everything else as
/// it was built before (`cargo` and `everything`: the same compiler and features, or all
/// dependencies are built once more). Only this one crate is compiled anew, and it must fail.
pub fn refuses_simulators(mut cargo: Command, everything: &[&str]) -> Result<()> {
    let output = cargo
        .args(["build", "--quiet", "--all-targets"])
        .args(everything)
        .args(["--config", "profile.dev.package.kioskd.debug-assertions=false"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        bail!("a production build of kioskd took simulators");
    }
    ensure!(said.contains(REFUSAL), "a production build of kioskd failed for another reason: {said}");
    println!("production: a build with simulators is refused");
    Ok(())
}
