//! The other way: two officers look at the person and the card and sign for it. The
//! statement that both sign names the visit, the card and the time, so a signature
//! is good for one visit of one card.
//!
//! The signed bytes are `mot-cham/1/face-by-officers`, a zero byte, the visit's id
//! (16 bytes), the identity's id (32 bytes) and the time in Unix seconds (8 bytes,
//! big-endian). Signatures are Ed25519 (RFC 8032), checked strictly.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, VerifyingKey};
use faults::Fault;
use identity::IdentityId;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::evidence::OfficersEvidence;

const CONTEXT: &[u8] = b"mot-cham/1/face-by-officers\0";

/// An officer's service number. It is no citizen's data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OfficerId(String);

impl OfficerId {
    /// One to sixteen letters, digits or hyphens.
    pub fn new(text: &str) -> Result<Self, ApprovalRefused> {
        let fits = (1..=16).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(ApprovalRefused::OfficerMalformed) }
    }

    /// The number as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The public keys of the officers who may approve here.
#[derive(Clone, Debug, Default)]
pub struct OfficerKeys(BTreeMap<OfficerId, VerifyingKey>);

impl OfficerKeys {
    /// No officer yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an officer with the 32 bytes of an Ed25519 key.
    pub fn insert(&mut self, officer: OfficerId, key: [u8; 32]) -> Result<(), ApprovalRefused> {
        match VerifyingKey::from_bytes(&key) {
            Ok(key) if !key.is_weak() => {
                self.0.insert(officer, key);
                Ok(())
            }
            _ => Err(ApprovalRefused::KeyMalformed),
        }
    }
}

/// What two officers sign: this person, at this visit, is the holder of this card.
#[derive(Clone, Copy)]
pub struct Statement {
    visit: Uuid,
    identity: IdentityId,
    at: Timestamp,
}

impl Statement {
    /// The statement for the visit that is under way.
    pub fn new(visit: Uuid, identity: IdentityId, at: Timestamp) -> Self {
        Self { visit, identity, at }
    }

    /// The bytes to sign.
    pub fn bytes(&self) -> Vec<u8> {
        statement_bytes(self.visit, self.identity.as_bytes(), self.at)
    }
}

fn statement_bytes(visit: Uuid, identity: &[u8; 32], at: Timestamp) -> Vec<u8> {
    [CONTEXT, visit.as_bytes(), identity, &at.as_second().to_be_bytes()].concat()
}

/// One officer's signature.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Who signed.
    pub officer: OfficerId,
    /// The 64 bytes of the signature.
    pub signature: [u8; 64],
}

/// Why two signatures do not stand in for the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalRefused {
    /// A service number has other signs than letters, digits and hyphens.
    #[error("an officer's service number has one to sixteen letters, digits or hyphens")]
    OfficerMalformed,
    /// No Ed25519 public key.
    #[error("an officer's public key is malformed")]
    KeyMalformed,
    /// One officer signed twice, or two officers share a key.
    #[error("two different officers must approve")]
    SameOfficer,
    /// The officer may not approve here.
    #[error("an officer who signed is not on this machine's list")]
    UnknownOfficer,
    /// A signature is not over this statement, or not by this officer.
    #[error("an officer's signature is not valid for this visit and card")]
    SignatureWrong,
}

impl ApprovalRefused {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> Fault {
        Fault::FaceNotConfirmed
    }
}

/// Two officers' valid approval of one person at one visit.
pub struct OfficersApproval {
    identity: IdentityId,
    evidence: OfficersEvidence,
}

impl OfficersApproval {
    /// Checks both signatures. The caller makes the statement for the visit under
    /// way, so an approval of another visit, card or moment does not fit it.
    pub fn verify(
        statement: &Statement,
        signatures: [Signed; 2],
        keys: &OfficerKeys,
    ) -> Result<Self, ApprovalRefused> {
        check(&statement.bytes(), &signatures, keys)?;
        let evidence = OfficersEvidence {
            visit: statement.visit,
            at: statement.at,
            officers: signatures.map(|signed| signed.officer),
        };
        Ok(Self { identity: statement.identity, evidence })
    }

