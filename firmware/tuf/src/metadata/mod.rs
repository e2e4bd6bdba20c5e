//! The four kinds of metadata (TUF 1.0.34, section 4) and the envelope around them.
//!
//! `Metadata<T>` is made of bytes only by `parse`, keeps those bytes unchanged, and carries
//! the canonical form of what was signed. It is *read*, not yet trusted: `Metadata::verify`
//! and the client's rules decide that.

mod delegation;
mod digests;
mod fields;
mod root;
mod snapshot;
mod targets;
mod timestamp;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub(crate) use self::digests::Running;
pub use self::{
    delegation::{Delegation, Delegations, Paths},
    digests::{Digests, DigestsFault},
    fields::{Expiry, SpecVersion, Threshold, Version},
    root::{Root, RootRoles},
    snapshot::{MetaFile, Snapshot},
    targets::{TargetFile, Targets},
    timestamp::{SIGNED_AT, Timestamp, TimestampMeta},
};
use crate::{
    error::{Distrust, MetadataError},
    json,
    key::{Key, KeyId},
};

/// Fields that we do not know. They are kept, and signed again, but mean nothing to us.
pub type Extra = Map<String, Value>;

/// A body of metadata.
pub trait Role: Serialize + DeserializeOwned {
    /// What `_type` says.
    const TYPE: &'static str;
    /// The most bytes that a file of this kind may have where nothing announces its length.
    const MOST_BYTES: u64;

    /// Its version.
    fn version(&self) -> Version;
    /// Until when it is good.
    fn expires(&self) -> Expiry;
}

/// Who may sign, and how many must: a role of root, or a delegation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleKeys {
    /// The ids of its keys, each once.
    #[serde(rename = "keyids", with = "fields::distinct")]
    pub key_ids: Vec<KeyId>,
    /// How many different keys must sign.
    pub threshold: Threshold,
    /// Fields that we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// By which key.
    #[serde(rename = "keyid")]
    pub key_id: KeyId,
    /// In hexadecimal. One that is not simply does not count.
    pub sig: String,
}

#[derive(Deserialize)]
struct Envelope {
    signatures: Vec<Signature>,
    signed: Map<String, Value>,
}

/// Metadata as it was received, and what it says.
#[derive(Clone, Debug)]
pub struct Metadata<T> {
    bytes: Vec<u8>,
    canonical: Vec<u8>,
    signatures: Vec<Signature>,
    signed: T,
}

impl<T: Role> Metadata<T> {
    /// Reads an envelope whose body is of this kind.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        let value = json::parse(bytes)?;
        let Envelope { signatures, mut signed } =
            serde_json::from_value(value).map_err(|source| MetadataError::NotAnEnvelope { source })?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = signatures.iter().find(|signature| !seen.insert(&signature.key_id)) {
            return Err(MetadataError::DuplicateSignature { key_id: twice.key_id.to_string() });
        }
        let canonical = json::canonical(&Value::Object(signed.clone()));
        let found = signed.remove("_type");
        let found = found.as_ref().and_then(Value::as_str).unwrap_or_default();
        if found != T::TYPE {
            return Err(MetadataError::WrongType { expected: T::TYPE, found: found.to_owned() });
        }
        let signed = serde_json::from_value(Value::Object(signed))
            .map_err(|source| MetadataError::WrongForm { expected: T::TYPE, source })?;
        Ok(Self { bytes: bytes.to_vec(), canonical, signatures, signed })
    }

    /// What it says.
    pub fn signed(&self) -> &T {
        &self.signed
    }

    /// The bytes as received.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The signatures as received, good or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Counts the different public keys of the role that signed this. Two ids of one key are
    /// one key, however each is spelt.
    pub fn verify(&self, signer: &str, keys: &BTreeMap<KeyId, Key>, role: &RoleKeys) -> Result<(), Distrust> {
        let mut signed_by = BTreeSet::new();
        for signature in &self.signatures {
            if !role.key_ids.contains(&signature.key_id) {
                continue;
            }
            // An id without a key, as roots in the field have, is a key that never signs.
            let Some(public) = keys.get(&signature.key_id).and_then(Key::public) else { continue };
            let Ok(sig) = hex::decode(&signature.sig) else { continue };
            if !signed_by.contains(&public.fingerprint()) && public.verifies(&self.canonical, &sig) {
                signed_by.insert(public.fingerprint());
            }
        }
        let (valid, threshold) = (signed_by.len(), role.threshold.get());
        if valid as u64 >= threshold {
            return Ok(());
        }
        Err(Distrust::TooFewSignatures { signer: signer.to_owned(), valid, threshold })
    }

    /// Refuses it from the moment that it expires.
    pub fn check_expiry(&self, now: jiff::Timestamp) -> Result<(), Distrust> {
        let expires = self.signed.expires().get();
        if now < expires { Ok(()) } else { Err(Distrust::Expired { expires, now }) }
    }
}

/// The JSON object that is signed: the body with its `_type`.
pub(crate) fn signed_value<T: Role>(body: &T) -> Value {
    let mut value = serde_json::to_value(body).expect("our types have string names and whole numbers");
    if let Value::Object(map) = &mut value {
        map.insert("_type".to_owned(), T::TYPE.into());
    }
    value
}
