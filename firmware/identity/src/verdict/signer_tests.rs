//! Which signers are believed: algorithms, names, chains, days and purposes.

use card::FileId;
use jiff::civil::date;
use openssl::{hash::MessageDigest, nid::Nid, sign::Signer};

use super::tests::{accepted, refused, signer_fault};
use crate::{
    FoundBy, Grounds, IdentityError, Policy, Purpose, RevocationLists, SignerFault, TrustList, Verdict,
    policy::Sha1Policy,
    pretend_state::*,
    profile::{Departure, Deviation, Holder as Whose},
    signed_data::SignedData,
    tlv,
};

#[test]
fn every_curve_is_read_by_name_and_written_out() {
    let curves = [
        Nid::SECP224R1,
        Nid::BRAINPOOL_P224R1,
        Nid::X9_62_PRIME256V1,
        Nid::SECP384R1,
        Nid::SECP521R1,
        Nid::BRAINPOOL_P256R1,
        Nid::BRAINPOOL_P320R1,
        Nid::BRAINPOOL_P384R1,
        Nid::BRAINPOOL_P512R1,
    ];
    for nid in curves {
        for written in [Written::ByName, Written::Out] {
            let authority = Holder::root(curve(nid, written), &AUTHORITY());
            let signer = Holder::under(&authority, curve(nid, written), &SIGNER());
            let trust = TrustList::from_pem(&authority.pem()).unwrap();
            let card = Card::citizen().signed(&signer, &Signing::default());
            assert!(card.verify(&trust, TODAY).is_ok(), "{nid:?}");
        }
    }
}

#[test]
fn every_digest_but_sha1_is_accepted() {
    let state = State::new();
    let trust = state.trusted();
    for digest in ["sha224", "sha256", "sha384", "sha512"] {
        let card = Card::citizen().signed(&state.signer, &Signing { digest, ..Signing::default() });
        assert_eq!(accepted(&card, &trust).evidence().signer.algorithm, format!("ecdsa-{digest}"));
    }
    let weak = Card::citizen().signed(&state.signer, &Signing { digest: "sha1", ..Signing::default() });
    assert_eq!(signer_fault(refused(&weak, &trust)), SignerFault::Weak("SHA-1"));
}

#[test]
fn the_digest_of_the_groups_may_be_another_but_not_sha1() {
    let state = State::new();
    let trust = state.trusted();
    let with = |groups_digest| {
        Card::citizen().signed(&state.signer, &Signing { groups_digest, ..Signing::default() })
    };
    let sha512 = with(("2.16.840.1.101.3.4.2.3", MessageDigest::sha512()));
    assert_eq!(accepted(&sha512, &trust).evidence().digest, "sha512");
    let sha1 = with(("1.3.14.3.2.26", MessageDigest::sha1()));
    assert_eq!(signer_fault(refused(&sha1, &trust)), SignerFault::Weak("SHA-1"));
    let md5 = with(("1.2.840.113549.2.5", MessageDigest::md5()));
    assert_eq!(
        signer_fault(refused(&md5, &trust)),
        SignerFault::UnknownAlgorithm("1.2.840.113549.2.5".to_owned())
    );
}

#[test]
fn rsa_is_read_in_both_schemes() {
    let state = State::new();
    let signer = Holder::under(&state.authority, rsa(2048), &SIGNER());
    let check = |further: &[&str], expected: &str| {
        let card = Card::citizen().signed(&signer, &Signing { further, ..Signing::default() });
        assert_eq!(accepted(&card, &state.trusted()).evidence().signer.algorithm, expected);
    };
    check(&[], "rsa-pkcs1-sha256");
    for salt in ["rsa_pss_saltlen:32", "rsa_pss_saltlen:0", "rsa_pss_saltlen:1", "rsa_pss_saltlen:max"] {
        check(&["-keyopt", "rsa_padding_mode:pss", "-keyopt", salt], "rsa-pss-sha256");
    }
    check(
        &[
            "-keyopt",
            "rsa_padding_mode:pss",
            "-keyopt",
            "rsa_pss_saltlen:20",
            "-keyopt",
            "rsa_mgf1_md:sha384",
        ],
        "rsa-pss-sha256",
    );
}

