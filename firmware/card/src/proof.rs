//! What the chip did to show that it is no copy: the raw material of a judgement,
//! never the judgement. ICAO Doc 9303-11, 4.4.3.5 and 6.
//!
//! Whether a proof is worth anything depends on keys that only the issuer's signature
//! makes trustworthy. Whoever judges takes the keys from signed files, compares them
//! with what stands here, and only then believes (9303-11, 6.2.2, note).

use der::asn1::ObjectIdentifier;

/// One thing that the chip did which a copy of its files could not do (9303-11, 4.4.3.5 and
/// 6).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChipProof {
    /// Chip authentication, 9303-11, 6.2: the chip agreed new keys of the secure channel
    /// with the private half of `public_key`, and an answer under these keys was
    /// verified. What is left to do: find exactly these bytes in a signed DG14.
    ChipAuthentication {
        /// The protocol, below id-CA-DH or id-CA-ECDH (9303-11, 9.2.7).
        protocol: ObjectIdentifier,
        /// The number of the key on the chip, where the chip gives its keys numbers.
        key_id: Option<KeyId>,
        /// The key, as the DER of a SubjectPublicKeyInfo exactly as it stands in DG14.
        public_key: Vec<u8>,
    },
    /// Active authentication, 9303-11, 6.1: the chip signed the challenge. What is left
    /// to do: verify the signature with the key of a signed DG15.
    ActiveAuthentication {
        /// The caller's challenge, RND.IFD.
        challenge: [u8; 8],
        /// The signature as it came: ISO/IEC 9796-2 scheme 1 for RSA, plain `r || s`
        /// (TR-03111) for curves.
        response: Vec<u8>,
    },
    /// PACE with chip authentication mapping, 9303-11, 4.4.3.5. What is left to do: show
    /// that `mapping_key` is `data` times the key of a signed EF.CardSecurity, over the
    /// curve of `parameters`.
    ChipAuthenticationMapping {
        /// The number of the standardised domain parameters (9303-11, 9.5.1).
        parameters: u8,
        /// The chip's ephemeral public key of the mapping, PK_Map,IC: an uncompressed
        /// point.
        mapping_key: Vec<u8>,
        /// The chip authentication data, CA_IC, deciphered and without padding.
        data: Vec<u8>,
    },
}

/// The number of one of a chip's keys, as its files write it (9303-11, 9.2.5 and 9.2.6):
/// an unsigned number, of any size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(Vec<u8>);

impl KeyId {
    /// From big-endian bytes; leading zeros do not count.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        // Zero is one zero byte, as it is on the wire.
        Self(if first == bytes.len() { vec![0] } else { bytes[first..].to_vec() })
    }

    /// Big-endian, without leading zeros.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_number_is_the_same_however_it_was_padded() {
        assert_eq!(KeyId::from_bytes(&[0, 0x80]), KeyId::from_bytes(&[0x80]));
        assert_eq!(KeyId::from_bytes(&[]).as_bytes(), [0]);
        assert_eq!(KeyId::from_bytes(&[0, 0]).as_bytes(), [0]);
    }
}
