//! An officer's key. It lies on a kiosk only sealed under the officer's PIN, is opened
//! for one signature and wiped at once.
//!
//! The sealing key is argon2id (RFC 9106) of the PIN with 32 MiB, 6 passes and one lane;
//! it seals the 32 bytes of the Ed25519 key with ChaCha20-Poly1305 (RFC 8439), together
//! with `mot-cham/1/officer-key`, a zero byte, the service number, a zero byte and the
//! public key, so that no sealed key can be put under another officer's number. Sealed
//! bytes are salt (16), nonce (12), ciphertext (32) and tag (16); as text `v1.` and
//! base64. The cost is part of `v1`: no file can make a PIN cheaper to guess.

use std::{fmt, str::FromStr};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{AeadInOut as _, ChaCha20Poly1305, KeyInit as _, Nonce, Tag};
use ed25519_dalek::{SigningKey, VerifyingKey};
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    KeyError, Signature,
    private_file::new_signing_key,
    signing::{key_bytes, sign, verify, verifying_key},
};

const VERSION: &str = "v1.";
const CONTEXT: &[u8] = b"mot-cham/1/officer-key\0";
/// Memory in KiB, passes, lanes: as much work as the second recommended choice of RFC 9106,
/// 4, in half the memory, because the kiosk's programs share 250 MB.
const COST: (u32, u32, u32) = (32 * 1024, 6, 1);
const SALT: usize = 16;
const NONCE: usize = 12;
const KEY: usize = 32;
const TAG: usize = 16;

/// What an officer may vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfficerContext {
    /// The person at the kiosk is the holder of the card.
    FaceByOfficers,
}

impl OfficerContext {
    fn word(self) -> &'static str {
        match self {
            Self::FaceByOfficers => "face-by-officers",
        }
    }
}

/// The public half of an officer's key. 64 hexadecimal digits as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfficerKey(VerifyingKey);

impl OfficerKey {
    /// The 32 bytes of the key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Is this this officer's signature, over these bytes, in this context?
    pub fn verify(
        &self,
        context: OfficerContext,
        bytes: &[u8],
        signature: &Signature,
    ) -> Result<(), KeyError> {
        verify(&self.0, context.word(), bytes, signature)
    }
}

impl fmt::Display for OfficerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0.as_bytes()))
    }
}

impl FromStr for OfficerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        verifying_key(&key_bytes(text)?).map(Self)
    }
}

impl Serialize for OfficerKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OfficerKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An officer's private key. No `Debug`, no `Clone`; wiped on drop.
pub struct OfficerSecret(SigningKey);

impl OfficerSecret {
    /// Makes a new key. It exists in memory until it is sealed.
    pub fn generate(chance: &mut dyn CryptoRng) -> Self {
        Self(new_signing_key(chance))
    }

    /// What the officer's signatures are checked with.
    pub fn public(&self) -> OfficerKey {
        OfficerKey(self.0.verifying_key())
    }

    /// The officer vouches for these bytes, in this context only.
    pub fn sign(&self, context: OfficerContext, bytes: &[u8]) -> Signature {
        sign(&self.0, context.word(), bytes)
    }

    /// Seals the key under a PIN, for the officer of this number. Takes some 100 ms, on
    /// purpose.
    pub fn seal(&self, number: &str, pin: &str, chance: &mut dyn CryptoRng) -> SealedOfficerKey {
        let (mut salt, mut nonce) = ([0; SALT], [0; NONCE]);
        chance.fill_bytes(&mut salt);
        chance.fill_bytes(&mut nonce);
        let mut key = self.0.to_bytes();
        let tag = under(pin, &salt)
            .encrypt_inout_detached(
                &Nonce::from(nonce),
                &whose(number, &self.public()),
                key.as_mut_slice().into(),
            )
            .expect("32 bytes can be sealed");
        // What lies there now is the ciphertext.
        SealedOfficerKey { salt, nonce, key, tag: tag.into() }
    }
}

/// An officer's private key as it lies on a kiosk.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedOfficerKey {
    salt: [u8; SALT],
    nonce: [u8; NONCE],
    key: [u8; KEY],
    tag: [u8; TAG],
}

impl SealedOfficerKey {
    /// Opens the key of the officer of this number and public key. A wrong PIN and a
    /// changed file look the same. Takes some 100 ms, on purpose.
    pub fn open(&self, number: &str, public: &OfficerKey, pin: &str) -> Result<OfficerSecret, KeyError> {
        let failed = |_| KeyError::Seal { act: "opened" };
        let mut key = Zeroizing::new(self.key);
        under(pin, &self.salt)
            .decrypt_inout_detached(
                &Nonce::from(self.nonce),
                &whose(number, public),
                key.as_mut_slice().into(),
                &Tag::from(self.tag),
            )
            .map_err(failed)?;
        Ok(OfficerSecret(SigningKey::from_bytes(&key)))
    }
}

/// The cipher under a PIN. The memory that the PIN went through is wiped.
fn under(pin: &str, salt: &[u8; SALT]) -> ChaCha20Poly1305 {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(KEY)).expect("the cost is a legal one");
    let mut blocks = vec![Block::default(); params.block_count()];
    let mut key = Zeroizing::new([0; KEY]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(pin.as_bytes(), salt, key.as_mut(), &mut blocks)
        .expect("a PIN can be hashed");
    blocks.zeroize();
    ChaCha20Poly1305::new(&(*key).into())
}

fn whose(number: &str, public: &OfficerKey) -> Vec<u8> {
    [CONTEXT, number.as_bytes(), &[0], &public.to_bytes()].concat()
}

impl fmt::Display for SealedOfficerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.salt[..], &self.nonce, &self.key, &self.tag].concat();
        write!(out, "{VERSION}{}", STANDARD.encode(bytes))
    }
}

impl FromStr for SealedOfficerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let parse = || {
            let bytes = STANDARD.decode(text.strip_prefix(VERSION)?).ok()?;
            let (salt, rest) = bytes.split_first_chunk()?;
            let (nonce, rest) = rest.split_first_chunk()?;
            let (key, rest) = rest.split_first_chunk()?;
            Some(Self { salt: *salt, nonce: *nonce, key: *key, tag: rest.try_into().ok()? })
        };
        parse().ok_or(KeyError::Malformed { what: "sealed key" })
    }
}

impl<'de> Deserialize<'de> for SealedOfficerKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
