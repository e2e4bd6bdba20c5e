//! What is carried by hand: permits, the stick that kiosks read, and logs that come back.

use std::{fs, os::unix::fs::symlink, time::Duration};

use getrandom::{SysRng, rand_core::UnwrapErr};
use stick::{Limits, Reader, Staging, logs};
use tuf::{Client, clock::ClockLevel, clock::Reading, store::MemoryStore, transport::FolderTransport};

use crate::common::Desk;

const PERMIT: [&str; 12] = [
    "permit",
    "repo",
    "--target",
    "usb/lang-son",
    "--device",
    "ls-0017",
    "--site",
    "ls-03",
    "--not-after",
    "2026-12-31",
    "--uses",
    "2",
];
const RELEASE: [&str; 2] = ["--release", "app/kiosk-7=kiosk:7"];

/// A repository with a release, and `usb` delegated to a key of its own.
fn desk() -> Desk {
    let mut desk = Desk::published();
    desk.key("usb");
    assert_eq!(desk.add("app/kiosk-7", "7").code, 0);
    desk.done(&["delegate", "repo", "usb", "--key", "keys/usb.pub"]);
    desk.sign("targets", &["targets-1", "targets-2"]);
    desk.sign("usb", &["usb"]);
    desk.publish();
    desk
}

#[tokio::test]
async fn a_permit_is_shown_to_its_signers_and_read_by_a_kiosk_off_the_stick() {
    let mut desk = desk();
    desk.done(&[&PERMIT[..], &RELEASE].concat());
    let shown = desk.done(&["status", "repo"]);
    for words in [
        "kiosks ls-0017",
        "sites ls-03",
        "until 2026-12-30T17:00:00Z",
        "2 times",
        "with a technician",
        "app/kiosk-7 (kiosk 7)",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    desk.sign("usb", &["usb"]);
    desk.publish();
    let out = desk.done(&["check", "repo", "--root", "repo/metadata/1.root.json"]);
    assert!(out.contains("usb/lang-son (by usb): permit lang-son"), "{out}");
    desk.done(&["stick", "repo", "stick", "--permit", "usb/lang-son"]);

    let mount = desk.path("stick");
    let mut client =
        Client::new(FolderTransport::new(&mount), MemoryStore::default(), tuf::Limits::default());
    client.trust(&desk.read("repo/metadata/1.root.json")).unwrap();
    let staging = Staging::begin(&desk.path("staging"), 0).unwrap();
    let within = (Limits::default(), Box::new(|| Duration::ZERO) as stick::Elapsed);
    let memory = client.into_parts().1;
    let mut reader = Reader::open(&mount, staging, within, memory, desk.time()).await.unwrap();
    let permit = reader.permit().clone();
    let kiosk = stick::Kiosk { device: "ls-0017".to_owned(), site: None };
    permit.fits(&kiosk, Reading { time: desk.time(), level: ClockLevel::Floor }, 1).unwrap();
    let release = permit.permit().fields().releases[0].clone();
    let target = reader.find(&release.target).await.unwrap().unwrap();
    reader.stage(target, release).await.unwrap();
}

#[test]
fn a_permit_is_for_releases_that_are_listed_and_is_written_with_permit_alone() {
    let desk = desk();
    let with = |release: &'static str| [&PERMIT[..], &["--release", release]].concat();
    desk.refused(&with("app/kiosk-8=kiosk:8"), 1, &["app/kiosk-8 is not listed"]);
    desk.refused(&with("usb/lang-son=kiosk:7"), 2, &["app/NAME"]);
    desk.refused(&with("app/kiosk-7"), 2, &["TARGET=NAME:VERSION"]);
    desk.refused(&PERMIT, 2, &["1 to 16 releases"]);
    let elsewhere: Vec<_> =
        PERMIT.iter().map(|it| if *it == "usb/lang-son" { "app/p" } else { it }).collect();
    desk.refused(&[&elsewhere[..], &RELEASE].concat(), 2, &["usb/NAME"]);
    desk.write("file", b"{}");
    desk.refused(&["add-file", "repo", "--target", "usb/lang-son", "file"], 2, &["use permit"]);
}

#[test]
fn a_stick_is_written_of_what_is_published_into_an_empty_folder() {
    let mut desk = desk();
    let write = ["stick", "repo", "stick", "--permit", "usb/lang-son"];
    desk.refused(&write, 1, &["not published"]);
    desk.done(&[&PERMIT[..], &RELEASE].concat());
    desk.refused(&write, 1, &["not published"]);
    desk.sign("usb", &["usb"]);
    desk.publish();
    fs::create_dir(desk.path("stick")).unwrap();
    desk.write("stick/holiday.jpg", b"mine");
    desk.refused(&write, 1, &["empty folder"]);
    assert!(!stick::is_there(&desk.path("stick")));
    fs::remove_file(desk.path("stick/holiday.jpg")).unwrap();
    desk.done(&write);
    assert!(stick::is_there(&desk.path("stick")));
}

#[test]
fn a_sealed_log_is_opened_with_the_key_and_no_half_of_one_is_left() {
    let desk = Desk::with_keys();
    let said = desk.done(&["new-log-key", "keys/logs"]);
    let public = String::from_utf8(desk.read("keys/logs.pub")).unwrap();
    assert!(said.contains(public.trim()), "{said}");
    let head = logs::Head { device: "ls-0017".to_owned(), taken: desk.time(), name: "audit".to_owned() };
    let mut sealed = Vec::new();
    let log = vec![7_u8; 300_000];
    logs::seal(&public.trim().parse().unwrap(), &head, &log[..], &mut sealed, &mut UnwrapErr(SysRng))
        .unwrap();
    fs::create_dir(desk.path("ls-0017-20261126")).unwrap();
    desk.write("ls-0017-20261126/audit.sealed", &sealed);
    let open = ["open-logs", "out", "ls-0017-20261126/audit.sealed", "--key", "keys/logs"];
    let said = desk.done(&open);
    assert!(said.contains("audit of ls-0017, taken 2026-11-26T03:00:00Z"), "{said}");
    assert!(desk.read("out/ls-0017-20261126-audit.log") == log);
    desk.refused(&open, 1, &["is there already"]);

    desk.write("ls-0017-20261126/cut.sealed", &sealed[..sealed.len() - 1]);
    let cut = ["open-logs", "out", "ls-0017-20261126/cut.sealed", "--key", "keys/logs"];
    desk.refused(&cut, 3, &["not a whole sealed log"]);
    symlink("/etc/passwd", desk.path("ls-0017-20261126/link.sealed")).unwrap();
    let link = ["open-logs", "out", "ls-0017-20261126/link.sealed", "--key", "keys/logs"];
    desk.refused(&link, 1, &["link.sealed"]);
    assert_eq!(fs::read_dir(desk.path("out")).unwrap().count(), 1);
}
