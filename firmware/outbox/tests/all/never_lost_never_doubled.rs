//! What was put in stays until it is acknowledged, once, in spite of everything.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use outbox::{Acknowledged, Limits, Outbox, OutboxError, Standing, Stored};
use tempfile::TempDir;

use crate::sample::{LIMITS, Sample, at, chance, id};

#[test]
fn what_was_put_in_is_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    let sample = Sample::new();
    let sealed = sample.sealed(1);
    let mut outbox = Outbox::open(&path, LIMITS).unwrap();
    assert_eq!(outbox.put(&sealed, at(0)).unwrap(), Stored::New);
    drop(outbox);
    let mut outbox = Outbox::open(&path, LIMITS).unwrap();
    let item = outbox.due(at(1)).unwrap().unwrap();
    assert_eq!((item.id, &item.bytes[..], item.attempt, item.put_at), (id(1), sealed.bytes(), 1, at(0)));
    let opened = transaction::open(&sample.server, &sample.kiosk, item.id, &item.bytes).unwrap();
    assert_eq!(opened, sample.transaction(1).to_bytes());
}

#[test]
fn putting_the_same_transaction_twice_keeps_one() {
    let folder = TempDir::new().unwrap();
    let sample = Sample::new();
    let mut outbox = Outbox::open(&folder.path().join("outbox.db"), LIMITS).unwrap();
    let first = sample.sealed(1);
    assert_eq!(outbox.put(&first, at(0)).unwrap(), Stored::New);
    // Sealed again, so other bytes: still the same transaction.
    assert_eq!(outbox.put(&sample.sealed(1), at(5)).unwrap(), Stored::Already);
    assert_eq!(outbox.counts().unwrap().waiting, 1);
    assert_eq!(outbox.due(at(9)).unwrap().unwrap().bytes, first.bytes());
}

#[test]
fn an_acknowledged_transaction_is_never_stored_or_sent_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    let sample = Sample::new();
    let mut outbox = Outbox::open(&path, LIMITS).unwrap();
    outbox.put(&sample.sealed(1), at(0)).unwrap();
    let receipt = sample.receipt(1, Standing::Received);
    assert_eq!(outbox.acknowledge(&receipt, at(1)).unwrap(), Acknowledged::First);
    assert_eq!(outbox.acknowledge(&receipt, at(2)).unwrap(), Acknowledged::Again);
    for _restart in 0..2 {
        let counts = outbox.counts().unwrap();
        assert_eq!((counts.waiting, counts.bytes, counts.acknowledged), (0, 0, 1));
        let again = outbox.put(&sample.sealed(1), at(3)).unwrap();
        assert_eq!(again, Stored::Acknowledged(Standing::Received));
        assert_eq!(outbox.due(at(99_999)).unwrap(), None);
        drop(outbox);
        outbox = Outbox::open(&path, LIMITS).unwrap();
    }
}

#[test]
fn registered_is_remembered_over_received_and_never_the_other_way() {
    let folder = TempDir::new().unwrap();
    let sample = Sample::new();
    let mut outbox = Outbox::open(&folder.path().join("outbox.db"), LIMITS).unwrap();
    outbox.put(&sample.sealed(1), at(0)).unwrap();
    for (comes, stands) in [
        (Standing::Received, Standing::Received),
        (Standing::Registered, Standing::Registered),
        (Standing::Received, Standing::Registered),
    ] {
        outbox.acknowledge(&sample.receipt(1, comes), at(1)).unwrap();
        assert_eq!(outbox.standing(id(1)).unwrap(), Some(stands));
    }
}

#[test]
fn a_receipt_for_what_never_waited_bars_it_for_good() {
    let folder = TempDir::new().unwrap();
    let sample = Sample::new();
    let mut outbox = Outbox::open(&folder.path().join("outbox.db"), LIMITS).unwrap();
    let receipt = sample.receipt(1, Standing::Registered);
    assert_eq!(outbox.acknowledge(&receipt, at(1)).unwrap(), Acknowledged::Unknown);
    let put = outbox.put(&sample.sealed(1), at(2)).unwrap();
    assert_eq!(put, Stored::Acknowledged(Standing::Registered));
}