#[test]
fn short_rsa_keys_are_refused() {
    let state = State::new();
    let signer = Holder::under(&state.authority, rsa(1024), &SIGNER());
    let card = Card::citizen().signed(&signer, &Signing::default());
    let fault = signer_fault(refused(&card, &state.trusted()));
    assert_eq!(fault, SignerFault::Weak("an RSA key below 2048 bits"));
}

#[test]
fn a_signer_may_be_named_by_its_key() {
    let state = State::new();
    let signing = Signing { further: &["-keyid"], ..Signing::default() };
    let card = Card::citizen().signed(&state.signer, &signing);
    let identity = accepted(&card, &state.trusted());
    assert_eq!(identity.evidence().signer.found_by, FoundBy::KeyIdentifier);
}

#[test]
fn the_only_certificate_is_taken_where_the_name_fits_none() {
    let state = State::new();
    let trust = state.trusted();
    // One more certificate for the signer's key, under another serial number.
    let other = Holder::under(&state.authority, state.signer.key.clone(), &Wanted { serial: 3, ..SIGNER() });
    let sign = |instead: &[&openssl::x509::X509]| {
        let signing = Signing { instead: Some(instead), ..Signing::default() };
        Card::citizen().signed(&state.signer, &signing)
    };
    let identity = accepted(&sign(&[&other.certificate]), &trust);
    assert_eq!(identity.evidence().signer.found_by, FoundBy::OnlyCertificate);

    let two = sign(&[&other.certificate, &state.authority.certificate]);
    assert_eq!(signer_fault(refused(&two, &trust)), SignerFault::CertificateMissing);
    // The only one there is not the one that signed.
    let wrong = refused(&sign(&[&state.authority.certificate]), &trust);
    assert!(matches!(wrong, IdentityError::Altered { file: FileId::Sod }), "{wrong:?}");
}

#[test]
fn a_signer_that_is_out_of_date_is_refused_with_its_days() {
    let (from, until) = (date(2020, 1, 1), date(2025, 1, 1));
    let state = State::with(&AUTHORITY(), &Wanted { valid: (from, until), ..SIGNER() });
    let fault = signer_fault(refused(&state.card(), &state.trusted()));
    assert_eq!(fault, SignerFault::OutsideValidity { from, until });
    // On a day on which the signer was valid, what it says of today is a lie: the
    // security object is signed when the test runs.
    let back_then = state.card().verify(&state.trusted(), date(2024, 6, 1));
    let fault = signer_fault(back_then.err().expect("the card is refused"));
    assert!(matches!(fault, SignerFault::SignedOutsideValidity { .. }), "{fault:?}");
}

#[test]
fn an_issuer_must_have_been_valid_when_it_signed_and_not_today() {
    let authority = |valid| Wanted { valid, ..AUTHORITY() };
    let expired_since = State::with(&authority((date(2019, 1, 1), date(2023, 1, 1))), &SIGNER());
    accepted(&expired_since.card(), &expired_since.trusted());

    let (from, until) = (date(2021, 1, 1), date(2040, 1, 1));
    let too_late = State::with(&authority((from, until)), &SIGNER());
    let fault = signer_fault(refused(&too_late.card(), &too_late.trusted()));
    assert_eq!(fault, SignerFault::IssuerOutsideValidity { from, until, signed: date(2020, 1, 1) });
}

#[test]
fn certificates_for_another_purpose_are_refused() {
    let check = |authority: Role, signer: Role, expected| {
        let state =
            State::with(&Wanted { role: authority, ..AUTHORITY() }, &Wanted { role: signer, ..SIGNER() });
        let fault = signer_fault(refused(&state.card(), &state.trusted()));
        assert_eq!(fault, SignerFault::WrongPurpose(expected));
    };
    check(Role::AuthorityWithoutUsage, Role::Signer, Purpose::Certificates);
    check(Role::Authority, Role::SignerWithoutUsage, Purpose::Documents);
    check(Role::Authority, Role::MasterListSigner, Purpose::Documents);
    check(Role::Authority, Role::PassportSigner, Purpose::Documents);
    check(Role::Authority, Role::UnknownSigner, Purpose::Documents);
    check(Role::Authority, Role::Authority, Purpose::Documents);
}

