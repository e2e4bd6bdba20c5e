//! The face, and the ways round for whom the camera fails.

use face::{FaceMatch, Tempo};
use faults::Fault;
use screen::{FaceHint, Glow, Outcome, Tap};
use zeroize::Zeroizing;

use super::{Turn, ending::to_counter, go};
use crate::{
    World,
    effect::Effect,
    event::{Event, PlatformStep},
    state::{At, Proved, Read, Unconfirmed},
};

pub(super) fn next(at: At, event: Event, world: &World<'_>) -> Turn {
    match (at, event) {
        (At::TakingPhoto { read, tempo, .. }, Event::FaceSeen(hint, percent, glow)) => {
            go(At::TakingPhoto { read, tempo, hint, percent, glow })
        }
        (At::TakingPhoto { read, .. }, Event::FaceMatched(face)) => proved(read, face).and(Effect::StopFace),
        (At::TakingPhoto { read, tempo, .. }, Event::FaceMissed(fault)) => {
            missed(read, tempo, fault, world).and(Effect::StopFace)
        }
        // The same try, from its beginning: whoever needs it slower has lost nothing.
        (At::TakingPhoto { read, tempo: Tempo::Usual, .. }, Event::Tap(Tap::Gently)) => {
            watch_face(read, Tempo::Gentle)
        }
        (At::TakingPhoto { read, .. }, Event::Tap(Tap::Back)) => {
            go(At::Greeting { read }).and(Effect::StopFace)
        }
        // Never the only way: whoever cannot or will not may ask at once.
        (At::TakingPhoto { read, .. }, Event::Tap(Tap::AskStaff)) => {
            another_way(read, None).and(Effect::StopFace)
        }
        (At::FaceMissed { read, .. }, Event::Tap(Tap::AskStaff)) => {
            another_way(read, Some(Fault::FaceNotConfirmed))
        }
        (At::FaceMissed { mut read, fault, .. }, Event::Tap(Tap::UseVneid)) => {
            read.camera = reason(Some(fault));
            ask_vneid(read, Some(fault))
        }
        (At::AnotherWay { read, fault }, Event::Tap(Tap::UseVneid)) => ask_vneid(read, fault),
        (At::FaceMissed { read, tempo, .. }, Event::Tap(Tap::TryAgain | Tap::Continue)) => {
            next_try(read, tempo, world)
        }
        (At::AnotherWay { read, fault }, Event::Tap(Tap::AskOfficers))
            if world.has_officers_for(&read.asked.service) =>
        {
            go(At::AskingOfficers { unconfirmed: Unconfirmed { read, fault, first: None } })
                .and(Effect::Note(audit::Event::OfficersAsked))
        }
        (At::AnotherWay { .. }, Event::Tap(Tap::AskStaff | Tap::Continue)) => {
            to_counter(Outcome::StaffWay, world)
        }
        (At::ShowingVneid { .. }, Event::Tap(Tap::AskStaff)) => {
            to_counter(Outcome::StaffWay, world).and(Effect::StopVneid)
        }
        (At::AskingVneid { read, fault }, Event::VneidOffered(qr, seconds_left)) => {
            go(At::ShowingVneid { read, fault, qr, seconds_left })
                .and(Effect::Note(audit::Event::VneidOffered))
        }
        (At::ShowingVneid { read, .. }, Event::VneidApproved(face)) => {
            proved(read, face).and(Effect::Note(audit::Event::VneidApproved))
        }
        (At::ShowingVneid { read, .. }, Event::VneidRefused(fault)) => {
            go(At::AnotherWay { read, fault: Some(fault) }).and(Effect::Note(audit::Event::Fault { fault }))
        }
        // Asking for the code, or for the citizen's answer to it.
        (
            At::AskingVneid { read, .. } | At::ShowingVneid { read, .. },
            Event::PlatformFailed(PlatformStep::Vneid, fault),
        ) => go(At::AnotherWay { read, fault: Some(super::nothing_sent(fault)) }),
        (At::ShowingVneid { read, fault, .. }, Event::Tap(Tap::Back)) => {
            go(At::AnotherWay { read, fault }).and(Effect::StopVneid)
        }
        (same, _) => go(same),
    }
}

pub(super) fn proved(read: Read, face: Box<FaceMatch>) -> Turn {
    let Read { asked, who, .. } = read;
    assert!(face.identity_id() == who.id(), "a face was matched with another identity");
    let number = Zeroizing::new(who.number().as_str().to_owned());
    go(At::LookingUp { proved: Proved { asked, who, face, has_password: false } })
        .and(Effect::LookUpAccount(number))
}

/// Another try before the camera, as long as there is one.
pub(super) fn next_try(mut read: Read, tempo: Tempo, world: &World<'_>) -> Turn {
    if is_last(&read, world) {
        return another_way(read, Some(Fault::FaceNotConfirmed));
    }
    read.asked.tries += 1;
    watch_face(read, tempo)
}

fn is_last(read: &Read, world: &World<'_>) -> bool {
    u32::from(read.asked.tries) >= world.rules.face_attempts
}

/// Films the citizen, where there is a portrait to compare with.
fn watch_face(read: Read, tempo: Tempo) -> Turn {
    match read.reference.clone() {
        Ok(reference) => {
            let (hint, glow, attempt) = (FaceHint::LookStraight, Glow::Off, read.asked.tries);
            go(At::TakingPhoto { read, tempo, hint, percent: 0, glow })
                .and(Effect::WatchFace(reference, attempt, tempo))
        }
        Err(fault) => another_way(read, Some(fault)),
    }
}

fn missed(read: Read, tempo: Tempo, fault: Fault, world: &World<'_>) -> Turn {
    match fault {
        Fault::CameraMissing
        | Fault::CameraSilent
        | Fault::CameraOther
        | Fault::CameraTooSmall
        | Fault::CameraUpsideDown
        | Fault::ModelMissing
        | Fault::FaceNotConfirmed => another_way(read, Some(fault)),
        _ if is_last(&read, world) => another_way(read, Some(Fault::FaceNotConfirmed)),
        _ => go(At::FaceMissed { read, tempo, fault }),
    }
}

fn ask_vneid(read: Read, fault: Option<Fault>) -> Turn {
    let number = Zeroizing::new(read.who.number().as_str().to_owned());
    let identity = read.who.id();
    go(At::AskingVneid { read, fault }).and(Effect::AskVneid(number, identity))
}

/// Nothing went wrong where the citizen asked for it.
pub(super) fn another_way(mut read: Read, fault: Option<Fault>) -> Turn {
    read.camera = reason(fault);
    go(At::AnotherWay { read, fault }).and(Effect::Note(audit::Event::AnotherWayOffered))
}

/// Why the camera does not confirm; nothing where the citizen asked for another way.
fn reason(fault: Option<Fault>) -> audit::OfficersReason {
    match fault {
        None => audit::OfficersReason::CannotBeFilmed,
        Some(
            Fault::CameraMissing
            | Fault::CameraSilent
            | Fault::CameraOther
            | Fault::CameraTooSmall
            | Fault::CameraUpsideDown,
        ) => audit::OfficersReason::CameraMissing,
        Some(Fault::PortraitTooPoor) => audit::OfficersReason::PortraitTooPoor,
        Some(_) => audit::OfficersReason::NotMatched,
    }
}
