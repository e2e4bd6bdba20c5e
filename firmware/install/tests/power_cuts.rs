//! The power may go at any step of any change. Then a slot can be started, nothing that was
//! acknowledged is lost, nothing is done twice, and the status says how things stand.

mod common;

use std::num::NonZeroU8;

use common::{
    CutPlace, Handed, Sample, chain,
    cut_disk::{ALL_LEFT, Left},
    install, machine_with,
};
use install::{
    AppSlots, Boot, BootRecord, InstallBackend as _, InstallError, Slot,
    boot::{Refused, Standing},
};

const TRIES: NonZeroU8 = NonZeroU8::new(3).unwrap();

/// Release 6 came with the machine, release 7 is to come.
fn six() -> Sample {
    Sample::plain(6, 3_000)
}

fn seven() -> Sample {
    Sample::packed(7, 9_000, 1_500)
}

/// What the launcher would start holds a whole release, as does what `current` stands for.
fn startable(place: &CutPlace, after: &str) -> Slot {
    let whole = |slot: Slot| {
        let bytes = place.disk.bytes(slot.image());
        assert!(
            [six().image, seven().image].contains(&bytes),
            "{after}: slot {slot} is no whole release: {} bytes",
            bytes.len()
        );
    };
    let linked = BootRecord::new(place.clone()).linked().unwrap().expect("current stands for a slot");
    whole(linked);
    let start = BootRecord::new(CutPlace::on(place.disk.copy())).count_start();
    let start = start.unwrap_or_else(|error| panic!("{after}: {}", chain(&error)));
    whole(start.slot);
    start.slot
}

/// Cuts a change at each of its steps. `known`: the machine's record before and after it.
fn cut_everywhere(before: &CutPlace, name: &str, change: impl Fn(&CutPlace) -> Result<(), InstallError>) {
    let whole = {
        let place = CutPlace::on(before.disk.copy());
        let begun = place.disk.steps();
        change(&place).unwrap_or_else(|error| panic!("{name}: {}", chain(&error)));
        (place.disk.steps() - begun, place.boot())
    };
    let (steps, after) = whole;
    let before_boot = CutPlace::on(before.disk.copy()).boot();
    assert!(steps >= 4, "{name}: a durable write has four steps, not {steps}");
    let (mut old, mut new) = (0, 0);
    for step in 0..=steps {
        for left in ALL_LEFT {
            let cut = CutPlace::on(before.disk.copy());
            cut.disk.cut_after(step);
            let done = change(&cut).is_ok();
            assert_eq!(done, step == steps, "{name}, cut at {step}");
            let again = CutPlace::on(cut.disk.restarted(left));
            let at = format!("{name}, cut at {step}, left {left:?}");
            startable(&again, &at);
            let boot = again.boot();
            assert!(boot == after || (!done && boot == before_boot), "{at}: {boot:?}");
            (old, new) = (old + u32::from(boot == before_boot), new + u32::from(boot == after));
            // The line says how things stand: the numbers of all releases in the slots.
            let line = boot.line();
            for content in boot.fields().contents.iter().flatten() {
                assert!(line.contains(&format!("release {}", content.release_seq)), "{at}: {line}");
            }
            if boot == before_boot {
                // Called again it is done, once.
                change(&again).unwrap_or_else(|error| panic!("{at}: {}", chain(&error)));
                assert_eq!(again.boot(), after, "{at}");
            }
            startable(&again, &at);
        }
    }
    assert!(old > 0 && new > 0, "{name}: no cut came before the change, or none after it");
}

fn slots(place: &CutPlace) -> Result<AppSlots<CutPlace>, InstallError> {
    AppSlots::open(place.clone())
}

fn start(place: &CutPlace) -> Result<(), InstallError> {
    BootRecord::new(place.clone()).count_start().map(drop)
}

/// A machine with release 7 written beside release 6.
async fn written() -> CutPlace {
    let place = machine_with(&six());
    start(&place).unwrap();
    install(&place, &seven()).await.unwrap();
    place
}

