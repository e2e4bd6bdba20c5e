//! Certificates, links, lists and security objects of the issuers' kit before an
//! independent judge: OpenSSL, as a library and as a program.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use jiff::civil::{Date, date};
use openssl::x509::{CrlStatus, X509, X509Crl};
use simulators::{
    card_profile::{
        ContentEncoding, Curve, Hash, SecurityObject, SecurityObjectPart, SecurityObjectVersion, SignerFault,
        SignerIdentifier, SigningKey,
    },
    chance::SeededChance,
    people::People,
    personalise::{
        CertificateUse, CountryDraft, CountrySigner, CurveForm, DocumentSigner, Issuer, Period, Personalised,
        SignerDraft, State,
    },
    scenario::CardScript,
};

const PEOPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/people");
const TODAY: Date = date(2026, 11, 21);
/// The same day in seconds since 1970.
const TODAY_IN_SECONDS: &str = "1795219200";
const VALIDITY: Period = Period { from: date(2020, 1, 1), to: date(2040, 1, 1) };

fn ecdsa(number: u8, form: CurveForm) -> SigningKey {
    SigningKey::Ecdsa { curve: Curve::try_from(number).unwrap(), form }
}

/// Kinds of keys as the world's authorities have them.
fn kinds() -> Vec<(SigningKey, Hash)> {
    vec![
        (SigningKey::RsaPkcs1 { bits: 2048 }, Hash::Sha1),
        (SigningKey::RsaPkcs1 { bits: 2048 }, Hash::Sha256),
        (SigningKey::RsaPss { bits: 2048 }, Hash::Sha1),
        (SigningKey::RsaPss { bits: 2048 }, Hash::Sha256),
        (SigningKey::RsaPss { bits: 2048 }, Hash::Sha512),
        (ecdsa(10, CurveForm::Named), Hash::Sha224),
        (ecdsa(13, CurveForm::Explicit), Hash::Sha1),
        (ecdsa(15, CurveForm::Named), Hash::Sha384),
        (ecdsa(17, CurveForm::Explicit), Hash::Sha512),
        (ecdsa(18, CurveForm::Named), Hash::Sha512),
    ]
}

fn country(name: &str, (key, hash): (SigningKey, Hash), seed: u64) -> CountrySigner {
    let draft = CountryDraft { state: State::UTOPIA, name, key, hash, validity: VALIDITY };
    CountrySigner::generate(&draft, &mut SeededChance::new(seed)).unwrap()
}

fn usual_country() -> CountrySigner {
    country("Utopia", (ecdsa(15, CurveForm::Named), Hash::Sha384), 1)
}

fn signer_of(csca: &CountrySigner, usage: CertificateUse, key: (SigningKey, Hash)) -> DocumentSigner {
    let draft = SignerDraft {
        name: "Signer",
        usage,
        key: key.0,
        hash: key.1,
        validity: VALIDITY,
        key_period: VALIDITY,
    };
    csca.issue(&draft, &mut SeededChance::new(2)).unwrap()
}

fn parsed(der: &[u8]) -> X509 {
    X509::from_der(der).unwrap()
}

fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl").current_dir(folder).args(arguments).output().unwrap()
}

fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn authorities_with_every_kind_of_key_sign_themselves_and_their_signers() {
    for kind in kinds() {
        let csca = country("Utopia", kind, 1);
        let certificate = parsed(csca.certificate());
        assert!(certificate.verify(&certificate.public_key().unwrap()).unwrap(), "{kind:?}");
        let identifier = |id: Option<&openssl::asn1::Asn1OctetStringRef>| id.unwrap().as_slice().to_vec();
        assert_eq!(identifier(certificate.subject_key_id()), identifier(certificate.authority_key_id()));
        let signer = parsed(signer_of(&csca, CertificateUse::Documents, kind).certificate());
        assert!(signer.verify(&certificate.public_key().unwrap()).unwrap(), "{kind:?}");
        assert_eq!(identifier(signer.authority_key_id()), identifier(certificate.subject_key_id()));
        assert!(format!("{:?}", signer.subject_name()).contains("TEST"));
    }
}

