//! What names a transaction: its own id, the kiosk, the service. None is personal.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::TransactionError;

/// One transaction for ever: a UUIDv7 (RFC 9562), so ids sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(Uuid);

impl TransactionId {
    /// Makes an id of the time and 74 bits of chance.
    pub fn new(at: Timestamp, chance: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 10];
        chance.fill_bytes(&mut bytes);
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }

    /// Takes the 16 bytes of an id.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TransactionError> {
        let uuid = Uuid::from_slice(bytes).map_err(|_| no_id(&format!("{} bytes", bytes.len())))?;
        Self::try_from(uuid)
    }

    /// The id as a plain UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl TryFrom<Uuid> for TransactionId {
    type Error = TransactionError;

    fn try_from(uuid: Uuid) -> Result<Self, TransactionError> {
        let ours = uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122;
        if ours { Ok(Self(uuid)) } else { Err(no_id(&uuid.to_string())) }
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(out)
    }
}

impl FromStr for TransactionId {
    type Err = TransactionError;

    /// Takes only the spelling that `Display` writes, so one id has one text.
    fn from_str(text: &str) -> Result<Self, TransactionError> {
        let id = Uuid::parse_str(text).map_err(|_| no_id(text)).and_then(Self::try_from)?;
        if id.to_string() == text { Ok(id) } else { Err(no_id(text)) }
    }
}

impl Serialize for TransactionId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TransactionId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

fn no_id(text: &str) -> TransactionError {
    TransactionError::Word { what: "transaction id", text: text.to_owned() }
}

/// Which kiosk, such as `hn-dongda-03`: small letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KioskId(String);

impl KioskId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KioskId {
    type Err = TransactionError;

    fn from_str(text: &str) -> Result<Self, TransactionError> {
        word("kiosk id", text, "-").map(Self)
    }
}

impl TryFrom<String> for KioskId {
    type Error = TransactionError;

    fn try_from(text: String) -> Result<Self, TransactionError> {
        text.parse()
    }
}

impl From<KioskId> for String {
    fn from(id: KioskId) -> Self {
        id.0
    }
}

impl fmt::Display for KioskId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Which service, in which version of its description, such as `eid.activate` 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceRef {
    id: String,
    version: u32,
}

impl ServiceRef {
    /// Names a service of the catalogue: small letters, digits, hyphens and dots.
    pub fn new(id: &str, version: u32) -> Result<Self, TransactionError> {
        Ok(Self { id: word("service id", id, "-.")?, version })
    }

    /// The service's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version of its description.
    pub fn version(&self) -> u32 {
        self.version
    }
}

/// A short plain name: `a-z`, `0-9` and the given marks, which never begin or end it.
pub(crate) fn word(what: &'static str, text: &str, marks: &str) -> Result<String, TransactionError> {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let fits = (1..=64).contains(&text.len())
        && text.chars().all(|letter| plain(letter) || marks.contains(letter))
        && text.starts_with(plain)
        && text.ends_with(plain);
    if fits { Ok(text.to_owned()) } else { Err(TransactionError::Word { what, text: text.to_owned() }) }
}
