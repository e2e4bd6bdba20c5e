//! The whole way from a chip to a person: the virtual card of `simulators`, which
//! shares no protocol code with us, read by `card` and judged here.

use std::path::{Path, PathBuf};

use card::{AccessKey, AccessPolicy, Can, CardFiles, FileId, Offers, Opening, Protocol, RenewalAges};
use card_faults::Listed as _;
use identity::{
    AccessOffer, CardCode, ChipGenuineness, Details, Directory, Expiry, Grounds, Identity, IdentityError,
    Sex, SignerFault, TrustList, check_expiry, greet, judge,
    judgement::{Checked, NotDone, Outcome},
    verify,
};
use jiff::civil::{Date, date};
use simulators::{
    chance::SeededChance,
    citizen_card::CitizenCard,
    in_memory::InMemoryReader,
    people::{People, Person},
    personalise::{CurveForm, Issuer},
    scenario::CardScript,
};

const TODAY: Date = date(2026, 11, 21);
const FILES: [FileId; 6] = [FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg14, FileId::Dg15, FileId::Dg2];

fn people() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people")
}

fn person(name: &str) -> Person {
    People::load(&people()).unwrap().person(name).unwrap().clone()
}

fn issuer(form: CurveForm) -> Issuer {
    Issuer::generate_with(form, TODAY, &mut SeededChance::new(1)).unwrap()
}

/// What `card` reads of this person's card.
fn read(issuer: &Issuer, person: &Person, script: &CardScript) -> CardFiles {
    read_some(issuer, person, script, &FILES)
}

fn read_some(issuer: &Issuer, person: &Person, script: &CardScript, files: &[FileId]) -> CardFiles {
    read_after(&mut Offers::new(), issuer, person, script, files)
}

fn read_after(
    offers: &mut Offers,
    issuer: &Issuer,
    person: &Person,
    script: &CardScript,
    files: &[FileId],
) -> CardFiles {
    let issued = issuer.personalise(person, &people(), script, TODAY).unwrap();
    let can = Can::new(issued.can()).unwrap();
    let mut reader = InMemoryReader::new(CitizenCard::new(issued, script, 3));
    reader.lay();
    let policy = AccessPolicy::PaceOrBacWhenNotOffered;
    let mut chance = SeededChance::new(2);
    let key = AccessKey::Can(can);
    let opened = card::open_with(
        &mut reader,
        Opening { key: &key, candidates: &[], policy, offers: Some(offers) },
        &mut chance,
        &mut |_| {},
    );
    let mut session = opened.unwrap();
    for file in files {
        session.read(*file, &mut |_| {}).unwrap();
    }
    let so_far = session.so_far();
    let all = session.finish();
    assert_eq!(so_far.remembered_access(), all.remembered_access());
    assert!(files.iter().all(|file| so_far.file(*file) == all.file(*file)));
    so_far
}

fn trust(issuer: &Issuer) -> TrustList {
    TrustList::from_pem(&issuer.csca_pem()).unwrap()
}

fn judged(script: &CardScript) -> Result<Identity, IdentityError> {
    let issuer = issuer(CurveForm::Named);
    verify(read(&issuer, &person("khue"), script), &Grounds::trusting(&trust(&issuer)), TODAY)
}

/// BAC wants the day of expiry, which the printed code does not say: the days follow from the
/// law's ages, as the issuer of these cards counted them too.
#[test]
fn the_printed_code_alone_opens_every_persons_card_that_knows_bac_only() {
    let ages = RenewalAges::new(&[14, 25, 40, 60], 2, Some("991231")).unwrap();
    let issuer = issuer(CurveForm::Named);
    let script = CardScript { only_bac: true, ..CardScript::default() };
    let mut opened = 0;
    for person in People::load(&people()).unwrap().0.values() {
        let made = issuer.personalise(person, &people(), &script, TODAY).unwrap();
        let code = CardCode::parse(made.printed_code()).unwrap();
        let candidates = code.candidates(&ages).unwrap();
        let key = AccessKey::Can(code.can().unwrap());
        let mut reader = InMemoryReader::new(CitizenCard::new(made, &script, 7));
        reader.lay();
        let policy = AccessPolicy::PaceOrBacWhenNotOffered;
        let chance = &mut SeededChance::new(3);
        let session = card::open_with(
            &mut reader,
            Opening { key: &key, candidates: &candidates, policy, offers: None },
            chance,
            &mut |_| (),
        );
        let session = session.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(session.access(), Protocol::Bac);
        opened += 1;
    }
    assert!(opened >= 3, "{opened} people");
}

