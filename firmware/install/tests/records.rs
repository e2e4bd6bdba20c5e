//! A record survives a cut at every step and one damaged file, and never forgets silently.

mod common;

use common::{
    chain,
    cut_disk::{ALL_LEFT, CutDisk, Left},
};
use install::record::{Record, RecordError};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    number: u64,
    text: String,
}

fn note(number: u64) -> Note {
    Note { number, text: "long enough to be torn in two".repeat(number as usize) }
}

fn open(disk: &CutDisk) -> Record<Note> {
    Record::open(&mut disk.clone(), "note").unwrap_or_else(|error| panic!("{}", chain(&error)))
}

/// A disk that has kept the notes 1 to `last`.
fn kept(last: u64) -> CutDisk {
    let disk = CutDisk::default();
    let mut record = open(&disk);
    for number in 1..=last {
        record.put(&mut disk.clone(), note(number)).unwrap();
    }
    disk
}

#[test]
fn a_put_is_whole_or_never_was_at_any_cut() {
    for last in 0..4 {
        let disk = kept(last);
        let mut cut_before = 0;
        for step in 0..=4 {
            for left in ALL_LEFT {
                let cut = disk.copy();
                let mut record = open(&cut);
                cut.cut_after(step);
                let done = record.put(&mut cut.clone(), note(last + 1)).is_ok();
                assert_eq!(done, step == 4, "a put takes four steps");
                let again = cut.restarted(left);
                let mut record = open(&again);
                let number = record.value().map_or(0, |note| note.number);
                assert_eq!(record.value().cloned(), (number > 0).then(|| note(number)));
                assert!(number == last + 1 || (!done && number == last), "cut at {step}, {left:?}: {number}");
                cut_before += u64::from(number == last);
                assert_eq!(record.generation(), number);
                // It goes on from there, and whatever lay about is gone.
                record.put(&mut again.clone(), note(9)).unwrap();
                let after = again.restarted(Left::Nothing);
                assert_eq!(open(&after).value(), Some(&note(9)));
                assert!(!after.names_now().contains(&"note-new".to_owned()));
            }
        }
        assert!(cut_before > 0, "no cut came before the put: the test cuts nothing");
    }
}

#[test]
fn a_cut_while_a_lost_file_is_mended_loses_nothing() {
    let disk = kept(3);
    for name in ["note-a", "note-b"] {
        let newest = disk.bytes(name).starts_with(b"{\"generation\":3");
        for step in 0..6 {
            for left in ALL_LEFT {
                let cut = disk.copy();
                cut.damage(name, Some(b"torn".to_vec()));
                cut.cut_after(step);
                let _ = Record::<Note>::open(&mut cut.clone(), "note");
                let again = cut.restarted(left);
                assert_eq!(open(&again).value(), Some(&note(if newest { 2 } else { 3 })));
                let bytes = again.restarted(Left::Nothing);
                assert_eq!(bytes.bytes("note-a"), bytes.bytes("note-b"), "not mended");
            }
        }
    }
}

fn damages(bytes: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut flipped = bytes.to_vec();
    flipped[bytes.len() / 3] ^= 0x04;
    let half = bytes[..bytes.len() / 2].to_vec();
    let line = bytes[..=bytes.iter().position(|byte| *byte == b'\n').unwrap()].to_vec();
    let longer = [bytes, b"x"].concat();
    vec![
        Some(half),
        Some(line),
        Some(Vec::new()),
        Some(vec![0; bytes.len()]),
        Some(flipped),
        Some(longer),
        None,
    ]
}

#[test]
fn what_is_there_but_not_whole_is_damaged_and_never_nothing() {
    let disk = kept(2);
    for a in damages(&disk.bytes("note-a")) {
        for b in damages(&disk.bytes("note-b")) {
            let gone = a.is_none() && b.is_none();
            let damaged = disk.copy();
            damaged.damage("note-a", a.clone());
            damaged.damage("note-b", b);
            let opened = Record::<Note>::open(&mut damaged.clone(), "note");
            if gone {
                assert_eq!(opened.unwrap().value(), None);
                continue;
            }
            assert!(matches!(opened, Err(RecordError::Damaged { name }) if name == "note"));
            // By somebody's word it begins anew, and no cut makes "nothing" of it meanwhile.
            for step in 0..=10 {
                for left in ALL_LEFT {
                    let cut = damaged.copy();
                    cut.cut_after(step);
                    let done = Record::replace(&mut cut.clone(), "note", &note(7)).is_ok();
                    match Record::<Note>::open(&mut cut.restarted(left), "note") {
                        Ok(record) => assert_eq!(record.value(), Some(&note(7))),
                        Err(error) => assert!(!done, "cut at {step}, {left:?}: {}", chain(&error)),
                    }
                    assert!(done || step < 10);
                }
            }
        }
    }
}

#[test]
fn two_values_of_one_generation_are_damage() {
    let disk = kept(2);
    let other = CutDisk::default();
    let mut record = open(&other);
    record.put(&mut other.clone(), note(5)).unwrap();
    record.put(&mut other.clone(), note(6)).unwrap();
    let name = if disk.bytes("note-a").starts_with(b"{\"generation\":1") { "note-a" } else { "note-b" };
    disk.damage(name, Some(other.bytes(if name == "note-a" { "note-b" } else { "note-a" })));
    let opened = Record::<Note>::open(&mut disk.clone(), "note");
    assert!(matches!(opened, Err(RecordError::Damaged { .. })));
}

#[test]
fn a_value_of_another_version_is_not_passed_over_for_an_older_one() {
    #[derive(Serialize, Deserialize)]
    struct Newer {
        number: u64,
        text: String,
        mood: String,
    }
    let disk = kept(2);
    let newer = Newer { number: 3, text: String::new(), mood: "new".into() };
    // The same files, written by a program that knows the newest generation.
    let mut bytes = serde_json::to_vec(&serde_json::json!({"generation": 3, "value": newer})).unwrap();
    bytes.push(b'\n');
    bytes.extend(format!("{}\n", hex::encode(install::ImageDigest::of(&bytes).sha256)).as_bytes());
    disk.damage("note-a", Some(bytes));
    let opened = Record::<Note>::open(&mut disk.clone(), "note");
    assert!(matches!(opened, Err(RecordError::Foreign { .. })));
}

#[test]
fn after_a_put_that_failed_the_next_one_knows_what_is_kept() {
    for step in 0..4 {
        for second in 0..12 {
            let full = kept(3);
            let mut record = open(&full);
            full.cut_after(step);
            record.put(&mut full.clone(), note(4)).unwrap_err();
            full.cut_after(second);
            let done = record.put(&mut full.clone(), note(5)).is_ok();
            let number = open(&full.restarted(Left::Nothing)).value().unwrap().number;
            assert!(number == 5 || (!done && (3..5).contains(&number)), "{step}, {second}: {number}");
        }
    }
}

#[test]
fn what_is_kept_twice_survives_either_file() {
    let disk = kept(3);
    open(&disk).put_twice(&mut disk.clone(), note(4)).unwrap();
    for name in ["note-a", "note-b"] {
        let damaged = disk.copy();
        damaged.damage(name, None);
        assert_eq!(open(&damaged).value(), Some(&note(4)));
    }
}
