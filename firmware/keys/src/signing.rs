//! Signatures that say what they are for.
//!
//! What is signed is `mot-cham/1/` + a word + one zero byte + the message, so a
//! signature given in one context is never good in another: a receipt can never be
//! taken for a transaction. Anyone can check one without our code: put those bytes
//! before the message and hand both to any Ed25519 (RFC 8032).

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::KeyError;

/// What the kiosk may vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningContext {
    /// A citizen's transaction.
    Transaction,
    /// The printed slip's QR code.
    Slip,
    /// The audit log as far as it goes.
    AuditCheckpoint,
    /// A request to the platform.
    Request,
}

impl SigningContext {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Slip => "slip",
            Self::AuditCheckpoint => "audit-checkpoint",
            Self::Request => "request",
        }
    }
}

/// What the platform may vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerContext {
    /// It has the transaction and keeps it.
    Receipt,
    /// A citizen approved in VNeID.
    VneidApproval,
    /// Any other answer that the kiosk acts on.
    Answer,
}

impl AnswerContext {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::VneidApproval => "vneid-approval",
            Self::Answer => "answer",
        }
    }
}

/// The public half of a kiosk's key: 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub(crate) VerifyingKey);

impl PublicKey {
    /// Takes the 32 bytes of a key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        verifying_key(bytes).map(Self)
    }

    /// The 32 bytes of the key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Is this this kiosk's signature, over these bytes, in this context?
    pub fn verify(
        &self,
        context: SigningContext,
        bytes: &[u8],
        signature: &Signature,
    ) -> Result<(), KeyError> {
        verify(&self.0, context.word(), bytes, signature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0.as_bytes()))
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&key_bytes(text)?)
    }
}

/// 64 bytes that prove who wrote a message; base64 in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes the 64 bytes of a signature.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        bytes.try_into().map(Self).map_err(|_| KeyError::Malformed { what: "signature" })
    }

    /// The 64 bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Signature({self})")
    }
}

impl FromStr for Signature {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = STANDARD.decode(text).map_err(|_| KeyError::Malformed { what: "signature" })?;
        Self::from_bytes(&bytes)
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

pub(crate) fn sign(key: &SigningKey, word: &str, bytes: &[u8]) -> Signature {
    Signature(key.sign(&in_context(word, bytes)).to_bytes())
}

pub(crate) fn verify(
    key: &VerifyingKey,
    word: &str,
    bytes: &[u8],
    signature: &Signature,
) -> Result<(), KeyError> {
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    // Strict: refuses the small-order keys with which one signature fits many messages.
    key.verify_strict(&in_context(word, bytes), &signature).map_err(|_| KeyError::SignatureWrong)
}

pub(crate) fn verifying_key(bytes: &[u8]) -> Result<VerifyingKey, KeyError> {
    let malformed = KeyError::Malformed { what: "public key" };
    let Ok(bytes) = <&[u8; 32]>::try_from(bytes) else { return Err(malformed) };
    match VerifyingKey::from_bytes(bytes) {
        Ok(key) if !key.is_weak() => Ok(key),
        _ => Err(malformed),
    }
}

pub(crate) fn key_bytes(text: &str) -> Result<Vec<u8>, KeyError> {
    hex::decode(text.trim()).map_err(|_| KeyError::Malformed { what: "public key" })
}

/// A message may be personal, so its copy is wiped.
fn in_context(word: &str, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let prefix = "mot-cham/1/";
    let mut all = Zeroizing::new(Vec::with_capacity(prefix.len() + word.len() + 1 + bytes.len()));
    all.extend_from_slice(prefix.as_bytes());
    all.extend_from_slice(word.as_bytes());
    all.push(0);
    all.extend_from_slice(bytes);
    all
}
