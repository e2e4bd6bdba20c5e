//! The boot chooser: every command in every state against a table, and a power cut before every
//! write.

use std::{fmt::Write as _, num::NonZeroU8};

use install::Slot;
use rauc::tryboot::{
    AUTOBOOT, Autoboot, Booted, Chooser, FirmwareFolder, LONGEST, Next, Partitions, State, Trial,
    TrybootError,
};

use crate::common::cut_disk::{ALL_LEFT, CutDisk};

const PARTITIONS: Partitions = Partitions { a: 2, b: 3 };
const TRIES: NonZeroU8 = NonZeroU8::new(2).unwrap();
const BOOTED_A: Booted = Booted { slot: Slot::A, tryboot: false };
const TRYING_B: Booted = Booted { slot: Slot::B, tryboot: true };

pub type OnDisk = Chooser<CutDisk, CutDisk>;

/// Both folders on one disk, so that one cut ends both.
fn chooser(disk: &CutDisk, booted: Booted) -> OnDisk {
    Chooser::new(disk.clone(), disk.clone(), PARTITIONS, booted)
}

/// A machine as it came.
fn new() -> CutDisk {
    let disk = CutDisk::default();
    disk.damage(AUTOBOOT, Some(PARTITIONS.starting(Slot::A).text().into()));
    disk
}

fn trying(tries_left: u8) -> State {
    State { trial: Some(Trial { slot: Slot::B, tries_left }), ..State::default() }
}

#[test]
fn the_settings_of_the_readme_are_taken() {
    let readme = include_str!("../../README.md");
    let shown = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("tryboot.toml");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        rauc::tryboot::Settings::read(&path)
    };
    read(shown).unwrap();
    for (from, to) in [
        ("partition-b = 3", "partition-b = 2"),
        ("partition-a = 2", "partition-a = 1"),
        ("tries = 3", "tries = 0"),
        ("tries = 3", "tries = 3\nmood = 1"),
    ] {
        let changed = shown.replace(from, to);
        assert_ne!(changed, shown);
        assert!(read(&changed).is_err(), "{to}");
    }
    for line in shown.lines() {
        assert!(read(&shown.replace(line, "")).is_err(), "{line}");
    }
}

