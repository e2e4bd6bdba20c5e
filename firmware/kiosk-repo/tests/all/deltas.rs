//! What changed since earlier releases, from the fleet team's command to a kiosk's slot.

use std::num::NonZeroU8;

use install::{
    AppSlots, Content, DeltaFile, ImageDigest, InstallBackend as _, SlotFolder, backend::RepositoryFile,
};
use release::Release;
use tuf::{Client, Target, TargetPath, store::MemoryStore, transport::FolderTransport};

use crate::common::{Desk, ONLINE};

/// Images of two pieces each, which pack badly and differ little.
fn image(seq: u64) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    let mut image: Vec<u8> = (0..install::frames::FRAME + 30_000).map(|_| next()).collect();
    image.splice(1_000..1_000, format!("release {seq} says what it is").into_bytes());
    if seq == 5 {
        // A reference is looked into from its end: nothing of 5 lies where 6 has it.
        image.extend([5; 5]);
    }
    image
}

const NUMBERS: [&str; 6] = ["--hw", "pi5-counter", "--kind", "app", "--min-release-seq", "5"];

fn add<'a>(desk: &Desk, seq: u64, more: &[&'a str]) -> Vec<&'a str> {
    desk.write("image", &image(seq));
    let target: &str = String::leak(format!("app/kiosk-{seq}"));
    let seq: &str = String::leak(seq.to_string());
    let fixed = ["add-release", "repo", "--target", target, "image", "--release-seq", seq];
    [&fixed[..], &NUMBERS, more].concat()
}

/// Releases 6 and 7 are published, 7 with a delta from 6.
fn published() -> Desk {
    let mut desk = Desk::published();
    desk.done(&add(&desk, 6, &["--zstd"]));
    desk.done(&add(&desk, 7, &["--zstd", "--delta-from", "app/kiosk-6"]));
    desk.sign("targets", &["targets-1", "targets-3"]);
    desk.publish();
    desk
}

type Kiosk = Client<FolderTransport, MemoryStore>;

async fn find(kiosk: &mut Kiosk, path: &str) -> Option<(Target, Option<Release>)> {
    let target = kiosk.find(&TargetPath::new(path).unwrap()).await.unwrap()?;
    let release = target.file.custom::<Release>().map(|release| release.unwrap());
    Some((target, release))
}

#[tokio::test]
async fn a_delta_brings_a_kiosk_from_one_release_to_the_next() {
    let desk = published();
    let checked = desk.done(&["check", "repo"]);
    let from = hex::encode(ImageDigest::of(&image(6)).sha256);
    for words in ["app/kiosk-7.from-6 (by targets): a delta", &format!("for kiosks with image {from}")] {
        assert!(checked.contains(words), "{words}: {checked}");
    }
    let mut kiosk = desk.kiosk().client;
    kiosk.refresh(desk.time()).await.unwrap();
    let slots = desk.path("slots");
    let mut slots = AppSlots::open(SlotFolder::new(&slots)).unwrap();
    let (six, release) = find(&mut kiosk, "app/kiosk-6").await.unwrap();
    let content = Content::of_target(&six, &release.unwrap()).unwrap();
    let file = kiosk.file_of(&six).unwrap();
    slots.write(&content, &mut RepositoryFile { transport: kiosk.transport(), file }).await.unwrap();
    slots.try_out(NonZeroU8::MIN).unwrap();
    slots.boots().count_start().unwrap();
    slots.commit().unwrap();

    let (seven, release) = find(&mut kiosk, "app/kiosk-7").await.unwrap();
    let release = release.unwrap();
    let delta = &release.fields().delta[0];
    let (target, no_release) = find(&mut kiosk, &delta.name).await.unwrap();
    assert_eq!((no_release, target.file.length), (None, delta.length.get()));
    assert!(delta.length.get() < 3_000, "{} bytes", delta.length);
    let listed = ImageDigest { length: delta.length.get(), sha256: delta.sha256.bytes() };
    let by = DeltaFile { from_sha256: delta.from_sha256.bytes(), listed };
    let file = kiosk.file_of(&target).unwrap();
    let mut source = RepositoryFile { transport: kiosk.transport(), file };
    let content = Content::of_target(&seven, &release).unwrap();
    slots.write_by_delta(&content, &by, &mut source).await.unwrap();
    assert_eq!(desk.read("slots/app-b.img"), image(7));
    assert_eq!(slots.status().unwrap().whole, Some(content));
}

