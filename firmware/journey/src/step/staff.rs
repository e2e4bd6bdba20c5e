//! The page for the person who services the machine.

use screen::{StaffNote, StaffTap, Tap};

use super::{Turn, go};
use crate::{
    effect::{Effect, SignedIn},
    event::Event,
    state::At,
    typing::Typed,
};

const PIN_MOST: u8 = 12;
const PIN_LEAST: u8 = 6;

pub(super) fn next(at: At, event: Event, closed: &mut bool) -> Turn {
    match (at, event) {
        (At::SigningInStaff { mut pin, locked_for, fault }, Event::Tap(tap)) => match tap {
            Tap::Key(key) => {
                pin.digit(key, PIN_MOST);
                go(At::SigningInStaff { pin, locked_for, fault: None })
            }
            Tap::Erase => {
                pin.erase();
                go(At::SigningInStaff { pin, locked_for, fault })
            }
            Tap::Continue if pin.count() >= PIN_LEAST && locked_for.is_none() => {
                let typed = std::mem::replace(&mut pin, Typed::empty());
                go(At::SigningInStaff { pin, locked_for, fault: None })
                    .and(Effect::StaffSignIn(typed.into_secret()))
            }
            Tap::Back => go(At::Attract),
            _ => go(At::SigningInStaff { pin, locked_for, fault }),
        },
        (At::SigningInStaff { .. }, Event::StaffSignedIn(id)) => {
            go(At::ServingStaff { note: None }).and(Effect::AdmitStaff(SignedIn::ByPin(id)))
        }
        (At::SigningInStaff { .. }, Event::BadgeWanted(holder)) => {
            go(At::ShowingBadge { holder: holder.clone(), fault: None }).and(Effect::ReadBadge(holder))
        }
        (At::SigningInStaff { pin, .. }, Event::StaffRefused(fault, locked_for)) => {
            go(At::SigningInStaff { pin, locked_for, fault: Some(fault) })
        }
        (At::ShowingBadge { holder, .. }, Event::BadgeShown(present)) if present.holder() == holder => {
            go(At::ServingStaff { note: None }).and(Effect::AdmitStaff(SignedIn::ByBadge(present)))
        }
        (At::ShowingBadge { holder, .. }, Event::BadgeRefused(fault)) => {
            go(At::ShowingBadge { holder: holder.clone(), fault: Some(fault) }).and(Effect::ReadBadge(holder))
        }
        // The reader itself: whoever is to mend it gets in without it, but as somebody whom no
        // badge proved.
        (At::ShowingBadge { holder, .. }, Event::NoBadgeReader(fault)) => {
            go(At::ServingStaff { note: Some(StaffNote::ReaderFailed(fault)) })
                .and(Effect::AdmitStaff(SignedIn::ByPin(holder)))
        }
        (At::ShowingBadge { .. }, Event::Tap(Tap::Back)) => go(At::Attract).and(Effect::StopCard),
        (At::ServingStaff { .. }, Event::Tap(Tap::Staff(StaffTap::Exit) | Tap::Back)) => {
            go(At::Attract).and(Effect::StaffDo(StaffTap::Exit))
        }
        (At::ServingStaff { .. }, Event::Tap(Tap::Staff(StaffTap::LockMachine))) => {
            *closed = !*closed;
            let note = if *closed { StaffNote::MachineLocked } else { StaffNote::MachineUnlocked };
            go(At::ServingStaff { note: Some(note) }).and(Effect::StaffDo(StaffTap::LockMachine))
        }
        (At::ServingStaff { note }, Event::Tap(Tap::Staff(tap))) => {
            go(At::ServingStaff { note }).and(Effect::StaffDo(tap))
        }
        (At::ServingStaff { .. }, Event::StaffDone(note)) => go(At::ServingStaff { note: Some(note) }),
        (same, _) => go(same),
    }
}
