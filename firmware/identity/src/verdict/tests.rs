//! What is accepted, and why everything else is not.

use card::FileId;
use jiff::civil::date;

use crate::pretend_state::*;
use crate::{
    ChipGenuineness, Details, Directory, Expiry, Fact, FoundBy, IdentityError, Revocation, Sex, SignerFault,
    TrustList, tlv::object,
};

pub(super) fn accepted(card: &Card, trust: &TrustList) -> crate::Identity {
    card.verify(trust, TODAY).unwrap_or_else(|error| panic!("{error:?}"))
}

pub(super) fn refused(card: &Card, trust: &TrustList) -> IdentityError {
    card.verify(trust, TODAY).err().expect("the card is refused")
}

pub(super) fn signer_fault(error: IdentityError) -> SignerFault {
    match error {
        IdentityError::SignerNotValid { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_authentic_card_makes_an_identity() {
    let state = State::new();
    let identity = accepted(&state.card(), &state.trusted());
    assert_eq!(identity.number().as_str(), "001195012345");
    assert_eq!(identity.name(), "Nguyễn Thị Bích Ngọc");
    assert_eq!(*identity.birth().written(), "02/09/1995");
    assert!(identity.sex() == Sex::Female);
    assert_eq!(identity.nationality(), "Việt Nam");
    assert!(identity.expiry() == Expiry::On(date(2035, 9, 2)));
    assert_eq!(identity.address(), Some("Số 1 Đường Mẫu"));
    assert_eq!(identity.portrait().bytes, [0xFF, 0xD8, 0xFF, 0xE0, 7, 7, 7]);
}

#[test]
fn the_evidence_names_what_was_checked_and_nothing_personal() {
    let state = State::new();
    let mut card = state.card();
    card.files.insert(FileId::Com, hex::decode("60145F0104303130375F36063034303030305C0261756D").unwrap());
    card.files.get_mut(&FileId::Com).unwrap()[1] = 0x15;
    card.files.get_mut(&FileId::Com).unwrap()[19] = 0x03;
    let identity = accepted(&card, &state.trusted());
    let evidence = identity.evidence();
    assert_eq!(evidence.signed_groups, [1, 2, 13]);
    assert_eq!(evidence.checked_groups, [1, 2, 13]);
    assert_eq!(evidence.directory, Directory::Agrees);
    assert_eq!(evidence.details, Details::Agrees);
    assert_eq!(evidence.chip, ChipGenuineness::NotOffered);
    assert_eq!(evidence.revocation, Revocation::NotChecked);
    assert_eq!(evidence.signer.serial, "02");
    assert_eq!(evidence.signer.algorithm, "ecdsa-sha256");
    assert_eq!(evidence.signer.found_by, FoundBy::IssuerAndSerial);
    assert_eq!(evidence.signer.chain, [fingerprint(&state.authority.certificate)]);
    assert_eq!(evidence.security_object, identity.id());

    let written = serde_json::to_string(evidence).unwrap();
    assert!(written.contains(r#""verdict":"authentic""#), "{written}");
    assert!(written.contains(r#""chip":{"result":"not-offered"}"#), "{written}");
    for personal in ["195012345", "Ngọc", "NGOC", "950902", "350902", "02/09", "Mẫu"] {
        assert!(!written.contains(personal), "{personal} stands in {written}");
    }
}

#[test]
fn forged_altered_expired_foreign_none_is_accepted() {
    let state = State::new();
    let trust = state.trusted();
    let stranger = State::new();
    let made_up =
        State::with(&Wanted { country: "UT", ..AUTHORITY() }, &Wanted { country: "UT", ..SIGNER() });
    let both = TrustList::from_pem(&[state.authority.pem(), made_up.authority.pem()].concat()).unwrap();
    let foreign =
        "I<UTOD231458907<<<<<<<<<<<<<<<7408122F3504152UTO<<<<<<<<<<<2ERIKSSON<<ANNA<MARIA<<<<<<<<<<";
    let expired =
        "IDVNM1950123452001195012345<<39509023F2009029VNM<<<<<<<<<<<2NGUYEN<<THI<BICH<NGOC<<<<<<<<<";
    let sign = |card: Card, by: &State| card.signed(&by.signer, &Signing::default());

    let rows: Vec<(&str, Card, &TrustList, &str)> = vec![
        ("DG1 altered", state.card().altered(FileId::Dg1, 40), &trust, "DG1 is not as the issuer signed it"),
        ("DG2 altered", state.card().altered(FileId::Dg2, 40), &trust, "DG2 is not as the issuer signed it"),
        (
            "DG13 altered",
            state.card().altered(FileId::Dg13, 40),
            &trust,
            "DG13 is not as the issuer signed it",
        ),
        (
            "signature altered",
            altered_at_its_end(state.card(), FileId::Sod),
            &trust,
            "EF.SOD is not as the issuer signed it",
        ),
        ("nobody's signer", stranger.card(), &trust, "the document signer's issuer is not in the trust list"),
        (
            "another state's signer",
            sign(Card::citizen(), &made_up),
            &both,
            "the document signer is not valid",
        ),
        ("expired", sign(Card::of(expired, None), &state), &trust, "the card has expired"),
        (
            "another state's card",
            sign(Card::of(foreign, None), &state),
            &trust,
            "this is no citizen's identity card of Viet Nam",
        ),
        ("not signed at all", Card::citizen(), &trust, "EF.SOD was not read"),
    ];
    for (case, card, trust, expected) in rows {
        let error = refused(&card, trust);
        assert!(error.to_string().starts_with(expected), "{case}: {error:?}");
    }
}

fn altered_at_its_end(card: Card, file: FileId) -> Card {
    let last = card.files[&file].len() - 1;
    card.altered(file, last)
}

#[test]
fn every_signed_octet_of_the_security_object_counts() {
    let state = State::new();
    let (card, trust) = (state.card(), state.trusted());
    let sod = card.files[&FileId::Sod].clone();
    let same = accepted(&card, &trust).id();
    // The signer's name is one thing that nobody signs, and a name that fits no
    // certificate leaves the only one there. Version and list of digests, before
    // the content, are the other.
    let name = [0x02, 0x01, 0x01, 0x30, 38, 0x30, 33];
    let name = sod.windows(name.len()).rposition(|octets| octets == name).expect("the signer has a name");
    let content = sod.windows(4).position(|octets| octets == [0x30, 0x81, 154, 0x06]);
    let content = content.expect("the content follows the list of digests");
    for at in 0..sod.len() {
        let changed = Card { files: card.files.clone() }.altered(FileId::Sod, at);
        if let Ok(identity) = changed.verify(&trust, TODAY) {
            assert!(at < content || (name..name + 43).contains(&at), "octet {at}");
            assert!(identity.id() != same, "octet {at}");
        }
    }
}

#[test]
fn a_security_object_of_indefinite_length_is_read() {
    let state = State::new();
    let signing = Signing { further: &["-stream"], ..Signing::default() };
    let card = Card::citizen().signed(&state.signer, &signing);
    let sod = &card.files[&FileId::Sod];
    assert!(sod.windows(2).any(|octets| octets == [0x30, 0x80]), "OpenSSL wrote an indefinite length");
    assert!(sod.windows(2).any(|octets| octets == [0x24, 0x80]), "OpenSSL wrote the content in pieces");
    accepted(&card, &state.trusted());
}

#[test]
fn a_file_that_the_issuer_did_not_list_is_refused() {
    let state = State::new();
    let mut card = state.card();
    card.files.insert(FileId::Dg15, object(0x6F, &[]));
    let error = refused(&card, &state.trusted());
    assert!(matches!(error, IdentityError::NotListed { file: FileId::Dg15 }), "{error:?}");
}

#[test]
fn files_that_contradict_each_other_are_refused() {
    let state = State::new();
    let trust = state.trusted();
    let check = |details: &[(u8, &str)], expected: Fact| {
        let mut card = Card::citizen();
        let with = Card::of("", Some(details)).files.remove(&FileId::Dg13).unwrap();
        card.files.insert(FileId::Dg13, with);
        let error = refused(&card.signed(&state.signer, &Signing::default()), &trust);
        assert!(matches!(error, IdentityError::FilesDisagree { what } if what == expected), "{error:?}");
    };
    check(&[(1, "001195012346")], Fact::Number);
    check(&[(3, "03/09/1995")], Fact::Birth);
    check(&[(3, "1994")], Fact::Birth);
    check(&[(4, "Nam")], Fact::Sex);
}

#[test]
fn details_that_cannot_be_understood_leave_the_mrz() {
    let state = State::new();
    let mut card = Card::citizen();
    card.files.insert(FileId::Dg13, object(0x6D, b"coded in a way of the authority's own"));
    let identity = accepted(&card.signed(&state.signer, &Signing::default()), &state.trusted());
    assert_eq!(identity.name(), "NGUYEN THI BICH NGOC");
    assert_eq!(identity.nationality(), "VNM");
    assert!(identity.address().is_none() && identity.details().is_none());
    assert_eq!(identity.evidence().details, Details::NotUnderstood);
}

#[test]
fn a_birthday_more_than_a_century_ago_gets_its_century_from_the_details() {
    let state = State::new();
    let mrz = "IDVNM0240000011001024000001<<2\
               2401014M9912315VNM<<<<<<<<<<<4\
               TRAN<<HIEU<<<<<<<<<<<<<<<<<<<<";
    let card = Card::of(mrz, Some(&[(3, "01/01/1924")])).signed(&state.signer, &Signing::default());
    let identity = accepted(&card, &state.trusted());
    assert_eq!(identity.birth().year(), 1924);
    assert!(identity.expiry() == Expiry::None);
}

#[test]
fn expiry_is_known_from_dg1_alone() {
    let dg1 = &Card::citizen().files[&FileId::Dg1];
    assert!(crate::check_expiry(dg1, date(2035, 9, 2)).is_ok());
    let late = crate::check_expiry(dg1, date(2035, 9, 3));
    assert!(matches!(late, Err(IdentityError::Expired { on }) if on == date(2035, 9, 2)));
    let broken = crate::check_expiry(&dg1[..50], TODAY);
    assert!(matches!(broken, Err(IdentityError::Unreadable { file: FileId::Dg1, .. })));
}

#[test]
fn rubbish_in_any_file_is_an_error_and_never_a_panic() {
    let state = State::new();
    let (card, trust) = (state.card(), state.trusted());
    for file in [FileId::Sod, FileId::Dg1, FileId::Dg2, FileId::Dg13] {
        let whole = card.files[&file].clone();
        for length in (0..whole.len()).step_by(7) {
            let mut cut = Card { files: card.files.clone() };
            cut.files.insert(file, whole[..length].to_vec());
            assert!(cut.verify(&trust, TODAY).is_err(), "{file} of {length} bytes");
        }
    }
}

#[test]
fn further_details_are_given_and_what_is_not_understood_is_stated() {
    let state = State::new();
    let trust = state.trusted();
    let with = |dg11: Vec<u8>, dg12: Vec<u8>| {
        let mut card = Card::citizen();
        card.files.extend([(FileId::Dg11, dg11), (FileId::Dg12, dg12)]);
        accepted(&card.signed(&state.signer, &Signing::default()), &trust)
    };
    let address = object(0x6B, &object(0x5F42, "SỐ 1<ĐƯỜNG MẪU".as_bytes()));
    let issued = object(0x6C, &object(0x5F26, b"20240701"));
    let identity = with(address, issued);
    assert_eq!(*identity.personal_details().unwrap().address().unwrap(), "SỐ 1 ĐƯỜNG MẪU");
    assert_eq!(identity.document_details().unwrap().issued(), Some(date(2024, 7, 1)));
    assert_eq!(identity.evidence().checked_groups, [1, 2, 11, 12, 13]);
    assert!(identity.evidence().not_understood_groups.is_empty());
    let identity = with(object(0x6B, &object(0x5F2B, b"yesterday")), object(0x6C, &[0x5F]));
    assert!(identity.personal_details().is_none() && identity.document_details().is_none());
    assert_eq!(identity.evidence().not_understood_groups, [11, 12]);
}
