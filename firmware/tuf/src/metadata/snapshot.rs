//! Snapshot: which versions of targets metadata belong together (TUF 1.0.34, section 4.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Digests, DigestsFault, Expiry, Extra, Role, SpecVersion, Version};
use crate::error::Distrust;

/// One version of every targets role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The specification that it was written by.
    pub spec_version: SpecVersion,
    /// Its version.
    pub version: Version,
    /// Until when it is good.
    pub expires: Expiry,
    /// By file name, `ROLE.json`.
    pub meta: BTreeMap<String, MetaFile>,
    /// Fields that we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What is announced of a metadata file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetaFile {
    /// Its version.
    pub version: Version,
    /// Its length in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// Its digests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hashes: Option<Digests>,
    /// Fields that we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl MetaFile {
    /// Announces a version and nothing else.
    pub fn of_version(version: Version) -> Self {
        Self { version, length: None, hashes: None, extra: Extra::new() }
    }

    /// Announces exactly these bytes.
    pub fn of_bytes(version: Version, bytes: &[u8]) -> Self {
        let length = Some(bytes.len() as u64);
        Self { version, length, hashes: Some(Digests::of(bytes)), extra: Extra::new() }
    }

    /// Holds bytes against what is announced of them.
    pub fn check_bytes(&self, bytes: &[u8]) -> Result<(), Distrust> {
        let found = bytes.len() as u64;
        if let Some(expected) = self.length.filter(|expected| *expected != found) {
            return Err(Distrust::WrongLength { expected, found });
        }
        match self.hashes.as_ref().map(|hashes| hashes.check(bytes)) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(DigestsFault::NoneKnown)) => Err(Distrust::UnknownHashes),
            Some(Err(DigestsFault::Differs(algorithm))) => {
                Err(Distrust::WrongHash { algorithm: algorithm.to_owned() })
            }
        }
    }

    /// Holds a version against the announced one.
    pub fn check_version(&self, version: Version) -> Result<(), Distrust> {
        if version == self.version {
            return Ok(());
        }
        Err(Distrust::WrongVersion { expected: self.version.get(), found: version.get() })
    }
}

impl Snapshot {
    /// What is announced of a targets role.
    pub fn role(&self, name: &str) -> Option<&MetaFile> {
        self.meta.get(&format!("{name}.json"))
    }

    /// Every role that is listed, with its version.
    pub fn roles(&self) -> impl Iterator<Item = (&str, Version)> {
        self.meta.iter().filter_map(|(file, meta)| Some((file.strip_suffix(".json")?, meta.version)))
    }
}

impl Role for Snapshot {
    const TYPE: &'static str = "snapshot";
    const MOST_BYTES: u64 = 2_000_000;

    fn version(&self) -> Version {
        self.version
    }

    fn expires(&self) -> Expiry {
        self.expires
    }
}
