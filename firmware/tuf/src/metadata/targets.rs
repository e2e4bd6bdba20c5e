//! Targets: the files themselves, and who else may list some (TUF 1.0.34, section 4.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Delegations, Digests, Expiry, Extra, Role, SpecVersion, Version};

/// Files by their path, and delegations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Targets {
    /// The specification that it was written by.
    pub spec_version: SpecVersion,
    /// Its version.
    pub version: Version,
    /// Until when it is good.
    pub expires: Expiry,
    /// By target path.
    pub targets: BTreeMap<String, TargetFile>,
    /// Whom it delegates to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegations: Option<Delegations>,
    /// Fields that we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What is listed of a target file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetFile {
    /// Its length in bytes.
    pub length: u64,
    /// Its digests.
    pub hashes: Digests,
    /// What the application says of it; see `TargetFile::custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Value>,
    /// Fields that we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl TargetFile {
    /// Lists exactly these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let (length, hashes) = (bytes.len() as u64, Digests::of(bytes));
        Self { length, hashes, custom: None, extra: Extra::new() }
    }

    /// The application's `custom` in the application's own type. `None` where there is none.
    pub fn custom<T: DeserializeOwned>(&self) -> Option<Result<T, serde_json::Error>> {
        self.custom.as_ref().map(T::deserialize)
    }
}

impl Role for Targets {
    const TYPE: &'static str = "targets";
    const MOST_BYTES: u64 = 5_000_000;

    fn version(&self) -> Version {
        self.version
    }

    fn expires(&self) -> Expiry {
        self.expires
    }
}