#[test]
fn a_delta_goes_with_its_base_with_its_release_and_by_itself() {
    for (removed, left) in [
        ("app/kiosk-6", "app/kiosk-7"),
        ("app/kiosk-7", "app/kiosk-6"),
        ("app/kiosk-7.from-6", "app/kiosk-6 app/kiosk-7"),
    ] {
        let mut desk = published();
        desk.done(&["remove", "repo", "--target", removed]);
        desk.sign("targets", &["targets-1", "targets-3"]);
        desk.publish();
        let checked = desk.done(&["check", "repo"]);
        let listed = checked.lines().filter(|line| line.starts_with("app/"));
        let listed: Vec<_> = listed.map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(listed.join(" "), left, "without {removed}: {checked}");
        assert!(!checked.contains("kiosks with image"), "without {removed}: {checked}");
    }
}

#[test]
fn a_delta_is_from_a_release_of_the_same_kind_for_the_same_board() {
    let desk = published();
    let refused = |more: &[&str], words: &str| {
        let mut arguments = add(&desk, 8, &["--zstd"]);
        arguments.extend(more);
        desk.refused(&arguments, if words.contains("at most 3") { 2 } else { 1 }, &[words]);
    };
    refused(&["--delta-from", "app/kiosk-5"], "app/kiosk-5 is not listed");
    refused(&["--delta-from", "app/kiosk-8"], "app/kiosk-8 is not listed");
    refused(&["--delta-from", "app/kiosk-7.from-6"], "is no release");
    refused(&["--delta-from", "app/kiosk-7", "--delta-from", "app/kiosk-7"], "listed by that name already");
    let mut arguments = add(&desk, 9, &["--zstd", "--delta-from", "app/kiosk-7"]);
    let board = arguments.iter().position(|word| *word == "pi5-counter").unwrap();
    arguments[board] = "pi4-wall";
    desk.refused(&arguments, 1, &["it is for other boards"]);
    // Nothing in common: not worth fetching.
    desk.write("other", &[7; 100]);
    let numbers = ["--release-seq", "9", "--delta-from", "app/kiosk-7", "--zstd"];
    let fixed = ["add-release", "repo", "--target", "app/kiosk-9", "other"];
    desk.refused(&[&fixed[..], &NUMBERS, &numbers].concat(), 1, &["leave it out"]);
}

/// Signed by people who did not look: kiosks would come to nothing by it, and `check` says so
/// before.
#[test]
fn check_finds_a_delta_that_does_not_lead_to_its_release() {
    let six = hex::encode(ImageDigest::of(&image(6)).sha256);
    for (change, why) in [
        ("base", "finds no release that it is a delta from"),
        ("digest", "does not find the delta that the release lists"),
        ("other base", "cannot unpack it"),
    ] {
        let mut desk = Desk::published();
        desk.done(&add(&desk, 5, &[]));
        desk.done(&add(&desk, 6, &["--zstd"]));
        desk.done(&add(&desk, 7, &["--zstd", "--delta-from", "app/kiosk-6"]));
        let five = hex::encode(ImageDigest::of(&image(5)).sha256);
        let mut changed: serde_json::Value =
            serde_json::from_slice(&desk.read("repo/drafts/targets.json")).unwrap();
        let entry = &mut changed["signed"]["targets"]["app/kiosk-7"]["custom"]["delta"][0];
        assert_eq!(entry["from_sha256"], six);
        match change {
            "digest" => entry["sha256"] = "0".repeat(64).into(),
            "base" => entry["from_sha256"] = "0".repeat(64).into(),
            _ => entry["from_sha256"] = five.into(),
        }
        desk.write("repo/drafts/targets.json", changed.to_string().as_bytes());
        desk.sign("targets", &["targets-1", "targets-3"]);
        desk.refused(&[&["publish", "repo"][..], &ONLINE].concat(), 3, &[why]);
    }
}
