//! An update waits for people: for the visit under way always, for the site's hours unless the
//! fleet or a hole cannot wait, and it says beforehand that the machine closes.

use crate::model::{ACTION, Kiosk, Lease, NEW, OLD, Release, approved, order, policy};
use fleetd::update::{ActionId, Effect, Event, Handling, MaintenanceWindow, Memory, Order, State};
use jiff::SignedDuration;

/// Lets that many seconds pass.
fn pass(kiosk: &mut Kiosk, seconds: u32, window: bool) {
    for _ in 0..seconds / 10 {
        kiosk.ten_seconds(window);
    }
}

fn word(kiosk: &Kiosk) -> &'static str {
    kiosk.state().word()
}

/// The last line that the server heard.
fn heard(kiosk: &Kiosk) -> &str {
    &kiosk.heard.last().unwrap().line
}

#[test]
fn in_opening_hours_an_update_is_fetched_and_rehearsed_and_waits() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Attempt));
    pass(&mut kiosk, 7_200, false);
    assert_eq!(word(&kiosk), "waiting");
    assert_eq!(kiosk.spare, Some(NEW));
    assert_eq!((kiosk.running, kiosk.closed), (OLD, None));
    assert!(heard(&kiosk).contains("site's window"), "{}", heard(&kiosk));
    let said = kiosk.heard.len();
    pass(&mut kiosk, 600, false);
    assert_eq!(kiosk.heard.len(), said, "the same is not said twice");
    pass(&mut kiosk, 600, true);
    assert_eq!(word(&kiosk), "idle");
    assert_eq!(kiosk.running, NEW);
}

#[test]
fn a_visit_is_never_broken_however_long_it_is_and_however_urgent_the_update() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    let past = kiosk.now - SignedDuration::from_hours(1);
    kiosk.said_of_it = approved(&format!(r#","security":true,"deadline":"{past}""#));
    kiosk.lease = Lease::Visit;
    pass(&mut kiosk, 36_000, true);
    assert_eq!((word(&kiosk), kiosk.running, kiosk.lease), ("waiting", OLD, Lease::Visit));
    assert!(kiosk.closed.is_some(), "nobody else begins a visit");
    kiosk.lease = Lease::Free;
    kiosk.ten_seconds(true);
    assert_eq!((word(&kiosk), kiosk.running), ("trial", NEW));
}

#[test]
fn it_is_announced_a_minute_before() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    while kiosk.closed.is_none() {
        kiosk.ten_seconds(false);
    }
    let closes = kiosk.closed.unwrap();
    assert_eq!(closes.duration_since(kiosk.now), SignedDuration::from_secs(60));
    while kiosk.running == OLD {
        assert_eq!(kiosk.lease, Lease::Free);
        kiosk.ten_seconds(false);
    }
    assert!(kiosk.now >= closes);
}

#[test]
fn a_machine_that_was_just_used_is_left_alone_for_a_while() {
    for (install, minutes) in [(Handling::Attempt, 10), (Handling::Forced, 2)] {
        let mut kiosk = Kiosk::new(Release::Good, order(install));
        kiosk.lease = Lease::Visit;
        pass(&mut kiosk, 3_600, true);
        kiosk.lease = Lease::Free;
        pass(&mut kiosk, minutes * 60 - 10, true);
        assert_eq!(kiosk.closed, None, "{install:?}");
        kiosk.ten_seconds(true);
        assert!(kiosk.closed.is_some(), "{install:?}");
    }
}

#[test]
fn a_hole_that_is_to_be_closed_by_now_waits_for_no_window_and_no_turn() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Attempt));
    let deadline = kiosk.now + SignedDuration::from_hours(1);
    kiosk.said_of_it = approved(&format!(r#","security":true,"deadline":"{deadline}""#));
    kiosk.said_of_it.turn = Some(deadline + SignedDuration::from_hours(48));
    pass(&mut kiosk, 3_590, false);
    assert_eq!(kiosk.closed, None);
    pass(&mut kiosk, 80, false);
    assert_eq!(kiosk.running, NEW);
}

#[test]
fn before_its_turn_a_kiosk_takes_nothing_even_if_the_server_forces_it() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    kiosk.said_of_it.turn = Some(kiosk.now + SignedDuration::from_hours(1));
    pass(&mut kiosk, 3_500, true);
    assert!(heard(&kiosk).contains("turn"));
    assert_eq!(kiosk.running, OLD);
    pass(&mut kiosk, 300, true);
    assert_eq!(kiosk.running, NEW);
}

#[test]
fn the_server_may_hold_it_back_and_let_it_go() {
    let mut held = order(Handling::Forced);
    held.window = MaintenanceWindow::Unavailable;
    let mut kiosk = Kiosk::new(Release::Good, held.clone());
    pass(&mut kiosk, 3_600, true);
    assert_eq!((word(&kiosk), kiosk.running), ("waiting", OLD));
    held.window = MaintenanceWindow::Available;
    kiosk.wanted = Some(held.clone());
    pass(&mut kiosk, 20, false);
    assert!(kiosk.closed.is_some());
    // Its window shuts again in the last minute.
    held.window = MaintenanceWindow::Unavailable;
    kiosk.wanted = Some(held);
    pass(&mut kiosk, 600, true);
    assert_eq!((word(&kiosk), kiosk.running, kiosk.closed), ("waiting", OLD, None));
}

