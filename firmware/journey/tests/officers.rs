//! Two officers confirm whom the camera fails: two different ones, each told for whom,
//! each with their own PIN, which stays on no page and in no state longer than it must.

mod kiosk;

use devices::{Device, State};
use face::OfficerKeys;
use faults::Fault;
use journey::{Effect, Event, OfficerTry};
use kiosk::{Kiosk, face_match, first_signed};
use screen::{Screen, Tap};

fn words(effects: &[Effect]) -> Vec<&'static str> {
    effects.iter().map(Effect::word).collect()
}

fn notes(effects: &[Effect]) -> Vec<String> {
    let notes = effects.iter().filter_map(|effect| match effect {
        Effect::Note(event) => Some(format!("{event:?}")),
        _ => None,
    });
    notes.collect()
}

/// An officer types number and PIN; what is to be tried.
fn signs(kiosk: &mut Kiosk, number: &str, pin: &str) -> OfficerTry {
    kiosk.type_in(number);
    kiosk.tap(Tap::Continue);
    kiosk.type_in(pin);
    match kiosk.tap(Tap::Continue).pop() {
        Some(Effect::OfficerSigns(attempt)) => *attempt,
        _ => panic!("nobody signs at {}", kiosk.at()),
    }
}

#[test]
fn two_officers_may_confirm_whom_the_camera_fails() {
    let mut kiosk = Kiosk::at_state("EnteringOfficer");
    let first = signs(&mut kiosk, "100001", "80246137");
    assert_eq!((first.officer.as_str(), first.pin.as_str()), ("100001", "80246137"));
    assert!(first.first.is_none() && first.identity == kiosk::identity().id());
    kiosk.step(Event::OfficerSigned(first_signed(0)));
    let Screen::OfficersConfirm { signed, .. } = kiosk.view().screen else { panic!("{}", kiosk.at()) };
    assert_eq!(signed.as_deref(), Some("100001"));

    kiosk.tap(Tap::Continue);
    assert!(matches!(kiosk.view().screen, Screen::OfficerNumber { officer: 2, .. }));
    let second = signs(&mut kiosk, "100002", "57913508");
    assert_eq!(second.first.unwrap().signed.officer.as_str(), "100001");
    let effects = kiosk.step(Event::OfficersApproved(face_match()));
    assert_eq!(words(&effects), ["LookUpAccount", "Note"]);
    assert_eq!(notes(&effects), ["FaceByOfficers { reason: NotMatched }"]);
    assert_eq!(kiosk.at(), "LookingUp");
}

#[test]
fn the_log_says_why_the_camera_did_not_confirm() {
    let camera_missing = |kiosk: &mut Kiosk| {
        kiosk.devices.insert(Device::Camera, State::Failed(Fault::CameraMissing));
        kiosk.step(Event::FaceMissed(Fault::CameraMissing));
    };
    // It is there, and the device is ready; not the citizen is at fault.
    let upside_down = |kiosk: &mut Kiosk| _ = kiosk.step(Event::FaceMissed(Fault::CameraUpsideDown));
    let asked = |kiosk: &mut Kiosk| _ = kiosk.tap(Tap::AskStaff);
    let said_no_in_vneid = |kiosk: &mut Kiosk| {
        kiosk.tap(Tap::AskStaff);
        kiosk.tap(Tap::UseVneid);
        kiosk.step(Event::VneidOffered("vneid:1".into(), 120));
        kiosk.step(Event::VneidRefused(Fault::VneidRejected));
    };
    let ways: [fn(&mut Kiosk); 4] = [camera_missing, upside_down, asked, said_no_in_vneid];
    let reasons = ["CameraMissing", "CameraMissing", "CannotBeFilmed", "CannotBeFilmed"];
    for (way, reason) in ways.into_iter().zip(reasons) {
        let mut kiosk = Kiosk::at_state("TakingPhoto");
        way(&mut kiosk);
        assert_eq!(notes(&kiosk.tap(Tap::AskOfficers)), ["OfficersAsked"]);
        kiosk.tap(Tap::Continue);
        signs(&mut kiosk, "100002", "57913508");
        let effects = kiosk.step(Event::OfficersApproved(face_match()));
        assert_eq!(notes(&effects), [format!("FaceByOfficers {{ reason: {reason} }}")]);
    }
}

#[test]
fn an_officer_is_told_for_whom_before_number_and_pin() {
    let who = kiosk::identity();
    let holder = (who.name().to_owned(), who.birth().year());
    let Screen::OfficersConfirm { name, birth_year, signed: None } =
        Kiosk::at_state("AskingOfficers").view().screen
    else {
        panic!()
    };
    assert_eq!((name, birth_year), holder);
    let Screen::OfficerPin { number, name, birth_year, .. } =
        Kiosk::at_state("EnteringOfficerPin").view().screen
    else {
        panic!()
    };
    assert_eq!((number.as_str(), (name, birth_year)), ("100001", holder));
}