#[tokio::test]
async fn every_change_is_whole_or_never_was() {
    let place = written().await;
    assert_eq!(
        place.boot().line(),
        "slot a, an unlisted release, is good; slot b holds release 7, not tried yet"
    );
    cut_everywhere(&place, "try_out", |place| slots(place)?.try_out(TRIES));
    slots(&place).unwrap().try_out(TRIES).unwrap();
    cut_everywhere(&place, "count_start", start);
    start(&place).unwrap();
    assert_eq!(
        place.boot().line(),
        "slot b, release 7, on trial, 2 starts left; slot a, an unlisted release, is good"
    );
    cut_everywhere(&place, "data_migrating", |place| slots(place)?.data_migrating());
    cut_everywhere(&place, "roll_back", |place| slots(place)?.roll_back("the printer is gone"));
    cut_everywhere(&place, "commit", |place| slots(place)?.commit());

    let rolled_back = CutPlace::on(place.disk.copy());
    slots(&rolled_back).unwrap().roll_back("the printer is gone").unwrap();
    let line = rolled_back.boot().line();
    assert!(line.ends_with("slot b holds release 7, rejected: the printer is gone"), "{line}");
    cut_everywhere(&rolled_back, "the start after it", start);

    slots(&place).unwrap().commit().unwrap();
    assert_eq!(startable(&place, "commit"), Slot::B);
    let boot = place.boot();
    assert_eq!(boot.line(), "slot b, release 7, is good; slot a holds nothing");
    assert_eq!((boot.fields().floor, boot.fields().good), (7, Some(Slot::B)));
}

/// The trial's last start is followed by a start of the good slot, without anybody's help.
#[tokio::test]
async fn a_trial_that_is_never_found_good_is_rolled_back_by_the_launcher_at_any_cut() {
    let place = written().await;
    slots(&place).unwrap().try_out(TRIES).unwrap();
    for left in [2, 1, 0] {
        let start = BootRecord::new(place.clone()).count_start().unwrap();
        assert_eq!((start.slot, start.standing), (Slot::B, Standing::Trial { left }));
    }
    cut_everywhere(&place, "the start that rolls back", start);
    let start = BootRecord::new(place.clone()).count_start().unwrap();
    assert_eq!((start.slot, start.standing), (Slot::A, Standing::Good));
    let boot = place.boot();
    assert_eq!(boot.fields().floor, 0);
    assert_eq!(boot.fields().rejected[0].why, "started 3 times and never found good");
    let again = install(&place, &seven()).await.unwrap_err();
    assert!(matches!(again, InstallError::Refused(Refused::Rejected { release_seq: 7, .. })));
}

/// Each start of a trial is counted before it is made: however often the power goes, a trial is
/// not started more often than it was given.
#[tokio::test]
async fn no_cut_gives_a_trial_another_start() {
    let place = written().await;
    slots(&place).unwrap().try_out(TRIES).unwrap();
    for step in 0..5 {
        for left in ALL_LEFT {
            let mut at = CutPlace::on(place.disk.copy());
            let mut starts = 0;
            for _ in 0..50 {
                at.disk.cut_after(step);
                // The program starts only if the count was kept, then the power goes.
                let start = BootRecord::new(at.clone()).count_start();
                starts += u32::from(start.is_ok_and(|start| start.slot == Slot::B));
                at = CutPlace::on(at.disk.restarted(left));
            }
            assert!(starts <= 3, "cut at {step}, {left:?}: {starts} starts");
        }
    }
}

