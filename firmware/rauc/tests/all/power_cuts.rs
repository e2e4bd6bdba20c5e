//! The power may go before any write of ours and before any step of RAUC and the boot loader. Then
//! the good slot is as it was, record and boot loader agree, and what was asked for is done by
//! asking again.

use std::num::NonZeroU8;

use install::{Content, InstallBackend as _, InstallError, Slot, Status, UpdaterFault, boot::Refused};
use rauc::updater::{Bound, Mark, Updater as _};
use release::Sha256Digest;

use crate::{
    common::{Handed, Sample, chain, cut_disk::ALL_LEFT},
    pretended::{Machine, at},
};

const TRIES: NonZeroU8 = NonZeroU8::new(3).unwrap();
const SIX: &[u8] = b"the system as it came";

fn seven() -> Sample {
    let mut sample = Sample::plain(7, 3_000);
    sample.content.rauc_manifest_hash = Some(Sha256Digest::new([7; 32]));
    sample
}

fn wait<R>(work: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn write(machine: &Machine, sample: &Sample) -> Result<(), InstallError> {
    let mut rauc = machine.open()?;
    wait(rauc.write(&sample.content, &mut Handed::of(&sample.target)))
}

fn holds(status: Option<&Content>) -> Option<u64> {
    status.map(|content| content.release_seq.get())
}

/// What must hold whenever the machine has started and fleetd has.
fn sound(machine: &Machine, at_what: &str) -> Status {
    let rauc = machine.open().unwrap_or_else(|error| panic!("{at_what}: {}", chain(&error)));
    let status = rauc.status().unwrap();
    let loader = machine.loader(|loader| loader.clone());
    let bytes = |slot: Slot| loader.slots[at(slot)].clone();
    let (seven, on_trial) = (seven().image, status.trial.is_some());
    let good = match holds(status.good.as_ref()) {
        Some(7) => Slot::B,
        None => Slot::A,
        other => panic!("{at_what}: {other:?}"),
    };
    let expected = if on_trial { good.other() } else { good };
    assert_eq!(loader.primary, expected, "{at_what}: {}", status.line);
    assert!(!loader.bad[at(expected)], "{at_what}: a slot that is started is bad");
    assert_eq!(bytes(Slot::A), SIX, "{at_what}");
    if good == Slot::B || on_trial || status.whole.is_some() {
        assert_eq!(bytes(Slot::B), seven, "{at_what}: {}", status.line);
    }
    status
}

fn cut_everywhere(
    before: &Machine,
    name: &str,
    change: impl Fn(&Machine) -> Result<(), InstallError>,
    is_done: impl Fn(&Status) -> bool,
) {
    let steps = {
        let whole = before.copy();
        let begun = whole.place.disk.steps();
        change(&whole).unwrap_or_else(|error| panic!("{name}: {}", chain(&error)));
        whole.place.disk.steps() - begun
    };
    let (mut undone, mut done_then) = (0, 0);
    for step in 0..=steps {
        for left in ALL_LEFT {
            let cut = before.copy();
            cut.place.disk.cut_after(step);
            let done = change(&cut).is_ok();
            assert_eq!(done, step == steps, "{name}, cut at {step} of {steps}");
            let again = cut.restarted(left);
            let at = format!("{name}, cut at {step} of {steps}, {left:?}");
            let status = sound(&again, &at);
            assert!(is_done(&status) || !done, "{at}: what was acknowledged is lost: {}", status.line);
            if is_done(&status) {
                done_then += 1;
                continue;
            }
            undone += 1;
            change(&again).unwrap_or_else(|error| panic!("{at}: {}", chain(&error)));
            let status = sound(&again, &at);
            assert!(is_done(&status), "{at}: {}", status.line);
        }
    }
    assert!(undone > 0 && done_then > 0, "{name}: no cut came before the change, or none after it");
}

#[test]
fn every_change_is_done_or_can_be_asked_for_again() {
    let machine = Machine::with(SIX);
    drop(machine.opened());
    let seven = seven();
    cut_everywhere(
        &machine,
        "write",
        |machine| write(machine, &seven),
        |status| holds(status.whole.as_ref()) == Some(7),
    );
    write(&machine, &seven).unwrap();
    assert_eq!(machine.loader(|loader| loader.asked_for), seven.content.rauc_manifest_hash);
    assert!(!machine.place.disk.names_now().contains(&"app-a.img".to_owned()), "the bundle is left");

    let on_trial = |status: &Status| status.trial.is_some();
    cut_everywhere(&machine, "try out", |machine| machine.open()?.try_out(TRIES), on_trial);
    machine.opened().try_out(TRIES).unwrap();
    let machine = machine.restarted(ALL_LEFT[0]);
    let line = sound(&machine, "the first start").line;
    assert_eq!(line, "slot b, release 7, on trial, 2 starts left; slot a, an unlisted release, is good");

    cut_everywhere(
        &machine,
        "commit",
        |machine| machine.open()?.commit(),
        |status| holds(status.good.as_ref()) == Some(7) && status.floor == 7,
    );
    cut_everywhere(
        &machine,
        "roll back",
        |machine| machine.open()?.roll_back("the reader is gone"),
        |status| status.rejected.iter().any(|it| it.why == "the reader is gone") && status.trial.is_none(),
    );
}

#[test]
fn what_was_rolled_back_is_not_taken_again_and_not_written_while_it_runs() {
    let machine = Machine::with(SIX);
    write(&machine, &seven()).unwrap();
    machine.opened().try_out(TRIES).unwrap();
    let machine = machine.restarted(ALL_LEFT[0]);
    machine.opened().roll_back("the reader is gone").unwrap();
    let eight = Sample::plain(8, 3_000);
    let runs = write(&machine, &eight).unwrap_err();
    assert!(matches!(runs, InstallError::Refused(Refused::SpareRuns)), "{}", chain(&runs));
    let machine = machine.restarted(ALL_LEFT[0]);
    assert_eq!(machine.loader(|loader| loader.booted), Slot::A);
    let again = write(&machine, &seven()).unwrap_err();
    assert!(matches!(again, InstallError::Refused(Refused::Rejected { .. })), "{}", chain(&again));
    write(&machine, &eight).unwrap();
}

/// It fell back by itself: a boot loader that counts, or one that tries once.
#[test]
fn a_trial_that_the_boot_loader_gave_up_is_rolled_back() {
    let machine = Machine::with(SIX);
    write(&machine, &seven()).unwrap();
    machine.opened().try_out(TRIES).unwrap();
    machine.loader(|loader| loader.primary = Slot::A);
    let machine = machine.restarted(ALL_LEFT[0]);
    let status = sound(&machine, "fell back");
    assert_eq!(status.rejected[0].why, "the boot loader went back to slot a");
    assert_eq!(machine.opened().status().unwrap().floor, 0);
}

#[test]
fn a_trial_is_counted_once_for_each_start_of_the_machine() {
    let mut machine = Machine::with(SIX);
    write(&machine, &seven()).unwrap();
    machine.opened().try_out(TRIES).unwrap();
    for left in [2, 1, 0] {
        machine = machine.restarted(ALL_LEFT[0]);
        for _ in 0..3 {
            let trial = machine.opened().status().unwrap().trial.unwrap();
            assert_eq!((trial.tries_left, trial.runs), (left, true));
        }
    }
    machine = machine.restarted(ALL_LEFT[0]);
    let status = sound(&machine, "once too often");
    assert_eq!(status.rejected[0].why, "started 3 times and never found good");
    assert_eq!(machine.restarted(ALL_LEFT[0]).loader(|loader| loader.booted), Slot::A);
}

#[test]
fn a_bundle_that_rauc_refuses_is_not_kept_and_one_that_it_could_not_take_is() {
    let machine = Machine::with(SIX);
    let refused = UpdaterFault::Signature { said: "no".to_owned() };
    for (fault, kept) in [(refused, false), (UpdaterFault::Busy, true)] {
        machine.loader(|loader| loader.refuses = Some(fault.clone()));
        let error = write(&machine, &seven()).unwrap_err();
        assert_eq!(error.resumes(), kept);
        assert!(matches!(error, InstallError::Updater(found) if found == fault));
        let bundle = machine.place.disk.names_now().contains(&"app-a.img".to_owned());
        assert_eq!(bundle, kept);
        assert_eq!(sound(&machine, "refused").whole, None);
    }
    // What lies here whole does not come again.
    machine.loader(|loader| loader.refuses = None);
    let mut source = Handed { fails_after: Some(0), ..Handed::of(&seven().target) };
    let mut rauc = machine.opened();
    wait(rauc.write(&seven().content, &mut source)).unwrap();
    assert_eq!(rauc.bound(), Some(Bound::Manifest));
}

#[test]
fn a_bundle_that_went_bad_on_the_disk_comes_again_before_rauc_sees_it() {
    let machine = Machine::with(SIX);
    machine.loader(|loader| loader.refuses = Some(UpdaterFault::Busy));
    write(&machine, &seven()).unwrap_err();
    machine.place.disk.damage("app-a.img", Some(vec![1; 3_000]));
    machine.loader(|loader| loader.refuses = None);
    write(&machine, &seven()).unwrap();
    sound(&machine, "went bad");
}

#[test]
fn a_trial_that_could_not_be_begun_does_not_begin_later() {
    let machine = Machine::with(SIX);
    write(&machine, &seven()).unwrap();
    machine.loader(|loader| loader.marks_fail = true);
    let error = machine.opened().try_out(TRIES).unwrap_err();
    assert!(chain(&error).contains("exit code 1"), "{}", chain(&error));
    machine.loader(|loader| loader.marks_fail = false);
    let machine = machine.restarted(ALL_LEFT[0]);
    let status = sound(&machine, "not begun");
    assert_eq!((status.trial, holds(status.whole.as_ref())), (None, Some(7)));
    // What goes back is gone back on until the boot loader knows.
    machine.opened().try_out(TRIES).unwrap();
    let machine = machine.restarted(ALL_LEFT[0]);
    machine.loader(|loader| loader.marks_fail = true);
    machine.opened().roll_back("the reader is gone").unwrap_err();
    machine.loader(|loader| loader.marks_fail = false);
    let status = sound(&machine, "gone back on at the next start of fleetd");
    assert_eq!(status.rejected[0].why, "the reader is gone");
}

/// A RAUC that activates what it writes is held back until the trial.
#[test]
fn nothing_is_started_before_it_is_to_be_tried() {
    let machine = Machine::with(SIX);
    machine.loader(|loader| loader.activates = true);
    write(&machine, &seven()).unwrap();
    assert_eq!(machine.loader(|loader| loader.primary), Slot::A);
    // It was cut before that, and slot b runs: it is not taken for good.
    machine.mark(Mark::Active, Slot::B).unwrap();
    let machine = machine.restarted(ALL_LEFT[0]);
    let status = sound(&machine, "started untried");
    assert_eq!(status.good, None, "{}", status.line);
    assert_eq!(machine.restarted(ALL_LEFT[0]).loader(|loader| loader.booted), Slot::A);
}

#[test]
fn a_damaged_record_is_made_anew_of_what_runs() {
    let machine = Machine::with(SIX);
    drop(machine.opened());
    for name in ["rauc-a", "rauc-b"] {
        machine.place.disk.damage(name, Some(b"bit rot".to_vec()));
    }
    assert!(matches!(machine.open(), Err(InstallError::Record(_))));
    rauc::Rauc::rebuild(&machine.place, &machine, 6).unwrap();
    let status = sound(&machine, "made anew");
    assert_eq!((status.floor, status.good), (6, None));
    let below = write(&machine, &Sample::plain(5, 100)).unwrap_err();
    assert!(matches!(below, InstallError::Refused(Refused::BelowFloor { floor: 6, .. })));
}