#[test]
fn one_officer_does_not_sign_twice() {
    let mut kiosk = Kiosk::at_state("OfficerSigning");
    kiosk.step(Event::OfficerSigned(first_signed(0)));
    kiosk.tap(Tap::Continue);
    kiosk.type_in("100001");
    let noted = notes(&kiosk.tap(Tap::Continue));
    assert_eq!(noted, [r#"OfficerRefused { fault: OfficerTwice, officer: OfficerNumber("100001") }"#]);
    let Screen::OfficerNumber { digits, fault, .. } = kiosk.view().screen else { panic!("{}", kiosk.at()) };
    assert_eq!((digits.as_str(), fault), ("", Some(Fault::OfficerTwice)));
}

#[test]
fn a_number_that_nobody_listed_is_refused_and_stands_nowhere() {
    for number in ["100003", "1", "", "12345678"] {
        let mut kiosk = Kiosk::at_state("EnteringOfficer");
        kiosk.type_in(number);
        assert_eq!(notes(&kiosk.tap(Tap::Continue)), ["Fault { fault: OfficerUnknown }"]);
        let unknown =
            Screen::OfficerNumber { officer: 1, digits: String::new(), fault: Some(Fault::OfficerUnknown) };
        assert_eq!(kiosk.view().screen, unknown);
    }
}

#[test]
fn a_wrong_pin_may_be_typed_again_and_is_not_kept() {
    let mut kiosk = Kiosk::at_state("OfficerSigning");
    assert!(kiosk.step(Event::OfficerRefused(Fault::PinWrong)).is_empty());
    let Screen::OfficerPin { entered, fault, .. } = kiosk.view().screen else { panic!("{}", kiosk.at()) };
    assert_eq!((entered, fault), (0, Some(Fault::PinWrong)));
    kiosk.type_in("1");
    let Screen::OfficerPin { entered: 1, fault: None, .. } = kiosk.view().screen else { panic!() };
}

#[test]
fn a_pin_too_short_is_not_even_tried() {
    let mut kiosk = Kiosk::at_state("EnteringOfficerPin");
    kiosk.type_in("8024613");
    assert!(kiosk.tap(Tap::Continue).is_empty());
    assert_eq!(kiosk.at(), "EnteringOfficerPin");
}

#[test]
fn the_citizen_does_not_wait_for_an_officer_who_is_locked_out() {
    let mut kiosk = Kiosk::at_state("OfficerSigning");
    kiosk.step(Event::OfficerRefused(Fault::OfficerLocked));
    let locked = Some(Fault::OfficerLocked);
    assert!(matches!(kiosk.view().screen, Screen::FaceAnotherWay { fault, .. } if fault == locked));
    kiosk.tap(Tap::AskStaff);
    assert_eq!(kiosk.at(), "Ended");
}

/// A signature is good for one go: whoever goes back to the other ways takes it along.
#[test]
fn whoever_goes_back_begins_with_the_first_officer_again() {
    let mut kiosk = Kiosk::at_state("OfficerSigning");
    kiosk.step(Event::OfficerSigned(first_signed(0)));
    kiosk.tap(Tap::Back);
    assert!(matches!(
        kiosk.view().screen,
        Screen::FaceAnotherWay { fault: Some(Fault::FaceNotConfirmed), .. }
    ));
    kiosk.tap(Tap::AskOfficers);
    assert!(matches!(kiosk.view().screen, Screen::OfficersConfirm { signed: None, .. }));
}

#[test]
fn an_approval_that_nobody_waits_for_changes_nothing() {
    for state in ["AnotherWay", "AskingOfficers", "EnteringOfficerPin", "TakingPhoto"] {
        let mut kiosk = Kiosk::at_state(state);
        assert!(kiosk.step(Event::OfficersApproved(face_match())).is_empty());
        assert_eq!(kiosk.at(), state);
    }
}

#[test]
fn a_machine_without_officers_does_not_offer_them() {
    let mut kiosk = Kiosk::at_state("AnotherWay");
    assert!(matches!(kiosk.view().screen, Screen::FaceAnotherWay { officers: true, .. }));
    kiosk.officers = OfficerKeys::new();
    assert!(matches!(kiosk.view().screen, Screen::FaceAnotherWay { officers: false, .. }));
    assert!(kiosk.tap(Tap::AskOfficers).is_empty());
    assert_eq!(kiosk.at(), "AnotherWay");
}
