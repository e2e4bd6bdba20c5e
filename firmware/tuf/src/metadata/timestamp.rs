//! Timestamp: which snapshot is fresh (TUF 1.0.34, section 4.6).

use serde::{Deserialize, Serialize};

use super::{Expiry, Extra, MetaFile, Role, SpecVersion, Version};

/// The field in which we claim when a timestamp was signed. Not of the specification: other
/// clients pass it over. It raises a clock's floor, nothing else.
pub const SIGNED_AT: &str = "signed-at";

/// The version of the fresh snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timestamp {
    /// The specification that it was written by.
    pub spec_version: SpecVersion,
    /// Its version.
    pub version: Version,
    /// Until when it is good.
    pub expires: Expiry,
    /// The snapshot, and nothing else.
    pub meta: TimestampMeta,
    /// Fields that we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The one entry of a timestamp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampMeta {
    /// The fresh snapshot.
    #[serde(rename = "snapshot.json")]
    pub snapshot: MetaFile,
}

impl Timestamp {
    /// When it claims to have been signed, if it does and the claim can be read.
    pub fn signed_at(&self) -> Option<jiff::Timestamp> {
        let claimed = self.extra.get(SIGNED_AT)?.as_str()?.to_owned();
        Expiry::try_from(claimed).ok().map(Expiry::get)
    }
}

impl Role for Timestamp {
    const TYPE: &'static str = "timestamp";
    const MOST_BYTES: u64 = 16_384;

    fn version(&self) -> Version {
        self.version
    }

    fn expires(&self) -> Expiry {
        self.expires
    }
}
