//! `hashes` of metadata and target files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

/// Digests by algorithm, in lower-case hexadecimal. At least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Digests(BTreeMap<String, String>);

/// Why bytes do not have these digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigestsFault {
    /// None is by an algorithm that we have.
    NoneKnown,
    /// This one differs.
    Differs(&'static str),
}

const SHA256: &str = "sha256";
const SHA512: &str = "sha512";

impl Digests {
    /// Both digests of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut running = Running::all();
        running.update(bytes);
        running.digests()
    }

    /// The digest by this algorithm.
    pub fn get(&self, algorithm: &str) -> Option<&str> {
        self.0.get(algorithm).map(String::as_str)
    }

    /// The one that a file of a consistent snapshot is asked for by: SHA-256 where there is
    /// one, else SHA-512, else the first.
    pub fn preferred(&self) -> &str {
        self.get(SHA256)
            .or_else(|| self.get(SHA512))
            .or_else(|| self.0.values().next().map(String::as_str))
            .unwrap_or_default()
    }

    /// Every digest, by its algorithm.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(algorithm, digest)| (algorithm.as_str(), digest.as_str()))
    }

    /// Holds bytes against every digest that we can make.
    pub fn check(&self, bytes: &[u8]) -> Result<(), DigestsFault> {
        let mut running = self.running();
        running.update(bytes);
        running.check(self)
    }

    /// Begins the digests that these ask for.
    pub(crate) fn running(&self) -> Running {
        let asked = |algorithm| self.0.contains_key(algorithm);
        Running { sha256: asked(SHA256).then(Sha256::new), sha512: asked(SHA512).then(Sha512::new) }
    }
}

impl From<Digests> for BTreeMap<String, String> {
    fn from(digests: Digests) -> Self {
        digests.0
    }
}

impl TryFrom<BTreeMap<String, String>> for Digests {
    type Error = String;

    fn try_from(digests: BTreeMap<String, String>) -> Result<Self, String> {
        if digests.is_empty() {
            return Err("no digest at all".to_owned());
        }
        for (algorithm, digest) in &digests {
            let length = match algorithm.as_str() {
                SHA256 => Some(64),
                SHA512 => Some(128),
                _ => None,
            };
            let hex = digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if !hex || digest.is_empty() || length.is_some_and(|length| digest.len() != length) {
                return Err(format!("{digest:.140} is no {algorithm:.20} digest"));
            }
        }
        Ok(Self(digests))
    }
}

/// Digests under way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
}

impl Running {
    pub(crate) fn all() -> Self {
        Self { sha256: Some(Sha256::new()), sha512: Some(Sha512::new()) }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(running) = &mut self.sha256 {
            running.update(bytes);
        }
        if let Some(running) = &mut self.sha512 {
            running.update(bytes);
        }
    }

    pub(crate) fn digests(self) -> Digests {
        let mut made = BTreeMap::new();
        if let Some(running) = self.sha256 {
            made.insert(SHA256.to_owned(), hex::encode(running.finalize()));
        }
        if let Some(running) = self.sha512 {
            made.insert(SHA512.to_owned(), hex::encode(running.finalize()));
        }
        Digests(made)
    }

    pub(crate) fn check(self, expected: &Digests) -> Result<(), DigestsFault> {
        let made = self.digests();
        if made.0.is_empty() {
            return Err(DigestsFault::NoneKnown);
        }
        for algorithm in [SHA256, SHA512] {
            if made.get(algorithm) != expected.get(algorithm) {
                return Err(DigestsFault::Differs(algorithm));
            }
        }
        Ok(())
    }
}
