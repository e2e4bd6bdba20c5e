//! The same promises with Debian's `rauc`, and `kiosk-tryboot` behind it.

use std::{fs, num::NonZeroU8};

use install::{InstallBackend as _, InstallError, UpdaterFault, boot::Refused};
use rauc::updater::Bound;

use crate::{
    common::{Handed, chain},
    debian::{Board, Bundle, Format},
};

const TRIES: NonZeroU8 = NonZeroU8::new(3).unwrap();

/// What lay in slot A when the machine came.
const SIX: &[u8] = b"the system as it came";

impl Board {
    fn write(&self, bundle: &Bundle) -> Result<(), InstallError> {
        self.write_from(bundle, &mut Handed { piece: 60_000, ..Handed::of(&bundle.bytes) })
    }

    fn write_from(&self, bundle: &Bundle, source: &mut Handed) -> Result<(), InstallError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut back = self.open();
        runtime.block_on(back.write(&bundle.content, source))
    }

    fn line(&self) -> String {
        self.open().status().unwrap().line
    }
}

#[test]
fn a_release_is_written_tried_and_kept() {
    let Some(mut board) = Board::new() else { return };
    let seven = board.bundle(7, "trusted", Board::compatible(), Format::Plain);
    let before = board.read("firmware/autoboot.txt");
    board.write(&seven).unwrap_or_else(|error| panic!("{}; {}", chain(&error), board.log()));
    assert!(board.holds("b.img", &seven.image));
    assert_eq!(board.chooser(&["get-primary"]), "A", "written is not activated");
    assert_eq!(board.line(), "slot a, an unlisted release, is good; slot b holds release 7, not tried yet");
    assert!(!board.path("slots/app-a.img").exists(), "the bundle is left");

    assert!(!board.open().wants_restart().unwrap());
    board.open().try_out(TRIES).unwrap();
    assert!(board.open().wants_restart().unwrap());
    assert_eq!(board.chooser(&["get-primary"]), "B");
    assert_eq!(board.read("firmware/autoboot.txt"), before, "a trial needs no other file");
    assert_eq!(board.restart(), "0 tryboot");
    assert_eq!((board.slot, board.chooser(&["get-current"]).as_str()), ("B", "B"));
    assert!(board.open().status().unwrap().trial.unwrap().runs);
    assert!(!board.open().wants_restart().unwrap(), "it runs already");
    board.open().commit().unwrap();
    assert_eq!(board.restart(), "");
    assert_eq!(board.slot, "B");
    let status = board.open().status().unwrap();
    assert_eq!((status.good.as_ref(), status.floor), (Some(&seven.content), 7));
    assert_eq!(board.chooser(&["get-state", "B"]), "good");
    assert!(board.holds("a.img", SIX), "slot A was touched");

    // The next one goes into slot A.
    let eight = board.bundle(8, "trusted", Board::compatible(), Format::Plain);
    board.write(&eight).unwrap();
    assert!(board.holds("a.img", &eight.image) && board.holds("b.img", &seven.image));
    board.open().try_out(TRIES).unwrap();
    assert_eq!(board.restart(), "0 tryboot");
    board.open().commit().unwrap();
    assert_eq!((board.restart().as_str(), board.slot), ("", "A"));
}

#[test]
fn a_release_that_does_not_do_is_gone_back_on_and_not_taken_again() {
    let Some(mut board) = Board::new() else { return };
    let seven = board.bundle(7, "trusted", Board::compatible(), Format::Plain);
    board.write(&seven).unwrap();
    board.open().try_out(TRIES).unwrap();
    board.restart();
    assert_eq!(board.slot, "B");
    board.open().roll_back("the card reader is gone").unwrap();
    assert!(board.open().wants_restart().unwrap());
    assert_eq!((board.restart().as_str(), board.slot), ("", "A"));
    assert!(!board.open().wants_restart().unwrap(), "it is back already");
    assert_eq!(board.chooser(&["get-state", "B"]), "bad");
    let again = board.write(&seven).unwrap_err();
    assert!(matches!(again, InstallError::Refused(Refused::Rejected { .. })), "{}", chain(&again));
    assert!(board.holds("a.img", SIX));
}

/// It hangs before fleetd is there. The watchdog restarts the machine; its unit tries again, as
/// often as it may.
#[test]
fn a_release_that_never_comes_up_is_gone_back_on_without_anybody() {
    let Some(mut board) = Board::new() else { return };
    let seven = board.bundle(7, "trusted", Board::compatible(), Format::Plain);
    board.write(&seven).unwrap();
    board.open().try_out(TRIES).unwrap();
    for _ in 0..3 {
        assert_eq!(board.restart(), "0 tryboot");
        assert_eq!(board.slot, "B");
        board.power_on(false);
        assert_eq!(board.slot, "A", "one try, then the slot before");
    }
    assert_eq!(board.restart(), "");
    let status = board.open().status().unwrap();
    assert_eq!(status.rejected[0].why, "the boot loader went back to slot a");
    assert_eq!((status.trial, status.floor), (None, 0));
}

/// The power goes after the trial was ordered and before the machine was restarted into it.
#[test]
fn a_trial_that_a_power_cut_came_before_is_made_after_it() {
    let Some(mut board) = Board::new() else { return };
    let seven = board.bundle(7, "trusted", Board::compatible(), Format::Plain);
    board.write(&seven).unwrap();
    board.open().try_out(TRIES).unwrap();
    board.power_on(false);
    assert_eq!(board.slot, "A");
    let trial = board.open().status().unwrap().trial.unwrap();
    assert_eq!((trial.runs, trial.tries_left), (false, 3));
    assert_eq!((board.restart().as_str(), board.slot), ("0 tryboot", "B"));
    board.open().commit().unwrap();
}

