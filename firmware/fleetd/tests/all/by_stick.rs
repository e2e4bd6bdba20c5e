//! An order that a stick brought, beside the fleet server's, in the state machine alone.

use fleetd::update::{ActionId, Event, Handling, Order, Outcome};

use crate::model::{ACTION, Kiosk, NEW, OLD, Release, approved, order};

fn by_stick() -> Order {
    Order { action: ActionId::of_stick(1), ..order(Handling::Forced) }
}

/// A kiosk whose server wants nothing, or this, and into which a stick was put.
fn with_stick(release: Release, wanted: Option<Order>) -> Kiosk {
    let mut kiosk = Kiosk::new(release, order(Handling::Attempt));
    kiosk.wanted = wanted;
    assert!(kiosk.happens(Event::Ordered(by_stick())).is_ok());
    kiosk
}

fn until_idle(kiosk: &mut Kiosk) {
    for _ in 0..1_000 {
        if kiosk.state().word() == "idle" {
            return;
        }
        kiosk.ten_seconds(false);
    }
    panic!("it is still {}", kiosk.state().word());
}

#[test]
fn it_goes_the_same_way_and_the_server_hears_nothing_of_an_action_that_it_does_not_know() {
    let mut kiosk = with_stick(Release::Good, None);
    until_idle(&mut kiosk);
    assert_eq!((kiosk.running, kiosk.good), (NEW, NEW));
    assert_eq!(kiosk.memory().of_stick, Some((ActionId::of_stick(1), Outcome::Committed)));
    assert_eq!((kiosk.heard.len(), &kiosk.memory().last), (0, &None));
}

#[test]
fn what_is_ill_is_rolled_back_like_any_other() {
    for release in [Release::Ill, Release::NeverComesUp, Release::RehearsalFails, Release::WrongBytes] {
        let mut kiosk = with_stick(release, None);
        until_idle(&mut kiosk);
        assert_eq!((kiosk.running, kiosk.good), (OLD, OLD), "{release:?}");
        let (_, outcome) = kiosk.memory().of_stick.clone().unwrap();
        assert!(!outcome.is_success(), "{release:?}: {}", outcome.line());
    }
}

#[test]
fn the_servers_order_waits_and_is_done_afterwards() {
    // The server asks for the same release all the time, before the stick and after.
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Attempt));
    kiosk.ten_seconds(false);
    assert_eq!(kiosk.state().order().unwrap().action, ACTION);
    assert!(kiosk.happens(Event::Ordered(by_stick())).is_ok());
    assert!(kiosk.state().order().unwrap().action.is_of_stick());
    for _ in 0..3 {
        kiosk.ten_seconds(false);
        assert!(kiosk.state().order().unwrap().action.is_of_stick());
    }
    while kiosk.state().order().is_some_and(|order| order.action.is_of_stick()) {
        kiosk.ten_seconds(false);
    }
    assert_eq!(kiosk.running, NEW);
    let asked_again = Event::Ordered(order(Handling::Attempt));
    let (memory, _) = kiosk.memory().clone().step(asked_again, &crate::model::policy());
    assert_eq!(memory.state.order().unwrap().action, ACTION);
}

#[test]
fn a_slot_that_is_being_changed_is_left_to_the_servers_order() {
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    while kiosk.state().word() != "trial" {
        kiosk.ten_seconds(false);
    }
    assert!(kiosk.happens(Event::Ordered(by_stick())).is_ok());
    assert_eq!(kiosk.state().order().unwrap().action, ACTION);
}

#[test]
fn what_cannot_be_read_off_the_own_disk_now_cannot_later() {
    for steps in [0, 1] {
        let mut memory = fleetd::update::Memory::default();
        let policy = crate::model::policy();
        (memory, _) = memory.step(Event::Ordered(by_stick()), &policy);
        if steps == 1 {
            (memory, _) = memory.step(Event::Resolved(Ok(Box::new(approved("")))), &policy);
            assert_eq!(memory.state.word(), "fetching");
        }
        let (memory, _) = memory.step(Event::NotNow("disk".to_owned()), &policy);
        assert_eq!(memory.state.word(), "idle");
        assert_eq!(memory.of_stick, Some((ActionId::of_stick(1), Outcome::NotWritten("disk".to_owned()))));
    }
}

#[test]
fn waves_do_not_hold_what_a_permit_names() {
    let mut later = approved("");
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Attempt));
    later.turn = Some(kiosk.now + jiff::SignedDuration::from_hours(1_000));
    (kiosk.wanted, kiosk.said_of_it) = (None, later.clone());
    assert!(kiosk.happens(Event::Ordered(by_stick())).is_ok());
    until_idle(&mut kiosk);
    assert_eq!(kiosk.running, NEW);
    // The server's order is held.
    let mut kiosk = Kiosk::new(Release::Good, order(Handling::Forced));
    kiosk.said_of_it = later;
    for _ in 0..200 {
        kiosk.ten_seconds(false);
    }
    assert_eq!(kiosk.running, OLD);
}

#[test]
fn a_power_cut_at_any_act_loses_nothing_of_it() {
    for cut in 0..40 {
        let mut kiosk = Kiosk::new(Release::Good, order(Handling::Attempt));
        kiosk.wanted = None;
        kiosk.ten_seconds(false);
        kiosk.until_cut = Some(cut);
        // The ledger's write begins the order; before it nothing has happened.
        if kiosk.happens(Event::Ordered(by_stick())).is_err() {
            continue;
        }
        until_idle(&mut kiosk);
        assert_eq!(kiosk.running, NEW, "cut at {cut}");
        assert!(matches!(kiosk.memory().of_stick, Some((_, Outcome::Committed))), "cut at {cut}");
    }
}
