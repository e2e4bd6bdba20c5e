//! `cargo xtask demo --update`: releases come while citizens are served. The real `fleetd` on a
//! kiosk with slots, the real repository tool, a fleet server; three visits, ten thousand records
//! that wait for a platform which takes none, a good release, and one that must be rolled back.
//! In the end nothing may be lost and no visit broken.
//!
//! The images are small programs that start the `kioskd` that was built here: what is shown is
//! slots, lease, health and records, not the size of an image.

mod repository;
mod site;
mod supervisor;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use rehearsal::{Options, Stage};

use self::site::{Release, Site};
use crate::{demo, packages, project};

/// What waits before the first citizen comes.
const BACKLOG: usize = 10_000;

/// Runs it.
pub fn run(out: Option<PathBuf>) -> Result<()> {
    packages::install_missing()?;
    build()?;
    walk(&out.unwrap_or_else(|| project::root().join("out/update")), BACKLOG)
}

/// Builds every program of it, and of the demo.
pub fn build() -> Result<()> {
    let packages = [
        "kioskd",
        "simulators",
        "pretend-platform",
        "kiosk-ui",
        "gallery",
        "fleetd",
        "install",
        "kiosk-repo",
        "rehearsal",
        "outbox",
    ];
    project::run(
        project::cargo()
            .args(["build", "--locked", "--bins", "--example", "backlog", "--features", "kioskd/simulators"])
            .args(packages.iter().flat_map(|name| ["-p", name])),
    )
}

/// The same with programs that are built already, and as many records that wait.
pub fn walk(out: &Path, records: usize) -> Result<()> {
    let places = demo::places();
    let fleet = ["--fleet", "127.0.0.1:0", "--poll-every", "1"];
    let stage = Stage::set(&places, &Options::usual(), &demo::scenario_path("happy")?, out, Some(&fleet))?;
    let mut site = Site::set(stage)?;
    let waiting = site.put_backlog(records)?;
    site.start()?;

    println!("A citizen comes; release 7 is ordered meanwhile");
    let seven = site.serve_while_ordering(7, Release::Well, "1")?;
    site.ends(seven, "finished", "committed")?;
    println!("Another comes, on release 7; release 8 is ordered, whose printer fails");
    let eight = site.serve_while_ordering(8, Release::WithoutPrinter, "2")?;
    site.ends(eight, "error", "rolled-back: receipt-printer")?;
    println!("Rolled back by itself; a third citizen comes, on release 7 again");
    site.serve("3")?;
    ensure!(site.runs() == "7", "release {} runs in the end", site.runs());

    println!("The platform takes records again");
    site.hand_over(&waiting)?;
    site.report()
}
