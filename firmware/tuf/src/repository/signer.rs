//! Who signs: a key in memory, in a token, or far away.

use std::error::Error;

use ed25519_dalek::{Signer as _, SigningKey, pkcs8::DecodePrivateKey as _};

use crate::key::{Key, KeyId};

/// Signs bytes for a repository. A token or a remote service implements it as well.
pub trait Signer {
    /// Its public key.
    fn key(&self) -> Key;

    /// The id that its signatures go under.
    fn key_id(&self) -> KeyId {
        self.key().usual_id()
    }

    /// Signs these bytes by the key's scheme.
    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key cannot be read.
    #[error("not an Ed25519 key in PKCS#8")]
    UnreadableKey,
    /// The token or service refused.
    #[error("the signer refused")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
}

/// An Ed25519 key in memory, wiped on drop.
pub struct Ed25519Signer(SigningKey);

impl Ed25519Signer {
    /// A key that was made elsewhere, by its 32 secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// A key in PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it.
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| SignError::UnreadableKey)
    }
}

impl Signer for Ed25519Signer {
    fn key(&self) -> Key {
        Key::ed25519(&self.0.verifying_key())
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.0.sign(bytes).to_vec())
    }
}