#[test]
fn a_machine_whose_clock_is_years_behind_or_jumps_is_updated_all_the_same() {
    let years = SignedDuration::from_hours(24 * 365 * 20);
    for (first, then) in [(years, years), (years, SignedDuration::ZERO), (SignedDuration::ZERO, years)] {
        let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
        kiosk.clock_behind = first;
        while kiosk.closed.is_none() {
            kiosk.ten_seconds(false);
        }
        assert_eq!(kiosk.running, OLD);
        kiosk.clock_behind = then;
        pass(&mut kiosk, 600, false);
        assert_eq!((kiosk.good, word(&kiosk)), (NEW, "idle"), "{first} {then}");
    }
}

#[test]
fn it_is_called_off_until_the_slot_is_changed_and_not_from_then_on() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    pass(&mut kiosk, 60, false);
    assert_eq!(word(&kiosk), "waiting");
    kiosk.wanted = None;
    assert!(kiosk.happens(Event::CalledOff(ACTION)).is_ok());
    pass(&mut kiosk, 600, true);
    assert_eq!(kiosk.state(), &State::Idle);
    assert_eq!((kiosk.running, kiosk.closed), (OLD, None));
    assert_eq!(heard(&kiosk), "called off");

    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    while kiosk.running == OLD {
        kiosk.ten_seconds(false);
    }
    assert!(kiosk.happens(Event::CalledOff(ACTION)).is_ok());
    pass(&mut kiosk, 10, false);
    assert!(heard(&kiosk).starts_with("too late"), "{}", heard(&kiosk));
    pass(&mut kiosk, 600, false);
    assert_eq!((kiosk.good, word(&kiosk)), (NEW, "idle"));
}

#[test]
fn on_trial_the_machine_is_open_and_a_roll_back_waits_for_the_visit() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    while kiosk.running == OLD {
        kiosk.ten_seconds(false);
    }
    pass(&mut kiosk, 20, false);
    assert_eq!((word(&kiosk), kiosk.lease, kiosk.closed), ("trial", Lease::Free, None));
    kiosk.lease = Lease::Visit;
    kiosk.release = Release::Ill;
    pass(&mut kiosk, 1_200, false);
    assert_eq!((word(&kiosk), kiosk.running, kiosk.lease), ("rolling-back", NEW, Lease::Visit));
    assert!(kiosk.closed.is_some());
    kiosk.lease = Lease::Free;
    kiosk.ten_seconds(false);
    assert_eq!((kiosk.running, kiosk.closed, kiosk.lease), (OLD, None, Lease::Free));
    assert!(heard(&kiosk).starts_with("rolled-back"));
}

#[test]
fn a_short_illness_on_trial_is_forgiven_but_counts_again() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    while kiosk.running == OLD {
        kiosk.ten_seconds(false);
    }
    pass(&mut kiosk, 200, false);
    kiosk.release = Release::Ill;
    pass(&mut kiosk, 100, false);
    kiosk.release = Release::Good;
    pass(&mut kiosk, 290, false);
    assert_eq!(word(&kiosk), "trial");
    pass(&mut kiosk, 20, false);
    assert_eq!((word(&kiosk), kiosk.good), ("idle", NEW));
}

#[test]
fn a_server_that_asks_again_for_what_is_done_is_told_again() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    pass(&mut kiosk, 1_200, false);
    assert_eq!(kiosk.good, NEW);
    let said = kiosk.heard.len();
    kiosk.wanted = Some(order(Handling::Forced));
    kiosk.ten_seconds(false);
    assert_eq!(kiosk.heard.len(), said + 1);
    assert!(heard(&kiosk).starts_with("committed"));
    assert_eq!(kiosk.acts.iter().filter(|act| **act == "try out").count(), 1);
}

#[test]
fn an_outage_of_the_network_closes_no_kiosk_and_rolls_nothing_back() {
    let mut kiosk = Kiosk::new(Release::CutOff, order(Handling::Forced));
    while word(&kiosk) != "trial" {
        kiosk.ten_seconds(true);
    }
    pass(&mut kiosk, 60, true);
    assert_eq!(kiosk.closed, None, "citizens may come");
    pass(&mut kiosk, 1_680, true);
    assert_eq!((word(&kiosk), kiosk.running), ("trial", NEW));
    kiosk.release = Release::Good;
    pass(&mut kiosk, 310, true);
    assert_eq!((word(&kiosk), kiosk.running), ("idle", NEW));
}

#[test]
fn a_release_that_never_finds_its_way_to_the_platform_is_rolled_back_in_the_end() {
    let mut kiosk = Kiosk::new(Release::CutOff, order(Handling::Forced));
    pass(&mut kiosk, 2_700, true);
    assert_eq!((word(&kiosk), kiosk.running), ("idle", OLD));
    assert!(heard(&kiosk).starts_with("rolled-back: network"), "{}", heard(&kiosk));
}

#[test]
fn the_answer_to_an_order_is_never_taken_for_the_next_one() {
    let approved = |target: &str| {
        let target = target.to_owned();
        Box::new(fleetd::update::Approved { target, ..approved("") })
    };
    let next = || Order { action: ActionId(42), target: "app/kiosk-8".to_owned(), ..order(Handling::Forced) };
    let stops = |memory: Memory| {
        let (_, effects) = memory.step(Event::Ordered(next()), &policy());
        let asks = Effect::Ask("app/kiosk-8".to_owned());
        assert_eq!(effects, [Effect::Stop, asks], "what is under way for the first is stopped first");
    };
    let (asking, _) = Memory::default().step(Event::Ordered(order(Handling::Forced)), &policy());
    stops(asking.clone());
    let (fetching, _) = asking.step(Event::Resolved(Ok(approved("app/kiosk-7"))), &policy());
    stops(fetching.clone());
    let (rehearsing, _) = fetching.step(Event::Written(Ok(())), &policy());
    stops(rehearsing);
}
