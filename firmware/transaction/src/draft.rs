//! From proof to record: brings identity, face, consent and form together, and only
//! where they belong together.

use std::collections::BTreeMap;

use face::FaceMatch;
use identity::{Birth, Expiry, Identity, IdentityId, Sex};
use jiff::Timestamp;
use keys::{
    DeviceKey,
    canonical::{self, Map, Value},
};
use services::Service;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::{Consent, KioskId, Purpose, SCHEMA, Transaction, TransactionError, TransactionId, id::word};

/// What the service asked the citizen for, by name: a phone number, for example.
/// Personal: no `Debug`, wiped on drop.
#[derive(Default)]
pub struct Form(BTreeMap<String, Zeroizing<String>>);

impl Form {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fills in one field; its name is a plain word such as `phone`.
    pub fn with(mut self, name: &str, value: &str) -> Result<Self, TransactionError> {
        let name = word("form field", name, "-")?;
        self.0.insert(name, nfc(value));
        Ok(self)
    }
}

/// Everything that a transaction says, not yet signed. Personal: no `Debug`, wiped on
/// drop.
pub struct Draft {
    id: TransactionId,
    consented_at: Timestamp,
    content: Map,
}

impl Draft {
    /// Refuses a face that was matched with another card, and a consent that lacks
    /// something the service does.
    pub fn new(
        id: TransactionId,
        service: &Service,
        who: &Identity,
        face: &FaceMatch,
        consent: &Consent,
        form: &Form,
    ) -> Result<Self, TransactionError> {
        same_person(who.id(), face.identity_id())?;
        let needed: Result<Vec<Purpose>, _> =
            service.purposes.iter().map(|purpose| purpose.id.parse()).collect();
        consent.covers(&needed?)?;
        let evidence = |part| move |_| TransactionError::Evidence { part };
        let fields = form.0.iter().fold(Map::new(), |map, (name, value)| map.with(name, text(value)));
        let asked = Map::new()
            .with("id", Value::text(service.id.as_str()))
            .with("version", Value::Whole(service.version.into()));
        let content = Map::new()
            .with("citizen", citizen(who).into())
            .with("consent", consent.canonical())
            .with("face", canonical::of(face.evidence()).map_err(evidence("face"))?)
            .with("form", fields.into())
            .with("id", Value::text(id.to_string()))
            .with("identity", canonical::of(who.evidence()).map_err(evidence("identity"))?)
            .with("schema", Value::text(SCHEMA))
            .with("service", asked.into());
        Ok(Self { id, consented_at: consent.at, content })
    }

    /// Which transaction it will be.
    pub fn id(&self) -> TransactionId {
        self.id
    }

    /// Signs it for this kiosk. From here on nothing in it can change.
    pub fn sign(
        self,
        key: &DeviceKey,
        kiosk: &KioskId,
        at: Timestamp,
    ) -> Result<Transaction, TransactionError> {
        if self.consented_at > at {
            return Err(TransactionError::ConsentTooLate);
        }
        let content =
            self.content.with("at", Value::text(at.to_string())).with("kiosk", Value::text(kiosk.as_str()));
        Transaction::sign(content, key)
    }
}

fn same_person(card: IdentityId, face: IdentityId) -> Result<(), TransactionError> {
    if card == face { Ok(()) } else { Err(TransactionError::FaceOfAnother) }
}

/// No more than an officer needs to find the person: no address, no parents, no picture.
fn citizen(who: &Identity) -> Map {
    let sex = match who.sex() {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Unspecified => "unspecified",
    };
    let expiry = match who.expiry() {
        Expiry::On(date) => Value::text(date.to_string()),
        Expiry::None => Value::Null,
    };
    Map::new()
        .with("birth", Value::Text(birth(who.birth())))
        .with("card-valid-through", expiry)
        .with("name", text(who.name()))
        .with("nationality", text(who.nationality()))
        .with("number", text(who.number().as_str()))
        .with("sex", Value::text(sex))
}

/// ISO 8601, as far as it is known: `1990-11-07`, `1990-11` or `1990`.
fn birth(birth: Birth) -> Zeroizing<String> {
    let year = birth.year();
    Zeroizing::new(match (birth.month(), birth.day()) {
        (Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (Some(month), None) => format!("{year:04}-{month:02}"),
        _ => format!("{year:04}"),
    })
}

fn text(text: &str) -> Value {
    Value::Text(nfc(text))
}

/// One spelling for one name: keyboards and chips compose diacritics differently.
fn nfc(text: &str) -> Zeroizing<String> {
    // Room enough that nothing is left behind by growing.
    let mut composed = Zeroizing::new(String::with_capacity(3 * text.len()));
    composed.extend(text.nfc());
    composed
}
