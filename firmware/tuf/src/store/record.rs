//! The record: which bytes were committed for each role, and the floors. Written as one line
//! of JSON and one line with its SHA-256, so that a torn one cannot be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Floors;

/// What was committed last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Rises with every commit.
    pub generation: u64,
    /// The SHA-256 of each role's metadata, in hexadecimal.
    pub files: BTreeMap<String, String>,
    /// The least version of each role.
    pub floors: Floors,
}

impl Record {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("texts and numbers by texts");
        bytes.push(b'\n');
        let digest = hex::encode(Sha256::digest(&bytes));
        bytes.extend(digest.as_bytes());
        bytes.push(b'\n');
        bytes
    }

    /// None of a record that was torn or changed.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')? + 1;
        let (line, digest) = bytes.split_at(end);
        let intact = digest == format!("{}\n", hex::encode(Sha256::digest(line))).as_bytes();
        if intact { serde_json::from_slice(line).ok() } else { None }
    }

    /// Whether these are the committed bytes of this role.
    pub(super) fn fits(&self, role: &str, bytes: &[u8]) -> bool {
        self.files.get(role) == Some(&digest(bytes))
    }
}

pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
