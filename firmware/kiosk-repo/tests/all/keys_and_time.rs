//! Other keys, and what expires: what kiosks that were shipped long ago make of it, and what
//! `check` says in time.

use std::fs;

use crate::common::{Desk, ONLINE};

#[tokio::test]
async fn a_kiosk_follows_from_the_first_root_to_other_keys() {
    let mut desk = Desk::published();
    let mut kiosk = desk.kiosk();
    kiosk.refresh(desk.time()).await;
    desk.key("root-4");
    let said =
        desk.done(&["rotate", "repo", "--drop", "root=keys/root-1.pub", "--add", "root=keys/root-4.pub"]);
    assert!(said.contains("0 of 2 signatures by the published root's keys"), "{said}");
    let publish = [&["publish", "repo"][..], &ONLINE].concat();
    // Two of the new keys, but one alone of the old ones.
    desk.sign("root", &["root-2", "root-4"]);
    desk.refused(&publish, 3, &["root is not signed by enough people"]);
    // Two of the old keys, but one alone of the new ones.
    desk.done(&["renew", "repo", "root"]);
    desk.sign("root", &["root-1", "root-2"]);
    desk.refused(&publish, 3, &["root is not signed by enough people"]);
    desk.sign("root", &["root-4"]);
    desk.publish();
    assert_eq!(kiosk.refresh(desk.time()).await.root, 2);
    // The key that left signs nothing more.
    desk.done(&["renew", "repo", "root"]);
    let request = desk.request("root");
    desk.refused(
        &["sign", &request, "--key", "keys/root-1", "--out", "s", "--yes"],
        3,
        &["is a stranger to root"],
    );
    desk.done(&["discard", "repo", "root"]);
    desk.refused(&["rotate", "repo", "--drop", "root=keys/root-1.pub"], 3, &["is a stranger to root"]);
    desk.refused(&["rotate", "repo", "--threshold", "root=4"], 1, &["3 different keys cannot give 4"]);
    desk.refused(&["rotate", "repo", "--add", "os=keys/root-4.pub"], 2, &["ROLE="]);
    desk.refused(&["rotate", "repo"], 2, &["rotate wants"]);
    desk.refused(&["discard", "repo", "../metadata/1.root"], 1, &["nothing of"]);
    assert!(desk.path("repo/metadata/1.root.json").exists());
}

#[tokio::test]
async fn targets_that_a_leaving_key_signed_are_signed_anew() {
    let mut desk = Desk::published();
    desk.key("targets-4");
    desk.done(&[
        "rotate",
        "repo",
        "--drop",
        "targets=keys/targets-1.pub",
        "--add",
        "targets=keys/targets-4.pub",
    ]);
    desk.sign("root", &["root-1", "root-2"]);
    let publish = [&["publish", "repo"][..], &ONLINE].concat();
    desk.refused(&publish, 3, &["targets as published does not stand", "kiosk-repo renew targets"]);
    assert!(!desk.path("repo/metadata/2.root.json").exists());
    desk.done(&["renew", "repo", "targets"]);
    desk.sign("targets", &["targets-2", "targets-4"]);
    desk.publish();
    let mut kiosk = desk.kiosk();
    let refreshed = kiosk.refresh(desk.time()).await;
    assert_eq!((refreshed.root, refreshed.targets), (2, 2));
}

#[test]
fn check_says_who_signs_and_warns_in_time() {
    let mut desk = Desk::published();
    let said = desk.done(&["check", "repo", "--root", "repo/metadata/1.root.json"]);
    for line in [
        "root                           1  2 of 3   2027-11-26        365",
        "targets                        1  2 of 3   2027-02-24         90",
        "snapshot                       1  1 of 1   2026-12-10         14",
        "timestamp                      1  1 of 1   2026-12-03          7",
    ] {
        assert!(said.contains(line), "{line} is not in {said}");
    }
    assert!(desk.done(&["check", "repo"]).contains("the folder's own first root"));
    desk.now = "2026-12-01T03:00:01Z".to_owned();
    let run = desk.run(&["check", "repo"]);
    assert!(
        run.code == 4 && run.out.contains("WARNING: timestamp expires in 1 days: kiosk-repo refresh"),
        "{}",
        run.out
    );
    desk.now = "2026-12-03T03:00:00Z".to_owned();
    desk.refused(&["check", "repo"], 3, &["timestamp expired at 2026-12-03T03:00:00Z"]);
    // A new timestamp alone, then a new snapshot too.
    let timestamp = ["refresh", "repo", "--timestamp-key", "keys/timestamp"];
    assert_eq!(desk.done(&timestamp), "published snapshot version 1, timestamp version 2\n");
    desk.done(&["check", "repo"]);
    desk.now = "2026-12-10T03:00:00Z".to_owned();
    desk.refused(&timestamp, 3, &["snapshot", "expired", "--snapshot-key"]);
    let both = [&["refresh", "repo"][..], &ONLINE].concat();
    assert_eq!(desk.done(&both), "published snapshot version 2, timestamp version 3\n");
    // Targets, which people must sign.
    desk.now = "2027-02-10T03:00:00Z".to_owned();
    desk.done(&both);
    let run = desk.run(&["check", "repo"]);
    let words = "targets expires in 14 days: kiosk-repo renew targets, and have it signed";
    assert!(run.code == 4 && run.out.contains(words), "{}", run.out);
    desk.now = "2027-02-24T03:00:00Z".to_owned();
    desk.refused(&both, 3, &["targets expired", "kiosk-repo renew targets"]);
    desk.done(&["renew", "repo", "targets"]);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.publish();
    desk.done(&["check", "repo"]);
}