#[test]
fn what_rauc_does_not_trust_or_is_for_others_is_refused() {
    let Some(board) = Board::new() else { return };
    let stranger = board.bundle(7, "stranger", Board::compatible(), Format::Plain);
    let error = board.write(&stranger).unwrap_err();
    let said = chain(&error);
    assert!(matches!(error, InstallError::Updater(UpdaterFault::Signature { .. })), "{said}");
    assert!(!error.resumes());
    let other = board.bundle(8, "trusted", "kiosk-of-somebody-else", Format::Plain);
    let error = board.write(&other).unwrap_err();
    let said = chain(&error);
    assert!(matches!(error, InstallError::Updater(UpdaterFault::Compatible { .. })), "{said}");
    assert!(board.read("b.img").is_empty() && board.holds("a.img", SIX));
    assert_eq!(board.chooser(&["get-primary"]), "A");
    assert!(!board.path("slots/app-a.img").exists());
}

/// Whether its blocks are held against the hash tree is the kernel's part.
#[test]
fn a_bundle_of_format_verity_is_written() {
    let Some(board) = Board::new() else { return };
    let mut seven = board.bundle(7, "trusted", Board::compatible(), Format::Verity);
    // It lies in the signature; `kiosk-repo` reads it there, in fleetd's tests.
    seven.content.rauc_manifest_hash = None;
    board.write(&seven).unwrap_or_else(|error| panic!("{}; {}", chain(&error), board.log()));
    assert!(board.holds("b.img", &seven.image) && board.holds("a.img", SIX));
    assert!(board.log().contains("dm-verity"), "{}", board.log());
}

/// What the repository's signers did not sign never reaches RAUC, though RAUC would trust it.
#[test]
fn another_bundle_of_the_same_signer_is_not_given_to_rauc() {
    let Some(board) = Board::new() else { return };
    let mut seven = board.bundle(7, "trusted", Board::compatible(), Format::Plain);
    seven.bytes = board.bundle(8, "trusted", Board::compatible(), Format::Plain).bytes;
    seven.bytes.resize(seven.content.listed.length as usize, 0);
    let error = board.write(&seven).unwrap_err();
    assert!(matches!(error, InstallError::Wrong(_)), "{}", chain(&error));
    assert!(!board.log().contains("installing"), "{}", board.log());
}

/// RAUC dies: before it writes, just before its first byte, after its last.
#[test]
fn rauc_may_die_at_any_point_of_a_write() {
    let Some(mut board) = Board::new() else { return };
    let seven = board.bundle(7, "trusted", Board::compatible(), Format::Plain);
    let mut source = Handed { piece: 60_000, ..Handed::of(&seven.bytes) };
    for (cut, reached) in [("pre-install", false), ("loader", false), ("post-install", true)] {
        fs::write(board.path(&format!("cut-{cut}")), "").unwrap();
        let error = board.write_from(&seven, &mut source).unwrap_err();
        let said = chain(&error);
        assert!(matches!(error, InstallError::Updater(UpdaterFault::Gone { .. })), "{cut}: {said}");
        assert!(error.resumes());
        assert!(!board.path(&format!("cut-{cut}")).exists(), "{cut} was not reached");
        assert_eq!(board.holds("b.img", &seven.image), reached, "{cut}");
        board.start_rauc();
        assert_eq!(board.chooser(&["get-primary"]), "A", "{cut}");
        let status = board.open().status().unwrap();
        assert_eq!((status.whole, status.writing.unwrap().content), (None, seven.content.clone()), "{cut}");
    }
    board.write_from(&seven, &mut source).unwrap();
    assert!(board.holds("b.img", &seven.image) && board.holds("a.img", SIX));
    let given = source.given.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(given, seven.bytes.len() as u64, "the bundle was fetched once");
}

/// Debian 12's RAUC cannot be told the manifest's hash; that is said and not passed over.
#[test]
fn how_the_bundle_was_bound_is_told() {
    let Some(board) = Board::new() else { return };
    let seven = board.bundle(7, "trusted", Board::compatible(), Format::Plain);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut back = board.open();
    let mut source = Handed { piece: 60_000, ..Handed::of(&seven.bytes) };
    runtime.block_on(back.write(&seven.content, &mut source)).unwrap();
    let old = board.version().starts_with("1.8");
    assert_eq!(back.bound(), Some(if old { Bound::TooOld } else { Bound::Manifest }));
}

#[test]
fn without_rauc_nothing_is_begun() {
    let Some(mut board) = Board::new() else { return };
    let seven = board.bundle(7, "trusted", Board::compatible(), Format::Plain);
    let mut back = board.open();
    board.kill_rauc();
    let error = back.try_out(TRIES).unwrap_err();
    assert!(matches!(error, InstallError::Refused(Refused::NothingWhole)), "{}", chain(&error));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut source = Handed { piece: 60_000, ..Handed::of(&seven.bytes) };
    let error = runtime.block_on(back.write(&seven.content, &mut source)).unwrap_err();
    assert!(error.resumes(), "{}", chain(&error));
    board.start_rauc();
    runtime.block_on(back.write(&seven.content, &mut source)).unwrap();
}