#[test]
fn the_program_builds_a_chain_from_signer_to_authority() {
    let folder = tempfile::tempdir().unwrap();
    let csca = usual_country();
    let signer = signer_of(&csca, CertificateUse::Documents, kinds()[1]);
    fs::write(folder.path().join("csca.pem"), csca.certificate_pem().unwrap()).unwrap();
    fs::write(folder.path().join("signer.pem"), parsed(signer.certificate()).to_pem().unwrap()).unwrap();
    let arguments =
        ["verify", "-x509_strict", "-attime", TODAY_IN_SECONDS, "-CAfile", "csca.pem", "signer.pem"];
    assert_success(&openssl(folder.path(), &arguments));
}

#[test]
fn a_link_certificate_leads_from_the_old_key_to_the_new_one() {
    let old = usual_country();
    for (name, renamed) in [("Utopia", false), ("New Utopia", true)] {
        let draft = CountryDraft {
            state: State::UTOPIA,
            name,
            key: ecdsa(17, CurveForm::Explicit),
            hash: Hash::Sha512,
            validity: VALIDITY,
        };
        let (new, link) = old.succeed(&draft, &mut SeededChance::new(5)).unwrap();
        let [old, new, link] = [old.certificate(), new.certificate(), &link].map(parsed);
        assert!(link.verify(&old.public_key().unwrap()).unwrap());
        assert!(!link.verify(&new.public_key().unwrap()).unwrap());
        let key = |certificate: &X509| certificate.public_key().unwrap().public_key_to_der().unwrap();
        assert_eq!(key(&link), key(&new));
        let name = |name: &openssl::x509::X509NameRef| name.to_der().unwrap();
        assert_eq!(name(link.issuer_name()), name(old.subject_name()));
        assert_eq!(name(link.subject_name()), name(new.subject_name()));
        assert_eq!(name(link.subject_name()) != name(link.issuer_name()), renamed);
        // nameChange (9303-12, 7.1.1.5) says so.
        let change = [0x06, 0x07, 0x67, 0x81, 0x08, 0x01, 0x01, 0x06, 0x01];
        assert_eq!(link.to_der().unwrap().windows(9).any(|window| window == change), renamed);
    }
}

#[test]
fn a_revocation_list_names_the_revoked_signer_and_no_other() {
    for kind in kinds() {
        let csca = country("Utopia", kind, 1);
        let [good, bad] = [CertificateUse::Documents, CertificateUse::MasterLists].map(|usage| {
            let mut chance = SeededChance::new(usage as u64);
            let draft = SignerDraft {
                name: "Signer",
                usage,
                key: ecdsa(13, CurveForm::Named),
                hash: Hash::Sha256,
                validity: VALIDITY,
                key_period: VALIDITY,
            };
            csca.issue(&draft, &mut chance).unwrap()
        });
        let list = csca.revocation_list(&[&bad], VALIDITY, 3).unwrap();
        let list = X509Crl::from_der(&list).unwrap();
        assert!(list.verify(&parsed(csca.certificate()).public_key().unwrap()).unwrap(), "{kind:?}");
        assert!(matches!(list.get_by_cert(&parsed(bad.certificate())), CrlStatus::Revoked(_)));
        assert!(matches!(list.get_by_cert(&parsed(good.certificate())), CrlStatus::NotRevoked));
        let empty = X509Crl::from_der(&csca.revocation_list(&[], VALIDITY, 4).unwrap()).unwrap();
        assert!(empty.get_revoked().is_none());
    }
}