#[tokio::test]
async fn under_an_expired_root_nothing_is_published_but_the_next_root() {
    let mut desk = Desk::published();
    desk.now = "2027-11-26T03:00:00Z".to_owned();
    for words in [&["refresh", "repo"][..], &["check", "repo"]] {
        let online: &[&str] = if words[0] == "refresh" { &ONLINE } else { &[] };
        let expected = ["root expired at 2027-11-26T03:00:00Z", "kiosk-repo renew root"];
        desk.refused(&[words, online].concat(), 3, &expected);
    }
    desk.done(&["renew", "repo", "targets"]);
    desk.sign("targets", &["targets-1", "targets-2"]);
    let publish = [&["publish", "repo"][..], &ONLINE].concat();
    desk.refused(&publish, 3, &["root expired", "kiosk-repo renew root"]);
    desk.done(&["renew", "repo", "root"]);
    desk.sign("root", &["root-1", "root-2"]);
    desk.done(&publish);
    assert_eq!(desk.kiosk().refresh(desk.time()).await.root, 2);
}

#[test]
fn check_finds_what_a_kiosk_would_not_take() {
    let mut desk = Desk::published();
    assert_eq!(desk.add("os/image", "1").code, 0);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.publish();
    let other = Desk::published();
    fs::copy(other.path("repo/metadata/1.root.json"), desk.path("other-root")).unwrap();
    desk.refused(
        &["check", "repo", "--root", "other-root"],
        3,
        &["kiosks would not take", "good signatures"],
    );
    let files: Vec<_> =
        fs::read_dir(desk.path("repo/targets/os")).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(files.len(), 2);
    for file in &files {
        // The two names are one file where the system can do that.
        fs::remove_file(file).unwrap();
        fs::write(file, b"image 2").unwrap();
    }
    desk.refused(&["check", "repo"], 3, &["os/image is not as listed", "digest"]);
    for file in &files {
        fs::remove_file(file).unwrap();
    }
    desk.refused(&["check", "repo"], 3, &["is not there"]);
    desk.refused(&["check", "nothing"], 1, &["no repository", "kiosk-repo init"]);
}

/// A run that broke off after any file is simply repeated, and kiosks never see half of it.
#[tokio::test]
async fn publishing_that_breaks_off_is_repeated() {
    let mut desk = Desk::published();
    assert_eq!(desk.add("os/image", "1").code, 0);
    desk.done(&["rotate", "repo", "--drop", "root=keys/root-1.pub"]);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.sign("root", &["root-2", "root-3"]);
    let drafts = ["root", "targets"].map(|role| (role, desk.read(&format!("repo/drafts/{role}.json"))));
    let timestamp = desk.read("repo/metadata/timestamp.json");
    desk.publish();
    // As far as each of these, the first run came.
    let points = [
        (&["root"][..], &["targets", "snapshot", "timestamp"][..]),
        (&["root", "targets"], &["snapshot", "timestamp"]),
        (&["root", "targets", "snapshot"], &["timestamp"]),
        (&["root", "targets", "snapshot", "timestamp"], &[]),
    ];
    for (hour, (left, back)) in points.into_iter().enumerate() {
        for role in back.iter().filter(|role| **role != "timestamp") {
            fs::remove_file(desk.path(&format!("repo/metadata/2.{role}.json"))).unwrap();
        }
        if back.contains(&"timestamp") {
            desk.write("repo/metadata/timestamp.json", &timestamp);
        }
        for (role, draft) in &drafts {
            desk.write(&format!("repo/drafts/{role}.json"), draft);
        }
        // An hour later, so that snapshot and timestamp are other bytes.
        desk.now = format!("2026-11-26T{:02}:00:00Z", hour + 4);
        if left.contains(&"timestamp") {
            assert_eq!(desk.done(&["status", "repo"]), "nothing is in draft\n");
        } else {
            desk.publish();
        }
        let mut kiosk = desk.kiosk();
        let refreshed = kiosk.refresh(desk.time()).await;
        assert_eq!((refreshed.root, refreshed.targets), (2, 2), "{left:?}");
        assert_eq!(kiosk.install("os/image").await.unwrap().1, b"image 1");
    }
}

#[test]
fn two_at_once_do_not_mix() {
    let desk = Desk::published();
    let lock = fs::File::create(desk.path("repo/drafts/.lock")).unwrap();
    lock.lock().unwrap();
    desk.refused(&["renew", "repo", "targets"], 1, &["another kiosk-repo is at work"]);
    drop(lock);
    desk.done(&["renew", "repo", "targets"]);
}
