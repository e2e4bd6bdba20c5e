//! Which master lists are believed, and what is said of what they hold. The lists
//! are signed by the OpenSSL command line on the day on which the test runs, so
//! these tests live long after that day.

use jiff::civil::date;
use openssl::nid::Nid;

use super::*;
use crate::{
    CurveForm, Inventory, KeyKind, Policy, RevocationList, RevocationLists, TrustList,
    inventory::{Standing, Unverified},
    pretend_state::{
        AUTHORITY, Holder, Role, SIGNER, Signing, Wanted, Written, curve, envelope, fingerprint,
        lists::{MASTER_LIST, authority, list_of, list_signer, master_list, revocation_list},
        p256, rsa,
    },
    profile::{Departure, Holder as Whose},
};

const LATER: Date = date(2250, 1, 1);

fn trusting(holder: &Holder) -> TrustList {
    TrustList::from_pem(&holder.pem()).unwrap()
}

fn open(file: &[u8], roots: &TrustList) -> Result<MasterList, MasterListFault> {
    MasterList::open(file, &Grounds::trusting(roots), LATER)
}

fn refused(file: &[u8], roots: &TrustList) -> MasterListFault {
    open(file, roots).err().expect("the list is refused")
}

#[test]
fn a_list_is_opened_with_the_root_of_its_state_and_says_who_and_when() {
    let root = authority("DE", "csca");
    let others = [authority("VN", "one"), authority("UT", "two")];
    let file = master_list(
        &[&root.certificate, &others[0].certificate, &others[1].certificate],
        &list_signer(&root),
    );
    let list = open(&file, &trusting(&root)).unwrap();
    assert_eq!((list.country(), list.count()), ("DE", 3));
    assert_eq!(list.digest(), hex::encode(Sha256::digest(&file)));
    assert_eq!(list.signer().algorithm, "ecdsa-sha256");
    assert_eq!(list.signer().chain, [fingerprint(&root.certificate)]);
    let age = list.age(LATER);
    assert_eq!(list.signed_at().date().checked_add(jiff::Span::new().days(age)).unwrap(), LATER);
}

#[test]
fn a_root_inside_the_envelope_makes_nobody_trusted() {
    let (root, stranger) = (authority("DE", "csca"), authority("DE", "csca"));
    let signer = list_signer(&root);
    let with = Signing {
        content_type: MASTER_LIST,
        instead: Some(&[&signer.certificate, &root.certificate]),
        ..Signing::default()
    };
    let file = envelope(&list_of(&[&root.certificate]), &signer, &with);
    assert!(open(&file, &trusting(&root)).is_ok());
    let fault = refused(&file, &trusting(&stranger));
    assert!(matches!(fault, MasterListFault::UnknownIssuer { .. }), "{fault:?}");
}

#[test]
fn a_list_whose_signer_hangs_on_a_link_is_believed_where_the_link_is_trusted() {
    let old = authority("DE", "csca");
    let link = Holder::under(&old, p256(), &Wanted { country: "DE", name: "csca", serial: 9, ..AUTHORITY() });
    let file = master_list(&[&old.certificate], &list_signer(&link));
    let both = TrustList::from_pem(&[old.pem(), link.pem()].concat()).unwrap();
    assert_eq!(open(&file, &both).unwrap().signer().chain.len(), 2);
    assert!(matches!(refused(&file, &trusting(&old)), MasterListFault::UnknownIssuer { .. }));
}

#[test]
fn a_changed_list_is_refused() {
    let root = authority("DE", "csca");
    let file = master_list(&[&root.certificate], &list_signer(&root));
    let inside = root.certificate.to_der().unwrap();
    let at = file.windows(inside.len()).position(|octets| octets == inside).unwrap();
    let mut changed = file.clone();
    changed[at + 40] ^= 1;
    assert_eq!(refused(&changed, &trusting(&root)), MasterListFault::Altered);
    let mut changed = file.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&changed, &trusting(&root)), MasterListFault::Altered);
    for length in (0..file.len()).step_by(11) {
        assert!(matches!(refused(&file[..length], &trusting(&root)), MasterListFault::Malformed(_)));
    }
    let padded = [&file[..], &[0]].concat();
    assert!(matches!(refused(&padded, &trusting(&root)), MasterListFault::Malformed(_)));
}

