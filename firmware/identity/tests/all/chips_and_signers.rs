//! Verdicts over whole readings: the virtual card and its issuer, which share no code
//! with `card` and `identity`, in every way in which a card is signed, proves itself,
//! or is forged.

use std::path::{Path, PathBuf};

use card::{
    AccessKey, AccessPolicy, ActiveAuthentication, Can, CardFiles, ChipAuthentication, FileId, ReadError,
    Session,
};
use identity::{
    AccessOffer, ChipGenuineness, CommonData, DocumentDetails, FoundBy, Grounds, Judgement, PersonalDetails,
    Policy, Portrait, Revocation, RevocationList, RevocationLists, TrustList, Verdict, contacts, displayed,
    judgement::{Checked, NotDone, Outcome, ProofKind},
    policy::{AccessOfferPolicy, ChipPolicy, RevocationPolicy, Sha1Policy},
    profile::{Departure, Holder},
};
use jiff::civil::{Date, date};
use simulators::{
    chance::SeededChance, citizen_card::CitizenCard, in_memory::InMemoryReader, people::People,
    personalise::Issuer, scenario::CardScript,
};

const TODAY: Date = date(2026, 11, 21);

const FILES: [FileId; 10] = [
    FileId::Sod,
    FileId::Dg1,
    FileId::Dg7,
    FileId::Dg11,
    FileId::Dg12,
    FileId::Dg13,
    FileId::Dg14,
    FileId::Dg15,
    FileId::Dg16,
    FileId::Dg2,
];

fn people() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people")
}

fn issuer() -> Issuer {
    Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap()
}

