//! `cargo xtask bench`: the firmware's own bench, and beside it what only programs of
//! `ui/` can tell. Those run as processes of their own: nothing of the firmware links
//! the touchscreen.

use std::{
    fs::{self, File},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{demo, packages, project};

/// Measures the pages and a visit, and hands both to the bench with the given options.
pub fn run(mut arguments: lexopt::Parser) -> Result<()> {
    packages::install_missing()?;
    let mut given: Vec<_> = arguments.raw_args()?.collect();
    if given.iter().all(|word| word != "--help" && word != "-h") {
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
        demo::run(&demo::Options { out: Some(visit.clone()), ..demo::Options::headless() })?;
        given.extend(["--pages".into(), pages.into(), "--visit".into(), visit.join("result.json").into()]);
    }
    if !given.iter().any(|word| word == "--out") {
        given.extend(["--out".into(), project::root().join("out/bench").into()]);
    }
    let cargo = ["run", "--release", "--locked", "--manifest-path", "firmware/bench/Cargo.toml", "--"];
    project::run(project::cargo().args(cargo).args(given))
}