#[test]
fn an_issuer_that_only_pretends_to_be_the_trusted_one_is_refused() {
    // Same name, same key identifier, another key.
    let (real, impostor) = (State::new(), State::new());
    let fault = refused(&impostor.card(), &real.trusted());
    assert!(matches!(fault, IdentityError::UnknownIssuer { .. }), "{fault:?}");

    let without = Wanted { authority_key: false, ..SIGNER() };
    let unnamed = State::with(&AUTHORITY(), &without);
    let fault = refused(&unnamed.card(), &real.trusted());
    assert!(matches!(fault, IdentityError::UnknownIssuer { .. }), "{fault:?}");
    accepted(&unnamed.card(), &unnamed.trusted());

    // The signer's certificate names the trusted key and is signed by another.
    let liar =
        Holder { key: impostor.authority.key.clone(), certificate: real.authority.certificate.clone() };
    let signer = Holder::under(&liar, p256(), &SIGNER());
    let card = Card::citizen().signed(&signer, &Signing::default());
    assert_eq!(signer_fault(refused(&card, &real.trusted())), SignerFault::NotSignedByItsIssuer);
}

#[test]
fn a_link_certificate_is_believed_as_far_as_a_trusted_key_signed_it() {
    let old = Holder::root(p256(), &AUTHORITY());
    let new_key = p256();
    let link = Holder::under(&old, new_key.clone(), &Wanted { serial: 7, ..AUTHORITY() });
    let signer = Holder::under(&link, p256(), &SIGNER());
    let card = Card::citizen().signed(&signer, &Signing::default());

    let with_link = TrustList::from_pem(&[old.pem(), link.pem()].concat()).unwrap();
    let chain = accepted(&card, &with_link).evidence().signer.chain.clone();
    assert_eq!(chain, [fingerprint(&link.certificate), fingerprint(&old.certificate)]);

    let only_old = TrustList::from_pem(&old.pem()).unwrap();
    assert!(matches!(refused(&card, &only_old), IdentityError::UnknownIssuer { .. }));

    // A link whose signer is not there leads nowhere.
    let stranger = Holder::root(p256(), &Wanted { name: "Another CSCA", ..AUTHORITY() });
    let orphan = TrustList::from_pem(&[stranger.pem(), link.pem()].concat()).unwrap();
    assert!(matches!(refused(&card, &orphan), IdentityError::UnknownIssuer { .. }));

    // The new key's own certificate is the shorter way.
    let new_root = Holder::root(new_key, &Wanted { serial: 8, ..AUTHORITY() });
    let all = TrustList::from_pem(&[old.pem(), link.pem(), new_root.pem()].concat()).unwrap();
    let chain = accepted(&card, &all).evidence().signer.chain.clone();
    assert_eq!(chain, [fingerprint(&new_root.certificate)]);
}

#[test]
fn a_signers_certificate_with_sha1_is_refused() {
    let state = State::with(&AUTHORITY(), &Wanted { digest: MessageDigest::sha1(), ..SIGNER() });
    assert_eq!(signer_fault(refused(&state.card(), &state.trusted())), SignerFault::Weak("SHA-1"));
    // What an authority signs for itself proves nothing, so its digest is no matter.
    let old = State::with(&Wanted { digest: MessageDigest::sha1(), ..AUTHORITY() }, &SIGNER());
    accepted(&old.card(), &old.trusted());
}

