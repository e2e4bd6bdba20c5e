//! Commands: what is written is what kiosks take, and what they would not take is not signed.

use command::{AllowList, Here, Kind, Ledger, Name, Signed, Signer, Time, What, accept};
use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;

use crate::common::{Desk, Run};

const ONE: &str = "keys/root-1";
const TWO: &str = "keys/root-2";

fn name(text: &str) -> Name {
    text.to_owned().try_into().unwrap()
}

/// A command of the first of two.
fn ordered(desk: &Desk, more: &[&str]) -> Run {
    let usual = ["command", "out", "--key", ONE, "--yes", "--from", "2027-01-15", "--until", "2027-01-16"];
    desk.run(&[&usual, more].concat())
}

fn signers(desk: &Desk, by_two: &[Kind]) -> AllowList {
    let signer = |file: &str| {
        let printed = desk.run(&["command-signer", &format!("{file}.pub")]);
        let bytes = hex::decode(printed.out.trim()).unwrap().try_into().unwrap();
        Signer {
            name: name(&file.replace('/', ".")),
            key: VerifyingKey::from_bytes(&bytes).unwrap(),
            may: Kind::ALL.into_iter().collect(),
        }
    };
    AllowList::new(vec![signer(ONE), signer(TWO)], by_two.iter().copied().collect()).unwrap()
}

/// Whether the kiosk takes what lies there; by which signers, or why not.
pub fn taken(desk: &Desk, file: &str, by_two: &[Kind]) -> Result<(What, usize), &'static str> {
    let kiosk = name("ha-noi-0017");
    let now: Timestamp = "2027-01-15T00:00:00Z".parse().unwrap();
    let here = Here { kiosk: &kiosk, site: None, time: Time::Known(now) };
    let mut ledger = Ledger::default();
    ledger.begin("2027-01-01T00:00:00Z".parse().unwrap());
    let envelope = desk.read(file);
    match accept(&envelope, &signers(desk, by_two), &here, &ledger) {
        Ok((accepted, _)) => Ok((accepted.command().what.clone(), accepted.signers().len())),
        Err(refusal) => Err(refusal.code()),
    }
}

#[test]
fn a_command_is_shown_signed_and_taken() {
    let desk = Desk::with_keys();
    let run = ordered(&desk, &["--kiosk", "ha-noi-0017", "--reboot"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for line in
        ["1 kiosks: ha-noi-0017", "start the machine anew", "2027-01-14T17:00:00Z to 2027-01-15T17:00:00Z"]
    {
        assert!(run.out.contains(line), "{line} is not in {}", run.out);
    }
    assert_eq!(taken(&desk, "out", &[]), Ok((What::Reboot {}, 1)));
    assert_eq!(taken(&desk, "out", &[Kind::Reboot]), Err("CMD-06"));
    let run = desk.run(&["countersign", "out", "--key", TWO, "--out", "both", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("start the machine anew"), "{}", run.out);
    assert_eq!(taken(&desk, "both", &[Kind::Reboot]), Ok((What::Reboot {}, 2)));
    // Once more by the same is the same.
    let run = desk.run(&["countersign", "both", "--key", TWO, "--out", "again", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(desk.read("again"), desk.read("both"));
}

#[test]
fn what_no_kiosk_would_take_is_not_signed() {
    let desk = Desk::with_keys();
    let long = "a".repeat(121);
    for more in [
        &["--kiosk", "k"][..],
        &["--reboot"],
        &["--kiosk", "k", "--site", "s", "--reboot"],
        &["--kiosk", "k", "--reboot", "--unlock"],
        &["--kiosk", "../k", "--reboot"],
        &["--kiosk", "k", "--lock", "0"],
        &["--kiosk", "k", "--lock", "10081"],
        &["--kiosk", "k", "--lock", "5", "--reason", "mood"],
        &["--kiosk", "k", "--message-vi", "a", "--shown-until", "2027-01-16"],
        &["--kiosk", "k", "--message-vi", "a", "--message-en", &long, "--shown-until", "2027-01-16"],
        &["--kiosk", "k", "--message-vi", "a", "--message-en", "\u{202e}a", "--shown-until", "2027-01-16"],
        &["--kiosk", "k", "--message-vi", "a", "--message-en", "a", "--shown-until", "2027-03-16"],
        &["--kiosk", "k", "--reboot", "--number", "0"],
        &["--kiosk", "k", "--shell", "rm"],
    ] {
        let run = ordered(&desk, more);
        assert_eq!(run.code, 2, "{more:?}: {} {}", run.out, run.err);
        assert!(!desk.path("out").exists(), "{more:?}");
    }
    let late = ["command", "out", "--key", ONE, "--yes", "--kiosk", "k", "--reboot"];
    let period = ["--from", "2027-01-15", "--until", "2027-01-23"];
    let run = desk.run(&[&late[..], &period].concat());
    assert!(run.code == 2 && run.err.contains("7 days"), "{}", run.err);
}

#[test]
fn what_is_no_command_is_not_countersigned() {
    let desk = Desk::with_keys();
    assert_eq!(ordered(&desk, &["--kiosk", "ha-noi-0017", "--unlock"]).code, 0);
    let text = String::from_utf8(desk.read("out")).unwrap();
    assert!(Signed::parse(text.trim_end().as_bytes()).is_ok());
    for (file, bytes) in [
        ("other", text.replace("payloadType", "payload_type")),
        ("long", " ".repeat(5_000)),
        ("empty", String::new()),
    ] {
        desk.write(file, bytes.as_bytes());
        let run = desk.run(&["countersign", file, "--key", TWO, "--out", "both", "--yes"]);
        assert_eq!(run.code, 1, "{file}: {}", run.err);
        assert!(!desk.path("both").exists());
    }
}
