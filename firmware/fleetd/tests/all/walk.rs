//! The README's walk, run as it stands: keys, a staged rollout, a release that stops in its first
//! group, and the way back.

use std::{fs, path::Path, process::Command, time::Duration};

use pretend_platform::fleet::{Fleet, FleetOptions};
use tempfile::TempDir;

use crate::{
    repository::serve,
    site::{Kiosk, Program, program},
};

const KIOSKS: [&str; 3] = ["ha-noi-1", "ha-noi-2", "ha-noi-3"];

/// The `sh` blocks, in order.
fn blocks() -> Vec<&'static str> {
    let readme = include_str!("../../README.md");
    readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Runs a block as a fleet engineer would; gives what it said.
async fn run(block: &'static str, folder: &Path, fleet: std::net::SocketAddr) -> String {
    let tool = program("kiosk-repo");
    let path = format!("{}:{}", tool.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", block]).current_dir(folder);
    shell.env("PATH", path).env("FLEET", format!("http://{fleet}")).env("LOGIN", "admin:admin");
    let ran = tokio::task::spawn_blocking(move || shell.output().unwrap());
    let output = tokio::time::timeout(Duration::from_mins(3), ran).await.expect("a block that ends").unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{block}\n{out}\n{err}");
    out.into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_keys_to_a_staged_rollout_and_back() {
    let place = TempDir::new().unwrap();
    let folder = place.path();
    let mut options = FleetOptions::new(folder.join("artifacts"));
    options.settings.poll_every = Duration::from_secs(1);
    let fleet = Fleet::start(options).await.unwrap();
    let web = serve(&folder.join("repository")).await;
    for (seq, program) in [(6, Program::Well), (7, Program::Well), (8, Program::WithoutReader)] {
        fs::write(folder.join(format!("kiosk-{seq}.img")), program.image(seq)).unwrap();
    }
    let [shorthands, keys, enrolment, seven, eight, back] = blocks().try_into().unwrap();

    for block in [shorthands, keys, enrolment] {
        run(block, folder, fleet.address()).await;
    }
    let mut kiosks = Vec::new();
    for name in KIOSKS {
        let home = folder.join(name);
        fs::create_dir(&home).unwrap();
        let root = folder.join("shipped-root.json");
        let mut kiosk = Kiosk::new(&home, name, fleet.address(), web, &root);
        kiosk.start().await;
        kiosks.push(kiosk);
    }
    let run_now = || kiosks.iter().map(Kiosk::runs).collect::<Vec<_>>();
    assert_eq!(run_now(), ["6", "6", "6"]);

    run(seven, folder, fleet.address()).await;
    assert_eq!(run_now(), ["7", "7", "7"]);

    let said = run(eight, folder, fleet.address()).await;
    assert!(said.contains("rolled-back: card-reader"), "{said}");
    assert_eq!(run_now(), ["7", "7", "7"]);
    let untouched = |kiosk: &Kiosk| !kiosk.line().contains("release 8");
    assert!(kiosks[1..].iter().all(untouched), "the second group was never asked");
    assert!(kiosks[0].line().contains("release 8"), "{}", kiosks[0].line());

    run(back, folder, fleet.address()).await;
    assert_eq!(run_now(), ["6", "6", "6"]);
}
