//! How a chip proves that it is no copy, as data (ICAO Doc 9303-11, 6.1 and 6.2;
//! BSI TR-03110 for version 2 of chip authentication).

use serde::{Deserialize, Deserializer, de::Error};

use super::protocols::{Agreement, Cipher, Hash, Parameters, ProtocolError};

/// One key pair for chip authentication and how it is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ChipAuthenticationEntry")]
pub struct ChipAuthentication {
    version: ChipAuthenticationVersion,
    cipher: Cipher,
    parameters: Parameters,
    key_id: Option<u8>,
    info: InfoPresence,
    coding: KeyCoding,
}

/// Which of the two versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChipAuthenticationVersion {
    /// As ICAO has it: the chip's first protected answer is the proof.
    #[default]
    V1,
    /// As TR-03110-2 has it: the answer carries a nonce and a token.
    V2,
}

/// Whether a protocol is said by an info of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InfoPresence {
    /// It is.
    #[default]
    Present,
    /// Only the public key is there, and the terminal must guess 3DES.
    Absent,
}

/// How a public key names its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyCoding {
    /// By all its numbers (9303-11, 9.5.2 asks for it).
    #[default]
    Explicit,
    /// By the curve's own identifier; groups of numbers have none.
    Named,
    /// By the number of the standardised parameters (TR-03110-3, A.2.1.1).
    Standardised,
}

/// [`ChipAuthentication`] as it is written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ChipAuthenticationEntry {
    #[serde(default)]
    version: ChipAuthenticationVersion,
    agreement: Agreement,
    cipher: Cipher,
    parameters: Parameters,
    key_id: Option<u8>,
    #[serde(default)]
    info: InfoPresence,
    #[serde(default)]
    coding: KeyCoding,
}

impl ChipAuthentication {
    /// What citizen cards have: version 1, AES-128, brainpoolP256r1, one key alone.
    pub const CITIZEN_CARD: Self = Self::new(Cipher::Aes128, Parameters::BRAINPOOL_P256);

    /// Version 1 with a single key that needs no name.
    pub const fn new(cipher: Cipher, parameters: Parameters) -> Self {
        Self {
            version: ChipAuthenticationVersion::V1,
            cipher,
            parameters,
            key_id: None,
            info: InfoPresence::Present,
            coding: KeyCoding::Explicit,
        }
    }

    /// The same in version 2.
    #[must_use]
    pub const fn in_version_2(self) -> Self {
        Self { version: ChipAuthenticationVersion::V2, ..self }
    }

    /// The same with a number for the key.
    #[must_use]
    pub const fn with_key_id(self, key_id: u8) -> Self {
        Self { key_id: Some(key_id), ..self }
    }

    /// The same without an info.
    #[must_use]
    pub const fn without_info(self) -> Self {
        Self { info: InfoPresence::Absent, ..self }
    }

    /// The same with a key written like that.
    #[must_use]
    pub const fn coded(self, coding: KeyCoding) -> Self {
        Self { coding, ..self }
    }

    /// Version 1 or 2.
    pub fn version(self) -> ChipAuthenticationVersion {
        self.version
    }

    /// Cipher of the channel that follows.
    pub fn cipher(self) -> Cipher {
        self.cipher
    }

    /// The key's group.
    pub fn parameters(self) -> Parameters {
        self.parameters
    }

    /// The key's number, where it has one.
    pub fn key_id(self) -> Option<u8> {
        self.key_id
    }

    /// Whether an info announces it.
    pub fn info(self) -> InfoPresence {
        self.info
    }

    /// How the public key is written.
    pub fn coding(self) -> KeyCoding {
        self.coding
    }

    /// The object identifier, dotted (6.2.3).
    pub fn identifier(self) -> String {
        format!("0.4.0.127.0.7.2.2.3.{}.{}", group_arc(self.parameters), self.cipher.arc())
    }
}

impl TryFrom<ChipAuthenticationEntry> for ChipAuthentication {
    type Error = ProtocolError;

    fn try_from(entry: ChipAuthenticationEntry) -> Result<Self, ProtocolError> {
        let ChipAuthenticationEntry { version, agreement, cipher, parameters, key_id, info, coding } = entry;
        if agreement != parameters.agreement() {
            return Err(ProtocolError::Agreement(parameters.number()));
        }
        Ok(Self { version, cipher, parameters, key_id, info, coding })
    }
}

/// 1 for numbers, 2 for curves: id-CA-… and id-PK-… alike.
pub(crate) fn group_arc(parameters: Parameters) -> u8 {
    match parameters.agreement() {
        Agreement::Dh => 1,
        Agreement::Ecdh => 2,
    }
}