#[test]
fn only_a_signer_of_master_lists_signs_them() {
    let root = authority("DE", "csca");
    let under = |role| Holder::under(&root, p256(), &Wanted { country: "DE", role, ..SIGNER() });
    for role in [Role::Signer, Role::SignerWithoutUsage, Role::Authority] {
        let file = master_list(&[&root.certificate], &under(role));
        let expected = MasterListFault::SignerNotValid(SignerFault::WrongPurpose(Purpose::MasterLists));
        assert_eq!(refused(&file, &trusting(&root)), expected);
    }
    let foreign = Wanted { country: "UT", role: Role::MasterListSigner, ..SIGNER() };
    let file = master_list(&[&root.certificate], &Holder::under(&root, p256(), &foreign));
    let expected = MasterListFault::SignerNotValid(SignerFault::ForeignCountry);
    assert_eq!(refused(&file, &trusting(&root)), expected);
}

#[test]
fn a_list_is_not_believed_before_its_day_nor_after_its_signers_last() {
    let root = authority("DE", "csca");
    let file = master_list(&[&root.certificate], &list_signer(&root));
    let trust = trusting(&root);
    let grounds = Grounds::trusting(&trust);
    let on = |day| MasterList::open(&file, &grounds, day).err();
    let early = on(date(2021, 1, 1));
    assert!(matches!(early, Some(MasterListFault::FromTheFuture { .. })), "{early:?}");
    let late = on(date(2295, 1, 1));
    assert!(
        matches!(late, Some(MasterListFault::SignerNotValid(SignerFault::OutsideValidity { .. }))),
        "{late:?}"
    );
}

#[test]
fn another_content_is_no_master_list() {
    let root = authority("DE", "csca");
    let signer = list_signer(&root);
    let other = envelope(&list_of(&[&root.certificate]), &signer, &Signing::default());
    assert!(matches!(refused(&other, &trusting(&root)), MasterListFault::Malformed(_)));
    let rubbish = envelope(b"rubbish", &signer, &Signing { content_type: MASTER_LIST, ..Signing::default() });
    assert!(matches!(refused(&rubbish, &trusting(&root)), MasterListFault::Malformed(_)));
}

#[test]
fn a_list_of_indefinite_length_is_read() {
    let root = authority("DE", "csca");
    let signing = Signing { content_type: MASTER_LIST, further: &["-stream"], ..Signing::default() };
    let file = envelope(&list_of(&[&root.certificate]), &list_signer(&root), &signing);
    assert!(file.windows(2).any(|octets| octets == [0x30, 0x80]), "OpenSSL wrote an indefinite length");
    assert_eq!(open(&file, &trusting(&root)).unwrap().count(), 1);
}

/// What the inventory says of each certificate beside the root.
fn standings(certificates: &[&Holder]) -> Vec<Standing> {
    let root = authority("DE", "csca");
    let mut all = vec![&root.certificate];
    all.extend(certificates.iter().map(|it| &it.certificate));
    let list = open(&master_list(&all, &list_signer(&root)), &trusting(&root)).unwrap();
    // SET OF is in the order of the file here: the test does not sort it.
    Inventory::of(&list).findings.into_iter().skip(1).map(|it| it.standing).collect()
}

#[test]
fn a_link_is_told_from_a_self_signed_certificate_whatever_their_names() {
    let old = authority("VN", "csca");
    let by = || Standing::Link { by: fingerprint(&old.certificate) };
    let wanted = |name| Wanted { country: "VN", name, serial: 5, ..AUTHORITY() };
    let same_name = Holder::under(&old, p256(), &wanted("csca"));
    let other_name = Holder::under(&old, p256(), &wanted("csca 2"));
    let new_root = Holder::root(same_name.key.clone(), &wanted("csca"));
    let found = standings(&[&old, &same_name, &other_name, &new_root]);
    assert_eq!(found, [Standing::SelfSigned, by(), by(), Standing::SelfSigned]);
    // Even where the link does not name the key that signed it.
    let unnamed = Holder::under(&old, p256(), &Wanted { authority_key: false, ..wanted("csca") });
    assert_eq!(standings(&[&old, &unnamed])[1], by());
}

