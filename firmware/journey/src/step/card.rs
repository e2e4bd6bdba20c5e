//! From the key to the chip to "is this you?".

use std::sync::Arc;

use card::{AccessKey, Can, KeyError};
use face::Tempo;
use faults::Fault;
use identity::{CardCode, Identity};
use jiff::civil::Date;
use screen::{Outcome, ReadingStage, Tap};
use services::RulesOfDay;

use super::{Turn, account::refused, ending::ended, face::next_try, go};
use crate::{
    World,
    effect::{CardKeys, Effect, SlipOrder},
    event::Event,
    state::{Asked, At, Read},
    typing::Typed,
};

/// Digits of the key that open the chip: the last ones of the number.
const KEY_DIGITS: u8 = 6;
/// Failures that are borne before staff must look.
const MOST_FAILURES: u8 = 5;
/// The same of numbers and codes that do not open the card.
const MOST_WRONG_KEYS: u8 = 5;

pub(super) fn next(at: At, event: Event, world: &World<'_>) -> Turn {
    match (at, event) {
        (At::EnteringCardKey { asked, digits, .. }, event) => enter_key(asked, digits, event, world),
        (At::PlacingCard { asked, .. }, Event::Tap(Tap::Back)) => ask_for_key(asked).and(Effect::StopCard),
        (At::PlacingCard { asked, keys, failures, .. }, Event::CardLaid) => {
            let (greeting, stage) = (None, ReadingStage::Opening);
            go(At::ReadingCard { asked, keys, failures, greeting, stage, percent: 0 })
        }
        (At::ReadingCard { asked, keys, failures, greeting, .. }, Event::CardProgress(stage, percent)) => {
            go(At::ReadingCard { asked, keys, failures, greeting, stage, percent })
        }
        (At::ReadingCard { asked, keys, failures, stage, percent, .. }, Event::CardGreets(greeting)) => {
            go(At::ReadingCard { asked, keys, failures, greeting: Some(greeting), stage, percent })
        }
        (
            At::PlacingCard { asked, keys, failures, .. } | At::ReadingCard { asked, keys, failures, .. },
            Event::CardFailed(fault),
        ) => failed(asked, keys, failures + 1, fault, world),
        (At::PlacingCard { asked, .. } | At::ReadingCard { asked, .. }, Event::CardKeyWrong(tries_left)) => {
            match tries_left {
                Some(0) => refused(Fault::CardKeyBlocked, world).and(Effect::StopCard),
                _ => ask_again(asked, Fault::CardKeyWrong, tries_left, world),
            }
        }
        (At::PlacingCard { .. } | At::ReadingCard { .. }, Event::CardExpired(on)) => expired(on, world),
        (At::PlacingCard { asked, .. } | At::ReadingCard { asked, .. }, Event::CardRead(who, reference)) => {
            if needs_guardian(&asked, &who, world) {
                return refused(Fault::TooYoung, world)
                    .and(Effect::Note(audit::Event::VisitRefused { fault: Fault::TooYoung }));
            }
            let camera = audit::OfficersReason::CannotBeFilmed;
            go(At::Greeting { read: Read { asked, who, reference, camera } })
        }
        (At::Greeting { read }, Event::Tap(Tap::Back)) => ask_for_key(read.asked),
        (At::Greeting { read }, Event::Tap(Tap::Continue)) => next_try(read, Tempo::Usual, world),
        (same, _) => go(same),
    }
}

/// Asks for what opens the card.
pub(super) fn ask_for_key(asked: Asked) -> Turn {
    go(At::EnteringCardKey { asked, digits: Typed::empty(), fault: None, tries_left: None })
}

/// Asks once more, and says why. Whoever does not find what opens their card must not stand
/// there for ever.
fn ask_again(mut asked: Asked, fault: Fault, tries_left: Option<u8>, world: &World<'_>) -> Turn {
    asked.wrong_keys += 1;
    if asked.wrong_keys == MOST_WRONG_KEYS {
        return refused(fault, world).and(Effect::StopCard);
    }
    go(At::EnteringCardKey { asked, digits: Typed::empty(), fault: Some(fault), tries_left })
        .and(Effect::StopCard)
}

fn enter_key(asked: Asked, mut digits: Typed, event: Event, world: &World<'_>) -> Turn {
    let mut fault = None;
    match event {
        Event::Tap(Tap::Key(key)) => digits.digit(key, KEY_DIGITS),
        Event::Tap(Tap::Erase) => digits.erase(),
        Event::Tap(Tap::Back) => return go(At::Consenting { service: asked.service }),
        Event::Tap(Tap::Continue) => {
            if let Ok(can) = Can::new(digits.text()) {
                return read_with(
                    asked,
                    CardKeys { key: AccessKey::Can(can), candidates: Vec::new(), scanned: false },
                );
            }
        }
        Event::CodeScanned(code) => match keys_of(&code, world.rules) {
            Ok(keys) => return read_with(asked, keys),
            Err(_) => fault = Some(Fault::ScanNotCardCode),
        },
        Event::CodeNotOfCard => fault = Some(Fault::ScanNotCardCode),
        _ => {}
    }
    go(At::EnteringCardKey { asked, digits, fault, tries_left: None })
}

/// The last six digits of the number; and where the chip should offer no PACE, what its
/// machine readable zone may hold.
fn keys_of(code: &CardCode, rules: &RulesOfDay) -> Result<CardKeys, KeyError> {
    // Odd days in a code that nobody signed leave its number as good as it was.
    let candidates = code.candidates(&rules.card_renewal).unwrap_or_default();
    Ok(CardKeys { key: AccessKey::Can(code.can()?), candidates, scanned: true })
}

fn read_with(asked: Asked, keys: CardKeys) -> Turn {
    let keys = Arc::new(keys);
    let effect = Effect::ReadCard(Arc::clone(&keys), asked.service.clone());
    go(At::PlacingCard { asked, keys, failures: 0, fault: None }).and(effect)
}

fn failed(asked: Asked, keys: Arc<CardKeys>, failures: u8, fault: Fault, world: &World<'_>) -> Turn {
    match fault {
        Fault::CardCodeNeeded if !keys.scanned && world.scans() => ask_again(asked, fault, None, world),
        Fault::CardLifted
        | Fault::CardSilent
        | Fault::CardGarbled
        | Fault::ReaderBusy
        | Fault::ReaderShared
            if failures < MOST_FAILURES =>
        {
            let again = Effect::ReadCard(Arc::clone(&keys), asked.service.clone());
            go(At::PlacingCard { asked, keys, failures, fault: Some(fault) }).and(again)
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
