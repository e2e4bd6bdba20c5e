//! When a chip counts as the one that its issuer signed for, and when as a copy.

mod mapping;

use card::{FileId, KeyId};
use jiff::civil::Date;
use openssl::{
    ec::{EcGroup, EcKey, PointConversionForm},
    ecdsa::EcdsaSig,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Padding,
};

use super::*;
use crate::{
    ChipGenuineness, Grounds, IdentityError, Judgement, Policy, RevocationLists, TrustList, Verdict,
    algorithm::Digest,
    examination::{Files, examine},
    policy::ChipPolicy,
    pretend_state::{Card, Signing, State, TODAY, Written, curve, envelope, p256, rsa},
    tlv::object,
};

const CHALLENGE: [u8; 8] = [0xF1, 0x73, 0x58, 0x99, 0x74, 0xBF, 0x40, 0xC6];

fn oid(text: &str) -> Vec<u8> {
    object(OBJECT_IDENTIFIER, ObjectIdentifier::new_unwrap(text).as_bytes())
}

fn info(key: &PKey<Private>) -> Vec<u8> {
    key.public_key_to_der().unwrap()
}

fn dg15(key: &PKey<Private>) -> Vec<u8> {
    object(0x6F, &info(key))
}

fn dg14(infos: &[Vec<u8>]) -> Vec<u8> {
    object(0x6E, &object(SET, &infos.concat()))
}

/// ChipAuthenticationPublicKeyInfo.
fn chip_key(kind: &str, info: &[u8], id: Option<u8>) -> Vec<u8> {
    let id = id.map(|id| object(INTEGER, &[id])).unwrap_or_default();
    object(SEQUENCE, &[oid(kind), info.to_vec(), id].concat())
}

/// ActiveAuthenticationInfo with this signature algorithm.
fn active_info(algorithm: &str) -> Vec<u8> {
    let parts = [oid("2.23.136.1.1.5"), object(INTEGER, &[1]), oid(algorithm)];
    object(SEQUENCE, &parts.concat())
}

/// A card with these further files.
fn card(state: &State, files: &[(FileId, Vec<u8>)]) -> Card {
    let mut card = Card::citizen();
    card.files.extend(files.iter().cloned());
    card.signed(&state.signer, &Signing::default())
}

fn with_policy(
    files: &Files<'_>,
    trust: &TrustList,
    policy: ChipPolicy,
) -> (Judgement, Result<ChipGenuineness, IdentityError>) {
    let none = RevocationLists::default();
    let grounds = Grounds { trust, revoked: &none, policy: Policy { chip: policy, ..Policy::STATING } };
    let identity = crate::verdict::reach(files, &grounds, TODAY);
    (examine(files, &grounds, TODAY).judgement, identity.map(|it| it.evidence().chip.clone()))
}

fn judged(
    card: &Card,
    trust: &TrustList,
    proof: ChipProof,
) -> (Judgement, Result<ChipGenuineness, IdentityError>) {
    let proofs = [proof];
    with_policy(&Files { proofs: &proofs, ..card.read() }, trust, ChipPolicy::StateOnly)
}

fn proven(card: &Card, trust: &TrustList, proof: ChipProof) {
    let by = vec![kind(&proof).unwrap()];
    let (judgement, identity) = judged(card, trust, proof);
    assert_eq!(judgement.verdict, Verdict::Authentic, "{:?}", judgement.checks);
    assert_eq!(identity.unwrap(), ChipGenuineness::Proven { by });
}

fn suspected(card: &Card, trust: &TrustList, proof: ChipProof) {
    let by = kind(&proof).unwrap();
    let (judgement, identity) = judged(card, trust, proof);
    assert_eq!(judgement.verdict, Verdict::CloneSuspected { by }, "{:?}", judgement.checks);
    assert_eq!(judgement.chip, ChipGenuineness::Failed { by });
    let error = identity.expect_err("a copy makes no identity");
    assert!(matches!(error, IdentityError::CloneSuspected { .. }), "{error:?}");
}

fn active(response: Vec<u8>) -> ChipProof {
    ChipProof::ActiveAuthentication { challenge: CHALLENGE, response }
}

/// A signature by ISO/IEC 9796-2, scheme 1, as a chip makes it.
fn recoverable(key: &PKey<Private>, digest: Digest, trailer: &[u8], challenge: [u8; 8]) -> Vec<u8> {
    let rsa = key.rsa().unwrap();
    let room = rsa.size() as usize;
    let part = vec![0xA7; room - 1 - digest.length() - trailer.len()];
    let signed = digest.of(&[&part[..], &challenge].concat());
    let representative = [&[0x6A][..], &part, &signed, trailer].concat();
    let mut response = vec![0; room];
    rsa.private_encrypt(&representative, &mut response, Padding::NONE).unwrap();
    response
}

