//! A damaged outbox is refused and left as it is; it is never taken for an empty one.

use std::{fs, path::Path};

use outbox::{Outbox, OutboxError};
use tempfile::TempDir;

use crate::sample::{LIMITS, Sample, at, id};

/// An outbox with twenty transactions, closed in order (so without a write-ahead log).
fn filled(path: &Path) {
    let sample = Sample::new();
    let mut outbox = Outbox::open(path, LIMITS).unwrap();
    for number in 0..20 {
        outbox.put(&sample.sealed(number), at(0)).unwrap();
    }
}

fn refused(path: &Path) -> OutboxError {
    let before = fs::read(path).ok();
    let error = Outbox::open(path, LIMITS).err().expect("it is damaged");
    assert!(fs::read(path).ok() == before, "it was not left as it was");
    assert!(matches!(error, OutboxError::Damaged { .. }), "{error}");
    assert_eq!(error.fault().code(), "STORE-02");
    error
}

#[test]
fn a_file_cut_to_nothing_is_not_an_empty_outbox() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    filled(&path);
    for length in [0, 1, 15, 16, 100, 4096, 20_000] {
        let bytes = fs::read(&path).unwrap()[..length].to_vec();
        let cut = folder.path().join(format!("cut-{length}.db"));
        fs::write(&cut, bytes).unwrap();
        refused(&cut);
    }
}

#[test]
fn another_kind_of_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    fs::write(&path, "not a database at all, but long enough to be one".repeat(200)).unwrap();
    refused(&path);
    let other = folder.path().join("other.db");
    let file = rusqlite::Connection::open(&other).unwrap();
    file.execute_batch("CREATE TABLE waiting (id)").unwrap();
    drop(file);
    let error = refused(&other);
    assert!(error.to_string().contains("another program's"), "{error}");
}

#[test]
fn one_changed_byte_of_a_stored_transaction_is_found() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    let sample = Sample::new();
    let sealed = sample.sealed(1);
    Outbox::open(&path, LIMITS).unwrap().put(&sealed, at(0)).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    // A blob of this length lies on one page, whole.
    let place = bytes.windows(64).position(|window| window == &sealed.bytes()[500..564]).unwrap();
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = refused(&path);
    assert!(error.to_string().contains("row 1"), "{error}");
}

#[test]
fn a_damaged_page_is_found() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    filled(&path);
    let whole = fs::read(&path).unwrap();
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        let start = page * 4096 + if page == 0 { 100 } else { 0 };
        bytes[start..start + 12].fill(0xA5);
        fs::write(&path, &bytes).unwrap();
        refused(&path);
    }
}

#[test]
fn a_write_ahead_log_without_its_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    fs::write(folder.path().join("outbox.db-wal"), [7; 32]).unwrap();
    refused(&path);
    assert!(!path.exists());
}

#[test]
fn a_half_made_file_of_an_earlier_start_is_made_anew() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    fs::write(folder.path().join("outbox.db-new"), [0; 10]).unwrap();
    assert!(Outbox::open(&path, LIMITS).unwrap().was_made());
    assert!(!Outbox::open(&path, LIMITS).unwrap().was_made());
}

#[test]
fn a_second_program_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    let _first = Outbox::open(&path, LIMITS).unwrap();
    let error = Outbox::open(&path, LIMITS).err().unwrap();
    assert!(matches!(error, OutboxError::Busy { .. }), "{error}");
}

#[test]
fn a_folder_that_is_not_there_is_one_clear_line() {
    let error = Outbox::open(Path::new("/nowhere/at/all/outbox.db"), LIMITS).err().unwrap();
    assert_eq!(error.fault().code(), "STORE-01", "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
}

#[test]
fn nothing_of_an_acknowledged_transaction_stays_in_the_files() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    let sample = Sample::new();
    let sealed = sample.sealed(1);
    let piece = &sealed.bytes()[200..240];
    let found = || {
        fs::read_dir(folder.path()).unwrap().any(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(piece.len()).any(|window| window == piece)
        })
    };
    let mut outbox = Outbox::open(&path, LIMITS).unwrap();
    outbox.put(&sealed, at(0)).unwrap();
    assert!(found(), "while it waits it is there");
    outbox.acknowledge(&sample.receipt(1, outbox::Standing::Received), at(1)).unwrap();
    assert!(!found(), "sealed or not, it has no business here any more");
    assert!(outbox.standing(id(1)).unwrap().is_some());
}

#[test]
fn nothing_personal_is_readable_while_it_waits() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    let mut outbox = Outbox::open(&path, LIMITS).unwrap();
    outbox.put(&Sample::new().sealed(1), at(0)).unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for planted in ["001190000158", "NGUYỄN THỊ KHUÊ", "eid.activate"] {
            assert!(!bytes.windows(planted.len()).any(|window| window == planted.as_bytes()), "{planted}");
        }
    }
}
