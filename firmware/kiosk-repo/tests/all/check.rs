//! What another tool published and a kiosk would not take: `check` finds it.

use std::fs;

use tuf::{
    metadata::{Metadata, Role as _, TargetFile, Targets, Version},
    repository::{Announce, Draft, Ed25519Signer, Release, RepositoryFolder, Signer},
};

use crate::common::{Desk, ONLINE};

/// A repository where a province lists its hours.
fn desk() -> Desk {
    let mut desk = Desk::published();
    desk.key("ha-noi");
    desk.done(&["delegate", "repo", "config/ha-noi", "--key", "keys/ha-noi.pub"]);
    desk.write("hours", b"open-at = 1\n");
    desk.done(&["add-file", "repo", "--target", "config/ha-noi/hours.toml", "hours"]);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.sign("config-ha-noi", &["ha-noi"]);
    desk.publish();
    desk.done(&["check", "repo"]);
    desk
}

fn signed<T: tuf::metadata::Role>(desk: &Desk, body: &T, keys: &[&str]) -> Vec<u8> {
    let pem = |name: &&str| String::from_utf8(desk.read(&format!("keys/{name}"))).unwrap();
    let signers: Vec<_> = keys.iter().map(|name| Ed25519Signer::from_pem(&pem(name)).unwrap()).collect();
    let signers: Vec<_> = signers.iter().map(|signer| signer as &dyn Signer).collect();
    Draft::signed_by(body, &signers).unwrap().bytes()
}

/// Publishes version 3 of both roles with the library alone, which asks nobody.
fn publish_by_hand(desk: &Desk, edit: impl FnOnce(&mut Targets, &mut Targets), province: &str) {
    let body = |file: &str| {
        let bytes = desk.read(&format!("repo/metadata/{file}"));
        Metadata::<Targets>::parse(&bytes).unwrap().signed().clone()
    };
    let (mut targets, mut config) = (body("2.targets.json"), body("1.config-ha-noi.json"));
    let version = Version::new(3).unwrap();
    (targets.version, config.version) = (version, version);
    edit(&mut targets, &mut config);
    let expires = targets.expires().get();
    let mut release = Release::default();
    release.add("targets", signed(desk, &targets, &["targets-1", "targets-2"])).unwrap();
    release.add("config-ha-noi", signed(desk, &config, &[province])).unwrap();
    let snapshot = release.snapshot(version, expires, Announce::Digests);
    let snapshot = signed(desk, &snapshot, &["snapshot"]);
    let timestamp =
        Release::timestamp((version, &snapshot), version, expires, desk.time(), Announce::Digests);
    let timestamp = signed(desk, &timestamp, &["timestamp"]);
    RepositoryFolder::new(&desk.path("repo")).publish(&release, &snapshot, &timestamp).unwrap();
}

#[test]
fn what_is_published_by_hand_and_right_is_taken() {
    let desk = desk();
    publish_by_hand(&desk, |_, _| {}, "ha-noi");
    assert!(desk.done(&["check", "repo"]).contains("config/ha-noi/hours.toml (by config-ha-noi)"));
}

#[test]
fn a_file_that_another_role_stands_before_is_found() {
    let desk = desk();
    let shadow = |targets: &mut Targets, config: &mut Targets| {
        targets.targets.extend(config.targets.clone());
    };
    publish_by_hand(&desk, shadow, "ha-noi");
    let words = "is listed by config-ha-noi, but a kiosk takes the one that targets lists";
    desk.refused(&["check", "repo"], 3, &[words]);
    // Our own publishing would not have let it through.
    desk.done(&["renew", "repo", "config-ha-noi"]);
    let mut desk = desk;
    desk.sign("config-ha-noi", &["ha-noi"]);
    let publish = [&["publish", "repo"][..], &ONLINE].concat();
    desk.refused(&publish, 3, &["targets lists config/ha-noi/hours.toml as well", "kiosk-repo delegate"]);
}

#[test]
fn a_file_outside_of_a_roles_part_is_found() {
    let desk = desk();
    let stray = |_: &mut Targets, config: &mut Targets| {
        config.targets.insert("os/image".to_owned(), TargetFile::of(b"firmware"));
    };
    publish_by_hand(&desk, stray, "ha-noi");
    desk.refused(&["check", "repo"], 3, &["os/image is listed by config-ha-noi, but a kiosk finds nothing"]);
}

/// Kiosks that look for nothing of a role never notice; whoever tends the repository should.
#[test]
fn a_role_that_lists_nothing_is_judged_too() {
    let desk = desk();
    publish_by_hand(&desk, |_, config| config.targets.clear(), "stranger");
    desk.refused(&["check", "repo"], 3, &["config-ha-noi", "0 good signatures"]);
}

#[test]
fn a_release_that_kiosks_do_not_understand_is_found() {
    let desk = desk();
    let odd = |targets: &mut Targets, _: &mut Targets| {
        fs::create_dir_all(desk.path("repo/targets/os")).unwrap();
        let mut image = TargetFile::of(b"image");
        for (_, digest) in image.hashes.iter() {
            desk.write(&format!("repo/targets/os/{digest}.image"), b"image");
        }
        image.custom = Some(serde_json::json!({ "hw": ["pi5-counter"], "kind": "os", "release_seq": 1 }));
        targets.targets.insert("os/image".to_owned(), image);
    };
    publish_by_hand(&desk, odd, "ha-noi");
    desk.refused(&["check", "repo"], 3, &["os/image", "does not understand it", "min_release_seq"]);
}
