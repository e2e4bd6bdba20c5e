//! The power may fail before any act of an update. Whatever it is, the kiosk ends with a slot
//! that runs, the server hears how it ended, and nothing is done that may be done only once.

use crate::model::{ACTION, Kiosk, NEW, OLD, Release, order};
use fleetd::update::{Execution, Finished, Handling, State};
use release::Sha256Digest;

/// Walks an update to its end, with a cut before act `cut`. `None`: it had fewer acts.
fn walk(release: Release, cut: usize) -> Option<Kiosk> {
    let mut kiosk = Kiosk::new(release, order(Handling::Forced));
    kiosk.until_cut = Some(cut);
    for _ in 0..400 {
        kiosk.ten_seconds(false);
    }
    kiosk.until_cut.is_none().then_some(kiosk)
}

fn check(release: Release, runs: Sha256Digest, finished: Finished, words: &[&str]) {
    let mut cuts = 0;
    for cut in 0.. {
        let Some(kiosk) = walk(release, cut) else { break };
        cuts += 1;
        let case = format!("{release:?}, cut before act {cut}, {:?}", kiosk.acts);
        assert_eq!(kiosk.state(), &State::Idle, "{case}");
        assert_eq!(kiosk.running, runs, "{case}");
        assert_eq!(kiosk.good, runs, "{case}");
        assert_eq!(kiosk.trial, None, "{case}");
        assert_eq!(kiosk.closed, None, "{case}");
        assert_eq!(kiosk.memory().outgoing.first(), None, "{case}");
        let ends: Vec<_> =
            kiosk.heard.iter().filter(|report| report.execution == Execution::Closed).collect();
        // A report whose answer was lost is sent again: at least once, with the same words.
        assert!((1..=2).contains(&ends.len()), "{case}: {ends:?}");
        for end in ends {
            assert_eq!((end.action, end.finished), (ACTION, finished), "{case}");
            assert!(words.iter().any(|word| end.line.starts_with(word)), "{case}: {}", end.line);
        }
        let times = |act| kiosk.acts.iter().filter(|it| **it == act).count();
        assert!(times("try out") <= 1 && times("commit") <= 1 && times("roll back") <= 2, "{case}");
        assert_eq!(kiosk.failed.is_some(), runs == OLD && release != Release::WrongBytes, "{case}");
    }
    assert!(cuts > 10, "{release:?} has only {cuts} acts");
}

#[test]
fn a_good_release_is_committed() {
    check(Release::Good, NEW, Finished::Success, &["committed"]);
}

#[test]
fn one_that_is_ill_is_rolled_back() {
    check(Release::Ill, OLD, Finished::Failure, &["rolled-back: card-reader"]);
}

#[test]
fn one_that_never_comes_up_is_left_by_the_launcher() {
    check(Release::NeverComesUp, OLD, Finished::Failure, &["never-came-up"]);
}

#[test]
fn one_whose_rehearsal_fails_never_runs() {
    check(Release::RehearsalFails, OLD, Finished::Failure, &["rehearsal-failed"]);
    for cut in 0..40 {
        let Some(kiosk) = walk(Release::RehearsalFails, cut) else { break };
        assert!(!kiosk.acts.contains(&"try out"));
    }
}

#[test]
fn one_that_is_not_what_was_signed_never_runs() {
    check(Release::WrongBytes, OLD, Finished::Failure, &["not-written"]);
}