#[test]
fn a_master_list_holds_its_certificates_under_a_signature_of_the_authority() {
    let folder = tempfile::tempdir().unwrap();
    let csca = usual_country();
    let others: Vec<CountrySigner> =
        kinds().into_iter().zip(10..).map(|(kind, seed)| country("Other", kind, seed)).collect();
    let certificates: Vec<&[u8]> = others.iter().map(CountrySigner::certificate).collect();
    let signer = signer_of(&csca, CertificateUse::MasterLists, (ecdsa(12, CurveForm::Named), Hash::Sha256));
    let list = csca.master_list(&certificates, &signer, TODAY).unwrap();
    fs::write(folder.path().join("list.der"), list).unwrap();
    fs::write(folder.path().join("csca.pem"), csca.certificate_pem().unwrap()).unwrap();
    let arguments = ["cms", "-verify", "-inform", "DER", "-binary", "-purpose", "any", "-in", "list.der"];
    let arguments = [&arguments[..], &["-attime", TODAY_IN_SECONDS, "-CAfile", "csca.pem", "-out", "out"]];
    assert_success(&openssl(folder.path(), &arguments.concat()));
    let content = fs::read(folder.path().join("out")).unwrap();
    for certificate in certificates {
        assert!(content.windows(certificate.len()).any(|window| window == certificate));
    }
}

/// A card whose security object is made like that.
fn card(issuer: &Issuer, script: &CardScript) -> Personalised {
    let people = People::load(Path::new(PEOPLE)).unwrap();
    issuer.personalise(people.person("khue").unwrap(), Path::new(PEOPLE), script, TODAY).unwrap()
}

fn script(security_object: SecurityObject) -> CardScript {
    let mut script = CardScript::default();
    script.profile.security_object = security_object;
    script
}

/// Has the program check the signature of EF.SOD; the chain is not its affair, as it
/// refuses curves by their numbers.
fn verify_security_object(folder: &Path, card: &Personalised) -> Output {
    let file = card.file(0x1D).unwrap();
    let header = if file[1] == 0x82 { 4 } else { 3 };
    fs::write(folder.join("sod.der"), &file[header..]).unwrap();
    let arguments =
        ["cms", "-verify", "-noverify", "-inform", "DER", "-binary", "-in", "sod.der", "-out", "out"];
    openssl(folder, &arguments)
}

#[test]
fn security_objects_of_every_making_hold() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    for (key, hash) in kinds() {
        for (encoding, signer) in [
            (ContentEncoding::Der, SignerIdentifier::IssuerAndSerial),
            (ContentEncoding::BerIndefinite, SignerIdentifier::KeyIdentifier),
        ] {
            let version = SecurityObjectVersion::V1;
            let made = SecurityObject { version, hash, key: Some(key), signer, encoding };
            let card = card(&issuer, &script(made));
            assert_success(&verify_security_object(folder.path(), &card));
            assert!(card.file(0x1E).unwrap().windows(4).any(|window| window == b"0108"));
            let content = fs::read(folder.path().join("out")).unwrap();
            let portrait = openssl::hash::hash(message_digest(hash), card.file(2).unwrap()).unwrap();
            assert!(content.windows(portrait.len()).any(|window| window == &*portrait), "{made:?}");
            assert!(content.ends_with(b"\x13\x040108\x13\x06040000"), "{made:?}");
        }
    }
}

fn message_digest(hash: Hash) -> openssl::hash::MessageDigest {
    use openssl::hash::MessageDigest;
    match hash {
        Hash::Sha1 => MessageDigest::sha1(),
        Hash::Sha224 => MessageDigest::sha224(),
        Hash::Sha256 => MessageDigest::sha256(),
        Hash::Sha384 => MessageDigest::sha384(),
        Hash::Sha512 => MessageDigest::sha512(),
    }
}

#[test]
fn a_signer_who_is_not_named_rightly_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    let made = SecurityObject { signer: SignerIdentifier::Unfitting, ..SecurityObject::default() };
    let output = verify_security_object(folder.path(), &card(&issuer, &script(made)));
    assert!(String::from_utf8_lossy(&output.stderr).contains("signer certificate not found"));
}