/// The key of active authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveAuthentication {
    key: ActiveKey,
    hash: Hash,
}

/// Of which kind that key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActiveKey {
    /// RSA with so many bits; signatures after ISO/IEC 9796-2, scheme 1.
    Rsa {
        /// Length of the modulus.
        bits: u32,
    },
    /// ECDSA, both numbers of the signature in a row.
    Ecdsa {
        /// The curve.
        parameters: Parameters,
        /// How the key in EF.DG15 is written.
        coding: KeyCoding,
    },
}

/// [`ActiveAuthentication`] as it is written, or its absence.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "key")]
enum ActiveAuthenticationEntry {
    None,
    Rsa {
        bits: u32,
        hash: Hash,
    },
    Ecdsa {
        parameters: Parameters,
        hash: Hash,
        #[serde(default)]
        coding: KeyCoding,
    },
}

impl ActiveAuthentication {
    /// What our citizen cards have: ECDSA with SHA-256 over brainpoolP256r1.
    pub const CITIZEN_CARD: Self = Self {
        key: ActiveKey::Ecdsa { parameters: Parameters::BRAINPOOL_P256, coding: KeyCoding::Explicit },
        hash: Hash::Sha256,
    };

    /// A key and a hash that fit each other.
    pub fn new(key: ActiveKey, hash: Hash) -> Result<Self, ProtocolError> {
        match key {
            ActiveKey::Rsa { bits } if !(1024..=4096).contains(&bits) || bits % 16 != 0 => {
                Err(ProtocolError::ModulusBits(bits))
            }
            ActiveKey::Ecdsa { parameters, .. } if parameters.agreement() == Agreement::Dh => {
                Err(ProtocolError::Agreement(parameters.number()))
            }
            // 6.1.2.3: as long as the key at most.
            ActiveKey::Ecdsa { parameters, .. } if hash.length() * 8 > curve_bits(parameters) => {
                Err(ProtocolError::Hash)
            }
            ActiveKey::Rsa { .. } | ActiveKey::Ecdsa { .. } => Ok(Self { key, hash }),
        }
    }

    /// The kind of key.
    pub fn key(self) -> ActiveKey {
        self.key
    }

    /// The hash of its signatures.
    pub fn hash(self) -> Hash {
        self.hash
    }
}

/// Reads `active-authentication`, where `{ key = "none" }` takes the usual key away.
pub(super) fn read_active<'de, D: Deserializer<'de>>(
    entry: D,
) -> Result<Option<ActiveAuthentication>, D::Error> {
    let (key, hash) = match ActiveAuthenticationEntry::deserialize(entry)? {
        ActiveAuthenticationEntry::None => return Ok(None),
        ActiveAuthenticationEntry::Rsa { bits, hash } => (ActiveKey::Rsa { bits }, hash),
        ActiveAuthenticationEntry::Ecdsa { parameters, hash, coding } => {
            (ActiveKey::Ecdsa { parameters, coding }, hash)
        }
    };
    ActiveAuthentication::new(key, hash).map(Some).map_err(D::Error::custom)
}

fn curve_bits(parameters: Parameters) -> usize {
    match parameters.number() {
        8 | 9 => 192,
        10 | 11 => 224,
        14 => 320,
        15 | 16 => 384,
        17 => 512,
        18 => 521,
        _ => 256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_authentication_takes_only_keys_and_hashes_that_fit() {
        let read = |text: &str| {
            let entry = toml::Deserializer::parse(text).map_err(|error| error.message().to_owned())?;
            read_active(entry).map_err(|error| error.message().to_owned())
        };
        assert_eq!(
            read("key = 'ecdsa'\nparameters = 13\nhash = 'sha-256'"),
            Ok(Some(ActiveAuthentication::CITIZEN_CARD))
        );
        assert_eq!(read("key = 'none'"), Ok(None));
        for (text, reason) in [
            ("key = 'rsa'\nbits = 512\nhash = 'sha-1'", "not 512"),
            ("key = 'ecdsa'\nparameters = 13\nhash = 'sha-384'", "does not fit"),
            ("key = 'ecdsa'\nparameters = 1\nhash = 'sha-256'", "do not belong"),
            ("key = 'rsa'\nbits = 2048\nhash = 'sha-1'\nexponent = 3", "unknown field"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn chip_authentication_is_named_by_group_and_cipher() {
        let identifier = |cipher, parameters: u8| {
            ChipAuthentication::new(cipher, parameters.try_into().unwrap()).identifier()
        };
        assert_eq!(identifier(Cipher::Aes128, 13), "0.4.0.127.0.7.2.2.3.2.2");
        assert_eq!(identifier(Cipher::TripleDes, 1), "0.4.0.127.0.7.2.2.3.1.1");
    }
}
