//! Public keys, as metadata lists them (TUF 1.0.34, section 4.2): Ed25519 (RFC 8032), ECDSA on
//! P-256 with SHA-256, RSASSA-PSS with SHA-256 (RFC 8017).
//!
//! A key of another kind, or one that cannot be read, is kept as it stands but never counts:
//! a repository may have signers that we do not know.

use std::{borrow::Borrow, fmt};

use ed25519_dalek::VerifyingKey;
use openssl::{
    bn::BigNumContext,
    ec::PointConversionForm,
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{Id, PKey, Public},
    rsa::Padding,
    sign::{RsaPssSaltlen, Verifier},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{json, metadata::Extra};

/// The name of a key within metadata. Any text: it need not be a digest of the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Borrow<str> for KeyId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for KeyId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// A key as it stands in metadata.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "KeyFile", into = "KeyFile")]
pub struct Key {
    file: KeyFile,
    public: Option<PublicKey>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeyFile {
    keytype: String,
    scheme: String,
    keyval: KeyValue,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeyValue {
    public: String,
    #[serde(flatten)]
    extra: Extra,
}

impl Key {
    /// An Ed25519 key.
    pub fn ed25519(public: &VerifyingKey) -> Self {
        Self::new("ed25519", "ed25519", hex::encode(public.as_bytes()))
    }

    /// A key on P-256 in PEM (`SubjectPublicKeyInfo`).
    pub fn ecdsa_p256(pem: String) -> Self {
        Self::new("ecdsa", "ecdsa-sha2-nistp256", pem)
    }

    /// An RSA key in PEM (`SubjectPublicKeyInfo`).
    pub fn rsa_pss(pem: String) -> Self {
        Self::new("rsa", "rsassa-pss-sha256", pem)
    }

    fn new(keytype: &str, scheme: &str, public: String) -> Self {
        let keyval = KeyValue { public, extra: Extra::new() };
        let (keytype, scheme) = (keytype.to_owned(), scheme.to_owned());
        KeyFile { keytype, scheme, keyval, extra: Extra::new() }.into()
    }

    /// The id that repositories usually give it: SHA-256 of its canonical form.
    pub fn usual_id(&self) -> KeyId {
        let KeyFile { keytype, scheme, keyval, .. } = &self.file;
        let value = json!({ "keytype": keytype, "scheme": scheme, "keyval": { "public": keyval.public } });
        KeyId(hex::encode(Sha256::digest(json::canonical(&value))))
    }

    /// What signatures are checked with; none if we cannot.
    pub fn public(&self) -> Option<&PublicKey> {
        self.public.as_ref()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file
    }
}

impl From<KeyFile> for Key {
    fn from(file: KeyFile) -> Self {
        let public = PublicKey::read(&file.keytype, &file.scheme, &file.keyval.public);
        Self { file, public }
    }
}

impl From<Key> for KeyFile {
    fn from(key: Key) -> Self {
        key.file
    }
}

/// A key that signatures are checked with.
#[derive(Clone, Debug)]
pub struct PublicKey {
    scheme: Scheme,
    fingerprint: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Scheme {
    Ed25519(VerifyingKey),
    EcdsaP256(PKey<Public>),
    RsaPss(PKey<Public>),
}

impl PublicKey {
    fn read(keytype: &str, scheme: &str, public: &str) -> Option<Self> {
        match (keytype, scheme) {
            ("ed25519", "ed25519") => {
                let bytes = hex::decode(public).ok()?.try_into().ok()?;
                let key = VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())?;
                Some(Self { fingerprint: bytes.to_vec(), scheme: Scheme::Ed25519(key) })
            }
            // The first is how the specification spells it, the second how old tools did.
            ("ecdsa" | "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => {
                let key = PKey::public_key_from_pem(public.as_bytes()).ok()?;
                let fingerprint = p256_point(&key)?;
                Some(Self { fingerprint, scheme: Scheme::EcdsaP256(key) })
            }
            ("rsa", "rsassa-pss-sha256") => {
                let key = PKey::public_key_from_pem(public.as_bytes()).ok()?;
                // Below is too weak, above takes a hostile key's time to check.
                let fits = key.id() == Id::RSA && (2048..=8192).contains(&key.bits());
                let fingerprint = fits.then(|| key.public_key_to_der().ok())??;
                Some(Self { fingerprint, scheme: Scheme::RsaPss(key) })
            }
            _ => None,
        }
    }

    /// The same for every spelling of one key, different for different keys.
    pub fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }

    /// Whether this key signed these bytes.
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match &self.scheme {
            Scheme::Ed25519(key) => {
                let signature = ed25519_dalek::Signature::from_slice(signature);
                signature.is_ok_and(|signature| key.verify_strict(bytes, &signature).is_ok())
            }
            Scheme::EcdsaP256(key) => asked(key, signature, bytes, |_| Ok(())),
            Scheme::RsaPss(key) => asked(key, signature, bytes, |verifier| {
                verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
                verifier.set_rsa_mgf1_md(MessageDigest::sha256())?;
                // The scheme names no length of salt; -2 takes the one that was used.
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::custom(-2))
            }),
        }
    }
}

/// Asks OpenSSL. A signature of the wrong shape is a "no" like any other.
fn asked(
    key: &PKey<Public>,
    signature: &[u8],
    bytes: &[u8],
    set_up: impl FnOnce(&mut Verifier<'_>) -> Result<(), ErrorStack>,
) -> bool {
    let answer = Verifier::new(MessageDigest::sha256(), key).and_then(|mut verifier| {
        set_up(&mut verifier)?;
        verifier.verify_oneshot(signature, bytes)
    });
    answer.unwrap_or(false)
}

/// The compressed point, if it is one of P-256. Keys with the curve written out have no name
/// of a curve and are refused.
fn p256_point(key: &PKey<Public>) -> Option<Vec<u8>> {
    let key = key.ec_key().ok()?;
    let group = key.group();
    if group.curve_name() != Some(Nid::X9_62_PRIME256V1) {
        return None;
    }
    let mut context = BigNumContext::new().ok()?;
    key.public_key().to_bytes(group, PointConversionForm::COMPRESSED, &mut context).ok()
}