/// Cut at every step of a whole write, the finish included. Called again, it goes on from a
/// checkpoint and the same bytes lie there.
async fn a_write_cut_anywhere(sample: Sample) {
    let place = machine_with(&six());
    start(&place).unwrap();
    // What lay in the spare slot goes, but not before that is known for sure.
    place.disk.damage(Slot::B.image(), Some(b"an old image".to_vec()));
    let before = place.boot();
    let steps = {
        let whole = CutPlace::on(place.disk.copy());
        let begun = whole.disk.steps();
        install(&whole, &sample).await.unwrap();
        whole.disk.steps() - begun
    };
    let mut went_on = 0;
    for step in 0..=steps {
        for left in ALL_LEFT {
            let cut = CutPlace::on(place.disk.copy());
            cut.disk.cut_after(step);
            let done = install(&cut, &sample).await.is_ok();
            assert_eq!(done, step == steps, "cut at {step}");
            let again = CutPlace::on(cut.disk.restarted(left));
            let at = format!("cut at {step}, {left:?}");
            assert_eq!(startable(&again, &at), Slot::A);
            let boot = again.boot();
            assert_eq!(boot.fields().good, before.fields().good);
            let finished = boot.content(Slot::B).is_some();
            assert!(finished || !done, "{at}: an acknowledged write is lost");
            if finished {
                assert_eq!(again.disk.bytes(Slot::B.image()), sample.image, "{at}: whole, but is not");
            }
            let mut source = Handed::of(&sample.target);
            let mut slots = slots(&again).unwrap().syncing_every(2_000);
            slots.write(&sample.content, &mut source).await.unwrap_or_else(|e| panic!("{at}: {}", chain(&e)));
            went_on += u32::from(!finished && source.asked_from > 0);
            assert_eq!(again.disk.bytes(Slot::B.image()), sample.image, "{at}");
            assert_eq!(slots.status().unwrap().whole.as_ref(), Some(&sample.content));
            slots.try_out(TRIES).unwrap();
            assert_eq!(startable(&again, &at), Slot::B);
        }
    }
    assert!(went_on > 50, "only {went_on} writes went on from a checkpoint: too few cuts came after one");
}

#[tokio::test]
async fn a_plain_write_goes_on_after_a_cut_at_any_step() {
    a_write_cut_anywhere(Sample::plain(7, 9_000)).await;
}

#[tokio::test]
async fn a_packed_write_goes_on_after_a_cut_at_any_step() {
    a_write_cut_anywhere(seven()).await;
}

/// A record of which one file is damaged after a write began must not promise what lay in the
/// spare slot before.
#[tokio::test]
async fn a_damaged_file_does_not_bring_an_overwritten_release_back() {
    let place = written().await;
    let eight = Sample::plain(8, 9_000);
    // Nothing comes: the record was written once, and the image is cut already.
    let mut source = Handed { fails_after: Some(0), ..Handed::of(&eight.target) };
    let mut slots = slots(&place).unwrap();
    slots.write(&eight.content, &mut source).await.unwrap_err();
    for name in ["boot-a", "boot-b"] {
        let damaged = CutPlace::on(place.disk.copy());
        damaged.disk.damage(name, Some(b"bit rot".to_vec()));
        let boot = damaged.boot();
        assert_eq!(boot.content(Slot::B), None, "{name}: {}", boot.line());
    }
}

/// The record is gone wholly: `current` is left, and stands for what was good last.
#[tokio::test]
async fn with_a_damaged_record_current_still_stands_for_the_last_good_slot() {
    let place = written().await;
    slots(&place).unwrap().try_out(TRIES).unwrap();
    start(&place).unwrap();
    for committed in [false, true] {
        if committed {
            slots(&place).unwrap().commit().unwrap();
        }
        let damaged = CutPlace::on(place.disk.copy());
        for name in ["boot-a", "boot-b"] {
            damaged.disk.damage(name, Some(b"bit rot".to_vec()));
        }
        assert!(slots(&damaged).is_err());
        let good = if committed { Slot::B } else { Slot::A };
        let record = BootRecord::new(damaged.clone());
        assert_eq!(record.linked().unwrap(), Some(good));
        assert!(record.count_start().is_err(), "a damaged record counts nothing");
        // What fleetd remembers of the floor outlives it.
        let rebuilt = record.rebuild(6).unwrap();
        assert_eq!((rebuilt.fields().good, rebuilt.fields().floor), (Some(good), 6));
        assert_eq!(CutPlace::on(damaged.disk.restarted(Left::Nothing)).boot(), rebuilt);
        // One that can be read is left alone.
        assert_eq!(record.rebuild(9).unwrap(), rebuilt);
    }
    let empty = BootRecord::new(CutPlace::default());
    assert_eq!(empty.rebuild(3).unwrap(), Boot::with_image(None));
}
