//! Fields that several kinds of metadata have. Each type's existence is the proof that the
//! text was in order.

use std::{collections::BTreeSet, num::NonZeroU64, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A version, counted from 1 (TUF 1.0.34, section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(NonZeroU64);

impl Version {
    /// The first.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// None for nought.
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// As a number.
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The one after it; none past 2^64 - 1.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

/// How many different keys must sign; at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Threshold(NonZeroU64);

impl Threshold {
    /// One signature is enough.
    pub const ONE: Self = Self(NonZeroU64::MIN);

    /// None for nought.
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// As a number.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

/// `1.x` or `1.x.y`: within one major version readers understand each other (section 4.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpecVersion(String);

impl SpecVersion {
    /// What we write.
    pub fn ours() -> Self {
        Self("1.0.34".to_owned())
    }
}

impl From<SpecVersion> for String {
    fn from(version: SpecVersion) -> Self {
        version.0
    }
}

impl TryFrom<String> for SpecVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts: Vec<_> = text.split('.').collect();
        let whole = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if matches!(parts.len(), 2 | 3) && parts.iter().all(|part| whole(part)) && parts[0] == "1" {
            return Ok(Self(text));
        }
        Err(format!("specification version {text:.20} is not 1.x"))
    }
}

/// Until when metadata is good: `YYYY-MM-DDTHH:MM:SSZ`, in whole seconds, and no other form
/// of ISO 8601 (section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expiry(Timestamp);

impl Expiry {
    /// Cut to whole seconds.
    pub fn new(time: Timestamp) -> Self {
        let seconds = Timestamp::from_second(time.as_second());
        Self(seconds.expect("the second of a time is a time"))
    }

    /// As a time.
    pub fn get(self) -> Timestamp {
        self.0
    }
}

impl From<Expiry> for String {
    fn from(expiry: Expiry) -> Self {
        expiry.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

impl TryFrom<String> for Expiry {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        const FORM: &[u8] = b"0000-00-00T00:00:00Z";
        let fits =
            |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
        if text.len() != FORM.len() || !text.bytes().zip(FORM).all(fits) {
            return Err(format!("{text:.40} is not YYYY-MM-DDTHH:MM:SSZ"));
        }
        let time = Timestamp::from_str(&text).map_err(|error| error.to_string())?;
        // A leap second is read as the second before it; it would be written otherwise.
        if String::from(Self(time)) == text {
            Ok(Self(time))
        } else {
            Err(format!("{text} is no second of UTC"))
        }
    }
}

/// A list in which nothing stands twice.
pub(super) mod distinct {
    use serde::{Deserializer, Serializer, de::Error as _};

    use super::{BTreeSet, Deserialize, Serialize};
    use crate::key::KeyId;

    pub(in super::super) fn serialize<S: Serializer>(ids: &[KeyId], to: S) -> Result<S::Ok, S::Error> {
        ids.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<KeyId>, D::Error> {
        let ids = Vec::<KeyId>::deserialize(from)?;
        let mut seen = BTreeSet::new();
        match ids.iter().find(|id| !seen.insert(*id)) {
            Some(twice) => Err(D::Error::custom(format_args!("the key id {twice} stands twice"))),
            None => Ok(ids),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_form() {
        let read = |text: &str| Expiry::try_from(text.to_owned());
        let expiry = read("2027-02-28T23:59:59Z").unwrap();
        assert_eq!(String::from(expiry), "2027-02-28T23:59:59Z");
        for other in [
            "2027-02-28T23:59:59.5Z",
            "2027-02-28T23:59:59.000Z",
            "2027-02-28T23:59:59+00:00",
            "2027-02-28 23:59:59Z",
            "2027-02-29T23:59:59Z",
            "2027-02-28T23:59:60Z",
            "2027-02-28t23:59:59z",
            "2027-02-28",
            "",
        ] {
            assert!(read(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_specification_version_of_another_major_number_is_refused() {
        for (text, taken) in [
            ("1.0", true),
            ("1.0.34", true),
            ("1.9.9", true),
            ("2.0.0", false),
            ("1", false),
            ("1.0.0.0", false),
            ("1.0.x", false),
            ("01.0.0", false),
            ("1..0", false),
            ("", false),
        ] {
            assert_eq!(SpecVersion::try_from(text.to_owned()).is_ok(), taken, "{text}");
        }
    }
}
