//! Whether the chip is the one that the issuer signed for, or a copy of its files
//! (ICAO 9303-11, 4.4.3.5, 6.1 and 6.2). `card` carries out what the chip does and
//! brings it along unjudged; here it is held against keys that the issuer signed,
//! and only against those.

use card::ChipProof;
use const_oid::ObjectIdentifier;

use crate::{
    algorithm::{INTEGER, OBJECT_IDENTIFIER, SEQUENCE, SET, object_identifier},
    error::SignerFault,
    judgement::ProofKind,
    public_key::PublicKey,
    tlv::{self, Malformed, Tlv},
};

pub(crate) mod active_authentication;
pub(crate) mod card_security;

/// id-PK-DH and id-PK-ECDH (9303-11, 9.2.6), and the protocols that use them.
const KEY_KINDS: [(&str, &str); 2] = [
    ("0.4.0.127.0.7.2.2.1.1", "0.4.0.127.0.7.2.2.3.1."),
    ("0.4.0.127.0.7.2.2.1.2", "0.4.0.127.0.7.2.2.3.2."),
];
/// id-AA (9303-11, 9.2.4).
const ACTIVE_AUTHENTICATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.5");

/// The signed files that name the chip's keys.
#[derive(Clone, Copy)]
pub(crate) struct SignedKeys<'a> {
    pub dg14: Option<&'a [u8]>,
    pub dg15: Option<&'a [u8]>,
    /// The SecurityInfos of an EF.CardSecurity whose signer was believed.
    pub card_security: Option<&'a [u8]>,
}

/// Why a proof proves nothing. To the kiosk it is one: the chip may be a copy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProofFault {
    #[error("the issuer signed no key for it")]
    NoSignedKey,
    #[error("{0}")]
    Malformed(#[from] Malformed),
    #[error("the issuer's key for it cannot be used: {0}")]
    BadKey(SignerFault),
    #[error("the chip's answer does not fit the key that the issuer signed")]
    Wrong,
}

/// Which way of proving this is; none where we do not know it.
pub(crate) fn kind(proof: &ChipProof) -> Option<ProofKind> {
    match proof {
        ChipProof::ChipAuthentication { .. } => Some(ProofKind::ChipAuthentication),
        ChipProof::ActiveAuthentication { .. } => Some(ProofKind::ActiveAuthentication),
        ChipProof::ChipAuthenticationMapping { .. } => Some(ProofKind::ChipAuthenticationMapping),
        _ => None,
    }
}

/// Holds one proof against the signed keys.
pub(crate) fn judge(proof: &ChipProof, keys: SignedKeys<'_>) -> Result<(), ProofFault> {
    match proof {
        ChipProof::ChipAuthentication { protocol, key_id, public_key } => {
            let key_id = key_id.as_ref().map(card::KeyId::as_bytes);
            chip_authentication(protocol, key_id, public_key, keys.dg14.ok_or(ProofFault::NoSignedKey)?)
        }
        ChipProof::ActiveAuthentication { challenge, response } => {
            let dg15 = tlv::only(
                keys.dg15.ok_or(ProofFault::NoSignedKey)?,
                0x6F,
                "DG15 does not begin with its tag",
            )?;
            let info = dg15.inside().take(SEQUENCE, "DG15 holds no key")?;
            let key = PublicKey::parse_of_chip(info.whole).map_err(ProofFault::BadKey)?;
            let scheme = keys.dg14.map(signature_algorithm).transpose()?.flatten();
            active_authentication::check(&key, scheme, *challenge, response)
        }
        ChipProof::ChipAuthenticationMapping { parameters, mapping_key, data } => {
            let infos = keys.card_security.ok_or(ProofFault::NoSignedKey)?;
            card_security::check_mapping(infos, *parameters, mapping_key, data)
        }
        _ => Err(ProofFault::NoSignedKey),
    }
}

/// The key with which the channel was made anew must stand in DG14, with the same
/// number and for the same protocol (9303-11, 6.2.2).
fn chip_authentication(
    protocol: &ObjectIdentifier,
    key_id: Option<&[u8]>,
    public_key: &[u8],
    dg14: &[u8],
) -> Result<(), ProofFault> {
    for key in chip_keys(&security_infos(dg14)?)? {
        let protocol_fits = KEY_KINDS.iter().any(|(kind, protocols)| {
            key.kind.to_string() == *kind && protocol.to_string().starts_with(protocols)
        });
        if key.info == public_key && key.id == key_id && protocol_fits {
            return Ok(());
        }
    }
    Err(ProofFault::NoSignedKey)
}

/// ChipAuthenticationPublicKeyInfo (9303-11, 9.2.6).
pub(crate) struct ChipKey<'a> {
    kind: ObjectIdentifier,
    /// The SubjectPublicKeyInfo.
    pub info: &'a [u8],
    /// Big-endian, without leading zeros.
    id: Option<&'a [u8]>,
}

/// The chip's keys among security infos.
pub(crate) fn chip_keys<'a>(infos: &[Tlv<'a>]) -> Result<Vec<ChipKey<'a>>, Malformed> {
    let mut keys = Vec::new();
    for info in infos {
        let mut parts = info.inside();
        let kind = object_identifier(parts.take(OBJECT_IDENTIFIER, "a protocol has no name")?)?;
        if !KEY_KINDS.iter().any(|(known, _)| kind.to_string() == *known) {
            continue;
        }
        let key = parts.take(SEQUENCE, "a key of the chip is none")?;
        let id = parts.take_if(INTEGER)?.map(|id| crate::certificate::trimmed(id.value));
        keys.push(ChipKey { kind, info: key.whole, id });
    }
    Ok(keys)
}

/// The SecurityInfos of DG14.
pub(crate) fn security_infos(dg14: &[u8]) -> Result<Vec<Tlv<'_>>, Malformed> {
    let group = tlv::only(dg14, 0x6E, "DG14 does not begin with its tag")?;
    group.inside().take(SET, "DG14 holds no set")?.inside().all()
}

/// With which algorithm DG14 says that the chip signs challenges.
fn signature_algorithm(dg14: &[u8]) -> Result<Option<ObjectIdentifier>, Malformed> {
    for info in security_infos(dg14)? {
        let mut parts = info.inside();
        let name = object_identifier(parts.take(OBJECT_IDENTIFIER, "a protocol has no name")?)?;
        if name == ACTIVE_AUTHENTICATION {
            parts.take(INTEGER, "active authentication has no version")?;
            let algorithm = parts.take(OBJECT_IDENTIFIER, "active authentication has no algorithm")?;
            return object_identifier(algorithm).map(Some);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
