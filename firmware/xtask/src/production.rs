//! A production build must refuse simulators: the compiler is asked, as a release would
//! ask it, and must say no for that reason and no other.

use anyhow::{Result, bail, ensure};

use crate::project;

/// What `hardware.rs` of kioskd says to a build that would link a simulator.
const REFUSAL: &str = "simulators are never linked into a production build";

/// Compiles `kioskd` with simulators and without debug assertions. Only this one crate
/// is compiled anew, and it must fail.
pub fn refuses_simulators() -> Result<()> {
    let output = project::cargo()
        .args(["rustc", "--quiet", "--locked", "-p", "kioskd", "--features", "kioskd/simulators"])
        .args(["--bin", "kioskd", "--", "-C", "debug-assertions=off"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        bail!("a production build of kioskd took simulators");
    }
    ensure!(said.contains(REFUSAL), "a production build of kioskd failed for another reason: {said}");
    println!("production: a build with simulators is refused");
    Ok(())
}
