//! The README's commands, run as they stand: what they make is a repository that kiosks and
//! python-tuf take.

use std::{path::Path, process::Command};

use jiff::Timestamp;
use tuf::{Client, Limits, TargetPath, store::MemoryStore, transport::FolderTransport};

use crate::common::{python, python_fetches};

/// Every `sh` block, in order.
fn commands() -> String {
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_walk_from_keys_to_a_signed_release_goes_through() {
    let folder = tempfile::tempdir().unwrap();
    let commands = commands();
    assert_eq!(
        commands.matches("kiosk-repo publish").count(),
        5,
        "the README has other blocks than expected"
    );
    let programs = Path::new(env!("CARGO_BIN_EXE_kiosk-repo")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-eu", "-c", &commands])
        .current_dir(folder.path())
        .env("PATH", path)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    for line in [
        "+ os/image-7: os release 7 for pi4-wall pi5-counter",
        "+ app/kiosk-7: app release 7 for pi4-wall pi5-counter, kiosks go not below 5, zstd of 26 bytes",
        "by its own keys",
        "config/ha-noi/layer.toml",
        "+ usb/ha-noi-12: permit ha-noi-12 for kiosks ha-noi-0017, until 2099-12-31T17:00:00Z, 1 times on each, with a technician",
    ] {
        assert!(out.contains(line), "{line} is not in {out}");
    }

    let repository = folder.path().join("repository");
    let root = std::fs::read(folder.path().join("shipped-root.json")).unwrap();
    let mut client =
        Client::new(FolderTransport::new(&repository), MemoryStore::default(), Limits::default());
    client.trust(&root).unwrap();
    let refreshed = client.refresh(Timestamp::now()).await.unwrap();
    assert_eq!((refreshed.root, refreshed.targets, refreshed.snapshot, refreshed.timestamp), (2, 4, 6, 6));
    for (path, role) in [("os/image-7", "targets"), ("config/ha-noi/layer.toml", "config-ha-noi")] {
        let found = client.find(&TargetPath::new(path).unwrap()).await.unwrap().unwrap();
        assert_eq!(found.listed_by, role);
    }
    let layer = std::fs::read_to_string(folder.path().join("ha-noi.toml")).unwrap();
    let stick = folder.path().join("stick");
    assert!(stick::is_there(&stick) && stick.join("metadata/2.root.json").exists());
    assert_eq!(std::fs::read_dir(stick.join("targets/app")).unwrap().count(), 1);
    let Some(python) = python() else { return };
    for (name, expected) in [("os/image-7", "a system image"), ("config/ha-noi/layer.toml", layer.as_str())] {
        let run = python_fetches(&python, &repository, name);
        assert_eq!((run.code, run.out.as_str()), (0, expected), "{}", run.err);
    }
}
