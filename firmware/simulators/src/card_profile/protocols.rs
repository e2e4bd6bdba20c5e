//! The cryptographic protocols that a chip may offer, as data (ICAO Doc 9303-11,
//! 4.4.3, 6.1.2, 6.2.3, 9.5.1). What the standard does not allow is refused here.

use openssl::{hash::MessageDigest, nid::Nid};
use serde::Deserialize;

/// Why a protocol cannot be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// Numbers of domain parameters that no standard gives a meaning.
    #[error("{0} names no standardised domain parameters (0 to 2, 8 to 18)")]
    Parameters(u8),
    /// An elliptic curve for `dh`, or a group of numbers for `ecdh`.
    #[error("domain parameters {0} do not belong to that key agreement")]
    Agreement(u8),
    /// PACE with chip authentication mapping is defined over curves and AES only.
    #[error("chip authentication mapping needs ecdh and aes")]
    ChipMapping,
    /// The encoding of integrated mapping needs a field of 3 modulo 4.
    #[error("integrated mapping cannot be computed over domain parameters {0}")]
    IntegratedMapping(u8),
    /// Active authentication with a key that no chip has.
    #[error("active authentication by RSA takes keys of 1024 to 4096 bits, not {0}")]
    ModulusBits(u32),
    /// The hash is longer than the key (9303-11, 6.1.2.3), or leaves no room in it.
    #[error("the hash does not fit the key of active authentication")]
    Hash,
}

/// Block cipher of a protocol and of the channel that it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Cipher {
    /// 3DES with two keys, retail MAC.
    #[serde(rename = "3des")]
    TripleDes,
    /// AES with 128 bits, CMAC.
    #[serde(rename = "aes-128")]
    Aes128,
    /// AES with 192 bits, CMAC.
    #[serde(rename = "aes-192")]
    Aes192,
    /// AES with 256 bits, CMAC.
    #[serde(rename = "aes-256")]
    Aes256,
}

impl Cipher {
    /// The last arc of protocol identifiers.
    pub(crate) fn arc(self) -> u8 {
        match self {
            Self::TripleDes => 1,
            Self::Aes128 => 2,
            Self::Aes192 => 3,
            Self::Aes256 => 4,
        }
    }

    /// Bytes of a block.
    pub(crate) fn block(self) -> usize {
        if self == Self::TripleDes { 8 } else { 16 }
    }

    /// Bytes of a key, parity bits of DES counted.
    pub(crate) fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }
}

/// In which group keys are agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// Numbers modulo a prime.
    Dh,
    /// Points of an elliptic curve.
    Ecdh,
}

/// How the nonce of PACE becomes a generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mapping {
    /// Generic (4.4.3.3.1).
    Gm,
    /// Integrated (4.4.3.3.2).
    Im,
    /// Chip authentication (4.4.3.3.3).
    Cam,
}

/// The number of standardised domain parameters (9.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u8")]
pub struct Parameters(u8);

impl Parameters {
    /// brainpoolP256r1, the curve of citizen cards.
    pub const BRAINPOOL_P256: Self = Self(13);

    /// The number in security infos.
    pub fn number(self) -> u8 {
        self.0
    }

    /// In which kind of group they are.
    pub fn agreement(self) -> Agreement {
        if self.0 <= 2 { Agreement::Dh } else { Agreement::Ecdh }
    }

    /// The curve; none for a group of numbers.
    pub(crate) fn curve(self) -> Option<Nid> {
        Some(match self.0 {
            8 => Nid::X9_62_PRIME192V1,
            9 => Nid::BRAINPOOL_P192R1,
            10 => Nid::SECP224R1,
            11 => Nid::BRAINPOOL_P224R1,
            12 => Nid::X9_62_PRIME256V1,
            13 => Nid::BRAINPOOL_P256R1,
            14 => Nid::BRAINPOOL_P320R1,
            15 => Nid::SECP384R1,
            16 => Nid::BRAINPOOL_P384R1,
            17 => Nid::BRAINPOOL_P512R1,
            18 => Nid::SECP521R1,
            _ => return None,
        })
    }
}

impl TryFrom<u8> for Parameters {
    type Error = ProtocolError;

    fn try_from(number: u8) -> Result<Self, ProtocolError> {
        match number {
            0..=2 | 8..=18 => Ok(Self(number)),
            other => Err(ProtocolError::Parameters(other)),
        }
    }
}

/// One way through PACE that a chip offers: a PACEInfo (9.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PaceEntry")]
pub struct PaceProtocol {
    mapping: Mapping,
    cipher: Cipher,
    parameters: Parameters,
}

/// [`PaceProtocol`] as it is written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PaceEntry {
    mapping: Mapping,
    agreement: Agreement,
    cipher: Cipher,
    parameters: Parameters,
}

impl PaceProtocol {
    /// What citizen cards offer: generic mapping, AES-128, brainpoolP256r1.
    pub const CITIZEN_CARD: Self =
        Self { mapping: Mapping::Gm, cipher: Cipher::Aes128, parameters: Parameters::BRAINPOOL_P256 };

