//! Two officers confirm a person whom the camera fails: one after the other says their
//! service number and signs with their PIN. Each page before a signature says for whom.

use face::OfficerId;
use faults::Fault;
use screen::Tap;

use super::{Turn, face::proved, go};
use crate::{
    World,
    effect::{Effect, OfficerTry},
    event::Event,
    state::{At, Unconfirmed},
    typing::Typed,
};

const NUMBER_MOST: u8 = 8;
const PIN_MOST: u8 = 12;
const PIN_LEAST: u8 = 8;

pub(super) fn next(at: At, event: Event, world: &World<'_>) -> Turn {
    match (at, event) {
        (At::AskingOfficers { unconfirmed }, Event::Tap(Tap::Continue)) => {
            go(At::EnteringOfficer { unconfirmed, digits: Typed::empty(), fault: None })
        }
        // What the first officer signed is good for one go; whoever leaves it begins anew.
        (At::AskingOfficers { unconfirmed: Unconfirmed { read, fault, .. } }, Event::Tap(Tap::Back)) => {
            go(At::AnotherWay { read, fault })
        }
        (At::EnteringOfficer { unconfirmed, digits, fault }, Event::Tap(tap)) => {
            enter_number(unconfirmed, digits, fault, &tap, world)
        }
        (At::EnteringOfficerPin { unconfirmed, officer, pin, fault }, Event::Tap(tap)) => {
            enter_pin(unconfirmed, officer, pin, fault, &tap)
        }
        (
            At::OfficerSigning { unconfirmed: Unconfirmed { read, fault, .. }, .. },
            Event::OfficerSigned(first),
        ) => go(At::AskingOfficers { unconfirmed: Unconfirmed { read, fault, first: Some(first) } }),
        (At::OfficerSigning { unconfirmed: Unconfirmed { read, .. }, .. }, Event::OfficersApproved(face)) => {
            let reason = read.camera;
            proved(read, face).and(Effect::Note(audit::Event::FaceByOfficers { reason }))
        }
        (At::OfficerSigning { unconfirmed, officer }, Event::OfficerRefused(fault)) => {
            refused(unconfirmed, officer, fault)
        }
        (same, _) => go(same),
    }
}

fn enter_number(
    unconfirmed: Unconfirmed,
    mut digits: Typed,
    mut fault: Option<Fault>,
    tap: &Tap,
    world: &World<'_>,
) -> Turn {
    match tap {
        Tap::Key(key) => {
            digits.digit(*key, NUMBER_MOST);
            fault = None;
        }
        Tap::Erase => digits.erase(),
        Tap::Back => return go(At::AskingOfficers { unconfirmed }),
        Tap::Continue => match officer(digits.text(), &unconfirmed, world) {
            Ok(officer) => {
                return go(At::EnteringOfficerPin { unconfirmed, officer, pin: Typed::empty(), fault: None });
            }
            Err((fault, note)) => {
                return go(At::EnteringOfficer { unconfirmed, digits: Typed::empty(), fault: Some(fault) })
                    .and(Effect::Note(note));
            }
        },
        _ => {}
    }
    go(At::EnteringOfficer { unconfirmed, digits, fault })
}

/// Whoever is on the list and has not signed yet. A number that nobody listed is not
/// written into the log: it may be anybody's.
fn officer(
    digits: &str,
    unconfirmed: &Unconfirmed,
    world: &World<'_>,
) -> Result<OfficerId, (Fault, audit::Event)> {
    let listed = OfficerId::new(digits).ok().filter(|officer| world.officers.knows(officer));
    let Some(officer) = listed else {
        let fault = Fault::OfficerUnknown;
        return Err((fault, audit::Event::Fault { fault }));
    };
    let fault = Fault::OfficerTwice;
    match &unconfirmed.first {
        Some(first) if first.signed.officer == officer => {
            let officer = officer.as_str().parse().expect("a service number is one in the log too");
            Err((fault, audit::Event::OfficerRefused { officer, fault }))
        }
        _ => Ok(officer),
    }
}

fn enter_pin(
    unconfirmed: Unconfirmed,
    officer: OfficerId,
    mut pin: Typed,
    mut fault: Option<Fault>,
    tap: &Tap,
) -> Turn {
    match tap {
        Tap::Key(key) => {
            pin.digit(*key, PIN_MOST);
            fault = None;
        }
        Tap::Erase => pin.erase(),
        Tap::Back => {
            return go(At::EnteringOfficer { unconfirmed, digits: Typed::empty(), fault: None });
        }
        Tap::Continue if pin.count() >= PIN_LEAST => {
            let identity = unconfirmed.read.who.id();
            let first = unconfirmed.first.clone();
            let effect = OfficerTry { officer: officer.clone(), pin: pin.into_secret(), identity, first };
            return go(At::OfficerSigning { unconfirmed, officer })
                .and(Effect::OfficerSigns(Box::new(effect)));
        }
        _ => {}
    }
    go(At::EnteringOfficerPin { unconfirmed, officer, pin, fault })
}

/// A wrong PIN may be typed again; whatever else it is, the citizen does not stand and
/// wait for it: the other ways are open.
fn refused(unconfirmed: Unconfirmed, officer: OfficerId, fault: Fault) -> Turn {
    match fault {
        Fault::PinWrong => {
            go(At::EnteringOfficerPin { unconfirmed, officer, pin: Typed::empty(), fault: Some(fault) })
        }
        _ => go(At::AnotherWay { read: unconfirmed.read, fault: Some(fault) }),
    }
}
