//! The key with which this kiosk signs. It is made on the device and never leaves it.

use std::path::Path;

use ed25519_dalek::SigningKey;
use rand_core::CryptoRng;

use crate::{
    KeyError, PublicKey, Signature, SigningContext,
    private_file::{self, new_signing_key},
    signing::sign,
};

/// The kiosk's Ed25519 key. No `Debug`, no `Clone`; wiped on drop.
pub struct DeviceKey(SigningKey);

impl DeviceKey {
    /// Makes a new key. It exists in memory until it is saved.
    pub fn generate(chance: &mut dyn CryptoRng) -> Self {
        Self(new_signing_key(chance))
    }

    /// Reads the key from a PKCS#8 PEM file that nobody but its owner may read.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        private_file::load_signing_key(path).map(Self)
    }

    /// Writes the key once, as PKCS#8 PEM with mode 600. An existing file stays as it is.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        private_file::save_signing_key(&self.0, path)
    }

    /// What others check this kiosk's signatures with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Vouches for these bytes, in this context only.
    pub fn sign(&self, context: SigningContext, bytes: &[u8]) -> Signature {
        sign(&self.0, context.word(), bytes)
    }
}
