//! What an event may carry. The set is closed, and none of it can hold a text that a
//! person typed or a card held.

use std::{fmt, str::FromStr};

use faults::Fault;
use keys::{
    PublicKey, Signature,
    canonical::{Map, Value},
};
use rand_core::CryptoRng;
use uuid::Uuid;

/// A type that may stand in the log; only this crate gives it to types.
pub(crate) trait Field {
    fn value(&self) -> Value;
}

/// Writes one field, if it is there.
pub(crate) fn put<T: MaybeField>(name: &str, field: &T, to: &mut Map) {
    if let Some(value) = field.maybe() {
        to.insert(name, value);
    }
}

/// A field, several of a kind, or one that may be absent.
pub(crate) trait MaybeField {
    fn maybe(&self) -> Option<Value>;
}

impl<T: Field> MaybeField for T {
    fn maybe(&self) -> Option<Value> {
        Some(self.value())
    }
}

impl<T: Field> MaybeField for Option<T> {
    fn maybe(&self) -> Option<Value> {
        self.as_ref().map(Field::value)
    }
}

impl<T: Field> Field for Vec<T> {
    fn value(&self) -> Value {
        Value::List(self.iter().map(Field::value).collect())
    }
}

impl<T: Field> Field for Box<T> {
    fn value(&self) -> Value {
        self.as_ref().value()
    }
}

impl Field for u16 {
    fn value(&self) -> Value {
        Value::Whole((*self).into())
    }
}

impl Field for Fault {
    fn value(&self) -> Value {
        Value::text(self.code())
    }
}

impl Field for Uuid {
    fn value(&self) -> Value {
        Value::text(self.hyphenated().to_string())
    }
}

impl Field for PublicKey {
    fn value(&self) -> Value {
        Value::text(self.to_string())
    }
}

impl Field for Signature {
    fn value(&self) -> Value {
        Value::text(self.to_string())
    }
}

/// A visit: 122 bits of chance, never derived from anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VisitId(Uuid);

impl VisitId {
    /// A new visit.
    pub fn new(chance: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 16];
        chance.fill_bytes(&mut bytes);
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The id, for what is signed of this visit.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for VisitId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(out)
    }
}

/// A version of the software: three small numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl Field for Version {
    fn value(&self) -> Value {
        Value::text(format!("{}.{}.{}", self.0, self.1, self.2))
    }
}

/// A text is no version, no service's name or no service number. It is not repeated here: it may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no {what}")]
pub struct WrongName {
    what: &'static str,
}

impl FromStr for Version {
    type Err = WrongName;

    fn from_str(text: &str) -> Result<Self, WrongName> {
        let wrong = WrongName { what: "version" };
        let mut parts = text.split('.').map(|part| part.parse().map_err(|_| wrong));
        let mut next = || parts.next().ok_or(wrong)?;
        let version = Self(next()?, next()?, next()?);
        if parts.next().is_none() { Ok(version) } else { Err(wrong) }
    }
}

/// A service by its name in the catalogue, `area.action`: small letters, a dot, hyphens
/// and at most two digits. No number and no name of a person has this form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceName(String);

impl ServiceName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceName {
    type Err = WrongName;

    fn from_str(text: &str) -> Result<Self, WrongName> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let fits = text.len() <= 40
            && digits <= 2
            && text.split_once('.').is_some_and(|(area, action)| {
                [area, action].iter().all(|part| !part.is_empty() && part.bytes().all(plain))
            });
        if fits { Ok(Self(text.to_owned())) } else { Err(WrongName { what: "service's name" }) }
    }
}

impl Field for ServiceName {
    fn value(&self) -> Value {
        Value::text(self.as_str())
    }
}

/// An officer's service number: four to eight digits. No number of a citizen is so short:
/// a phone has ten, an identity number nine or twelve.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OfficerNumber(String);

impl FromStr for OfficerNumber {
    type Err = WrongName;

    fn from_str(text: &str) -> Result<Self, WrongName> {
        let fits = (4..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(WrongName { what: "service number" }) }
    }
}

impl Field for OfficerNumber {
    fn value(&self) -> Value {
        Value::text(self.0.as_str())
    }
}