#[test]
fn certificates_signed_with_rsa_pss_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sha256"];
    let (root_key, root) = (file("root.key"), file("root.pem"));
    let subject = "/C=VN/CN=Test CSCA PSS";
    let extensions = "keyUsage=critical,keyCertSign,cRLSign";
    let make_root = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", &root_key, "-out", &root];
    openssl(
        &[&make_root[..], &["-subj", subject, "-addext", extensions, "-days", "3650"], &pss[..]].concat(),
    );
    let (key, request, certificate, plan) =
        (file("signer.key"), file("signer.csr"), file("signer.pem"), file("signer.cnf"));
    openssl(&[
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        &key,
        "-out",
        &request,
        "-subj",
        "/C=VN/CN=Signer",
    ]);
    std::fs::write(&plan, "keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n").unwrap();
    let make = ["x509", "-req", "-in", &request, "-CA", &root, "-CAkey", &root_key, "-set_serial", "5"];
    openssl(&[&make[..], &["-days", "3000", "-extfile", &plan, "-out", &certificate], &pss[..]].concat());

    let signer = Holder {
        key: openssl::pkey::PKey::private_key_from_pem(&std::fs::read(&key).unwrap()).unwrap(),
        certificate: openssl::x509::X509::from_pem(&std::fs::read(&certificate).unwrap()).unwrap(),
    };
    let card = Card::citizen().signed(&signer, &Signing::default());
    let trust = TrustList::from_pem(&std::fs::read_to_string(&root).unwrap()).unwrap();
    // These certificates begin when they are made; take that day as today.
    let identity = card.verify(&trust, trust.oldest_and_newest().0);
    assert_eq!(identity.map(|it| it.evidence().signer.serial.clone()).ok().as_deref(), Some("05"));
}

#[test]
fn a_signer_of_another_country_than_its_issuer_is_refused() {
    let state = State::with(&AUTHORITY(), &Wanted { country: "UT", ..SIGNER() });
    assert_eq!(signer_fault(refused(&state.card(), &state.trusted())), SignerFault::ForeignCountry);
}

#[test]
fn what_was_signed_as_something_else_is_no_security_object() {
    let state = State::new();
    let signing = Signing { content_type: "2.23.136.1.1.2", ..Signing::default() };
    let mut card = Card::citizen().signed(&state.signer, &signing);
    let honest = refused(&card, &state.trusted());
    assert!(matches!(honest, IdentityError::Unreadable { file: FileId::Sod, .. }), "{honest:?}");

    // The type beside the content is not signed; the one among the attributes is.
    let sod = card.files.get_mut(&FileId::Sod).unwrap();
    let name = [0x06, 6, 0x67, 0x81, 0x08, 1, 1, 2];
    let at = sod.windows(name.len()).position(|octets| octets == name).unwrap();
    sod[at + 7] = 1;
    let renamed = refused(&card, &state.trusted());
    assert!(matches!(renamed, IdentityError::Altered { file: FileId::Sod }), "{renamed:?}");
}

#[test]
fn a_signature_with_sha1_is_refused_behind_a_better_digest_of_the_content() {
    let state = State::new();
    let signer = Holder::under(&state.authority, rsa(2048), &SIGNER());
    let mut card = Card::citizen().signed(&signer, &Signing::default());
    let sod = card.files.get_mut(&FileId::Sod).unwrap();
    let mut inside = tlv::only(sod, 0x77, "?").unwrap().inside();
    let signed = SignedData::parse(inside.take(0x30, "?").unwrap()).unwrap().attributes.signed;
    let mut by_sha1 = Signer::new(MessageDigest::sha1(), &signer.key).unwrap();
    let signature = by_sha1.sign_oneshot_to_vec(&signed).unwrap();
    let end = sod.len() - signature.len();
    sod[end..].copy_from_slice(&signature);
    // rsaEncryption becomes sha1WithRSAEncryption.
    let name = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
    let at = sod[..end].windows(name.len()).rposition(|octets| octets == name).unwrap();
    sod[at + 8] = 5;
    assert_eq!(signer_fault(refused(&card, &state.trusted())), SignerFault::Weak("SHA-1"));
}

/// What departs from the profile on the way to a card's signer.
fn deviations(card: &Card, trust: &TrustList) -> Vec<(Whose, Departure)> {
    accepted(card, trust).evidence().deviations.iter().map(|it| (it.of, it.what)).collect()
}

#[test]
fn an_authority_key_of_another_is_accepted_where_the_signature_is_true_and_stated() {
    let state = State::new();
    // A certificate that names a key of the same authority, and was signed by another.
    let namesake = Holder::root(p256(), &AUTHORITY());
    let by = Holder { key: state.authority.key.clone(), certificate: namesake.certificate.clone() };
    let signer = Holder::under(&by, p256(), &SIGNER());
    let card = Card::citizen().signed(&signer, &Signing::default());
    let stated = (Whose::Signer, Departure::AuthorityKeyOfAnother);
    assert!(deviations(&card, &state.trusted()).contains(&stated));
    assert!(!deviations(&state.card(), &state.trusted()).contains(&stated));
    // The key that it names is there too: the signature still decides, and is another's.
    let both = TrustList::from_pem(&[state.authority.pem(), namesake.pem()].concat()).unwrap();
    let chain = accepted(&card, &both).evidence().signer.chain.clone();
    assert_eq!(chain, [fingerprint(&state.authority.certificate)]);
}

