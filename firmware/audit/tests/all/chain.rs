//! Nobody changes, removes, adds or reorders a line unseen.

use std::{fs, path::Path, path::PathBuf};

use audit::{Event, Log, LogError, Outcome, VisitId, Why, verify};
use faults::Fault;
use jiff::Timestamp;
use keys::{DeviceKey, SigningContext};
use rand_core::UnwrapErr;
use tempfile::TempDir;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn chance() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

/// A log of one visit: seven lines, the last one a checkpoint.
fn one_visit(folder: &Path) -> (PathBuf, DeviceKey) {
    let path = folder.join("audit.jsonl");
    let key = DeviceKey::generate(&mut chance());
    let visit = Some(VisitId::new(&mut chance()));
    let mut log = Log::open(&path, at(0)).unwrap();
    log.append(at(0), None, &Event::KioskStarted { version: "1.20.3".parse().unwrap() }).unwrap();
    log.append(at(1), visit, &Event::VisitBegun).unwrap();
    log.append(at(2), visit, &Event::ServiceChosen { service: "eid.activate".parse().unwrap() }).unwrap();
    log.append(at(3), visit, &Event::CardRefused { fault: Fault::DataAltered }).unwrap();
    log.append(at(4), visit, &Event::VisitEnded { outcome: Outcome::Refused }).unwrap();
    log.append(at(5), visit, &Event::MemoryWiped).unwrap();
    log.checkpoint(&key, at(6)).unwrap();
    (path, key)
}

/// Does something to the lines and says where `verify` stops.
fn tampered(with: impl Fn(&mut Vec<String>)) -> (u64, Why) {
    let folder = TempDir::new().unwrap();
    let (path, key) = one_visit(folder.path());
    let mut lines: Vec<_> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    with(&mut lines);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let broken = verify(&path, Some(&key.public()), None).unwrap_err();
    (broken.line, broken.why)
}

#[test]
fn an_untouched_log_is_whole_and_signed_to_its_checkpoint() {
    let folder = TempDir::new().unwrap();
    let (path, key) = one_visit(folder.path());
    let verified = verify(&path, Some(&key.public()), None).unwrap();
    assert_eq!((verified.head.lines, verified.signed), (7, 7));
}

#[test]
fn a_changed_word_is_found() {
    let found = tampered(|lines| lines[4] = lines[4].replace("refused", "activated"));
    assert!(matches!(found, (5, Why::Changed)), "{found:?}");
}

#[test]
fn another_spelling_of_the_same_line_is_found() {
    let found = tampered(|lines| lines[1] = lines[1].replace(",\"event\"", ", \"event\""));
    assert!(matches!(found, (2, Why::Changed)), "{found:?}");
}

#[test]
fn a_hash_in_capitals_is_found() {
    let found = tampered(|lines| {
        let at = lines[5].find("\"hash\":\"").unwrap() + 8;
        let capitals = lines[5][at..at + 64].to_ascii_uppercase();
        lines[5].replace_range(at..at + 64, &capitals);
    });
    assert!(matches!(found, (6, Why::Changed)), "{found:?}");
}

#[test]
fn a_removed_line_is_found() {
    let found = tampered(|lines| drop(lines.remove(3)));
    assert!(matches!(found, (4, Why::NotInPlace)), "{found:?}");
}

#[test]
fn a_removed_first_line_is_found() {
    let found = tampered(|lines| drop(lines.remove(0)));
    assert!(matches!(found, (1, Why::NotInPlace)), "{found:?}");
}

#[test]
fn swapped_lines_are_found() {
    let found = tampered(|lines| lines.swap(2, 3));
    assert!(matches!(found, (3, Why::NotInPlace)), "{found:?}");
}

#[test]
fn a_line_that_stands_twice_is_found() {
    let found = tampered(|lines| lines.insert(3, lines[2].clone()));
    assert!(matches!(found, (4, Why::NotInPlace)), "{found:?}");
}

#[test]
fn every_single_changed_byte_is_found() {
    let folder = TempDir::new().unwrap();
    let (path, key) = one_visit(folder.path());
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(verify(&path, Some(&key.public()), None).is_err(), "byte {at} changed unseen");
    }
}

#[test]
fn a_history_written_anew_without_the_key_is_found() {
    let folder = TempDir::new().unwrap();
    let (path, _) = one_visit(folder.path());
    let kiosk = DeviceKey::generate(&mut chance()).public();
    let broken = verify(&path, Some(&kiosk), None).unwrap_err();
    assert!(matches!((broken.line, &broken.why), (7, Why::Signature)), "{broken:?}");
}

#[test]
fn a_signature_given_for_something_else_is_no_checkpoint() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let key = DeviceKey::generate(&mut chance());
    let mut log = Log::open(&path, at(0)).unwrap();
    let head = log.append(at(0), None, &Event::VisitBegun).unwrap();
    let message = format!("{} {}", head.lines, hex::encode(head.hash));
    let signature = key.sign(SigningContext::Slip, message.as_bytes());
    let event = Event::Checkpoint { key: Box::new(key.public()), signature: Box::new(signature) };
    log.append(at(1), None, &event).unwrap();
    assert!(matches!(verify(&path, None, None).unwrap_err().why, Why::Signature));
}

#[test]
fn a_cut_off_end_is_found_once_the_end_was_reported() {
    let folder = TempDir::new().unwrap();
    let (path, key) = one_visit(folder.path());
    let reported = verify(&path, None, None).unwrap().head;
    let text = fs::read_to_string(&path).unwrap();
    let shorter: Vec<_> = text.lines().take(5).collect();
    fs::write(&path, shorter.join("\n") + "\n").unwrap();
    assert!(verify(&path, Some(&key.public()), None).is_ok(), "a chain alone cannot know its end");
    let broken = verify(&path, Some(&key.public()), Some(&reported)).unwrap_err();
    assert!(matches!(broken.why, Why::CutOff));
}

#[test]
fn two_programs_cannot_write_one_log() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let _first = Log::open(&path, at(0)).unwrap();
    let second = Log::open(&path, at(0)).err().unwrap();
    assert!(matches!(second, LogError::Busy { .. }), "{second}");
    assert_eq!(second.fault().code(), "CONF-04");
}

#[test]
fn what_stands_in_the_log_is_what_the_list_allows() {
    let folder = TempDir::new().unwrap();
    let (path, _) = one_visit(folder.path());
    let every_line = ["at", "event", "previous", "seq", "visit"];
    for line in audit::read(&path).unwrap() {
        let kind = audit::KINDS.iter().find(|kind| kind.name == line.event).expect("an event of the list");
        for (name, _) in line.content.iter() {
            let allowed = every_line.contains(&name) || kind.fields.iter().any(|field| field.0 == name);
            assert!(allowed, "{name} in {}", line.event);
        }
    }
}

#[test]
fn a_persons_number_or_name_is_no_service() {
    for text in ["001190000158", "nguyen thi khue", "eid.001190000158", "0912000158", "Eid.activate", "eid"] {
        assert!(text.parse::<audit::ServiceName>().is_err(), "{text}");
    }
    assert!("judicial.record-1".parse::<audit::ServiceName>().is_ok());
    for text in ["0912000158", "001090000158", "012345678", "123", "Khue", ""] {
        assert!(text.parse::<audit::OfficerNumber>().is_err(), "{text}");
    }
    assert!("100001".parse::<audit::OfficerNumber>().is_ok());
}
