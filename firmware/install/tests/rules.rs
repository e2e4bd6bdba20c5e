//! Which change is legal when: every change in every state, against a table.

mod common;

use std::fmt::Write as _;

use common::Sample;
use install::{
    Boot, Content, Slot,
    boot::{Checkpoint, Refused, Standing},
};
use release::DataSchema;

fn release(number: u64) -> Content {
    Sample::plain(number, 100).content
}

/// A release that changes data from one version to another.
fn migrating(number: u64, from: u32, to: u32, reversible: bool) -> Content {
    Content { data_schema: Some(DataSchema { from, to, reversible }), ..release(number) }
}

/// The good slot is a, with release 6 in it.
fn six() -> Boot {
    installed(Boot::with_image(None), &release(6))
}

fn written(mut boot: Boot, content: &Content) -> Boot {
    boot.begin(content).unwrap();
    boot.finish(content).unwrap();
    boot
}

fn tried(boot: Boot, content: &Content) -> Boot {
    let mut boot = written(boot, content);
    boot.try_out(2).unwrap();
    boot.count_start().unwrap();
    boot
}

fn installed(boot: Boot, content: &Content) -> Boot {
    let mut boot = tried(boot, content);
    boot.commit().unwrap();
    boot
}

type Change = (&'static str, fn(&mut Boot) -> Result<(), Refused>);

const CHANGES: [Change; 15] = [
    ("begin 7", |boot| boot.begin(&release(7)).map(drop)),
    ("begin 8", |boot| boot.begin(&release(8)).map(drop)),
    ("checkpoint 7", |boot| {
        boot.checkpoint(&release(7), &Checkpoint { taken: 9, written: 9, ..Checkpoint::default() })
    }),
    ("start over 7", |boot| boot.start_over(&release(7), "why")),
    ("finish 7", |boot| boot.finish(&release(7))),
    ("try out", |boot| boot.try_out(3)),
    ("count start", |boot| boot.count_start().map(drop)),
    ("was started from a, next a", |boot| {
        boot.was_started(Slot::A, Slot::A);
        Ok(())
    }),
    ("was started from a, next b", |boot| {
        boot.was_started(Slot::A, Slot::B);
        Ok(())
    }),
    ("was started from b, next b", |boot| {
        boot.was_started(Slot::B, Slot::B);
        Ok(())
    }),
    ("empty the spare slot", Boot::empty_spare),
    ("refuse 7", |boot| boot.refuse(&release(7), "why")),
    ("data migrating", Boot::data_migrating),
    ("commit", Boot::commit),
    ("roll back", |boot| boot.roll_back("why")),
];

#[test]
fn every_change_in_every_state() {
    let writing = || {
        let mut boot = six();
        boot.begin(&release(7)).unwrap();
        boot
    };
    let on_trial = || {
        let mut boot = written(six(), &release(7));
        boot.try_out(1).unwrap();
        boot
    };
    let rolled_back = || {
        let mut boot = tried(six(), &release(7));
        boot.roll_back("the printer is gone").unwrap();
        boot
    };
    let states: [(&str, Boot); 8] = [
        ("nothing installed", Boot::with_image(None)),
        ("6 good", six()),
        ("7 being written", writing()),
        ("7 whole", written(six(), &release(7))),
        ("7 on trial, not started", on_trial()),
        ("7 on trial, running", tried(six(), &release(7))),
        ("7 rolled back, running", rolled_back()),
        ("7 good", installed(six(), &release(7))),
    ];
    let mut table = String::new();
    for (name, state) in &states {
        writeln!(table, "{name}: {}", state.line()).unwrap();
        for (change, does) in CHANGES {
            let mut boot = state.clone();
            match does(&mut boot) {
                Ok(()) => writeln!(table, "  {change}: {}", boot.line()).unwrap(),
                Err(refused) => {
                    assert_eq!(&boot, state, "{change} was refused and changed something");
                    writeln!(table, "  {change}: NO, {refused}").unwrap();
                }
            }
            // Whatever comes out can be kept and read again.
            let text = serde_json::to_string(&boot).unwrap();
            assert_eq!(serde_json::from_str::<Boot>(&text).unwrap(), boot);
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules.txt");
    if std::env::var_os("UPDATE_RULES").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(table == kept, "the rules changed; UPDATE_RULES=1 writes them anew:\n{table}");
}

#[test]
fn the_floor_rises_only_with_a_commit_and_bars_what_is_below() {
    let mut boot = tried(six(), &release(8));
    assert_eq!(boot.fields().floor, 6);
    boot.commit().unwrap();
    assert_eq!(boot.fields().floor, 8);
    let below = Refused::BelowFloor { release_seq: 7, floor: 8 };
    assert_eq!(boot.begin(&release(7)), Err(below));
    // The release before lies there still; to try it again is a downgrade too.
    assert_eq!(boot.try_out(1), Err(Refused::BelowFloor { release_seq: 6, floor: 8 }));
    boot.lower_floor(6, "signers lowered it");
    boot.lower_floor(9, "that is no lowering");
    assert_eq!(boot.fields().floor, 6);
    boot.try_out(1).unwrap();
    assert_eq!(boot.count_start().unwrap().slot, Slot::A);
}

#[test]
fn a_rejected_release_stays_rejected_until_sixteen_others_are() {
    let mut boot = six();
    for number in 7..=23 {
        boot = tried(boot, &release(number));
        boot.roll_back(&format!("probe {number}\nand more lines")).unwrap();
        boot.count_start().unwrap();
        let refused = boot.begin(&release(number)).unwrap_err();
        assert_eq!(refused, Refused::Rejected { release_seq: number, why: format!("probe {number}") });
    }
    let rejected: Vec<u64> = boot.fields().rejected.iter().map(|it| it.release_seq).collect();
    assert_eq!(rejected, (8..=23).collect::<Vec<_>>());
    boot.roll_back("nothing").unwrap_err();
    let mut long = tried(six(), &release(7));
    long.roll_back(&"ế".repeat(1_000)).unwrap();
    assert_eq!(long.fields().rejected[0].why, "ế".repeat(100), "300 bytes, and no half letter");
}

#[test]
fn a_trial_that_changed_the_data_for_good_cannot_simply_be_rolled_back() {
    let stuck = Refused::Stuck { release_seq: 7 };
    for (good, trial, migrated, expected) in [
        (migrating(6, 1, 1, false), migrating(7, 1, 2, false), true, Err(stuck.clone())),
        (migrating(6, 1, 1, false), migrating(7, 1, 2, false), false, Ok(())),
        (migrating(6, 1, 1, false), migrating(7, 1, 2, true), true, Ok(())),
        (migrating(6, 1, 2, false), migrating(7, 1, 2, false), true, Ok(())),
        (migrating(6, 1, 1, false), migrating(7, 1, 1, false), true, Ok(())),
        // Nobody knows what release 6 can read.
        (release(6), migrating(7, 1, 2, false), true, Err(stuck.clone())),
        (release(6), release(7), true, Ok(())),
    ] {
        let mut boot = tried(installed(Boot::with_image(None), &good), &trial);
        if migrated {
            boot.data_migrating().unwrap();
        }
        let what = format!("{good:?} {trial:?} {migrated}");
        assert_eq!(boot.clone().roll_back("why"), expected, "{what}");
        boot.count_start().unwrap();
        let start = boot.count_start().unwrap();
        if expected.is_ok() {
            assert_eq!((start.slot, start.standing), (Slot::A, Standing::Good), "{what}");
            continue;
        }
        // Of the two only this one can read the data: it is started on and on.
        assert_eq!((start.slot, start.standing), (Slot::B, Standing::Stuck), "{what}");
        assert!(boot.line().contains("has changed the data"), "{}", boot.line());
        boot.data_restored().unwrap();
        assert_eq!(boot.count_start().unwrap().slot, Slot::A, "{what}");
    }
}

/// A boot loader counts starts as well, and decides by itself.
#[test]
fn a_boot_loader_never_brings_back_what_was_rolled_back() {
    let mut boot = written(six(), &release(7));
    boot.try_out(2).unwrap();
    for left in [1, 0] {
        boot.was_started(Slot::B, Slot::B);
        assert_eq!(boot.fields().trial.map(|trial| trial.tries_left), Some(left));
    }
    boot.was_started(Slot::B, Slot::B);
    assert_eq!(boot.fields().rejected[0].why, "started 2 times and never found good");
    // It does not obey and starts it again: still not the good one, and not written while it runs.
    boot.was_started(Slot::B, Slot::B);
    assert_eq!((boot.fields().good, boot.fields().running), (Some(Slot::A), Some(Slot::B)));
    assert_eq!(boot.begin(&release(8)), Err(Refused::SpareRuns));
    boot.was_started(Slot::A, Slot::A);
    boot.begin(&release(8)).unwrap();
}

#[test]
fn a_good_slot_that_does_not_start_any_more_is_given_up_with_the_boot_loader() {
    let mut boot = installed(six(), &release(7));
    // Once, by hand perhaps: the boot loader would start slot b again.
    boot.was_started(Slot::A, Slot::B);
    assert_eq!(boot.fields().good, Some(Slot::B));
    boot.was_started(Slot::A, Slot::A);
    assert_eq!((boot.fields().good, boot.fields().floor), (Some(Slot::A), 7));
    let last = "slot b, release 7, does not start any more: the boot loader took slot a";
    assert_eq!(boot.fields().last, last);
    // It may be written anew.
    boot.begin(&release(7)).unwrap();
}

#[test]
fn on_a_machine_without_a_good_release_a_trial_is_better_than_nothing() {
    let mut boot = Boot::with_image(None);
    assert_eq!(boot.count_start(), Err(Refused::NothingInstalled));
    boot = tried(boot, &release(6));
    boot.count_start().unwrap();
    for _ in 0..3 {
        let start = boot.count_start().unwrap();
        assert_eq!((start.slot, start.standing), (Slot::A, Standing::Stuck));
    }
    // Somebody decides otherwise: the next one goes beside what runs.
    boot.roll_back("it shows nothing").unwrap();
    assert_eq!(boot.count_start(), Err(Refused::NothingInstalled));
    let boot = installed(boot, &release(7));
    assert_eq!(boot.fields().good, Some(Slot::B));
}

#[test]
fn fields_that_no_change_leaves_behind_are_not_read() {
    let boot = tried(six(), &release(7));
    let text = serde_json::to_string(&boot).unwrap();
    assert_eq!(serde_json::from_str::<Boot>(&text).unwrap(), boot);
    for (from, to, why) in [
        (r#""good":"a""#, r#""good":"b""#, "the good slot is on trial"),
        (r#""tries":2"#, r#""tries":0"#, "more starts are left"),
        (r#""running""#, r#""mood":1,"running""#, "unknown field"),
        (r#""good":"a""#, r#""good":"c""#, "unknown variant"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let error = serde_json::from_str::<Boot>(&changed).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