fn script(text: &str) -> CardScript {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Everything that a kiosk could read, and every proof.
fn read(issuer: &Issuer, script: &CardScript) -> Result<CardFiles, ReadError> {
    let all = People::load(&people()).unwrap();
    let issued = issuer.personalise(all.person("khue").unwrap(), &people(), script, TODAY).unwrap();
    let key = AccessKey::Can(Can::new(issued.can()).unwrap());
    let mut reader = InMemoryReader::new(CitizenCard::new(issued, script, 3));
    reader.lay();
    let (policy, mut chance) = (AccessPolicy::PaceOnly, SeededChance::new(2));
    let mut session = card::open(&mut reader, &key, policy, &mut chance, &mut |_| {})?;
    let asked = session.authenticate_chip(&mut chance, &mut |_| {})?;
    assert_ne!(asked, ChipAuthentication::Unknown);
    for file in FILES {
        optional(&mut session, file)?;
    }
    let signed = session.authenticate_actively([1, 2, 3, 4, 5, 6, 7, 8], &mut |_| {})?;
    let has_key = session.file(FileId::Dg15).is_some();
    assert_eq!(signed == ActiveAuthentication::Answered, has_key);
    Ok(session.finish())
}

fn optional(session: &mut Session<'_>, file: FileId) -> Result<(), ReadError> {
    match session.read(file, &mut |_| {}) {
        Ok(()) | Err(ReadError::Absent { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn trusting(issuer: &Issuer) -> TrustList {
    let both = [issuer.csca_pem(), issuer.foreign_csca().certificate_pem().unwrap()].concat();
    TrustList::from_pem(&both).unwrap()
}

const WITH_SHA1: Policy = Policy { sha1: Sha1Policy::AcceptedThrough(TODAY), ..Policy::STATING };

fn judged_by(issuer: &Issuer, text: &str, policy: Policy, lists: &[Vec<u8>]) -> Judgement {
    let trust = trusting(issuer);
    let mut revoked = RevocationLists::default();
    for list in lists {
        revoked.add(RevocationList::open(list, &trust, &policy, TODAY).unwrap()).unwrap();
    }
    let grounds = Grounds { trust: &trust, revoked: &revoked, policy };
    let files = read(issuer, &script(text)).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let judgement = identity::judge(&files, &grounds, TODAY);
    // Only the one verdict makes an identity, and it always does.
    let identity = identity::verify(files, &grounds, TODAY);
    assert_eq!(judgement.verdict == Verdict::Authentic, identity.is_ok(), "{text}: {judgement:?}");
    judgement
}

fn judged(text: &str) -> Judgement {
    judged_by(&issuer(), text, Policy::STATING, &[])
}

#[test]
fn a_citizen_card_proves_itself_twice_and_every_check_is_accounted_for() {
    let judgement = judged("");
    assert_eq!(judgement.verdict, Verdict::Authentic);
    let by = vec![ProofKind::ChipAuthentication, ProofKind::ActiveAuthentication];
    assert_eq!(judgement.chip, ChipGenuineness::Proven { by });
    let of = |of: Checked| &judgement.checks.iter().find(|check| check.of == of).unwrap().outcome;
    for passed in [
        Checked::Signature,
        Checked::Chain,
        Checked::Certificates,
        Checked::DocumentType,
        Checked::IssuingState,
    ] {
        assert_eq!(*of(passed), Outcome::Passed, "{passed:?}");
    }
    for group in [1, 2, 13, 14, 15] {
        assert_eq!(*of(Checked::DataGroup(group)), Outcome::Passed, "DG{group}");
    }
    let not_done = |because| Outcome::NotDone { because };
    assert_eq!(*of(Checked::DataGroup(3)), not_done(NotDone::NotRead));
    assert_eq!(*of(Checked::Revocation), not_done(NotDone::NoList));
    let mapping = Checked::Chip(ProofKind::ChipAuthenticationMapping);
    assert_eq!(*of(mapping), not_done(NotDone::NotOffered));
}

#[test]
fn every_way_of_signing_a_security_object_is_believed() {
    let object = |lines: &str| format!("[profile.security-object]\n{lines}");
    for hash in ["sha-224", "sha-256", "sha-384", "sha-512"] {
        for key in [
            "{ rsa-pkcs1 = { bits = 2048 } }",
            "{ rsa-pss = { bits = 2048 } }",
            "{ ecdsa = { curve = 12, form = 'named' } }",
            "{ ecdsa = { curve = 17, form = 'explicit' } }",
        ] {
            let text = object(&format!("hash = '{hash}'\nkey = {key}"));
            assert_eq!(judged(&text).verdict, Verdict::Authentic, "{text}");
        }
    }
    for line in ["version = 'v1'", "encoding = 'ber-indefinite'", "signer = 'key-identifier'"] {
        assert_eq!(judged(&object(line)).verdict, Verdict::Authentic, "{line}");
    }
}

#[test]
fn a_signer_named_by_nothing_that_is_there_is_accepted_as_a_named_deviation() {
    let judgement = judged("[profile.security-object]\nsigner = 'unfitting'");
    assert_eq!(judgement.verdict, Verdict::Authentic);
    assert_eq!(judgement.signer.unwrap().found_by, FoundBy::OnlyCertificate);
    let named = |it: &identity::profile::Deviation| {
        it.of == Holder::Object && it.what == Departure::SignerNameFitsNone
    };
    assert!(judgement.deviations.iter().any(named), "{:?}", judgement.deviations);
}

#[test]
fn sha1_is_refused_or_accepted_by_name_and_then_stated() {
    let text = "[profile.security-object]\nhash = 'sha-1'\nkey = { rsa-pkcs1 = { bits = 2048 } }";
    let refused = judged(text).verdict;
    assert!(matches!(&refused, Verdict::SignerNotValid { why } if why.contains("SHA-1")), "{refused:?}");
    let accepted = judged_by(&issuer(), text, WITH_SHA1, &[]);
    assert_eq!(accepted.verdict, Verdict::Authentic);
    let stated = |it: &identity::profile::Deviation| it.of == Holder::Object && it.what == Departure::Sha1;
    assert!(accepted.deviations.iter().any(stated), "{:?}", accepted.deviations);
}

#[test]
fn forged_files_are_altered_whatever_was_changed() {
    for group in [1, 2, 13, 15] {
        let verdict = judged(&format!("[faults]\naltered = [{group}]")).verdict;
        assert!(matches!(verdict, Verdict::Altered { .. }), "DG{group}: {verdict:?}");
    }
    for part in ["signature", "hash-list", "attributes"] {
        let verdict = judged(&format!("[faults]\naltered-security-object = '{part}'")).verdict;
        assert_eq!(verdict, Verdict::Altered { file: "EF.SOD" }, "{part}");
    }
    let forged = judged("forged-portrait = 'dat'").verdict;
    assert_eq!(forged, Verdict::Altered { file: "DG2" });
}

#[test]
fn a_signer_with_something_wrong_is_never_authentic() {
    let verdict = |fault: &str| judged(&format!("[faults]\nsigner = '{fault}'")).verdict;
    for late in ["expired", "not-yet-valid"] {
        assert!(matches!(verdict(late), Verdict::SignerExpired { .. }), "{late}");
    }
    let wrong = verdict("wrong-usage");
    assert!(matches!(&wrong, Verdict::SignerNotValid { why } if why.contains("documents")), "{wrong:?}");
    let unknown = judged("unknown-issuer = true");
    assert!(matches!(unknown.verdict, Verdict::ChainUnknown { .. }), "{:?}", unknown.verdict);
    let nothing = Outcome::NotDone { because: NotDone::NothingToStandOn };
    for of in [Checked::Certificates, Checked::Revocation, Checked::Chip(ProofKind::ActiveAuthentication)] {
        let check = unknown.checks.iter().find(|check| check.of == of).unwrap();
        assert_eq!(check.outcome, nothing, "{of:?}");
    }
}

#[test]
fn another_countrys_signer_is_not_believed_though_that_country_is_trusted() {
    let judgement = judged("[faults]\nsigner = 'foreign'");
    let why = "the signer belongs to another country".to_owned();
    assert_eq!(judgement.verdict, Verdict::SignerNotValid { why });
    let chain = judgement.checks.iter().find(|check| check.of == Checked::Chain).unwrap();
    assert_eq!(chain.outcome, Outcome::Passed);
}

#[test]
fn a_key_that_signed_after_its_period_is_stated() {
    let judgement = judged("[faults]\nsigner = 'key-period-over'");
    let stated = |it: &identity::profile::Deviation| {
        it.of == Holder::Signer && it.what == Departure::SignedOutsideUsagePeriod
    };
    assert!(judgement.deviations.iter().any(stated), "{:?}", judgement.deviations);
}

#[test]
fn a_revoked_signer_is_revoked_only_where_its_states_list_is_there() {
    let issuer = issuer();
    let text = "[faults]\nsigner = 'revoked'";
    let list = issuer.revocation_list().unwrap();
    let known = judged_by(&issuer, text, Policy::STATING, std::slice::from_ref(&list));
    assert!(matches!(known.verdict, Verdict::Revoked { whose: Holder::Signer, .. }), "{:?}", known.verdict);
    let unknown = judged_by(&issuer, text, Policy::STATING, &[]);
    assert_eq!((unknown.verdict, unknown.revocation), (Verdict::Authentic, Revocation::NotChecked));
    let strict = Policy { revocation: RevocationPolicy::CurrentListRequired, ..Policy::STATING };
    assert_eq!(judged_by(&issuer, text, strict, &[]).verdict, Verdict::RevocationUnknown);
    let honest = judged_by(&issuer, "", strict, &[list]);
    assert_eq!(honest.verdict, Verdict::Authentic);
    assert!(matches!(honest.revocation, Revocation::CheckedOn { .. }));
}

#[test]
fn every_key_of_active_authentication_is_believed() {
    let no_chip_authentication = "[profile]\nchip-authentication = []\n";
    let check = |key: &str| {
        let judgement = judged(&format!("{no_chip_authentication}active-authentication = {key}"));
        let by = vec![ProofKind::ActiveAuthentication];
        assert_eq!(judgement.chip, ChipGenuineness::Proven { by }, "{key}: {:?}", judgement.checks);
    };
    for hash in ["sha-1", "sha-224", "sha-256", "sha-384", "sha-512"] {
        check(&format!("{{ key = 'rsa', bits = 2048, hash = '{hash}' }}"));
        check(&format!("{{ key = 'ecdsa', parameters = 18, hash = '{hash}' }}"));
        check(&format!("{{ key = 'ecdsa', parameters = 17, hash = '{hash}', coding = 'named' }}"));
    }
    for bits in [1024, 1536, 3072] {
        check(&format!("{{ key = 'rsa', bits = {bits}, hash = 'sha-256' }}"));
    }
    for parameters in [10, 11, 12, 13, 14, 15, 16] {
        check(&format!("{{ key = 'ecdsa', parameters = {parameters}, hash = 'sha-224' }}"));
    }
}

#[test]
fn chip_authentication_mapping_is_proven_by_card_security() {
    for parameters in [12, 13, 15, 16, 17, 18] {
        let text = format!(
            "[profile]\nchip-authentication = []\nactive-authentication = {{ key = 'none' }}\n\
             [[profile.access.pace]]\nmapping = 'cam'\nagreement = 'ecdh'\ncipher = 'aes-128'\n\
             parameters = {parameters}"
        );
        let judgement = judged(&text);
        let by = vec![ProofKind::ChipAuthenticationMapping];
        assert_eq!(judgement.chip, ChipGenuineness::Proven { by }, "{parameters}: {:?}", judgement.checks);
        assert_eq!(judgement.verdict, Verdict::Authentic);
    }
}

#[test]
fn a_copied_chip_is_suspected_or_stopped_and_a_stripped_one_is_not_proven() {
    // Chip authentication fails while reading; without it the signed challenge does.
    let copied = read(&issuer(), &script("[faults]\ncloned = 'keys-missing'"));
    assert!(matches!(copied, Err(ReadError::ChipNotProven { .. })), "{:?}", copied.err());
    let by = ProofKind::ActiveAuthentication;
    for key in [
        "{ key = 'rsa', bits = 2048, hash = 'sha-256' }",
        "{ key = 'ecdsa', parameters = 13, hash = 'sha-256' }",
    ] {
        let text = format!(
            "[profile]\nchip-authentication = []\nactive-authentication = {key}\n[faults]\ncloned = 'keys-missing'"
        );
        let judgement = judged(&text);
        assert_eq!(judgement.verdict, Verdict::CloneSuspected { by });
        assert_eq!(judgement.chip, ChipGenuineness::Failed { by });
    }
    // Whoever leaves the keys out of the copy is betrayed by the issuer's own list.
    let stripped = "[faults]\ncloned = 'protocols-hidden'";
    let strict = Policy { chip: ChipPolicy::ProofRequiredWhereOffered, ..Policy::STATING };
    assert_eq!(judged_by(&issuer(), stripped, strict, &[]).verdict, Verdict::ChipNotProven);
    let stated = judged(stripped);
    let offered = vec!["DG14 not read".to_owned(), "DG15 not read".to_owned()];
    assert_eq!((stated.verdict, stated.chip), (Verdict::Authentic, ChipGenuineness::NotChecked { offered }));
}

#[test]
fn passports_in_every_coding_are_judged_as_a_whole() {
    let issuer = issuer();
    let trust = trusting(&issuer);
    for document in ["td1", "td2", "td3"] {
        for face in ["iso19794", "iso39794"] {
            let text = format!(
                "[profile]\ndocument = '{document}'\n[profile.data-groups]\nface = '{face}'\n\
                 present = [1, 2, 7, 11, 12, 14, 15, 16]"
            );
            let files = read(&issuer, &script(&text)).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            let grounds = Grounds::trusting(&trust);
            let judgement = identity::judge(&files, &grounds, TODAY);
            assert_eq!(judgement.verdict, Verdict::Authentic, "{text}: {:?}", judgement.checks);
            understood(&files);
        }
    }
}

/// The groups that have a parser of their own.
fn understood(files: &CardFiles) {
    let file = |id: FileId| files.file(id).unwrap_or_else(|| panic!("{id} was read"));
    let picture = Portrait::of_group(file(FileId::Dg2)).unwrap().decode().unwrap();
    assert!(picture.width >= 200 && picture.height > picture.width);
    assert_eq!(displayed::signatures(file(FileId::Dg7)).unwrap().len(), 1);
    let details = PersonalDetails::parse(file(FileId::Dg11)).unwrap();
    assert!(details.name().is_some_and(|name| !name.is_empty()));
    assert!(details.birth().is_some());
    let document = DocumentDetails::parse(file(FileId::Dg12)).unwrap();
    assert!(document.issued().is_some());
    let contacts = contacts::parse(file(FileId::Dg16)).unwrap();
    assert!(contacts.iter().all(|contact| contact.name().is_some()) && !contacts.is_empty());
    let common = CommonData::parse(file(FileId::Com)).unwrap();
    assert_eq!(common.groups, [1, 2, 7, 11, 12, 14, 15, 16]);
}

#[test]
fn an_access_file_with_a_weaker_protocol_than_the_signed_one_is_refused_or_stated() {
    assert_eq!(judged("").access_offer, AccessOffer::Confirmed);
    let form = |cipher: &str, parameters| {
        format!("mapping = 'gm'\nagreement = 'ecdh'\ncipher = '{cipher}'\nparameters = {parameters}\n")
    };
    let strong = format!("[[profile.access.pace]]\n{}", form("aes-256", 16));
    assert_eq!(judged(&strong).access_offer, AccessOffer::Confirmed);
    let weakened = format!("[faults.weaker-card-access]\n{}", form("aes-128", 13));
    let text = format!("{strong}{weakened}");
    let refused = judged(&text);
    assert_eq!(refused.verdict, Verdict::Altered { file: "EF.CardAccess" });
    let lenient = Policy { access_offer: AccessOfferPolicy::StateOnly, ..Policy::STATING };
    let stated = judged_by(&issuer(), &text, lenient, &[]);
    assert_eq!((stated.verdict, stated.access_offer), (Verdict::Authentic, AccessOffer::NotConfirmed));
}
