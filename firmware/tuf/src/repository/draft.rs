//! Metadata that collects signatures.

use serde_json::{Value, json};

use super::{SignError, Signer};
use crate::{
    error::MetadataError,
    json,
    key::{Key, KeyId},
    metadata::{Metadata, Role, Signature, signed_value},
};

/// A body and its signatures so far. The body does not change any more: another body is
/// another draft.
#[derive(Clone, Debug)]
pub struct Draft {
    signed: Value,
    signatures: Vec<Signature>,
}

/// A signature from elsewhere is not one by this key over this draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a signature by this key over this metadata")]
pub struct ForeignSignature;

impl Draft {
    /// Nobody has signed yet.
    pub fn new<T: Role>(body: &T) -> Self {
        Self { signed: signed_value(body), signatures: Vec::new() }
    }

    /// Takes up metadata that others have begun to sign, exactly as they signed it.
    pub fn resume<T: Role>(bytes: &[u8]) -> Result<Self, MetadataError> {
        let metadata = Metadata::<T>::parse(bytes)?;
        let mut envelope = json::parse(bytes)?;
        Ok(Self { signed: envelope["signed"].take(), signatures: metadata.signatures().to_vec() })
    }

    /// What is to be signed: to be carried to a key that is not here.
    pub fn to_sign(&self) -> Vec<u8> {
        json::canonical(&self.signed)
    }

    /// Has it signed. A second signature by the same key replaces the first.
    pub fn sign(&mut self, signer: &dyn Signer) -> Result<(), SignError> {
        let sig = signer.sign(&self.to_sign())?;
        self.put(signer.key_id(), &sig);
        Ok(())
    }

    /// Attaches a signature that was made elsewhere, if it is a good one.
    pub fn attach(&mut self, key_id: KeyId, key: &Key, signature: &[u8]) -> Result<(), ForeignSignature> {
        let good = key.public().is_some_and(|public| public.verifies(&self.to_sign(), signature));
        if !good {
            return Err(ForeignSignature);
        }
        self.put(key_id, signature);
        Ok(())
    }

    /// The bytes of the file, whoever has signed by now. Whether these are enough is for
    /// whoever publishes to say, and for every client to check.
    pub fn bytes(&self) -> Vec<u8> {
        let envelope = json!({ "signatures": self.signatures, "signed": self.signed });
        let mut bytes = serde_json::to_vec_pretty(&envelope).expect("JSON values can be written");
        bytes.push(b'\n');
        bytes
    }

    fn put(&mut self, key_id: KeyId, sig: &[u8]) {
        self.signatures.retain(|signature| signature.key_id != key_id);
        self.signatures.push(Signature { key_id, sig: hex::encode(sig) });
    }
}