/// `r || s`.
fn plain(key: &PKey<Private>, digest: Digest, length: i32) -> Vec<u8> {
    let made = EcdsaSig::sign(&digest.of(&CHALLENGE), &key.ec_key().unwrap()).unwrap();
    let number = |it: &openssl::bn::BigNumRef| it.to_vec_padded(length).unwrap();
    [number(made.r()), number(made.s())].concat()
}

#[test]
fn a_chip_that_signs_the_challenge_with_rsa_is_proven() {
    let state = State::new();
    let trust = state.trusted();
    for bits in [1024, 2048] {
        let key = rsa(bits);
        let card = card(&state, &[(FileId::Dg15, dg15(&key))]);
        for (digest, trailer) in [
            (Digest::Sha1, &[0xBC][..]),
            (Digest::Sha1, &[0x33, 0xCC]),
            (Digest::Sha224, &[0x38, 0xCC]),
            (Digest::Sha256, &[0x34, 0xCC]),
            (Digest::Sha384, &[0x36, 0xCC]),
            (Digest::Sha512, &[0x35, 0xCC]),
        ] {
            proven(&card, &trust, active(recoverable(&key, digest, trailer, CHALLENGE)));
        }
        // ISO/IEC 9796-2 lets the signer send what the number lacks to the modulus.
        let response = recoverable(&key, Digest::Sha256, &[0x34, 0xCC], CHALLENGE);
        let mut other = openssl::bn::BigNum::new().unwrap();
        let number = openssl::bn::BigNum::from_slice(&response).unwrap();
        other.checked_sub(key.rsa().unwrap().n(), &number).unwrap();
        proven(&card, &trust, active(other.to_vec_padded(bits as i32 / 8).unwrap()));
    }
}

#[test]
fn a_copy_that_replays_forges_or_lacks_the_key_is_suspected() {
    let state = State::new();
    let trust = state.trusted();
    let key = rsa(1024);
    let mine = card(&state, &[(FileId::Dg15, dg15(&key))]);
    let replayed = recoverable(&key, Digest::Sha1, &[0xBC], [1; 8]);
    suspected(&mine, &trust, active(replayed));
    suspected(&mine, &trust, active(recoverable(&rsa(1024), Digest::Sha1, &[0xBC], CHALLENGE)));
    suspected(&mine, &trust, active(Vec::new()));
    suspected(&mine, &trust, active(vec![0xFF; 128]));
    suspected(&mine, &trust, active(vec![0; 128]));
    let mut changed = recoverable(&key, Digest::Sha1, &[0xBC], CHALLENGE);
    changed[64] ^= 1;
    suspected(&mine, &trust, active(changed));
    // A card whose issuer signed no key for it cannot have proven anything.
    let without = card(&state, &[]);
    suspected(&without, &trust, active(recoverable(&key, Digest::Sha1, &[0xBC], CHALLENGE)));
}

#[test]
fn a_key_that_was_put_in_after_signing_proves_nothing() {
    let state = State::new();
    let (signed, forged) = (rsa(1024), rsa(1024));
    let mut card = card(&state, &[(FileId::Dg15, dg15(&signed))]);
    card.files.insert(FileId::Dg15, dg15(&forged));
    let proof = active(recoverable(&forged, Digest::Sha1, &[0xBC], CHALLENGE));
    let (judgement, identity) = judged(&card, &state.trusted(), proof);
    assert_eq!(judgement.verdict, Verdict::Altered { file: "DG15" });
    assert_eq!(judgement.chip, ChipGenuineness::Failed { by: ProofKind::ActiveAuthentication });
    assert!(identity.is_err());
}

#[test]
fn a_chip_that_signs_the_challenge_on_a_curve_is_proven() {
    let state = State::new();
    let trust = state.trusted();
    let named = |algorithm: u8| format!("0.4.0.127.0.7.1.1.4.1.{algorithm}");
    for (nid, length) in [(Nid::BRAINPOOL_P256R1, 32), (Nid::SECP521R1, 66), (Nid::SECP224R1, 28)] {
        for written in [Written::ByName, Written::Out] {
            let key = curve(nid, written);
            for (algorithm, digest) in [(1, Digest::Sha1), (3, Digest::Sha256), (5, Digest::Sha512)] {
                let says = dg14(&[active_info(&named(algorithm))]);
                let card = card(&state, &[(FileId::Dg14, says), (FileId::Dg15, dg15(&key))]);
                proven(&card, &trust, active(plain(&key, digest, length)));
                // DG14 says which digest it is, so another one is not taken.
                let other = if digest == Digest::Sha256 { Digest::Sha384 } else { Digest::Sha256 };
                suspected(&card, &trust, active(plain(&key, other, length)));
            }
        }
    }
}