#[test]
fn every_command_in_every_state() {
    let bad_b = State { bad: [false, true], ..State::default() };
    let booted_b = Booted { slot: Slot::B, tryboot: false };
    let states: [(&str, State, Slot, Booted); 8] = [
        ("a committed", State::default(), Slot::A, BOOTED_A),
        ("b to be tried twice", trying(2), Slot::A, BOOTED_A),
        ("b is tried, one try left", trying(1), Slot::A, TRYING_B),
        ("b is tried for the last time", trying(0), Slot::A, TRYING_B),
        ("b fell back, one try left", trying(1), Slot::A, BOOTED_A),
        ("b fell back for good", trying(0), Slot::A, BOOTED_A),
        ("b bad", bad_b, Slot::A, BOOTED_A),
        ("b committed", State::default(), Slot::B, booted_b),
    ];
    let mut table = String::new();
    for (name, state, committed, booted) in states {
        writeln!(table, "{name}: {}", shown(state, committed, booted)).unwrap();
        for slot in [Slot::A, Slot::B] {
            let mut tried = state;
            tried.set_primary(slot, committed, TRIES);
            writeln!(table, "  set-primary {slot}: {}", shown(tried, committed, booted)).unwrap();
        }
        for slot in [Slot::A, Slot::B] {
            let mut good = state;
            let line = match good.set_good(slot, committed, booted) {
                Ok(committed) => shown(good, committed, booted),
                Err(why) => format!("NO, {why}"),
            };
            writeln!(table, "  set-state {slot} good: {line}").unwrap();
            let mut bad = state;
            let line = match bad.set_bad(slot, committed) {
                Ok(()) => shown(bad, committed, booted),
                Err(why) => format!("NO, {why}"),
            };
            writeln!(table, "  set-state {slot} bad: {line}").unwrap();
        }
        let mut restarted = state;
        let next = restarted.restart();
        writeln!(table, "  restart {:?}: {}", next.argument(), shown(restarted, committed, booted)).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tryboot.txt");
    if std::env::var_os("UPDATE_RULES").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(table == kept, "the rules changed; UPDATE_RULES=1 writes them anew:\n{table}");
}

fn shown(state: State, committed: Slot, booted: Booted) -> String {
    let good = |slot| if state.is_good(slot, booted) { "good" } else { "bad" };
    let left = state.trial.map_or("none".to_owned(), |it| format!("{} with {} left", it.slot, it.tries_left));
    let (primary, a, b) = (state.primary(committed, booted), good(Slot::A), good(Slot::B));
    format!("committed {committed}, primary {primary}, a {a}, b {b}, trial {left}")
}

/// What the firmware would start.
fn firmware(disk: &CutDisk) -> Slot {
    let there = disk.names_now().contains(&AUTOBOOT.to_owned());
    let file = there.then(|| disk.bytes(AUTOBOOT)).and_then(|bytes| Autoboot::parse(&bytes));
    PARTITIONS.committed(file)
}

type Change<'a> = &'a dyn Fn(&mut OnDisk) -> Result<(), TrybootError>;

/// Cuts a change before each of its writes. `sure`: the slot that the firmware starts then.
fn cut_everywhere(before: &CutDisk, booted: Booted, name: &str, change: Change, sure: &[Slot]) {
    let steps = {
        let whole = before.copy();
        let begun = whole.steps();
        change(&mut chooser(&whole, booted)).unwrap();
        whole.steps() - begun
    };
    assert!(steps >= 4, "{name}: a durable write has four steps, not {steps}");
    for step in 0..=steps {
        for left in ALL_LEFT {
            let cut = before.copy();
            cut.cut_after(step);
            let done = change(&mut chooser(&cut, booted)).is_ok();
            assert_eq!(done, step == steps, "{name}, cut at {step}");
            let again = cut.restarted(left);
            let at = format!("{name}, cut at {step} of {steps}, {left:?}");
            let started = firmware(&again);
            assert!(sure.contains(&started), "{at}: {started}");
            let booted = Booted { slot: started, tryboot: false };
            let mut chooser = chooser(&again, booted);
            // It answers, and a committed slot is never bad.
            assert_eq!(chooser.committed().unwrap(), started, "{at}");
            chooser.primary().unwrap();
            assert!(chooser.is_good(started).unwrap(), "{at}");
            if done {
                assert_eq!(started, sure[sure.len() - 1], "{at}");
            }
        }
    }
}

#[test]
fn the_firmware_starts_the_committed_slot_after_a_cut_before_any_write() {
    use Slot::{A, B};
    let disk = new();
    let tried = |disk: &CutDisk| chooser(disk, BOOTED_A).set_primary(B, TRIES).unwrap();
    cut_everywhere(&disk, BOOTED_A, "set-primary", &|chooser| chooser.set_primary(B, TRIES), &[A]);
    cut_everywhere(&disk, BOOTED_A, "set-state bad", &|chooser| chooser.set_bad(B), &[A]);
    tried(&disk);
    cut_everywhere(&disk, BOOTED_A, "restart", &|chooser| chooser.restart().map(drop), &[A]);
    assert_eq!(chooser(&disk, BOOTED_A).restart().unwrap(), Next::Tryboot);
    cut_everywhere(&disk, TRYING_B, "commit", &|chooser| chooser.set_good(B), &[A, B]);
    chooser(&disk, TRYING_B).set_good(B).unwrap();
    assert_eq!(firmware(&disk), B);
    let booted = Booted { slot: B, tryboot: false };
    assert_eq!(chooser(&disk, booted).primary().unwrap(), B);
}

#[test]
fn no_cut_gives_a_slot_another_try() {
    let disk = new();
    chooser(&disk, BOOTED_A).set_primary(Slot::B, TRIES).unwrap();
    for step in 0..9 {
        for left in ALL_LEFT {
            let (mut at, mut tries) = (disk.copy(), 0);
            for _ in 0..20 {
                at.cut_after(step);
                // The machine restarts only if the count was kept, then the power goes.
                let next = chooser(&at, BOOTED_A).restart();
                tries += u32::from(next.is_ok_and(|next| next == Next::Tryboot));
                at = at.restarted(left);
            }
            assert!(tries <= 2, "cut at {step}, {left:?}: {tries} tries");
        }
    }
}

/// FAT has no journal: whatever is left of the file, the first slot is started and the next
/// change writes a whole one.
#[test]
fn a_file_that_is_missing_or_garbled_means_the_first_slot() {
    let whole = PARTITIONS.starting(Slot::B).text().into_bytes();
    let garbled: [Option<Vec<u8>>; 5] = [
        None,
        Some(Vec::new()),
        Some(whole[..20].to_vec()),
        Some(vec![0; LONGEST]),
        // Of other partitions than the slots'.
        Some(Autoboot { all: 5, tryboot: 6 }.text().into()),
    ];
    for bytes in garbled {
        let disk = new();
        disk.damage(AUTOBOOT, bytes.clone());
        let mut chooser = chooser(&disk, BOOTED_A);
        assert_eq!(chooser.committed().unwrap(), Slot::A, "{bytes:?}");
        chooser.set_primary(Slot::B, TRIES).unwrap();
        assert_eq!(disk.bytes(AUTOBOOT), PARTITIONS.starting(Slot::A).text().into_bytes());
        assert_eq!(chooser.restart().unwrap(), Next::Tryboot);
    }
}

#[test]
fn a_file_that_the_firmware_would_not_read_to_its_end_is_garbled() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut text = PARTITIONS.starting(Slot::B).text();
    let chooser = |text: &str| {
        std::fs::write(folder.path().join(AUTOBOOT), text).unwrap();
        Chooser::new(FirmwareFolder::new(folder.path()), CutDisk::default(), PARTITIONS, BOOTED_A)
    };
    assert_eq!(chooser(&text).committed().unwrap(), Slot::B);
    text.push_str(&"#".repeat(LONGEST));
    assert_eq!(chooser(&text).committed().unwrap(), Slot::A);
}

#[test]
fn only_what_runs_is_committed() {
    let disk = new();
    let mut chooser = chooser(&disk, BOOTED_A);
    chooser.set_primary(Slot::B, TRIES).unwrap();
    let error = chooser.set_good(Slot::B).unwrap_err();
    assert!(matches!(error, TrybootError::NotNow(_)), "{error}");
    assert!(chooser.set_bad(Slot::A).is_err());
    assert_eq!(firmware(&disk), Slot::A);
}