#[test]
fn tombstones_are_forgotten_after_their_time() {
    let folder = TempDir::new().unwrap();
    let sample = Sample::new();
    let limits = Limits { remember_days: 2, ..LIMITS };
    let mut outbox = Outbox::open(&folder.path().join("outbox.db"), limits).unwrap();
    outbox.acknowledge(&sample.receipt(1, Standing::Received), at(0)).unwrap();
    outbox.acknowledge(&sample.receipt(2, Standing::Received), at(86_400)).unwrap();
    assert_eq!(outbox.counts().unwrap().acknowledged, 2);
    outbox.acknowledge(&sample.receipt(3, Standing::Received), at(3 * 86_400 - 10)).unwrap();
    assert_eq!(outbox.standing(id(1)).unwrap(), None);
    assert_eq!(outbox.standing(id(2)).unwrap(), Some(Standing::Received));
}

#[test]
fn a_stuck_transaction_does_not_hold_up_the_rest() {
    let folder = TempDir::new().unwrap();
    let sample = Sample::new();
    let mut outbox = Outbox::open(&folder.path().join("outbox.db"), LIMITS).unwrap();
    for number in 1..=5 {
        outbox.put(&sample.sealed(number), at(number.into())).unwrap();
    }
    // The first one fails every time, or its sender dies and never says so.
    let mut sent = Vec::new();
    let mut now = 10;
    while let Some(item) = outbox.due(at(now)).unwrap() {
        now += 1;
        match item.id {
            stuck if stuck == id(1) && item.attempt % 2 == 0 => {
                outbox.retry_later(stuck, at(now), &mut chance()).unwrap();
            }
            stuck if stuck == id(1) => {}
            _ => {
                sent.push(item.id);
                let number = u32::try_from(sent.len()).unwrap() + 1;
                outbox.acknowledge(&sample.receipt(number, Standing::Received), at(now)).unwrap();
            }
        }
    }
    assert_eq!(sent, [id(2), id(3), id(4), id(5)]);
    assert!(now < 70, "the others went out before the stuck one was tried twice");
    let due = outbox.next_due(at(now)).unwrap().unwrap();
    assert_eq!(outbox.due(due).unwrap().map(|item| (item.id, item.attempt)), Some((id(1), 2)));
}

#[test]
fn nobody_waits_for_ever_under_a_flood_of_new_ones() {
    let folder = TempDir::new().unwrap();
    let sample = Sample::new();
    let mut outbox = Outbox::open(&folder.path().join("outbox.db"), LIMITS).unwrap();
    let mut handed_out = BTreeSet::new();
    // Three come in for each one that is tried, and every try fails.
    for round in 0..60_u32 {
        for part in 0..3 {
            outbox.put(&sample.sealed(3 * round + part), at(round.into())).unwrap();
        }
        let item = outbox.due(at(round.into())).unwrap().unwrap();
        outbox.retry_later(item.id, at(round.into()), &mut chance()).unwrap();
        handed_out.insert(item.id);
    }
    let first: Vec<_> = (0..40).filter(|number| !handed_out.contains(&id(*number))).collect();
    assert!(first.is_empty(), "{first:?} were never tried");
}

#[test]
fn a_time_written_under_a_wrong_clock_does_not_bury_a_transaction() {
    let folder = TempDir::new().unwrap();
    let sample = Sample::new();
    let mut outbox = Outbox::open(&folder.path().join("outbox.db"), LIMITS).unwrap();
    let year = 365 * 86_400;
    outbox.put(&sample.sealed(1), at(year)).unwrap();
    assert_eq!(outbox.next_due(at(0)).unwrap(), Some(at(0)));
    assert_eq!(outbox.due(at(0)).unwrap().unwrap().id, id(1));
    assert_eq!(outbox.due(at(1)).unwrap(), None, "then it is lent out like any other");
}

#[test]
fn what_is_counted_along_is_what_is_counted_anew() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    let sample = Sample::new();
    let limits = Limits { remember_days: 1, ..LIMITS };
    let mut outbox = Outbox::open(&path, limits.clone()).unwrap();
    for number in 0..9 {
        outbox.put(&sample.sealed(number), at(0)).unwrap();
    }
    for _lent in 0..4 {
        outbox.due(at(1)).unwrap().unwrap();
    }
    // Twice lent, lent, never lent, twice acknowledged, unknown, and a day later.
    outbox.due(at(70)).unwrap().unwrap();
    for (number, second) in [(4, 80), (0, 81), (8, 82), (0, 83), (77, 84), (1, 90_000)] {
        outbox.acknowledge(&sample.receipt(number, Standing::Received), at(second)).unwrap();
        let along = outbox.counts().unwrap();
        drop(outbox);
        outbox = Outbox::open(&path, limits.clone()).unwrap();
        assert_eq!(outbox.counts().unwrap(), along, "after {number}");
    }
    let counts = outbox.counts().unwrap();
    assert_eq!((counts.waiting, counts.tried, counts.acknowledged), (5, 2, 1));
    assert_eq!(counts.oldest, Some(at(0)));
}