/// The evidence never says that a chip showed what another one had shown.
#[test]
fn what_another_chip_had_shown_is_stated_as_remembered() {
    let (issuer, mut offers) = (issuer(CurveForm::Named), Offers::new());
    let trust = trust(&issuer);
    let mut read = |name: &str, script: &CardScript, files: &[FileId]| {
        let files = read_after(&mut offers, &issuer, &person(name), script, files);
        let grounds = Grounds::trusting(&trust);
        let judgement = judge(&files, &grounds, TODAY);
        let check = judgement.checks.iter().find(|check| check.of == Checked::AccessOffer).unwrap();
        let outcome = check.outcome.clone();
        let offer = verify(files, &grounds, TODAY).unwrap().evidence().access_offer;
        assert_eq!(offer, judgement.access_offer);
        (offer, outcome)
    };
    let has_keys = CardScript::default();
    assert_eq!(read("khue", &has_keys, &FILES), (AccessOffer::Confirmed, Outcome::Passed));
    let remembered = Outcome::NotDone { because: NotDone::Remembered };
    let as_signed = (AccessOffer::RememberedAsSigned, remembered);
    assert_eq!(read("dat", &has_keys, &FILES), as_signed);
    // That the chip shows the same when it is asked afterwards changes nothing of how it was opened.
    let mut can_be_asked = CardScript::default();
    can_be_asked.profile.master_file.selectable = true;
    let all = [&FILES[..], &[FileId::CardAccess]].concat();
    assert_eq!(read("dat", &can_be_asked, &all), as_signed);
    // DG14 is then read, whether it was asked for or not.
    let without_dg14 = [FileId::Sod, FileId::Dg1, FileId::Dg2];
    assert_eq!(read("dat", &has_keys, &without_dg14), as_signed);
}

/// EF.CardSecurity may speak for what was remembered where there is no DG14, which alone says what
/// the evidence states.
#[test]
fn what_only_ef_card_security_confirmed_is_stated_as_remembered() {
    let (issuer, mut offers) = (issuer(CurveForm::Named), Offers::new());
    let script: CardScript = toml::from_str(
        "profile.access.pace = [{ mapping = 'cam', agreement = 'ecdh', cipher = 'aes-128', parameters = 13 }]
        profile.data-groups.present = [1, 2, 13, 15]",
    )
    .unwrap();
    for is_expected in [AccessOffer::NotChecked, AccessOffer::Remembered] {
        let files = [FileId::Sod, FileId::Dg1, FileId::Dg2];
        let files = read_after(&mut offers, &issuer, &person("hieu"), &script, &files);
        let trust = trust(&issuer);
        assert_eq!(judge(&files, &Grounds::trusting(&trust), TODAY).access_offer, is_expected);
    }
}

#[test]
fn every_invented_citizen_is_recognised_by_their_card() {
    let issuer = issuer(CurveForm::Named);
    let trust = trust(&issuer);
    for (name, person) in People::load(&people()).unwrap().0 {
        let files = read(&issuer, &person, &CardScript::default());
        let identity = verify(files, &Grounds::trusting(&trust), TODAY)
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(identity.number().as_str(), person.number);
        // Chips have small letters where the invented list has capitals.
        assert_eq!(identity.name().to_uppercase(), person.name);
        assert_eq!(identity.birth().date(), Some(person.born));
        assert_eq!(identity.sex().vietnamese(), person.sex);
        assert_eq!(identity.nationality(), "Việt Nam");
        assert_eq!(identity.address(), Some(person.address.as_str()));
        let details = identity.details().unwrap();
        assert_eq!(details.hometown(), Some(person.hometown.as_str()));
        let parents = [details.father(), details.mother()].map(|name| name.unwrap().to_uppercase());
        assert_eq!(parents, [person.father, person.mother]);
        assert_eq!(details.number().unwrap().as_str(), person.number);
        assert_eq!(identity.expiry() == Expiry::None, person.born < date(1967, 1, 1), "{name}");
        let picture = identity.portrait().decode().unwrap();
        assert!(picture.width >= 200 && picture.height > picture.width, "{name}'s portrait");
    }
}

#[test]
fn the_evidence_of_a_whole_reading_is_complete_and_not_personal() {
    let identity = judged(&CardScript::default()).unwrap_or_else(|error| panic!("{error:?}"));
    let evidence = identity.evidence();
    assert!(evidence.access.starts_with("PACE-ECDH-GM-AES"), "{}", evidence.access);
    assert_eq!(evidence.signed_groups, [1, 2, 3, 13, 14, 15]);
    assert_eq!(evidence.checked_groups, [1, 2, 13, 14, 15]);
    assert_eq!(evidence.directory, Directory::Agrees);
    assert_eq!(evidence.access_offer, AccessOffer::Confirmed);
    assert_eq!(evidence.details, Details::Agrees);
    assert!(matches!(&evidence.chip, ChipGenuineness::NotChecked { offered } if !offered.is_empty()));
    assert!(evidence.signer.issuer.contains("TEST CSCA"), "{}", evidence.signer.issuer);
    let written = serde_json::to_string_pretty(evidence).unwrap();
    let person = person("khue");
    let written = written.to_uppercase();
    for personal in
        [&person.number[3..], &person.name, "NGUYEN", "KHUE", "KHUÊ", &person.address.to_uppercase()]
    {
        assert!(!written.contains(personal), "{personal}");
    }
}

