//! Master lists and revocation lists made by the simulators' issuers' kit, with keys
//! and digests of every kind that issuing states use, and over a change of key and
//! name.

use identity::{
    Grounds, Inventory, MasterList, MasterListFault, Policy, RevocationList, RevocationListFault,
    RevocationLists, TrustList, TrustUpdate, inventory::Standing, policy::Sha1Policy,
    trust_update::OlderList,
};
use jiff::civil::{Date, date};
use openssl::x509::X509;
use simulators::{
    card_profile::{Curve, Hash, SigningKey},
    chance::SeededChance,
    personalise::{
        CertificateUse, CountryDraft, CountrySigner, CurveForm, DocumentSigner, Period, SignerDraft, State,
    },
};

const TODAY: Date = date(2026, 11, 21);
const VALIDITY: Period = Period { from: date(2020, 1, 1), to: date(2040, 1, 1) };

type Kind = (SigningKey, Hash);

fn ecdsa(number: u8, form: CurveForm) -> SigningKey {
    SigningKey::Ecdsa { curve: Curve::try_from(number).unwrap(), form }
}

/// Kinds of keys as the world's authorities have them, but for SHA-1.
fn kinds() -> Vec<Kind> {
    vec![
        (SigningKey::RsaPkcs1 { bits: 2048 }, Hash::Sha256),
        (SigningKey::RsaPss { bits: 2048 }, Hash::Sha384),
        (SigningKey::RsaPss { bits: 2048 }, Hash::Sha512),
        (ecdsa(10, CurveForm::Named), Hash::Sha224),
        (ecdsa(11, CurveForm::Explicit), Hash::Sha256),
        (ecdsa(14, CurveForm::Explicit), Hash::Sha384),
        (ecdsa(17, CurveForm::Explicit), Hash::Sha512),
        (ecdsa(18, CurveForm::Explicit), Hash::Sha512),
    ]
}

fn draft(name: &str, (key, hash): Kind) -> CountryDraft<'_> {
    CountryDraft { state: State::UTOPIA, name, key, hash, validity: VALIDITY }
}

fn country(name: &str, kind: Kind) -> CountrySigner {
    CountrySigner::generate(&draft(name, kind), &mut SeededChance::new(1)).unwrap()
}

fn signer(csca: &CountrySigner, usage: CertificateUse, (key, hash): Kind) -> DocumentSigner {
    let draft = SignerDraft { name: "Signer", usage, key, hash, validity: VALIDITY, key_period: VALIDITY };
    csca.issue(&draft, &mut SeededChance::new(2)).unwrap()
}

fn trusting(certificates: &[&[u8]]) -> TrustList {
    let pem = |der: &&[u8]| String::from_utf8(X509::from_der(der).unwrap().to_pem().unwrap()).unwrap();
    TrustList::from_pem(&certificates.iter().map(pem).collect::<String>()).unwrap()
}

fn open(file: &[u8], roots: &TrustList) -> Result<MasterList, MasterListFault> {
    open_by(file, roots, Policy::STATING)
}

fn open_by(file: &[u8], trust: &TrustList, policy: Policy) -> Result<MasterList, MasterListFault> {
    let none = RevocationLists::default();
    MasterList::open(file, &Grounds { trust, revoked: &none, policy }, TODAY)
}

#[test]
fn lists_under_every_kind_of_key_are_believed() {
    for kind in kinds() {
        let csca = country("Utopia", kind);
        let trust = trusting(&[csca.certificate()]);
        let list_signer = signer(&csca, CertificateUse::MasterLists, kind);
        let file = csca.master_list(&[csca.certificate()], &list_signer, date(2026, 11, 1)).unwrap();
        let list = open(&file, &trust).unwrap_or_else(|fault| panic!("{kind:?}: {fault:?}"));
        assert_eq!((list.country(), list.count(), list.age(TODAY)), ("UT", 1, 20), "{kind:?}");
        let validity = Period { from: date(2026, 11, 1), to: date(2027, 1, 30) };
        let list = csca.revocation_list(&[&list_signer], validity, 1).unwrap();
        let list = RevocationList::open(&list, &trust, &Policy::STATING, TODAY);
        assert_eq!(list.unwrap_or_else(|fault| panic!("{kind:?}: {fault:?}")).count(), 1);
    }
}

#[test]
fn lists_with_sha1_are_believed_by_name_only() {
    let kind = (SigningKey::RsaPkcs1 { bits: 2048 }, Hash::Sha1);
    let csca = country("Utopia", kind);
    let trust = trusting(&[csca.certificate()]);
    let list_signer = signer(&csca, CertificateUse::MasterLists, kind);
    let file = csca.master_list(&[csca.certificate()], &list_signer, date(2026, 11, 1)).unwrap();
    assert!(matches!(open(&file, &trust), Err(MasterListFault::SignerNotValid(_))));
    let policy = Policy { sha1: Sha1Policy::AcceptedThrough(TODAY), ..Policy::STATING };
    assert!(open_by(&file, &trust, policy).is_ok());
}

#[test]
fn a_change_of_key_and_name_is_a_link_and_the_new_list_speaks_for_the_old_key() {
    let kind = kinds()[6];
    let old = country("Utopia", kind);
    let (new, link) = old.succeed(&draft("New Utopia", kind), &mut SeededChance::new(5)).unwrap();
    let listed = [old.certificate(), &link, new.certificate()];
    let list_signer = signer(&new, CertificateUse::MasterLists, kind);
    let file = new.master_list(&listed, &list_signer, date(2026, 11, 1)).unwrap();
    // Whoever trusts the old key believes the new one's list by the link alone.
    let list = open(&file, &trusting(&[old.certificate(), &link])).unwrap();
    assert_eq!(list.signer().chain.len(), 2);
    let inventory = Inventory::of(&list);
    assert_eq!(inventory.count(Standing::is_self_signed), 2);
    assert_eq!(inventory.count(Standing::is_link), 1);
    assert!(inventory.findings.iter().all(|it| it.standing.is_link() != it.same_name));

    let update = TrustUpdate::plan(None, &list, OlderList::Refuse).unwrap();
    assert_eq!((update.added.len(), update.left_out.len()), (3, 0));
    let document_signer = signer(&old, CertificateUse::Documents, kind);
    let validity = Period { from: date(2026, 11, 1), to: date(2027, 1, 30) };
    let revoked = new.revocation_list(&[&document_signer], validity, 2).unwrap();
    assert!(RevocationList::open(&revoked, update.list(), &Policy::STATING, TODAY).is_ok());
    let before = RevocationList::open(&revoked, &trusting(&[old.certificate()]), &Policy::STATING, TODAY);
    assert!(matches!(before.err(), Some(RevocationListFault::UnknownIssuer { .. })));
}

#[test]
fn a_signer_of_documents_signs_no_lists() {
    let kind = kinds()[0];
    let csca = country("Utopia", kind);
    let trust = trusting(&[csca.certificate()]);
    for usage in [CertificateUse::Documents, CertificateUse::DocumentsByMistake] {
        let by = signer(&csca, usage, kind);
        let file = csca.master_list(&[csca.certificate()], &by, date(2026, 11, 1)).unwrap();
        assert!(matches!(open(&file, &trust), Err(MasterListFault::SignerNotValid(_))), "{usage:?}");
    }
}