#[test]
fn a_security_object_altered_in_any_part_fails() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    for (part, reason) in [
        (SecurityObjectPart::Signature, "verification failure"),
        (SecurityObjectPart::HashList, "content verify error"),
        (SecurityObjectPart::Attributes, "verification failure"),
    ] {
        let mut script = CardScript::default();
        script.faults.altered_security_object = Some(part);
        let output = verify_security_object(folder.path(), &card(&issuer, &script));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(reason), "{part:?}: {said}");
    }
}

/// The certificate in EF.SOD, as OpenSSL finds it.
fn signer_certificate(card: &Personalised) -> X509 {
    let file = card.file(0x1D).unwrap();
    (0..file.len()).find_map(|at| X509::from_der(&file[at..]).ok()).unwrap()
}

/// The last day of the private key usage period (RFC 3280, 4.2.1.4):
/// year, month and day as eight digits.
fn end_of_key_period(certificate: &X509) -> String {
    let der = certificate.to_der().unwrap();
    let extension = [0x06, 0x03, 0x55, 0x1D, 0x10];
    let at = der.windows(5).position(|window| window == extension).unwrap();
    let end = der[at..].windows(2).position(|window| window == [0x81, 0x0F]).unwrap();
    String::from_utf8(der[at + end + 2..][..8].to_vec()).unwrap()
}

/// The day of issue printed on the card, as eight digits that can be compared.
fn issued_on(card: &Personalised) -> String {
    let printed = card.printed_code().rsplit('|').next().unwrap();
    [&printed[4..], &printed[2..4], &printed[..2]].concat()
}

#[test]
fn every_fault_of_a_signer_is_in_its_certificate_and_its_signature_still_holds() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    let now = openssl::asn1::Asn1Time::from_unix(TODAY_IN_SECONDS.parse().unwrap()).unwrap();
    let csca = parsed(issuer.csca().certificate()).public_key().unwrap();
    let list = X509Crl::from_der(&issuer.revocation_list().unwrap()).unwrap();
    for fault in [
        SignerFault::Expired,
        SignerFault::NotYetValid,
        SignerFault::Revoked,
        SignerFault::Foreign,
        SignerFault::WrongUsage,
        SignerFault::KeyPeriodOver,
    ] {
        let mut script = CardScript::default();
        script.faults.signer = Some(fault);
        let card = card(&issuer, &script);
        assert_success(&verify_security_object(folder.path(), &card));
        let certificate = signer_certificate(&card);
        let text = String::from_utf8(certificate.to_text().unwrap()).unwrap();
        assert_eq!(certificate.not_after() < &*now, fault == SignerFault::Expired, "{fault:?}");
        assert_eq!(certificate.not_before() > &*now, fault == SignerFault::NotYetValid, "{fault:?}");
        assert_eq!(certificate.verify(&csca).unwrap(), fault != SignerFault::Foreign, "{fault:?}");
        assert_eq!(!text.contains("Digital Signature"), fault == SignerFault::WrongUsage, "{fault:?}");
        let over = end_of_key_period(&certificate) < issued_on(&card);
        let expected = [SignerFault::KeyPeriodOver, SignerFault::Expired].contains(&fault);
        assert_eq!(over, expected, "{fault:?}");
        let revoked = matches!(list.get_by_cert(&certificate), CrlStatus::Revoked(_));
        assert_eq!(revoked, fault == SignerFault::Revoked, "{fault:?}");
    }
}

#[test]
fn cards_can_be_issued_under_an_authority_of_the_callers() {
    let csca = country("Explicit", (ecdsa(17, CurveForm::Explicit), Hash::Sha512), 4);
    let issuer = Issuer::under(csca.clone(), TODAY, &mut SeededChance::new(1)).unwrap();
    assert_eq!(issuer.csca_pem(), csca.certificate_pem().unwrap());
    let signer = signer_certificate(&card(&issuer, &CardScript::default()));
    assert!(signer.verify(&parsed(csca.certificate()).public_key().unwrap()).unwrap());
}
