//! The badges that a machine knows, by their public keys, and the one place where a proof is
//! believed.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use openssl::{
    hash::MessageDigest,
    nid::Nid,
    pkey::{Id, PKey, Public},
    sign::Verifier,
};
use serde::Deserialize;

use crate::{BadgeError, Challenge, Claim, Proof};

/// The public half of a card authentication key. As text: base64 of its SubjectPublicKeyInfo
/// (RFC 5280, 4.1.2.7).
#[derive(Clone)]
pub struct BadgeKey {
    key: PKey<Public>,
    kind: Kind,
}

/// The kinds of key that SP 800-78-4, table 1, allows for card authentication, but for symmetric
/// ones: a machine would hold what the card holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// ECDSA on P-256, with SHA-256.
    P256,
    /// RSA of 2048 bits, PKCS #1 v1.5 with SHA-256.
    Rsa2048,
}

/// What is no key of a badge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a badge's key is a SubjectPublicKeyInfo of P-256 or RSA 2048, in base64")]
pub struct NoKey;

impl BadgeKey {
    /// Takes a SubjectPublicKeyInfo.
    pub fn from_der(der: &[u8]) -> Result<Self, NoKey> {
        let key = PKey::public_key_from_der(der).map_err(|_| NoKey)?;
        let curve = key.ec_key().ok().and_then(|key| key.group().curve_name());
        let kind = match (key.id(), key.bits(), curve) {
            (Id::EC, _, Some(Nid::X9_62_PRIME256V1)) => Kind::P256,
            (Id::RSA, 2048, _) => Kind::Rsa2048,
            _ => return Err(NoKey),
        };
        Ok(Self { key, kind })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether this key made the signature over these bytes.
    fn signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        Verifier::new(MessageDigest::sha256(), &self.key)
            .and_then(|mut verifier| verifier.verify_oneshot(signature, bytes))
            // OpenSSL says "error" of what is not even shaped as a signature.
            .unwrap_or(false)
    }
}

impl TryFrom<String> for BadgeKey {
    type Error = NoKey;

    fn try_from(text: String) -> Result<Self, NoKey> {
        Self::from_der(&BASE64.decode(text).map_err(|_| NoKey)?)
    }
}

impl fmt::Display for BadgeKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let der = self.key.public_key_to_der().map_err(|_| fmt::Error)?;
        out.write_str(&BASE64.encode(der))
    }
}

/// Everybody's badge; the form of the badges file. Public keys only: it may be read by everybody,
/// and written by nobody who serves.
#[derive(Clone, Default, Deserialize)]
#[serde(try_from = "BadgesFile")]
pub struct Badges(BTreeMap<String, BadgeKey>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BadgesFile {
    #[serde(default)]
    badge: Vec<BadgeEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BadgeEntry {
    holder: String,
    #[serde(deserialize_with = "key")]
    key: BadgeKey,
}

fn key<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BadgeKey, D::Error> {
    String::deserialize(from)?.try_into().map_err(serde::de::Error::custom)
}

impl TryFrom<BadgesFile> for Badges {
    type Error = String;

    fn try_from(file: BadgesFile) -> Result<Self, String> {
        let mut badges = BTreeMap::new();
        for BadgeEntry { holder, key } in file.badge {
            if badges.insert(holder.clone(), key).is_some() {
                return Err(format!("two badges of {holder}"));
            }
        }
        Ok(Self(badges))
    }
}

impl Badges {
    /// The key of that person's badge, if they have one.
    pub fn of(&self, holder: &str) -> Option<&BadgeKey> {
        self.0.get(holder)
    }

    /// Believes that this person is at this machine, or does not. `challenge`: what the believer
    /// drew, where it is not whoever read the badge.
    pub fn believe(
        &self,
        kiosk: &str,
        holder: &str,
        challenge: Option<Challenge>,
        proof: Proof,
    ) -> Result<Present, BadgeError> {
        let unlisted = || BadgeError::Unlisted { holder: holder.to_owned() };
        let key = self.of(holder).ok_or_else(unlisted)?;
        let claim =
            Claim { kiosk: kiosk.to_owned(), holder: holder.to_owned(), nonce: proof.nonce, challenge };
        if !key.signed(&claim.bytes(), &proof.signature) {
            return Err(BadgeError::NotTheirs { holder: holder.to_owned() });
        }
        Ok(Present { holder: holder.to_owned(), proof })
    }
}

/// Somebody whose badge signed that they are here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    holder: String,
    proof: Proof,
}

impl Present {
    /// The id of the staff file; never a name.
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// What the badge signed, for others to believe.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }
}
