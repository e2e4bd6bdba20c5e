//! The platform's signatures: the kiosk holds only the public half.

use std::{fmt, path::Path, str::FromStr};

use ed25519_dalek::{SigningKey, VerifyingKey};
use rand_core::CryptoRng;

use crate::{
    AnswerContext, KeyError, Signature,
    private_file::{self, new_signing_key},
    signing::{key_bytes, sign, verify, verifying_key},
};

/// What the kiosk checks the platform's answers with. 64 hexadecimal digits as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformKey(VerifyingKey);

impl PlatformKey {
    /// Is this the platform's signature, over these bytes, in this context?
    pub fn verify(
        &self,
        context: AnswerContext,
        bytes: &[u8],
        signature: &Signature,
    ) -> Result<(), KeyError> {
        verify(&self.0, context.word(), bytes, signature)
    }
}

impl fmt::Display for PlatformKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0.as_bytes()))
    }
}

impl FromStr for PlatformKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        verifying_key(&key_bytes(text)?).map(Self)
    }
}

/// The platform's private half: for the pretend platform and tests, never on a kiosk.
pub struct PlatformSecret(SigningKey);

impl PlatformSecret {
    /// Makes a new key.
    pub fn generate(chance: &mut dyn CryptoRng) -> Self {
        Self(new_signing_key(chance))
    }

    /// Reads the key from a PKCS#8 PEM file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        private_file::load_signing_key(path).map(Self)
    }

    /// Writes the key once, as PKCS#8 PEM with mode 600.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        private_file::save_signing_key(&self.0, path)
    }

    /// What kiosks check the platform's answers with.
    pub fn public(&self) -> PlatformKey {
        PlatformKey(self.0.verifying_key())
    }

    /// Vouches for these bytes, in this context only.
    pub fn sign(&self, context: AnswerContext, bytes: &[u8]) -> Signature {
        sign(&self.0, context.word(), bytes)
    }
}
