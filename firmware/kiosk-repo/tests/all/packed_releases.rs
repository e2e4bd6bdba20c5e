//! A packed release, from the fleet team's command to a kiosk's slot.

use install::{
    AppSlots, Content, ImageDigest, InstallBackend as _, SlotFolder, backend::RepositoryFile, frames,
    slots::Packing,
};
use release::Release;
use tuf::{Client, Limits, TargetPath, store::MemoryStore, transport::FolderTransport};

use crate::common::{Desk, ONLINE};

const NUMBERS: [&str; 8] =
    ["--hw", "pi5-counter", "--kind", "app", "--release-seq", "7", "--min-release-seq", "5"];

/// More than one frame, and easy to pack.
fn image() -> Vec<u8> {
    (0..frames::FRAME + 70_000).map(|at| (at / 1_000) as u8).collect()
}

fn add(desk: &Desk, words: &[&str]) -> String {
    let fixed = ["add-release", "repo", "--target", "app/kiosk-7", "image"];
    desk.done(&[&fixed[..], &NUMBERS, words].concat())
}

#[tokio::test]
async fn a_packed_release_lies_in_the_slot_as_it_was_given() {
    let mut desk = Desk::published();
    desk.write("image", &image());
    add(&desk, &["--zstd"]);
    // The signers see what it unpacks to.
    let sha256 = hex::encode(ImageDigest::of(&image()).sha256);
    let words = format!("zstd of {} bytes, sha256 {sha256}", image().len());
    let shown = desk.done(&["status", "repo"]);
    assert!(shown.contains(&words), "{shown}");
    desk.sign("targets", &["targets-1", "targets-3"]);
    desk.publish();
    let checked = desk.done(&["check", "repo"]);
    assert!(checked.contains(&words), "{checked}");

    let mut client =
        Client::new(FolderTransport::new(&desk.path("repo")), MemoryStore::default(), Limits::default());
    client.trust(&desk.read("repo/metadata/1.root.json")).unwrap();
    client.refresh(desk.time()).await.unwrap();
    let target = client.find(&TargetPath::new("app/kiosk-7").unwrap()).await.unwrap().unwrap();
    let release: Release = target.file.custom().unwrap().unwrap();
    let content = Content::of_target(&target, &release).unwrap();
    assert_eq!((content.packing, content.release_seq.get()), (Packing::Zstd, 7));
    assert!(content.listed.length < image().len() as u64 / 20, "{} bytes", content.listed.length);
    let slots = desk.path("slots");
    let mut slots = AppSlots::open(SlotFolder::new(&slots)).unwrap();
    let file = client.file_of(&target).unwrap();
    let mut source = RepositoryFile { transport: client.transport(), file };
    slots.write(&content, &mut source).await.unwrap();
    assert_eq!(desk.read("slots/app-a.img"), image());
    assert_eq!(slots.status().unwrap().whole, Some(content));
}

/// Signed by people who did not look: kiosks would refuse it, and `check` says so before.
#[test]
fn check_finds_a_target_that_unpacks_to_something_else() {
    let unpacks = [
        ("9", "00", "unpacks it to another image"),
        ("4264304", "00", "unpacks it to another image"),
        ("5000000", "", "unpacks it to another image"),
    ];
    for (length, sha256, why) in unpacks {
        let mut desk = Desk::published();
        desk.write("image", &image());
        add(&desk, &["--zstd"]);
        let draft = String::from_utf8(desk.read("repo/drafts/targets.json")).unwrap();
        let right = hex::encode(ImageDigest::of(&image()).sha256);
        let wrong = format!("{sha256}{}", &right[sha256.len()..]);
        let changed = draft.replace(&right, &wrong).replace(&image().len().to_string(), length);
        assert_ne!(changed, draft);
        desk.write("repo/drafts/targets.json", changed.as_bytes());
        desk.sign("targets", &["targets-1", "targets-3"]);
        desk.refused(&[&["publish", "repo"][..], &ONLINE].concat(), 3, &[why]);
    }
}

#[test]
fn an_empty_image_is_not_packed() {
    let desk = Desk::published();
    desk.write("image", b"");
    let fixed = ["add-release", "repo", "--target", "app/kiosk-7", "image", "--zstd"];
    desk.refused(&[&fixed[..], &NUMBERS].concat(), 2, &["at least one byte"]);
    let left: Vec<_> =
        std::fs::read_dir(desk.path("repo/drafts")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"], "something of it is left");
}
