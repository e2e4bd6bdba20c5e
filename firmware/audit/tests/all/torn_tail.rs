//! Power may fail while a line is written: what was acknowledged stays, the torn line
//! goes, and the log says so.

use std::{
    fs::{self, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use audit::{Event, Log, LogError, verify};
use jiff::Timestamp;
use tempfile::TempDir;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// Opens the log at that second. Another test of this program starts a child, which holds
/// a copy of every open file, and so of a lock, from its fork until its exec.
fn reopen(path: &std::path::Path, second: i64) -> Log {
    for _ in 0..200 {
        match Log::open(path, at(second)) {
            Err(LogError::Busy { .. }) => std::thread::sleep(std::time::Duration::from_millis(10)),
            opened => return opened.unwrap(),
        }
    }
    panic!("the log stays busy");
}

fn events(path: &std::path::Path) -> Vec<String> {
    audit::read(path).unwrap().into_iter().map(|line| line.event).collect()
}

#[test]
fn a_line_cut_at_any_byte_costs_only_that_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut log = reopen(&path, 0);
    log.append(at(1), None, &Event::VisitBegun).unwrap();
    log.append(at(2), None, &Event::ConsentRefused).unwrap();
    drop(log);
    let kept = fs::read(&path).unwrap();
    let mut log = reopen(&path, 2);
    log.append(at(3), None, &Event::MemoryWiped).unwrap();
    drop(log);
    let whole = fs::read(&path).unwrap();

    for end in kept.len() + 1..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        let mut log = reopen(&path, 4);
        log.append(at(5), None, &Event::VisitTimedOut).unwrap();
        let expected = ["visit-begun", "consent-refused", "log-repaired", "visit-timed-out"];
        assert_eq!(events(&path), expected, "cut at byte {end}");
        assert!(fs::read(&path).unwrap().starts_with(&kept));
    }
}

#[test]
fn zeros_where_the_last_line_should_be_are_a_torn_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    reopen(&path, 0).append(at(1), None, &Event::VisitBegun).unwrap();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(&[0; 300]).unwrap();
    let mut log = reopen(&path, 2);
    log.append(at(3), None, &Event::MemoryWiped).unwrap();
    assert_eq!(events(&path), ["visit-begun", "log-repaired", "memory-wiped"]);
}

#[test]
fn damage_that_no_power_cut_makes_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut log = reopen(&path, 0);
    log.append(at(1), None, &Event::VisitBegun).unwrap();
    log.append(at(2), None, &Event::MemoryWiped).unwrap();
    drop(log);
    let changed = fs::read_to_string(&path).unwrap().replace("memory-wiped", "memory-kept!");
    fs::write(&path, &changed).unwrap();
    let error = Log::open(&path, at(3)).err().unwrap();
    assert!(matches!(error, LogError::Damaged { .. }), "{error}");
    assert_eq!(error.fault().code(), "STORE-02");
    assert_eq!(fs::read_to_string(&path).unwrap(), changed);
}

#[test]
fn a_long_log_opens_by_its_end_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut log = reopen(&path, 0);
    for second in 0..500 {
        log.append(at(second), None, &Event::VisitTimedOut).unwrap();
    }
    drop(log);
    assert!(fs::metadata(&path).unwrap().len() > 80_000, "longer than what opening checks");
    let mut log = reopen(&path, 500);
    assert_eq!(log.append(at(501), None, &Event::MemoryWiped).unwrap().lines, 501);
    assert_eq!(verify(&path, None, None).unwrap().head, log.head());
}

/// Not a test by itself: the child of the next one, which kills it.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Ok(path) = std::env::var("AUDIT_TEST_LOG") else { return };
    let mut log = Log::open(path.as_ref(), at(0)).unwrap();
    loop {
        let head = log.append(at(0), None, &Event::VisitBegun).unwrap();
        println!("\nACK {}", head.lines);
    }
}

#[test]
fn killed_at_any_moment_no_acknowledged_line_is_lost() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut acknowledged = 0;
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "torn_tail::child_that_writes_until_it_is_killed", "--nocapture"])
            .env("AUDIT_TEST_LOG", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut last = |until: u64| {
            let acks = said.by_ref().filter_map(|line| line.strip_prefix("ACK ")?.parse().ok());
            acks.take_while(|ack| *ack < until).last()
        };
        // Let it get somewhere, kill it in the middle, then hear what it still said.
        last(acknowledged + 3 + round * 7);
        child.kill().unwrap();
        acknowledged = last(u64::MAX).unwrap_or(acknowledged).max(acknowledged);
        child.wait().unwrap();
        let kept = reopen(&path, 1).head().lines;
        assert!(kept >= acknowledged, "{acknowledged} acknowledged, {kept} kept");
        assert_eq!(verify(&path, None, None).unwrap().head.lines, kept);
        acknowledged = kept;
    }
    assert!(acknowledged > 100, "the children wrote only {acknowledged} lines");
}
