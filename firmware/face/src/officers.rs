//! The other way: two officers look at the person and the card and sign for it. The
//! statement that both sign names the visit, the card and the time, so a signature
//! is good for one visit of one card.
//!
//! The signed bytes are `mot-cham/1/face-by-officers`, a zero byte, the visit's id
//! (16 bytes), the identity's id (32 bytes) and the time in Unix seconds (8 bytes,
//! big-endian). Signatures are Ed25519 (RFC 8032), checked strictly.

use std::collections::BTreeMap;

use faults::Fault;
use identity::IdentityId;
use jiff::Timestamp;
use keys::{OfficerContext, OfficerKey, OfficerSecret, Signature};
use serde::Serialize;
use uuid::Uuid;

use crate::evidence::{OfficersEvidence, SignedBy};

const CONTEXT: OfficerContext = OfficerContext::FaceByOfficers;

/// An officer's service number. It is no citizen's data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OfficerId(String);

impl OfficerId {
    /// Four to eight digits: what a keypad can type, and too short for any number of a
    /// citizen.
    pub fn new(text: &str) -> Result<Self, ApprovalRefused> {
        let fits = (4..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(ApprovalRefused::OfficerMalformed) }
    }

    /// The number as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The public keys of the officers who may approve here.
#[derive(Clone, Debug, Default)]
pub struct OfficerKeys(BTreeMap<OfficerId, OfficerKey>);

impl OfficerKeys {
    /// No officer yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an officer.
    pub fn insert(&mut self, officer: OfficerId, key: OfficerKey) {
        self.0.insert(officer, key);
    }

    /// Whether this officer may approve here.
    pub fn knows(&self, officer: &OfficerId) -> bool {
        self.0.contains_key(officer)
    }

    /// Whether there are two, of whom each may sign.
    pub fn are_enough(&self) -> bool {
        self.0.len() >= 2
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
    /// The statement for the visit that is under way. It names whole seconds.
    pub fn new(visit: Uuid, identity: IdentityId, at: Timestamp) -> Self {
        let at = Timestamp::from_second(at.as_second()).expect("a moment's own second is one");
        Self { visit, identity, at }
    }

    /// One of the officers signs.
    pub fn sign(&self, officer: OfficerId, key: &OfficerSecret) -> Signed {
        Signed { officer, signature: key.sign(CONTEXT, &self.bytes()) }
    }

    /// What is signed, without the context before it.
    fn bytes(&self) -> Vec<u8> {
        statement_bytes(self.visit, self.identity.as_bytes(), self.at)
    }
}

fn statement_bytes(visit: Uuid, identity: &[u8; 32], at: Timestamp) -> Vec<u8> {
    [visit.as_bytes(), &identity[..], &at.as_second().to_be_bytes()].concat()
}

/// One officer's signature.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Who signed.
    pub officer: OfficerId,
    /// The signature.
    pub signature: Signature,
}

/// What the first of two officers signed, until the second has.
#[derive(Clone, Debug)]
pub struct FirstSigned {
    /// When: the statement of both names this moment.
    pub at: Timestamp,
    /// By whom.
    pub signed: Signed,
}

/// Why two signatures do not stand in for the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalRefused {
    /// No service number.
    #[error("an officer's service number has four to eight digits")]
    OfficerMalformed,
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
            signed: signatures.map(|Signed { officer, signature }| SignedBy { officer, signature }),
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
            .verify(CONTEXT, bytes, &signed.signature)
            .map_err(|_| ApprovalRefused::SignatureWrong)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Verifier as _, VerifyingKey};
    use simulators::chance::SeededChance;

    use super::*;

    const IDENTITY: [u8; 32] = [7; 32];

    struct Officer(OfficerId, OfficerSecret);

    impl Officer {
        fn new(number: &str, seed: u64) -> Self {
            let secret = OfficerSecret::generate(&mut SeededChance::new(seed));
            Self(OfficerId::new(number).unwrap(), secret)
        }

        fn sign(&self, bytes: &[u8]) -> Signed {
            Signed { officer: self.0.clone(), signature: self.1.sign(CONTEXT, bytes) }
        }
    }

    fn keys(officers: &[&Officer]) -> OfficerKeys {
        let mut keys = OfficerKeys::new();
        for Officer(id, secret) in officers {
            keys.insert(id.clone(), secret.public());
        }
        keys
    }

    fn bytes(visit: u128) -> Vec<u8> {
        statement_bytes(Uuid::from_u128(visit), &IDENTITY, Timestamp::from_second(1_700_000_000).unwrap())
    }

    #[test]
    fn two_officers_who_sign_the_statement_approve() {
        let (an, binh) = (Officer::new("100001", 1), Officer::new("100002", 2));
        let signed = [an.sign(&bytes(1)), binh.sign(&bytes(1))];
        assert_eq!(check(&bytes(1), &signed, &keys(&[&an, &binh])), Ok(()));
    }

    #[test]
    fn one_officer_alone_does_not_approve() {
        let an = Officer::new("100001", 1);
        let signed = [an.sign(&bytes(1)), an.sign(&bytes(1))];
        assert_eq!(check(&bytes(1), &signed, &keys(&[&an])), Err(ApprovalRefused::SameOfficer));
    }

    #[test]
    fn one_key_under_two_numbers_does_not_approve() {
        let (an, twin) = (Officer::new("100001", 1), Officer::new("100002", 1));
        let signed = [an.sign(&bytes(1)), twin.sign(&bytes(1))];
        assert_eq!(check(&bytes(1), &signed, &keys(&[&an, &twin])), Err(ApprovalRefused::SameOfficer));
    }

    #[test]
    fn an_approval_of_another_visit_is_refused() {
        let (an, binh) = (Officer::new("100001", 1), Officer::new("100002", 2));
        for signed in [[an.sign(&bytes(1)), binh.sign(&bytes(2))], [an.sign(&bytes(2)), binh.sign(&bytes(1))]]
        {
            let told = check(&bytes(1), &signed, &keys(&[&an, &binh]));
            assert_eq!(told, Err(ApprovalRefused::SignatureWrong));
        }
    }

    #[test]
    fn an_officer_from_elsewhere_is_refused() {
        let (an, stranger) = (Officer::new("100001", 1), Officer::new("100009", 9));
        let signed = [an.sign(&bytes(1)), stranger.sign(&bytes(1))];
        assert_eq!(check(&bytes(1), &signed, &keys(&[&an])), Err(ApprovalRefused::UnknownOfficer));
    }

    #[test]
    fn the_statement_is_the_documented_bytes() {
        let an = Officer::new("100001", 1);
        let documented = [
            &b"mot-cham/1/face-by-officers\0"[..],
            &0x0102_u128.to_be_bytes(),
            &IDENTITY,
            &1_700_000_000_i64.to_be_bytes(),
        ]
        .concat();
        let signature = ed25519_dalek::Signature::from_bytes(an.sign(&bytes(0x0102)).signature.as_bytes());
        let key = VerifyingKey::from_bytes(&an.1.public().to_bytes()).unwrap();
        assert!(key.verify(&documented, &signature).is_ok());
    }
}