    /// A protocol that the standard allows.
    pub fn new(mapping: Mapping, cipher: Cipher, parameters: Parameters) -> Result<Self, ProtocolError> {
        let curve = parameters.agreement() == Agreement::Ecdh;
        match mapping {
            Mapping::Cam if !curve || cipher == Cipher::TripleDes => Err(ProtocolError::ChipMapping),
            // P-224 is the one prime of them that is 1 modulo 4.
            Mapping::Im if parameters.0 == 10 => Err(ProtocolError::IntegratedMapping(parameters.0)),
            _ => Ok(Self { mapping, cipher, parameters }),
        }
    }

    /// How the nonce is mapped.
    pub fn mapping(self) -> Mapping {
        self.mapping
    }

    /// Cipher of the nonce and of the channel.
    pub fn cipher(self) -> Cipher {
        self.cipher
    }

    /// Where keys are agreed on.
    pub fn parameters(self) -> Parameters {
        self.parameters
    }

    /// The object identifier, dotted (4.4.3.1, 4.4.3.2).
    pub fn identifier(self) -> String {
        let group = match (self.mapping, self.parameters.agreement()) {
            (Mapping::Gm, Agreement::Dh) => 1,
            (Mapping::Gm, Agreement::Ecdh) => 2,
            (Mapping::Im, Agreement::Dh) => 3,
            (Mapping::Im, Agreement::Ecdh) => 4,
            (Mapping::Cam, _) => 6,
        };
        format!("0.4.0.127.0.7.2.2.4.{group}.{}", self.cipher.arc())
    }
}

impl TryFrom<PaceEntry> for PaceProtocol {
    type Error = ProtocolError;

    fn try_from(entry: PaceEntry) -> Result<Self, ProtocolError> {
        if entry.agreement != entry.parameters.agreement() {
            return Err(ProtocolError::Agreement(entry.parameters.0));
        }
        Self::new(entry.mapping, entry.cipher, entry.parameters)
    }
}

/// A hash of signatures and of the security object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Hash {
    /// SHA-1, on old documents.
    #[serde(rename = "sha-1")]
    Sha1,
    /// SHA-224.
    #[serde(rename = "sha-224")]
    Sha224,
    /// SHA-256.
    #[serde(rename = "sha-256")]
    Sha256,
    /// SHA-384.
    #[serde(rename = "sha-384")]
    Sha384,
    /// SHA-512.
    #[serde(rename = "sha-512")]
    Sha512,
}

impl Hash {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    pub(crate) fn digest(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha224 => MessageDigest::sha224(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }

    /// The object identifier, dotted.
    pub(crate) fn identifier(self) -> &'static str {
        match self {
            Self::Sha1 => "1.3.14.3.2.26",
            Self::Sha224 => "2.16.840.1.101.3.4.2.4",
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        }
    }

    /// Bytes of a hash value.
    pub(crate) fn length(self) -> usize {
        self.digest().size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(text: &str) -> Result<PaceProtocol, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn a_protocol_is_written_by_its_parts() {
        let text = "mapping = 'gm'\nagreement = 'ecdh'\ncipher = 'aes-128'\nparameters = 13";
        assert_eq!(pace(text), Ok(PaceProtocol::CITIZEN_CARD));
        assert_eq!(PaceProtocol::CITIZEN_CARD.identifier(), "0.4.0.127.0.7.2.2.4.2.2");
    }

    #[test]
    fn identifiers_are_those_of_the_tables() {
        for (mapping, cipher, parameters, expected) in [
            (Mapping::Gm, Cipher::TripleDes, 0, "1.1"),
            (Mapping::Im, Cipher::Aes256, 2, "3.4"),
            (Mapping::Im, Cipher::Aes192, 18, "4.3"),
            (Mapping::Cam, Cipher::Aes128, 13, "6.2"),
        ] {
            let protocol = PaceProtocol::new(mapping, cipher, parameters.try_into().unwrap()).unwrap();
            assert_eq!(protocol.identifier(), format!("0.4.0.127.0.7.2.2.4.{expected}"));
        }
    }

    #[test]
    fn what_the_standard_does_not_allow_is_refused_with_its_reason() {
        for (mapping, agreement, cipher, parameters, reason) in [
            ("gm", "ecdh", "aes-128", 7, "names no standardised"),
            ("gm", "dh", "aes-128", 13, "do not belong"),
            ("cam", "ecdh", "3des", 13, "needs ecdh and aes"),
            ("cam", "dh", "aes-128", 1, "needs ecdh and aes"),
            ("im", "ecdh", "aes-128", 10, "cannot be computed"),
        ] {
            let text = format!(
                "mapping = '{mapping}'\nagreement = '{agreement}'\ncipher = '{cipher}'\nparameters = {parameters}"
            );
            let error = pace(&text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