#[test]
fn curves_written_out_are_believed_like_curves_by_name() {
    let issuer = issuer(CurveForm::Explicit);
    let files = read(&issuer, &person("dat"), &CardScript::default());
    let identity =
        verify(files, &Grounds::trusting(&trust(&issuer)), TODAY).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(identity.sex() == Sex::Male);
}

#[test]
fn a_portrait_put_in_after_signing_is_found() {
    let forged = CardScript { forged_portrait: Some("dat".to_owned()), ..CardScript::default() };
    let error = judged(&forged).err().expect("the card is refused");
    assert!(matches!(error, IdentityError::Altered { file: FileId::Dg2 }), "{error:?}");
    assert_eq!(error.fault(), faults::Fault::DataAltered);
}

/// Whom the kiosk says hello to before it has read the portrait.
fn greeted(by: &Issuer, trusted: &Issuer, script: &CardScript, today: Date) -> Result<String, IdentityError> {
    let files = read_some(by, &person("khue"), script, &FILES[..5]);
    greet(&files, &Grounds::trusting(&trust(trusted)), today).map(|greeting| greeting.name().to_owned())
}

#[test]
fn the_holder_is_greeted_without_the_portrait_and_nobody_else_is() {
    let (issuer, script) = (issuer(CurveForm::Named), CardScript::default());
    let stranger = Issuer::generate_with(CurveForm::Named, TODAY, &mut SeededChance::new(9)).unwrap();
    let name = greeted(&issuer, &issuer, &script, TODAY).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(name, judged(&script).unwrap_or_else(|error| panic!("{error:?}")).name());
    let error = greeted(&stranger, &issuer, &script, TODAY).unwrap_err();
    assert!(matches!(error, IdentityError::UnknownIssuer { .. }), "{error:?}");
    let expired = CardScript { expired: true, ..CardScript::default() };
    let error = greeted(&issuer, &issuer, &expired, TODAY).unwrap_err();
    assert!(matches!(error, IdentityError::Expired { .. }), "{error:?}");
    // Without the portrait there is still no identity.
    let files = read_some(&issuer, &person("khue"), &script, &FILES[..5]);
    let missing = verify(files, &Grounds::trusting(&trust(&issuer)), TODAY).err();
    assert!(matches!(missing, Some(IdentityError::Missing { file: FileId::Dg2 })), "{missing:?}");
}

#[test]
fn an_issuer_that_nobody_trusts_is_found() {
    let stranger = CardScript { unknown_issuer: true, ..CardScript::default() };
    let error = judged(&stranger).err().expect("the card is refused");
    assert!(
        matches!(&error, IdentityError::UnknownIssuer { issuer } if issuer.contains("Stranger")),
        "{error:?}"
    );
    assert_eq!(error.fault(), faults::Fault::IssuerUnknown);
}

#[test]
fn an_expired_card_says_so_before_anything_else_is_read_and_after() {
    let expired = CardScript { expired: true, ..CardScript::default() };
    let issuer = issuer(CurveForm::Named);
    let files = read(&issuer, &person("khue"), &expired);
    let yesterday = date(2026, 11, 20);
    let early = check_expiry(files.file(FileId::Dg1).unwrap(), TODAY);
    assert!(matches!(early, Err(IdentityError::Expired { on }) if on == yesterday));
    let late = verify(files, &Grounds::trusting(&trust(&issuer)), TODAY).err().expect("the card is refused");
    assert!(matches!(late, IdentityError::Expired { on } if on == yesterday), "{late:?}");
    assert_eq!(late.fault(), faults::Fault::CardExpired);
}

#[test]
fn a_signer_is_not_believed_after_its_last_day() {
    let issuer = issuer(CurveForm::Named);
    let files = read(&issuer, &person("hieu"), &CardScript::default());
    let error = verify(files, &Grounds::trusting(&trust(&issuer)), date(2047, 1, 1))
        .err()
        .expect("the card is refused");
    assert!(
        matches!(error, IdentityError::SignerNotValid { reason: SignerFault::OutsideValidity { .. } }),
        "{error:?}"
    );
}

#[test]
fn the_printed_code_opens_the_chip_and_says_what_the_chip_says() {
    let issuer = issuer(CurveForm::Named);
    let issued = issuer.personalise(&person("khue"), &people(), &CardScript::default(), TODAY).unwrap();
    let code = CardCode::parse(issued.printed_code()).unwrap_or_else(|error| panic!("{error}"));
    let mut reader = InMemoryReader::new(CitizenCard::new(issued, &CardScript::default(), 3));
    reader.lay();
    let key = AccessKey::Can(code.can().unwrap());
    let mut chance = SeededChance::new(2);
    let mut session =
        card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| {}).unwrap();
    for file in FILES {
        session.read(file, &mut |_| {}).unwrap();
    }
    let identity = verify(session.finish(), &Grounds::trusting(&trust(&issuer)), TODAY)
        .unwrap_or_else(|it| panic!("{it:?}"));
    assert!(identity.number() == code.number());
    assert_eq!(identity.birth().written(), code.birth().written());
}
