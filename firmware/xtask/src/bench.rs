//! `cargo xtask bench`: the firmware's own bench, and beside it what only programs of
//! `ui/` can tell. Those run as processes of their own: nothing of the firmware links
//! the touchscreen.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use opponents::Opponent;

use crate::{demo, packages, project, test};

/// Measures the pages and a visit, and hands both to the bench; `peers`: a Python that has the
/// face's peers.
pub fn run(out: &Path, peers: Option<&Path>) -> Result<()> {
    packages::install_missing()?;
    demo::build()?;
    let folder = project::target().join("bench");
    fs::create_dir_all(&folder)?;
    let pages = folder.join("pages.json");
    // As a kiosk has them: the demo's profile does not optimise the pages.
    let page_times = ["build", "--release", "--locked", "-p", "gallery", "--bin", "page-times"];
    project::run(project::cargo().args(page_times))?;
    println!("==> page-times");
    let program = project::target().join("release/page-times");
    let status = Command::new(program).stdout(File::create(&pages)?).status();
    ensure!(status.context("cannot start page-times")?.success(), "page-times failed");
    let visit = folder.join("visit");
    println!("==> a headless visit, for the memory");
    demo::run(&demo::Asked { out: Some(visit.clone()), ..demo::Asked::headless() })?;
    let cargo = ["run", "--release", "--locked", "--manifest-path", "firmware/bench/Cargo.toml", "--"];
    let mut given =
        vec![("--pages", pages), ("--visit", visit.join("result.json")), ("--out", out.to_owned())];
    given.extend(peers.map(|python| ("--peers-python", python.to_owned())));
    project::run(
        project::cargo()
            .args(cargo)
            .args(given.iter().flat_map(|(name, path)| [OsStr::new(name), path.as_os_str()])),
    )
}

/// What an update costs beside others, and what a fleet costs its server. `deltas`: two builds each,
/// of which the second is to be had by what changed.
pub fn run_updates(out: &Path, deltas: &[(PathBuf, PathBuf)]) -> Result<()> {
    packages::install_missing()?;
    let python_tuf = test::install_opponent(Opponent::PythonTuf)?;
    let rauc = test::install_opponent(Opponent::Rauc)?;
    let built = ["build", "--release", "--locked", "-p", "install", "-p", "kiosk-repo", "-p", "fleet-sim"];
    let examples = ["--bins", "--example", "install_300", "--example", "delta"];
    project::run(project::cargo().args(built).args(examples))?;
    let built = project::target().join("release");
    project::run(
        Command::new("python3")
            .arg(project::root().join("firmware/bench/peers/updates.py"))
            .arg("--install")
            .arg(built.join("examples/install_300"))
            .arg("--repo")
            .arg(built.join("kiosk-repo"))
            .arg("--python-tuf")
            .arg(python_tuf.join("bin/python"))
            .arg("--rauc")
            .arg(rauc.join("run"))
            .arg("--delta-program")
            .arg(built.join("examples/delta"))
            .args(deltas.iter().flat_map(|(old, new)| [OsStr::new("--delta"), old.as_ref(), new.as_ref()]))
            .args(["--mib", "300", "--mib", "2048", "--out"])
            .arg(out),
    )?;
    let fleet = out.join("fleet.json");
    println!("==> fleet-sim: 10,000 kiosks for a minute, told to sleep 30 s");
    let status = Command::new(built.join("fleet-sim"))
        .args(["--loopback", "60", "--kiosks", "10000", "--poll-every", "30"])
        .stdout(File::create(&fleet)?)
        .status();
    ensure!(status.context("cannot start fleet-sim")?.success(), "fleet-sim failed");
    print!("{}", fs::read_to_string(fleet)?);
    Ok(())
}
