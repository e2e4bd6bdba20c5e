//! From the key to the chip to "is this you?".

use std::sync::Arc;

use card::{AccessKey, Can};
use face::Tempo;
use faults::Fault;
use identity::Identity;
use jiff::civil::Date;
use screen::{Outcome, ReadingStage, Tap};

use super::{Turn, account::refused, ending::ended, face::next_try, go};
use crate::{
    World,
    effect::{Effect, SlipOrder},
    event::Event,
    state::{Asked, At, Read},
    typing::Typed,
};

/// Digits of the key that open the chip: the last ones of the number.
const KEY_DIGITS: u8 = 6;
/// Failures that are borne before staff must look.
const MOST_FAILURES: u8 = 5;

pub(super) fn next(at: At, event: Event, world: &World<'_>) -> Turn {
    match (at, event) {
        (At::EnteringCardKey { asked, digits, .. }, event) => enter_key(asked, digits, event),
        (At::PlacingCard { asked, .. }, Event::Tap(Tap::Back)) => {
            go(At::EnteringCardKey { asked, digits: Typed::empty(), fault: None }).and(Effect::StopCard)
        }
        (At::PlacingCard { asked, key, failures, .. }, Event::CardLaid) => {
            let (greeting, stage) = (None, ReadingStage::Opening);
            go(At::ReadingCard { asked, key, failures, greeting, stage, percent: 0 })
        }
        (At::ReadingCard { asked, key, failures, greeting, .. }, Event::CardProgress(stage, percent)) => {
            go(At::ReadingCard { asked, key, failures, greeting, stage, percent })
        }
        (At::ReadingCard { asked, key, failures, stage, percent, .. }, Event::CardGreets(greeting)) => {
            go(At::ReadingCard { asked, key, failures, greeting: Some(greeting), stage, percent })
        }
        (
            At::PlacingCard { asked, key, failures, .. } | At::ReadingCard { asked, key, failures, .. },
            Event::CardFailed(fault),
        ) => failed(asked, key, failures + 1, fault, world),
        (At::PlacingCard { .. } | At::ReadingCard { .. }, Event::CardExpired(on)) => expired(on, world),
        (At::PlacingCard { asked, .. } | At::ReadingCard { asked, .. }, Event::CardRead(who, reference)) => {
            if needs_guardian(&asked, &who, world) {
                return refused(Fault::TooYoung, world)
                    .and(Effect::Note(audit::Event::VisitRefused { fault: Fault::TooYoung }));
            }
            let camera = audit::OfficersReason::CannotBeFilmed;
            go(At::Greeting { read: Read { asked, who, reference, camera } })
        }
        (At::Greeting { read }, Event::Tap(Tap::Back)) => {
            go(At::EnteringCardKey { asked: read.asked, digits: Typed::empty(), fault: None })
        }
        (At::Greeting { read }, Event::Tap(Tap::Continue)) => next_try(read, Tempo::Usual, world),
        (same, _) => go(same),
    }
}

fn enter_key(asked: Asked, mut digits: Typed, event: Event) -> Turn {
    let mut fault = None;
    match event {
        Event::Tap(Tap::Key(key)) => digits.digit(key, KEY_DIGITS),
        Event::Tap(Tap::Erase) => digits.erase(),
        Event::Tap(Tap::Back) => return go(At::Consenting { service: asked.service }),
        Event::Tap(Tap::Continue) => {
            if let Ok(can) = Can::new(digits.text()) {
                return read_with(asked, AccessKey::Can(can));
            }
        }
        Event::CodeScanned(code) => match code.can() {
            Ok(can) => return read_with(asked, AccessKey::Can(can)),
            Err(_) => fault = Some(Fault::ScanNotCardCode),
        },
        Event::CodeNotOfCard => fault = Some(Fault::ScanNotCardCode),
        _ => {}
    }
    go(At::EnteringCardKey { asked, digits, fault })
}

fn read_with(asked: Asked, key: AccessKey) -> Turn {
    let key = Arc::new(key);
    let effect = Effect::ReadCard(Arc::clone(&key), asked.service.clone());
    go(At::PlacingCard { asked, key, failures: 0, fault: None }).and(effect)
}

fn failed(asked: Asked, key: Arc<AccessKey>, failures: u8, fault: Fault, world: &World<'_>) -> Turn {
    match fault {
        Fault::CardKeyWrong => go(At::EnteringCardKey { asked, digits: Typed::empty(), fault: Some(fault) })
            .and(Effect::StopCard),
        Fault::CardLifted
        | Fault::CardSilent
        | Fault::CardGarbled
        | Fault::ReaderBusy
        | Fault::ReaderShared
            if failures < MOST_FAILURES =>
        {
            let again = Effect::ReadCard(Arc::clone(&key), asked.service.clone());
            go(At::PlacingCard { asked, key, failures, fault: Some(fault) }).and(again)
        }
        _ => refused(fault, world).and(Effect::StopCard),
    }
}

/// The card expired: stop here, nothing is read on, the police renew it.
fn expired(on: Date, world: &World<'_>) -> Turn {
    let reference = world.reference.to_owned();
    let slip = SlipOrder::Renewal { expired: on };
    let on = on.strftime("%d/%m/%Y").to_string();
    ended(Outcome::CardExpired { on }, Some(reference), Some(slip))
}

/// Below the age of the rules a guardian must take part, at the counter.
fn needs_guardian(asked: &Asked, who: &Identity, world: &World<'_>) -> bool {
    world.service(&asked.service).guardian_under_age
        && i64::from(who.birth().age_on(world.today)) < i64::from(world.rules.guardian_below_years)
}
