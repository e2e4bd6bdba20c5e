//! A key with its signature scheme, as issuers use them (ICAO Doc 9303-12, 4.1.6).

use openssl::{
    error::ErrorStack,
    pkey::{PKey, Private},
    rsa::Padding,
    sha::sha1,
    sign::{RsaPssSaltlen, Signer},
};
use rand_core::CryptoRng;

use super::{chip_keys::generate_key, rsa_key};
use crate::{
    card_profile::{Hash, SigningKey},
    der,
};

const RSA: &str = "1.2.840.113549.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const MGF1: &str = "1.2.840.113549.1.1.8";
const ECDSA: &str = "1.2.840.10045.4";

/// A private key, its scheme and its hash.
#[derive(Clone)]
pub(crate) struct SigningPair {
    pub scheme: SigningKey,
    pub hash: Hash,
    pub key: PKey<Private>,
}

impl SigningPair {
    pub(crate) fn generate(
        scheme: SigningKey,
        hash: Hash,
        chance: &mut dyn CryptoRng,
    ) -> Result<Self, ErrorStack> {
        let key = match scheme {
            SigningKey::RsaPkcs1 { bits } | SigningKey::RsaPss { bits } => rsa_key::generate(bits, chance)?,
            SigningKey::Ecdsa { curve, form } => {
                let curve = curve.parameters().curve().expect("its numbers are those of curves");
                generate_key(curve, form, chance)?
            }
        };
        Ok(Self { scheme, hash, key })
    }

    /// The same key with another hash.
    pub(crate) fn hashing(&self, hash: Hash) -> Self {
        Self { hash, ..self.clone() }
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut signer = Signer::new(self.hash.digest(), &self.key)?;
        if let SigningKey::RsaPss { .. } = self.scheme {
            signer.set_rsa_padding(Padding::PKCS1_PSS)?;
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            signer.set_rsa_mgf1_md(self.hash.digest())?;
        }
        signer.sign_oneshot_to_vec(bytes)
    }

    /// AlgorithmIdentifier of its signatures (RFC 4055, RFC 5758).
    pub(crate) fn algorithm(&self) -> Vec<u8> {
        let arc = |arcs: [u8; 5]| arcs[self.hash as usize];
        match self.scheme {
            SigningKey::RsaPkcs1 { .. } => {
                let identifier = format!("{RSA}.{}", arc([5, 14, 11, 12, 13]));
                der::sequence(&[der::oid(&identifier), der::object(0x05, &[])])
            }
            SigningKey::RsaPss { .. } => der::sequence(&[der::oid(RSA_PSS), self.pss_parameters()]),
            SigningKey::Ecdsa { .. } => {
                let identifier = match self.hash {
                    Hash::Sha1 => format!("{ECDSA}.1"),
                    _ => format!("{ECDSA}.3.{}", arc([0, 1, 2, 3, 4])),
                };
                der::sequence(&[der::oid(&identifier)])
            }
        }
    }

    /// SHA-1 and a salt of twenty bytes are the defaults, which DER leaves out.
    fn pss_parameters(&self) -> Vec<u8> {
        if self.hash == Hash::Sha1 {
            return der::sequence(&[]);
        }
        let hash = hash_identifier(self.hash);
        let mask = der::sequence(&[der::oid(MGF1), hash.clone()]);
        let salt = der::integer(self.hash.length() as u8);
        der::sequence(&[der::object(0xA0, &hash), der::object(0xA1, &mask), der::object(0xA2, &salt)])
    }

    /// SubjectPublicKeyInfo.
    pub(crate) fn public_key(&self) -> Result<Vec<u8>, ErrorStack> {
        self.key.public_key_to_der()
    }

    /// SHA-1 over the public key's bits (RFC 5280, 4.2.1.2, method 1).
    pub(crate) fn key_identifier(&self) -> Result<[u8; 20], ErrorStack> {
        let info = self.public_key()?;
        let bits = der::split(&info).and_then(|(_, fields, _)| der::find(fields, 0x03));
        Ok(sha1(&bits.expect("OpenSSL writes a public key as bits")[1..]))
    }
}

/// AlgorithmIdentifier of a hash, parameters left out (RFC 5754, 2).
pub(super) fn hash_identifier(hash: Hash) -> Vec<u8> {
    der::sequence(&[der::oid(hash.identifier())])
}