#[test]
fn a_signature_that_nobody_in_the_list_made_is_unverified_with_its_reason() {
    let absent = authority("VN", "csca");
    let wanted = Wanted { country: "VN", name: "csca", serial: 5, ..AUTHORITY() };
    let orphan = Holder::under(&absent, p256(), &wanted);
    // Another key of the same name is there, but did not make it.
    let namesake = authority("VN", "csca");
    let is = |reason| Standing::Unverified { reason };
    assert_eq!(standings(&[&orphan]), [is(Unverified::IssuerAbsent)]);
    assert_eq!(standings(&[&orphan, &namesake])[0], is(Unverified::IssuerAbsent));
    // It names the namesake's key, and the absent one's made it.
    let liar = Holder { key: absent.key.clone(), certificate: namesake.certificate.clone() };
    let lie = Holder::under(&liar, p256(), &wanted);
    assert_eq!(standings(&[&lie, &namesake])[0], is(Unverified::NotItsIssuers));
    let short = Holder::root(rsa(1024), &wanted);
    let why = "an RSA key below 2048 bits is too weak".to_owned();
    assert_eq!(standings(&[&short]), [is(Unverified::Unusable { why })]);
}

#[test]
fn keys_algorithms_and_departures_are_named() {
    let root = authority("DE", "csca");
    let wanted = Wanted { country: "VN", ..AUTHORITY() };
    let written_out = Holder::root(curve(Nid::BRAINPOOL_P512R1, Written::Out), &wanted);
    let by_rsa = Holder::root(rsa(3072), &wanted);
    let file = master_list(&[&written_out.certificate, &by_rsa.certificate], &list_signer(&root));
    let found = Inventory::of(&open(&file, &trusting(&root)).unwrap()).findings;
    let explicit = KeyKind::Ec { curve: "brainpoolP512r1", written: CurveForm::Explicit };
    assert_eq!(found[0].key, Ok(explicit));
    assert_eq!(explicit.to_string(), "brainpoolP512r1 (explicit)");
    assert_eq!(found[1].key, Ok(KeyKind::Rsa { bits: 3072 }));
    assert_eq!(found[1].signature.as_deref(), Ok("rsa-pkcs1-sha256"));
    assert_eq!(found[1].country, "VN");
    // The pretend state's roots have no path length, period and revocation points.
    let expected =
        [Departure::PathLengthNotZero, Departure::UsagePeriodMissing, Departure::RevocationPointsMissing];
    assert_eq!(found[1].departures, expected);
}

#[test]
fn a_certificate_that_cannot_be_read_is_counted_and_named() {
    let root = authority("DE", "csca");
    let mut content = list_of(&[&root.certificate]);
    // The version of the certificate, 2, becomes 7.
    let at = content.windows(5).position(|octets| octets == [0xA0, 3, 2, 1, 2]).unwrap();
    content[at + 4] = 7;
    let signing = Signing { content_type: MASTER_LIST, ..Signing::default() };
    let file = envelope(&content, &list_signer(&root), &signing);
    let list = open(&file, &trusting(&root)).unwrap();
    let inventory = Inventory::of(&list);
    assert_eq!(list.count(), 1);
    assert!(inventory.findings.is_empty());
    assert_eq!(inventory.unreadable, [(1, "a certificate breaks its format")]);
}

#[test]
fn a_list_whose_signer_was_called_back_is_refused() {
    let root = authority("DE", "csca");
    let (trust, file) = (trusting(&root), master_list(&[&root.certificate], &list_signer(&root)));
    let days = (date(2249, 12, 1), date(2250, 2, 1));
    let under = |serials: &[&str], revocation| {
        let mut revoked = RevocationLists::default();
        for list in serials.iter().map(|serial| revocation_list(&root, &[serial], days)) {
            revoked.add(RevocationList::open(&list, &trust, &Policy::STATING, LATER).unwrap()).unwrap();
        }
        let policy = Policy { revocation, ..Policy::STATING };
        MasterList::open(&file, &Grounds { trust: &trust, revoked: &revoked, policy }, LATER).map(|_| ())
    };
    // The signer's serial number is 77, the root's is 1.
    let refused = |whose| Err(MasterListFault::Revoked { whose, on: date(2026, 3, 4) });
    assert_eq!(under(&["4D"], RevocationPolicy::StateOnly), refused(Whose::Signer));
    assert_eq!(under(&["01"], RevocationPolicy::StateOnly), refused(Whose::Issuer(1)));
    assert_eq!(under(&["05"], RevocationPolicy::CurrentListRequired), Ok(()));
    let unknown = under(&[], RevocationPolicy::CurrentListRequired);
    assert_eq!(unknown, Err(MasterListFault::RevocationUnknown));
}
