//! Across implementations, both ways: what python-tuf publishes we follow, what we publish
//! python-tuf follows. One mistake cannot agree with itself.
//!
//! Found at `target/opponents/python-tuf`; installed by
//! `tests/python_tuf/install.py`. Without it these tests are skipped, loudly, unless
//! `KIOSK_OPPONENTS` is set.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use jiff::Timestamp;
use opponents::Opponent;
use tokio::process::Command;

use crate::common::{self, Files, Machine, Site, World, everywhere};

/// The opponent's interpreter.
fn python() -> Option<PathBuf> {
    Some(Opponent::PythonTuf.find()?.join("bin/python"))
}

async fn run(python: &Path, arguments: &[&str]) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python_tuf/opponent.py");
    Command::new(python).arg(script).args(arguments).output().await.unwrap()
}

/// Every file under a folder, by its place.
fn files(folder: &Path) -> Files {
    let (mut files, mut open) = (Files::new(), vec![folder.to_owned()]);
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let place = entry.unwrap().path();
            if place.is_dir() {
                open.push(place);
            } else {
                let name = place.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(place).unwrap());
            }
        }
    }
    files
}

#[tokio::test]
async fn what_python_tuf_publishes_we_follow() {
    let Some(python) = python() else { return };
    for keytype in ["ed25519", "ecdsa", "rsa"] {
        let made = tempfile::tempdir().unwrap();
        let output = run(&python, &["make", made.path().to_str().unwrap(), keytype]).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let files = files(made.path());
        everywhere!(|_world, site, machine| {
            site.carry(&files);
            // The machine trusts this repository, not the world's.
            let (transport, _) = machine.client.into_parts();
            let root = &files["metadata/1.root.json"];
            let mut machine = Machine::new(transport, tuf::store::MemoryStore::default(), root);
            let refreshed =
                machine.refresh().await.unwrap_or_else(|error| panic!("{}", common::chain(&error)));
            assert_eq!((refreshed.root, refreshed.targets), (2, 2), "{keytype}");
            for (role, name) in
                [("targets", "xin chào.txt"), ("os", "os/pi5/image 1.img"), ("hashed", "anything/at all")]
            {
                let bytes =
                    machine.install(name).await.unwrap_or_else(|error| panic!("{}", common::chain(&error)));
                assert_eq!(bytes, format!("{role} lists {name}").as_bytes());
                assert_eq!(machine.find(name).await.unwrap().unwrap().listed_by, role);
            }
        });
    }
}

#[tokio::test]
async fn what_we_publish_python_tuf_follows() {
    let Some(python) = python() else { return };
    let mut world = World::new();
    // python-tuf reads the system's clock.
    world.expires = Timestamp::now() + common::days(7);
    for body in [&mut world.targets, &mut world.delegated.get_mut("os").unwrap().0] {
        body.expires = tuf::metadata::Expiry::new(world.expires);
    }
    world.root.expires = tuf::metadata::Expiry::new(world.expires);
    let mut listed = tuf::metadata::TargetFile::of(b"an image of the system");
    listed.custom = Some(serde_json::json!({ "words": "một\nchạm \"\\/", "seq": 7 }));
    world.body("os").list(&common::path("os/image"), listed);
    world.publish_root();
    world.release_root();
    world.release();
    let site = Site::http().await;
    site.carry(&world.files);
    let stick = Site::stick();
    stick.carry(&world.files);
    let folder = stick.folder();
    for (name, expected) in
        [("os/image", Some("an image of the system")), ("welcome.txt", Some("welcome")), ("no", None)]
    {
        let output = run(&python, &["fetch", folder.to_str().unwrap(), site.address(), name]).await;
        assert_eq!(
            output.status.success(),
            expected.is_some(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.stdout, expected.unwrap_or_default().as_bytes());
    }
    // And refuses what one of our signers alone has signed: the threshold is really there.
    world.targets_keys = vec![4];
    world.release();
    site.carry(&world.files);
    let output = run(&python, &["fetch", folder.to_str().unwrap(), site.address(), "welcome.txt"]).await;
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("was signed by 1/2 keys"));
}
