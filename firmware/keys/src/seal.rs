//! Seals what only the server may read. The kiosk holds the public half only, so a
//! stolen kiosk cannot open its own queue.
//!
//! HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
//! ChaCha20Poly1305. Sealed bytes are the encapsulated key (32) and the ciphertext.

use std::{fmt, path::Path, str::FromStr};

use hpke::{
    Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _, aead::ChaCha20Poly1305,
    kdf::HkdfSha256, kem::X25519HkdfSha256,
};
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{KeyError, private_file, signing::key_bytes};

type Private = <X25519HkdfSha256 as hpke::Kem>::PrivateKey;
type Public = <X25519HkdfSha256 as hpke::Kem>::PublicKey;
type Encapsulated = <X25519HkdfSha256 as hpke::Kem>::EncappedKey;

const INFO: &[u8] = b"mot-cham/1/seal";
const ENCAPSULATED: usize = 32;

/// Whom the kiosk seals to. 64 hexadecimal digits as text.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerKey(Public);

/// Seals `plain` so that only `to` opens it, and only together with the same `aad`.
pub fn seal(
    to: &ServerKey,
    aad: &[u8],
    plain: &[u8],
    mut chance: &mut dyn CryptoRng,
) -> Result<Vec<u8>, KeyError> {
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<
        ChaCha20Poly1305,
        HkdfSha256,
        X25519HkdfSha256,
    >(&OpModeS::Base, &to.0, INFO, plain, aad, &mut chance)
    .map_err(|_| KeyError::Seal { act: "sealed" })?;
    let mut sealed = encapsulated.to_bytes().to_vec();
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

impl fmt::Display for ServerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0.to_bytes()))
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ServerKey({self})")
    }
}

impl FromStr for ServerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Public::from_bytes(&key_bytes(text)?)
            .map(Self)
            .map_err(|_| KeyError::Malformed { what: "server key" })
    }
}

/// The server's private half: for the pretend platform and tests, never on a kiosk.
pub struct ServerSecret(Private);

impl ServerSecret {
    /// Makes a new key.
    pub fn generate(chance: &mut dyn CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        chance.fill_bytes(seed.as_mut());
        Self(X25519HkdfSha256::derive_keypair(seed.as_ref()).0)
    }

    /// Reads the key from a file of 64 hexadecimal digits, mode 600.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let damaged = || KeyError::Damaged { path: path.into() };
        let text = private_file::read(path)?;
        let bytes = Zeroizing::new(hex::decode(text.trim()).map_err(|_| damaged())?);
        Private::from_bytes(&bytes).map(Self).map_err(|_| damaged())
    }

    /// Writes the key once, mode 600.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        let mut bytes = self.0.to_bytes();
        let text = Zeroizing::new(hex::encode(bytes) + "\n");
        bytes.zeroize();
        private_file::write_new(path, text.as_bytes())
    }

    /// What kiosks seal to.
    pub fn public(&self) -> ServerKey {
        ServerKey(X25519HkdfSha256::sk_to_pk(&self.0))
    }

    /// Opens what a kiosk sealed to this key together with the same `aad`.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let failed = || KeyError::Seal { act: "opened" };
        let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED).ok_or_else(failed)?;
        let encapsulated = Encapsulated::from_bytes(encapsulated).map_err(|_| failed())?;
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.0,
            &encapsulated,
            INFO,
            ciphertext,
            aad,
        )
        .map(Zeroizing::new)
        .map_err(|_| failed())
    }
}
