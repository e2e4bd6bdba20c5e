//! Chip authentication mapping: ICAO 9303-11, appendix I.

use jiff::civil::date;

use super::*;
use crate::{
    RevocationList,
    policy::RevocationPolicy,
    pretend_state::{AUTHORITY, SIGNER, Wanted, lists::revocation_list},
};

const STATIC: &str = "1872709494399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC8\
                      84D256A40E35EFCB59BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F";
const MAPPING: &str = "A234236AA9B9621E8EFB73B5245C0E09D2576E5277183C1208BDD55280CAE8B3\
                       04F365713A356E65A451E165ECC9AC0AC46E3771342C8FE5AEDD092685338E23";
const DATA: &str = "85DC3FA93D0952BFA82F5FD189EE75BD82F11D1F0B8ED4BF5319AC9B53C426B3";
const BRAINPOOL_256: u8 = 13;
/// SELECT by standardizedDomainParameters.
const STANDARDIZED: &str = "0.4.0.127.0.7.1.2";

fn point(hex: &str) -> Vec<u8> {
    [&[4][..], &hex::decode(hex).unwrap()].concat()
}

fn proof(parameters: u8, mapping_key: Vec<u8>, data: Vec<u8>) -> ChipProof {
    ChipProof::ChipAuthenticationMapping { parameters, mapping_key, data }
}

fn example() -> ChipProof {
    proof(BRAINPOOL_256, point(MAPPING), hex::decode(DATA).unwrap())
}

/// A key over standardised domain parameters.
fn by_number(number: u8, point: &[u8]) -> Vec<u8> {
    let algorithm = object(SEQUENCE, &[oid(STANDARDIZED), object(INTEGER, &[number])].concat());
    let bits = object(0x03, &[&[0][..], point].concat());
    object(SEQUENCE, &[algorithm, bits].concat())
}

/// The same key on a curve by its name, encoded by OpenSSL.
fn by_curve(point: &[u8]) -> Vec<u8> {
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1).unwrap();
    let mut context = openssl::bn::BigNumContext::new().unwrap();
    let point = openssl::ec::EcPoint::from_bytes(&group, point, &mut context).unwrap();
    assert!(point.to_bytes(&group, PointConversionForm::UNCOMPRESSED, &mut context).is_ok());
    PKey::from_ec_key(EcKey::from_public_key(&group, &point).unwrap()).unwrap().public_key_to_der().unwrap()
}

fn security(state: &State, infos: &[Vec<u8>]) -> Vec<u8> {
    let signing = Signing { content_type: "0.4.0.127.0.7.3.2.1", ..Signing::default() };
    envelope(&object(SET, &infos.concat()), &state.signer, &signing)
}

fn judged(
    state: &State,
    card_security: Option<&[u8]>,
    proof: ChipProof,
    today: Date,
) -> (Verdict, ChipGenuineness) {
    let (mut card, trust) = (card(state, &[]), state.trusted());
    card.files.extend(card_security.map(|file| (FileId::CardSecurity, file.to_vec())));
    let proofs = [proof];
    let files = Files { proofs: &proofs, ..card.read() };
    let grounds = Grounds::trusting(&trust);
    let judgement = examine(&files, &grounds, today).judgement;
    (judgement.verdict, judgement.chip)
}

const BY: ProofKind = ProofKind::ChipAuthenticationMapping;

fn suspected(state: &State, card_security: Option<&[u8]>, proof: ChipProof) {
    let (verdict, chip) = judged(state, card_security, proof, TODAY);
    assert_eq!((verdict, chip), (Verdict::CloneSuspected { by: BY }, ChipGenuineness::Failed { by: BY }));
}

#[test]
fn the_standards_example_is_proven_however_its_key_is_written() {
    let state = State::new();
    for key in [by_number(BRAINPOOL_256, &point(STATIC)), by_curve(&point(STATIC))] {
        let file = security(&state, &[chip_key(CHIP_KEY, &key, None)]);
        let (verdict, chip) = judged(&state, Some(&file), example(), TODAY);
        assert_eq!((verdict, chip), (Verdict::Authentic, ChipGenuineness::Proven { by: vec![BY] }));
    }
}

#[test]
fn another_number_key_or_curve_is_suspected() {
    let state = State::new();
    let key = by_number(BRAINPOOL_256, &point(STATIC));
    let file = security(&state, &[chip_key(CHIP_KEY, &key, None)]);
    let data = || hex::decode(DATA).unwrap();
    let mut changed = data();
    changed[31] ^= 1;
    suspected(&state, Some(&file), proof(BRAINPOOL_256, point(MAPPING), changed));
    suspected(&state, Some(&file), proof(BRAINPOOL_256, point(MAPPING), Vec::new()));
    suspected(&state, Some(&file), proof(BRAINPOOL_256, point(STATIC), data()));
    suspected(&state, Some(&file), proof(BRAINPOOL_256, vec![0], vec![0]));
    suspected(&state, Some(&file), proof(12, point(MAPPING), data()));
    suspected(&state, Some(&file), proof(0, point(MAPPING), data()));
    let other = security(&state, &[chip_key(CHIP_KEY, &by_curve(&point(MAPPING)), None)]);
    suspected(&state, Some(&other), example());
}

#[test]
fn a_card_security_that_no_trusted_issuer_signed_proves_nothing() {
    let (state, stranger) = (State::new(), State::new());
    let key = chip_key(CHIP_KEY, &by_number(BRAINPOOL_256, &point(STATIC)), None);
    suspected(&state, None, example());
    suspected(&state, Some(b"rubbish"), example());
    suspected(&state, Some(&security(&stranger, std::slice::from_ref(&key))), example());
    let mut changed = security(&state, &[key]);
    *changed.last_mut().unwrap() ^= 1;
    suspected(&state, Some(&changed), example());
}

/// As for EF.SOD: its signer may stand under another key of the same state, of which no list
/// is there.
#[test]
fn a_current_list_is_wanted_of_the_signer_of_ef_card_security_too() {
    let (state, other) =
        (State::new(), State::with(&Wanted { name: "Other CSCA", ..AUTHORITY() }, &SIGNER()));
    let trust = TrustList::from_pem(&[state.authority.pem(), other.authority.pem()].concat()).unwrap();
    let days = (date(2026, 11, 1), date(2027, 1, 30));
    let mut lists = RevocationLists::default();
    let list = revocation_list(&state.authority, &[], days);
    lists.add(RevocationList::open(&list, &trust, &Policy::STATING, TODAY).unwrap()).unwrap();
    let key = chip_key(CHIP_KEY, &by_number(BRAINPOOL_256, &point(STATIC)), None);
    for (signer, revocation, is_proven) in [
        (&state, RevocationPolicy::CurrentListRequired, true),
        (&other, RevocationPolicy::CurrentListRequired, false),
        (&other, RevocationPolicy::StateOnly, true),
    ] {
        let mut card = card(&state, &[]);
        card.files.insert(FileId::CardSecurity, security(signer, std::slice::from_ref(&key)));
        let proofs = [example()];
        let files = Files { proofs: &proofs, ..card.read() };
        let policy = Policy { revocation, ..Policy::STATING };
        let judgement = examine(&files, &Grounds { trust: &trust, revoked: &lists, policy }, TODAY).judgement;
        let (verdict, chip) = if is_proven {
            (Verdict::Authentic, ChipGenuineness::Proven { by: vec![BY] })
        } else {
            (Verdict::RevocationUnknown, ChipGenuineness::Failed { by: BY })
        };
        assert_eq!((judgement.verdict, judgement.chip), (verdict, chip), "{revocation:?}");
    }
}
