//! The program, driven as the public conformance suite drives it.

use std::{fs, path::Path, process::Output};

use jiff::Timestamp;
use tokio::process::Command;
use tuf::metadata::Expiry;

use crate::common::{Site, World, days};

/// A world that is good for a week from today: the program reads the system's clock.
fn world_of_today() -> World {
    let mut world = World::new();
    world.expires = Timestamp::now() + days(7);
    world.root.expires = Expiry::new(world.expires);
    for role in ["targets", "os"] {
        world.body(role).expires = Expiry::new(Timestamp::now() + days(7));
    }
    world.publish_root();
    world.publish();
    world
}

struct Program<'a> {
    folder: &'a Path,
    address: &'a str,
}

impl Program<'_> {
    async fn run(&self, before: &[&str], arguments: &[&str]) -> Output {
        let program = env!("CARGO_BIN_EXE_tuf-client");
        let line: Vec<&str> =
            before.iter().copied().chain([program]).chain(arguments.iter().copied()).collect();
        Command::new(line[0]).args(&line[1..]).current_dir(self.folder).output().await.unwrap()
    }

    async fn init(&self, root: &[u8]) -> Option<i32> {
        fs::write(self.folder.join("initial_root.json"), root).unwrap();
        self.run(&[], &["--metadata-dir", "metadata", "init", "initial_root.json"]).await.status.code()
    }

    async fn refresh(&self, before: &[&str]) -> Option<i32> {
        let url = format!("{}/metadata/", self.address);
        let arguments = ["--metadata-url", &url, "--metadata-dir", "metadata", "refresh"];
        self.run(before, &arguments).await.status.code()
    }

    async fn download(&self, name: &str) -> Option<i32> {
        let (metadata, targets) = (format!("{}/metadata", self.address), format!("{}/targets", self.address));
        fs::create_dir_all(self.folder.join("targets")).unwrap();
        let arguments = [
            "--metadata-url",
            &metadata,
            "--metadata-dir",
            "metadata",
            "--target-name",
            name,
            "--target-dir",
            "targets",
            "--target-base-url",
            &targets,
            "download",
        ];
        self.run(&[], &arguments).await.status.code()
    }

    /// The metadata files, by the names that the suite expects.
    fn kept(&self, role: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(format!("metadata/{role}.json"))).ok()
    }

    /// What was downloaded, whatever it is called.
    fn downloaded(&self) -> Vec<Vec<u8>> {
        let files = fs::read_dir(self.folder.join("targets")).unwrap();
        files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

#[tokio::test]
async fn init_refresh_and_download_do_what_the_suite_expects() {
    let (mut world, site, folder) = (world_of_today(), Site::http().await, tempfile::tempdir().unwrap());
    site.carry(&world.files);
    let program = Program { folder: folder.path(), address: site.address() };
    assert_eq!(program.refresh(&[]).await, Some(1), "there is no root of trust yet");
    assert_eq!(program.init(b"{}").await, Some(1));
    assert_eq!(program.init(world.first_root()).await, Some(0));
    assert!(site.asked().is_empty(), "init asks nobody");
    assert_eq!(program.refresh(&[]).await, Some(0));
    let asked = ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"];
    assert_eq!(site.asked(), asked.map(|name| format!("metadata/{name}")));
    for (role, file) in
        [("root", "1.root"), ("timestamp", "timestamp"), ("snapshot", "1.snapshot"), ("targets", "1.targets")]
    {
        assert_eq!(program.kept(role).as_ref(), world.files.get(&format!("metadata/{file}.json")), "{role}");
    }
    let names = fs::read_dir(folder.path().join("metadata")).unwrap();
    let json = names.filter(|name| name.as_ref().unwrap().path().extension().is_some_and(|it| it == "json"));
    assert_eq!(json.count(), 4, "whatever ends in .json is metadata");

    assert_eq!(program.download("os/image").await, Some(0));
    assert_eq!(program.downloaded(), [b"an image of the system".to_vec()]);
    // Fetched once: the second time only root and timestamp are asked for.
    let before = site.asked().len();
    assert_eq!(program.download("os/image").await, Some(0));
    assert_eq!(site.asked()[before..], ["metadata/2.root.json", "metadata/timestamp.json"]);
    assert_eq!(program.download("nobody/lists this").await, Some(1));

    // A newer one takes its place; a false one does not.
    world.target("os", "os/image", b"a newer image");
    world.release();
    site.carry(&world.files);
    assert_eq!(program.download("os/image").await, Some(0));
    assert_eq!(program.downloaded(), [b"a newer image".to_vec()]);
    world.target("os", "os/image", b"a third image");
    world.release();
    for (name, bytes) in &mut world.files {
        if name.starts_with("targets/os/") {
            bytes.fill(b'x');
        }
    }
    site.carry(&world.files);
    assert_eq!(program.download("os/image").await, Some(1));
    assert_eq!(program.downloaded(), [b"a newer image".to_vec()]);
}

#[tokio::test]
async fn a_clock_that_is_wrong_for_once_leaves_nothing_behind() {
    let (world, site, folder) = (world_of_today(), Site::http().await, tempfile::tempdir().unwrap());
    site.carry(&world.files);
    let program = Program { folder: folder.path(), address: site.address() };
    assert_eq!(program.init(world.first_root()).await, Some(0));
    assert_eq!(program.refresh(&["faketime", "-f", "+3650d"]).await, Some(1));
    assert_eq!(program.refresh(&[]).await, Some(0));
    assert_eq!(program.refresh(&["faketime", "-f", "+8d"]).await, Some(1));
    assert_eq!(program.refresh(&["faketime", "-f", "-1d"]).await, Some(0));
    assert_eq!(program.refresh(&[]).await, Some(0));
}

#[tokio::test]
async fn an_odd_command_line_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program { folder: folder.path(), address: "http://127.0.0.1:9" };
    for line in [
        "",
        "refresh",
        "--metadata-dir m",
        "--metadata-dir m refresh now",
        "--metadata-dir m --no-such x refresh",
    ] {
        let words: Vec<_> = line.split(' ').filter(|word| !word.is_empty()).collect();
        assert_eq!(program.run(&[], &words).await.status.code(), Some(1), "{line}");
    }
}
