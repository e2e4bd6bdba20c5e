//! Key files: for their owner alone, never written over, and what other tools read.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use crate::common::Desk;

#[test]
fn a_new_secret_is_for_its_owner_alone_and_nothing_is_written_over() {
    let desk = Desk::with_keys();
    let mode = |name: &str| fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("keys/root-1"), 0o600);
    let before = desk.read("keys/root-1");
    desk.refused(&["new-key", "keys/root-1"], 1, &["not written over", "another name"]);
    assert_eq!(desk.read("keys/root-1"), before);
    // Also where one of the two files alone is there: nothing is left half made.
    fs::remove_file(desk.path("keys/root-1.pub")).unwrap();
    desk.refused(&["new-key", "keys/root-1"], 1, &["not written over"]);
    assert!(!desk.path("keys/root-1.pub").exists());
    fs::remove_file(desk.path("keys/root-2")).unwrap();
    desk.refused(&["new-key", "keys/root-2"], 1, &["not written over"]);
    assert!(!desk.path("keys/root-2").exists());
    assert_ne!(desk.read("keys/root-2.pub"), desk.read("keys/root-3.pub"));
}

#[test]
fn openssl_reads_our_keys() {
    let desk = Desk::with_keys();
    let secret = desk.path("keys/root-1");
    let output = Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(secret).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, desk.read("keys/root-1.pub"));
}

#[test]
fn a_passphrase_opens_its_key_and_no_other_does() {
    let mut desk = Desk::with_keys();
    for (file, words) in [("right", "bốn từ rất dài\n"), ("wrong", "another\n"), ("empty", "\n")] {
        desk.write(file, words.as_bytes());
        fs::set_permissions(desk.path(file), fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::remove_file(desk.path("keys/root-1")).unwrap();
    fs::remove_file(desk.path("keys/root-1.pub")).unwrap();
    desk.refused(&["new-key", "keys/root-1", "--passphrase-file", "empty"], 1, &["first line is empty"]);
    desk.done(&["new-key", "keys/root-1", "--passphrase-file", "right"]);
    assert!(desk.read("keys/root-1").starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    desk.init();
    let request = desk.request("root");
    let sign = ["sign", &request, "--key", "keys/root-1", "--out", "signature", "--yes"];
    desk.refused(&sign, 1, &["another passphrase", "--passphrase-file"]);
    let with = |file: &'static str| [&sign[..], &["--passphrase-file", file]].concat();
    desk.refused(&with("wrong"), 1, &["another passphrase"]);
    assert!(!desk.path("signature").exists());
    desk.done(&with("right"));
    assert!(desk.done(&["merge", "repo", "signature"]).contains("1 of 2 signatures"));
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let mut desk = Desk::with_keys();
    desk.init();
    let request = desk.request("root");
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(desk.path("keys/root-1"), fs::Permissions::from_mode(mode)).unwrap();
        let mode = format!("mode {mode:03o}");
        let sign = ["sign", &request, "--key", "keys/root-1", "--out", "signature", "--yes"];
        desk.refused(&sign, 1, &[&mode, "chmod 600 keys/root-1"]);
    }
    assert!(!desk.path("signature").exists());
}

#[test]
fn what_is_no_public_key_makes_no_repository() {
    let desk = Desk::with_keys();
    let all = |root: &'static str| {
        let targets = ["--targets-key", "keys/targets-1.pub", "--targets-threshold", "1"];
        let online = ["--snapshot-key", "keys/snapshot.pub", "--timestamp-key", "keys/timestamp.pub"];
        let root = ["init", "repo", "--root-key", root, "--root-threshold", "1"];
        [&root[..], &targets, &online].concat()
    };
    desk.refused(&all("keys/root-1"), 1, &["no public key", "ends with .pub"]);
    desk.refused(&all("keys/nothing.pub"), 1, &["keys/nothing.pub: cannot be read"]);
    let mut twice = all("keys/root-1.pub");
    twice.extend(["--root-key", "keys/root-1.pub", "--root-threshold"]);
    twice.push("2");
    desk.refused(&twice, 2, &["given once"]);
    let two = [&all("keys/root-1.pub")[..4], &all("keys/root-1.pub")[6..]].concat();
    desk.refused(&two, 1, &["root: 1 different keys cannot give 2 signatures"]);
    assert!(!desk.path("repo").exists());
    desk.done(&all("keys/root-1.pub"));
    desk.refused(&all("keys/root-1.pub"), 1, &["is there already", "kiosk-repo rotate"]);
}