#[test]
fn departures_from_the_profile_are_named_with_their_holder() {
    let state = State::new();
    let found = deviations(&state.card(), &state.trusted());
    // The pretend state's certificates are short; OpenSSL names their curves.
    for what in [Departure::CurveByName, Departure::UsagePeriodMissing, Departure::RevocationPointsMissing] {
        assert!(found.contains(&(Whose::Signer, what)) && found.contains(&(Whose::Issuer(1), what)));
    }
    assert!(found.contains(&(Whose::Signer, Departure::DocumentTypesMissing)));
    assert!(found.contains(&(Whose::Issuer(1), Departure::PathLengthNotZero)));
    assert!(found.iter().all(|(of, _)| *of != Whose::Object), "{found:?}");
    assert!(!found.contains(&(Whose::Issuer(1), Departure::NotValidToday)));

    let unnamed = State::with(&AUTHORITY(), &Wanted { authority_key: false, ..SIGNER() });
    let found = deviations(&unnamed.card(), &unnamed.trusted());
    assert!(found.contains(&(Whose::Signer, Departure::AuthorityKeyMissing)));

    let ended = Wanted { valid: (date(2019, 1, 1), date(2023, 1, 1)), ..AUTHORITY() };
    let ended = State::with(&ended, &SIGNER());
    let found = deviations(&ended.card(), &ended.trusted());
    assert!(found.contains(&(Whose::Issuer(1), Departure::NotValidToday)));

    let authority = Holder::root(curve(Nid::BRAINPOOL_P384R1, Written::Out), &AUTHORITY());
    let signer = Holder::under(&authority, p256(), &Wanted { role: Role::PassportSigner, ..SIGNER() });
    let mut card = Card::citizen();
    let passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    let dg1 = Card::of(passport, None).files.remove(&FileId::Dg1).unwrap();
    card.files.insert(FileId::Dg1, dg1);
    let card = card.signed(&signer, &Signing::default());
    let trust = TrustList::from_pem(&authority.pem()).unwrap();
    let grounds = Grounds::trusting(&trust);
    let judgement = crate::examination::examine(&card.read(), &grounds, TODAY).judgement;
    // A passport is authentic, though it makes nobody a citizen.
    assert_eq!(judgement.verdict, Verdict::Authentic);
    let named = |of, what| judgement.deviations.iter().any(|it| it.of == of && it.what == what);
    assert!(!named(Whose::Signer, Departure::DocumentTypesMissing));
    assert!(!named(Whose::Issuer(1), Departure::CurveByName));
    let refused = card.verify(&trust, TODAY).err().expect("a passport is no citizen's card");
    assert!(matches!(refused, IdentityError::Expired { .. } | IdentityError::NotACitizenCard), "{refused:?}");
}

#[test]
fn a_certificate_with_sha1_is_believed_by_name_only_and_stated() {
    let state = State::with(&AUTHORITY(), &Wanted { digest: MessageDigest::sha1(), ..SIGNER() });
    let (card, trust, none) = (state.card(), state.trusted(), RevocationLists::default());
    let policy = Policy { sha1: Sha1Policy::AcceptedThrough(TODAY), ..Policy::STATING };
    let judge = |policy, today| {
        let grounds = Grounds { trust: &trust, revoked: &none, policy };
        crate::examination::examine(&card.read(), &grounds, today).judgement
    };
    let judgement = judge(policy, TODAY);
    assert_eq!(judgement.verdict, Verdict::Authentic);
    let stated = |it: &Deviation| it.of == Whose::Signer && it.what == Departure::Sha1;
    assert!(judgement.deviations.iter().any(stated));
    let why = "SHA-1 is too weak".to_owned();
    assert_eq!(judge(policy, date(2026, 11, 22)).verdict, Verdict::SignerNotValid { why });
}
