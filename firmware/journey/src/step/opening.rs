//! From "touch to start" to consent.

use jiff::Timestamp;
use screen::{Language, Outcome, Tap};
use services::{Service, ServiceId, closed_by};
use sha2::{Digest, Sha256};
use transaction::{Consent, ConsentMethod};
use unicode_normalization::UnicodeNormalization;
use upkeep::Opening;

use super::{Turn, card::ask_for_key, ending::ended, go};
use crate::{
    World,
    effect::Effect,
    event::Event,
    state::{Asked, At, Manner},
    typing::Typed,
};

pub(super) fn next(at: At, event: Event, manner: Manner, closed: bool, world: &World<'_>) -> Turn {
    match (at, event) {
        // Somebody else has the machine: nobody begins what would be broken. A lock keeps citizens
        // out, and lets staff in.
        (At::Attract, _) if matches!(world.opening, Opening::ClosedFor(_)) => go(At::Attract),
        (At::Attract, Event::Tap(Tap::Touch))
            if !closed && !world.opening.is_shut() && world.out_of_service().is_none() =>
        {
            go(At::ChoosingService).and(Effect::Note(audit::Event::VisitBegun))
        }
        (At::Attract, Event::Tap(Tap::OpenStaff)) => {
            go(At::SigningInStaff { pin: Typed::empty(), locked_for: None, fault: None })
        }
        (At::ChoosingService, Event::Tap(Tap::Service(id))) => match world.catalogue.service(&id) {
            Some(service) if closed_by(service, world.devices).is_none() => {
                go(At::Consenting { service: service.id.clone() })
                    .and(Effect::Note(audit::Event::ServiceChosen { service: audited(&service.id) }))
            }
            _ => go(At::ChoosingService),
        },
        (At::Consenting { .. }, Event::Tap(Tap::Back)) => go(At::ChoosingService),
        (At::Consenting { service: id }, Event::Tap(Tap::Agree)) => {
            let consent = consent(world.service(&id), manner.language, world.now);
            let given = audit::Event::ConsentGiven {
                language: match manner.language {
                    Language::Vi => audit::Language::Vi,
                    Language::En => audit::Language::En,
                },
                purposes: consent.purposes.len() as u16,
            };
            let asked = Asked { service: id, consent, tries: 0, wrong_keys: 0 };
            ask_for_key(asked).and(Effect::Note(given))
        }
        (At::Consenting { .. }, Event::Tap(Tap::Disagree)) => {
            ended(Outcome::Declined, None, None).and(Effect::Note(audit::Event::ConsentRefused))
        }
        (same, _) => go(same),
    }
}

/// A service's name as the audit log takes it: the catalogue's names have that form.
fn audited(id: &ServiceId) -> audit::ServiceName {
    id.as_str().parse().expect("a catalogue id is a service name")
}

/// What the citizen agreed to by touching "I agree": each purpose, and the very words
/// that stood on the page, one line each.
fn consent(service: &Service, language: Language, at: Timestamp) -> Consent {
    let words: Vec<_> = service.purposes.iter().map(|purpose| purpose.text.words(language)).collect();
    let text: String = words.join("\n").nfc().collect();
    let purposes = service.purposes.iter();
    Consent {
        purposes: purposes.map(|purpose| purpose.id.parse().expect("a checked purpose")).collect(),
        text_sha256: Sha256::digest(text.as_bytes()).into(),
        language,
        at,
        method: ConsentMethod::Touch,
    }
}