#[test]
fn an_old_chip_whose_dg14_names_no_digest_and_one_that_answers_in_der_are_proven() {
    let state = State::new();
    let trust = state.trusted();
    let key = p256();
    let card = card(&state, &[(FileId::Dg15, dg15(&key))]);
    proven(&card, &trust, active(plain(&key, Digest::Sha224, 32)));
    let der = EcdsaSig::sign(&Digest::Sha256.of(&CHALLENGE), &key.ec_key().unwrap()).unwrap();
    proven(&card, &trust, active(der.to_der().unwrap()));
    suspected(&card, &trust, active(vec![0; 64]));
    suspected(&card, &trust, active(vec![0x30; 71]));
    suspected(&card, &trust, active(plain(&p256(), Digest::Sha256, 32)));
}

const CHIP_KEY: &str = "0.4.0.127.0.7.2.2.1.2";

fn agreed(info: &[u8], id: Option<u8>, protocol: &str) -> ChipProof {
    ChipProof::ChipAuthentication {
        protocol: ObjectIdentifier::new_unwrap(protocol),
        key_id: id.map(|id| KeyId::from_bytes(&[id])),
        public_key: info.to_vec(),
    }
}

#[test]
fn chip_authentication_counts_with_a_key_of_the_signed_dg14_only() {
    const AES: &str = "0.4.0.127.0.7.2.2.3.2.2";
    const DH: &str = "0.4.0.127.0.7.2.2.3.1.2";
    let state = State::new();
    let trust = state.trusted();
    let (one, two, other) = (info(&p256()), info(&p256()), info(&p256()));
    let keys = dg14(&[chip_key(CHIP_KEY, &one, Some(1)), chip_key(CHIP_KEY, &two, Some(2))]);
    let with_two = card(&state, &[(FileId::Dg14, keys)]);
    proven(&with_two, &trust, agreed(&one, Some(1), AES));
    proven(&with_two, &trust, agreed(&two, Some(2), AES));
    suspected(&with_two, &trust, agreed(&one, Some(2), AES));
    suspected(&with_two, &trust, agreed(&one, None, AES));
    suspected(&with_two, &trust, agreed(&other, Some(1), AES));
    suspected(&with_two, &trust, agreed(&one, Some(1), DH));
    let unnumbered = card(&state, &[(FileId::Dg14, dg14(&[chip_key(CHIP_KEY, &one, None)]))]);
    proven(&unnumbered, &trust, agreed(&one, None, AES));
    suspected(&card(&state, &[]), &trust, agreed(&one, None, AES));
}

#[test]
fn what_was_offered_and_not_asked_is_stated_or_refused_as_the_operator_wants() {
    let state = State::new();
    let trust = state.trusted();
    let keys = dg14(&[chip_key(CHIP_KEY, &info(&p256()), None)]);
    let full = card(&state, &[(FileId::Dg14, keys), (FileId::Dg15, dg15(&p256()))]);
    let (_, identity) = with_policy(&full.read(), &trust, ChipPolicy::StateOnly);
    let offered = vec!["DG14 0.4.0.127.0.7.2.2.1.2".to_owned(), "DG15 1.2.840.10045.2.1".to_owned()];
    assert_eq!(identity.unwrap(), ChipGenuineness::NotChecked { offered });
    let (judgement, identity) = with_policy(&full.read(), &trust, ChipPolicy::ProofRequiredWhereOffered);
    assert_eq!(judgement.verdict, Verdict::ChipNotProven);
    assert!(matches!(identity, Err(IdentityError::ChipNotProven)));
    // A copy may hide the files with the keys; the issuer's list still names them.
    let mut hidden = full;
    hidden.files.retain(|file, _| !matches!(file, FileId::Dg14 | FileId::Dg15));
    let (judgement, _) = with_policy(&hidden.read(), &trust, ChipPolicy::ProofRequiredWhereOffered);
    assert_eq!(judgement.verdict, Verdict::ChipNotProven);
    let offered = vec!["DG14 not read".to_owned(), "DG15 not read".to_owned()];
    assert_eq!(judgement.chip, ChipGenuineness::NotChecked { offered });
    // Where the issuer signed no key there is nothing to prove.
    let bare = card(&state, &[]);
    let (_, identity) = with_policy(&bare.read(), &trust, ChipPolicy::ProofRequiredWhereOffered);
    assert_eq!(identity.unwrap(), ChipGenuineness::NotOffered);
}