#[test]
fn each_limit_refuses_and_stores_nothing() {
    let sample = Sample::new();
    let sealed = sample.sealed(1);
    let size = sealed.bytes().len() as u64;
    let tries = [
        (Limits { count: 1, ..LIMITS }, 0, "as many transactions"),
        (Limits { bytes: 2 * size - 1, ..LIMITS }, 0, "as many bytes"),
        (Limits { age_hours: 1, ..LIMITS }, 3601, "waited longer"),
    ];
    for (limits, later, words) in tries {
        let folder = TempDir::new().unwrap();
        let mut outbox = Outbox::open(&folder.path().join("outbox.db"), limits).unwrap();
        outbox.put(&sealed, at(0)).unwrap();
        let error = outbox.put(&sample.sealed(2), at(later)).unwrap_err();
        assert!(matches!(error, OutboxError::Full { limit } if limit.contains(words)), "{error}");
        assert_eq!(error.fault().code(), "STORE-03");
        assert_eq!(outbox.counts().unwrap().waiting, 1);
        // What is there already is no new one.
        assert_eq!(outbox.put(&sealed, at(later)).unwrap(), Stored::Already);
        outbox.acknowledge(&sample.receipt(1, Standing::Received), at(later)).unwrap();
        assert_eq!(outbox.put(&sample.sealed(2), at(later)).unwrap(), Stored::New);
    }
}

/// Not a test by itself: the child of the next one, which kills it. Puts in one after
/// the other and acknowledges every third, saying so after each.
#[test]
fn child_that_works_until_it_is_killed() {
    let Ok(path) = std::env::var("OUTBOX_TEST_FILE") else { return };
    let from: u32 = std::env::var("OUTBOX_TEST_FROM").unwrap().parse().unwrap();
    let sample = Sample::new();
    let mut outbox = Outbox::open(path.as_ref(), LIMITS).unwrap();
    for number in from.. {
        outbox.put(&sample.sealed(number), at(number.into())).unwrap();
        println!("\nPUT {number}");
        if number % 3 == 0 {
            outbox.due(at(number.into())).unwrap();
            outbox.acknowledge(&sample.receipt(number, Standing::Received), at(1)).unwrap();
            println!("\nDONE {number}");
        }
    }
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox.db");
    let (mut put, mut done) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..15 {
        // The last one said may be put again: as after a crash before the citizen was told.
        let from = put.last().copied().unwrap_or(0);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "never_lost_never_doubled::child_that_works_until_it_is_killed", "--nocapture"])
            .env("OUTBOX_TEST_FILE", &path)
            .env("OUTBOX_TEST_FROM", from.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut heard = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            let Some((word, number)) = line.split_once(' ') else { continue };
            match word {
                "PUT" => put.insert(number.parse::<u32>().unwrap()),
                "DONE" => done.insert(number.parse::<u32>().unwrap()),
                _ => continue,
            };
            heard += 1;
            if heard == 5 + round * 4 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let outbox = Outbox::open(&path, LIMITS).unwrap();
        for number in &put {
            let waits = outbox.waits(id(*number)).unwrap();
            let acknowledged = outbox.standing(id(*number)).unwrap().is_some();
            assert!(waits != acknowledged, "{number}: waits {waits}, acknowledged {acknowledged}");
            assert!(acknowledged || !done.contains(number), "{number} is back from the dead");
        }
        let counts = outbox.counts().unwrap();
        let unheard = counts.waiting + counts.acknowledged - put.len() as u64;
        assert!(unheard <= 1, "{unheard} more than was said");
    }
    assert!(put.len() > 200 && done.len() > 60, "only {} and {}", put.len(), done.len());
    // Everything that waits comes out once, and nothing else does.
    let mut outbox = Outbox::open(&path, LIMITS).unwrap();
    let waiting = outbox.counts().unwrap().waiting;
    let mut out = BTreeSet::new();
    while let Some(item) = outbox.due(at(1_000_000)).unwrap() {
        assert!(out.insert(item.id), "{} came out twice", item.id);
        assert!(outbox.standing(item.id).unwrap().is_none());
    }
    assert_eq!(out.len() as u64, waiting);
}