    pub(crate) fn identity(&self) -> IdentityId {
        self.identity
    }

    pub(crate) fn into_evidence(self) -> OfficersEvidence {
        self.evidence
    }
}

fn check(bytes: &[u8], signatures: &[Signed; 2], keys: &OfficerKeys) -> Result<(), ApprovalRefused> {
    let key = |signed: &Signed| keys.0.get(&signed.officer).ok_or(ApprovalRefused::UnknownOfficer);
    let [first, second] = signatures;
    if first.officer == second.officer || key(first)? == key(second)? {
        return Err(ApprovalRefused::SameOfficer);
    }
    for signed in signatures {
        key(signed)?
            .verify_strict(bytes, &Signature::from_bytes(&signed.signature))
            .map_err(|_| ApprovalRefused::SignatureWrong)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    const IDENTITY: [u8; 32] = [7; 32];

    fn officer(name: &str, seed: u8) -> (OfficerId, SigningKey) {
        (OfficerId::new(name).unwrap(), SigningKey::from_bytes(&[seed; 32]))
    }

    fn keys(officers: &[&(OfficerId, SigningKey)]) -> OfficerKeys {
        let mut keys = OfficerKeys::new();
        for (id, key) in officers {
            keys.insert(id.clone(), key.verifying_key().to_bytes()).unwrap();
        }
        keys
    }

    fn sign(by: &(OfficerId, SigningKey), bytes: &[u8]) -> Signed {
        Signed { officer: by.0.clone(), signature: by.1.sign(bytes).to_bytes() }
    }

    fn bytes(visit: u128) -> Vec<u8> {
        statement_bytes(Uuid::from_u128(visit), &IDENTITY, Timestamp::from_second(1_700_000_000).unwrap())
    }

    #[test]
    fn two_officers_who_sign_the_statement_approve() {
        let (an, binh) = (officer("CA-1", 1), officer("CA-2", 2));
        let signed = [sign(&an, &bytes(1)), sign(&binh, &bytes(1))];
        assert_eq!(check(&bytes(1), &signed, &keys(&[&an, &binh])), Ok(()));
    }

    #[test]
    fn one_officer_alone_does_not_approve() {
        let an = officer("CA-1", 1);
        let signed = [sign(&an, &bytes(1)), sign(&an, &bytes(1))];
        assert_eq!(check(&bytes(1), &signed, &keys(&[&an])), Err(ApprovalRefused::SameOfficer));
    }

    #[test]
    fn one_key_under_two_numbers_does_not_approve() {
        let (an, twin) = (officer("CA-1", 1), officer("CA-2", 1));
        let signed = [sign(&an, &bytes(1)), sign(&twin, &bytes(1))];
        assert_eq!(check(&bytes(1), &signed, &keys(&[&an, &twin])), Err(ApprovalRefused::SameOfficer));
    }

    #[test]
    fn an_approval_of_another_visit_is_refused() {
        let (an, binh) = (officer("CA-1", 1), officer("CA-2", 2));
        let signed = [sign(&an, &bytes(1)), sign(&binh, &bytes(2))];
        assert_eq!(check(&bytes(1), &signed, &keys(&[&an, &binh])), Err(ApprovalRefused::SignatureWrong));
    }

    #[test]
    fn an_officer_from_elsewhere_is_refused() {
        let (an, stranger) = (officer("CA-1", 1), officer("CA-9", 9));
        let signed = [sign(&an, &bytes(1)), sign(&stranger, &bytes(1))];
        assert_eq!(check(&bytes(1), &signed, &keys(&[&an])), Err(ApprovalRefused::UnknownOfficer));
    }

    #[test]
    fn the_statement_is_the_documented_bytes() {
        let bytes = bytes(0x0102);
        assert_eq!(&bytes[..28], b"mot-cham/1/face-by-officers\0");
        assert_eq!(bytes.len(), 28 + 16 + 32 + 8);
        assert_eq!(&bytes[42..44], &[1, 2]);
        assert_eq!(&bytes[76..], &1_700_000_000_i64.to_be_bytes());
    }
}
