//! The crates that are for others too: each is made into the package that a registry would get,
//! and that package is built alone, outside the workspace. One that needs a crate of the kiosk,
//! a file that it does not carry or a feature that only the workspace turns on does not build.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::project;

/// Left to right: each may use those before it.
const CRATES: [&str; 3] = ["chip-reader", "card", "identity"];

/// Makes the packages and builds them.
pub fn build() -> Result<()> {
    let mut cargo = project::cargo();
    // What is not committed yet is looked at too, as by every other check. Cargo would build them
    // itself, but once: what it unpacked of a version it takes for that version ever after.
    cargo.args(["package", "--quiet", "--locked", "--allow-dirty", "--no-verify"]);
    project::run(cargo.args(CRATES.iter().flat_map(|name| ["--package", name])))?;

    let alone = project::target().join("packages");
    fs::create_dir_all(&alone).with_context(|| format!("cannot make {}", alone.display()))?;
    let folders = CRATES.map(|name| format!("{name}-{}", env!("CARGO_PKG_VERSION")));
    for folder in &folders {
        unpack(folder, &alone)?;
    }
    // The versions that the project uses; none is asked for.
    fs::copy(project::root().join("Cargo.lock"), alone.join("Cargo.lock")).context("cannot copy the lock")?;
    fs::write(alone.join("Cargo.toml"), workspace(&folders)).context("cannot write a workspace")?;
    for name in CRATES {
        // One at a time: together, what one asks of a dependency is there for all.
        let mut cargo = project::cargo();
        cargo.current_dir(&alone).env("CARGO_TARGET_DIR", alone.join("target"));
        project::run(cargo.args(["build", "--quiet", "--package", name]))?;
    }
    Ok(())
}

/// Unpacks the package of that name and version, in place of an older one.
fn unpack(folder: &str, into: &Path) -> Result<()> {
    let old = into.join(folder);
    if old.exists() {
        fs::remove_dir_all(&old).with_context(|| format!("cannot remove {}", old.display()))?;
    }
    let package = project::target().join("package").join(format!("{folder}.crate"));
    // Cargo tells by their times what changed, and in a package all files have one time.
    project::run_quietly(Command::new("tar").arg("-xmzf").arg(package).arg("-C").arg(into))
}

/// A workspace of the packages alone, in which they stand for what a registry would have.
fn workspace(folders: &[String]) -> String {
    let members: Vec<_> = folders.iter().map(|folder| format!("{folder:?}")).collect();
    let patch =
        CRATES.iter().zip(folders).map(|(name, folder)| format!("{name} = {{ path = {folder:?} }}\n"));
    let patch: String = patch.collect();
    format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[patch.crates-io]\n{patch}", members.join(", "))
}
