//! From a card on a reader to a signed and sealed record, and every way that it must
//! not come to be. The card is a virtual one; the face was vouched for by two officers.

use std::path::PathBuf;

use card::{AccessKey, AccessPolicy, Can, FileId};
use face::{FaceMatch, OfficerId, OfficerKeys, OfficersApproval, Statement};
use identity::{Grounds, Identity, IdentityId, TrustList};
use jiff::{Timestamp, civil::date};
use keys::{
    DeviceKey, OfficerSecret, ServerSecret, SigningContext,
    canonical::{Value, parse},
};
use rand_core::UnwrapErr;
use screen::Language;
use services::{Catalogue, Service};
use simulators::{
    chance::SeededChance,
    citizen_card::CitizenCard,
    in_memory::InMemoryReader,
    people::{People, Person},
    personalise::Issuer,
    scenario::CardScript,
};
use transaction::{
    Consent, ConsentMethod, Draft, Form, KioskId, Transaction, TransactionError, TransactionId,
};

const FILES: [FileId; 5] = [FileId::Sod, FileId::Dg1, FileId::Dg2, FileId::Dg13, FileId::Dg14];

fn chance() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_300_000 + second).unwrap()
}

fn people_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../simulators/people")
}

fn person(name: &str) -> Person {
    People::load(&people_folder()).unwrap().person(name).unwrap().clone()
}

/// Lays this citizen's card on a reader, reads and verifies it.
fn identity_of(name: &str) -> Identity {
    let today = date(2026, 11, 21);
    let (folder, person) = (people_folder(), person(name));
    let issuer = Issuer::generate(today, &mut SeededChance::new(1)).unwrap();
    let card = issuer.personalise(&person, &folder, &CardScript::default(), today).unwrap();
    let mut reader = InMemoryReader::new(CitizenCard::new(card, &CardScript::default(), 2));
    reader.lay();
    let key = AccessKey::Can(Can::from_number(&person.number).unwrap());
    let policy = AccessPolicy::PaceOrBacWhenNotOffered;
    let mut session = card::open(&mut reader, &key, policy, &mut chance(), &mut |_| {}).unwrap();
    for file in FILES {
        session.read(file, &mut |_| {}).unwrap();
    }
    let trust = TrustList::from_pem(&issuer.csca_pem()).unwrap();
    identity::verify(session.finish(), &Grounds::trusting(&trust), today).unwrap()
}

/// Two officers vouch that this is the person of that card.
fn vouched(identity: IdentityId) -> FaceMatch {
    let statement = Statement::new(uuid::Uuid::from_bytes([9; 16]), identity, at(5));
    let mut keys = OfficerKeys::new();
    let signed = [1, 2].map(|number| {
        let officer = OfficerId::new(&format!("10000{number}")).unwrap();
        let key = OfficerSecret::generate(&mut SeededChance::new(number));
        keys.insert(officer.clone(), key.public());
        statement.sign(officer, &key)
    });
    FaceMatch::by_officers(OfficersApproval::verify(&statement, signed, &keys).unwrap())
}

fn activate() -> Service {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../services/catalogue");
    Catalogue::load(&folder).unwrap().service("eid.activate").unwrap().clone()
}

fn consent(purposes: &[&str]) -> Consent {
    Consent {
        purposes: purposes.iter().map(|purpose| purpose.parse().unwrap()).collect(),
        text_sha256: [0xAB; 32],
        language: Language::Vi,
        at: at(1),
        method: ConsentMethod::Touch,
    }
}

fn to_everything() -> Consent {
    let service = activate();
    let purposes: Vec<_> = service.purposes.iter().map(|purpose| purpose.id.as_str()).collect();
    consent(&purposes)
}

fn id() -> TransactionId {
    TransactionId::new(at(6), &mut SeededChance::new(6))
}

fn kiosk() -> KioskId {
    "hn-dongda-03".parse().unwrap()
}

fn draft(who: &Identity, form: &Form) -> Draft {
    Draft::new(id(), &activate(), who, &vouched(who.id()), &to_everything(), form).unwrap()
}

fn phone() -> Form {
    Form::new().with("phone", "0912000158").unwrap()
}

#[test]
fn a_record_says_who_what_and_on_what_proof() {
    let key = DeviceKey::generate(&mut chance());
    let (who, khue) = (identity_of("khue"), person("khue"));
    let record = draft(&who, &phone()).sign(&key, &kiosk(), at(7)).unwrap();
    let whole = parse(&record.to_bytes()).ok().unwrap();
    let content = whole.get("transaction").unwrap();
    let text = |path: &[&str]| {
        path.iter().try_fold(content, |value, name| value.get(name))?.as_text().map(str::to_owned)
    };
    for (path, expected) in [
        (&["citizen", "number"][..], khue.number.as_str()),
        (&["citizen", "name"], who.name()),
        (&["citizen", "birth"], &khue.born.to_string()),
        (&["citizen", "sex"], if khue.sex == "Nam" { "male" } else { "female" }),
        (&["service", "id"], "eid.activate"),
        (&["form", "phone"], "0912000158"),
        (&["identity", "verdict"], "authentic"),
        (&["face", "method"], "officers"),
        (&["consent", "text-sha256"], &"ab".repeat(32)),
        (&["consent", "language"], "vi"),
        (&["kiosk"], "hn-dongda-03"),
        (&["at"], "2026-11-21T22:26:47Z"),
    ] {
        assert_eq!(text(path).as_deref(), Some(expected), "{path:?}");
    }
    assert_eq!(text(&["id"]).unwrap(), id().to_string());
    assert!(content.get("citizen").unwrap().get("address").is_none(), "nothing more than is needed");
}

#[test]
fn a_signed_record_is_believed_and_no_changed_byte_is() {
    let key = DeviceKey::generate(&mut chance());
    let who = identity_of("khue");
    let record = draft(&who, &phone()).sign(&key, &kiosk(), at(7)).unwrap();
    let bytes = record.to_bytes();
    let back = Transaction::verify(&bytes, &key.public()).unwrap();
    assert!((back.id(), back.kiosk(), back.at()) == (id(), &kiosk(), at(7)));
    assert_eq!((back.service().id(), back.service().version()), ("eid.activate", activate().version));
    assert!(back.to_bytes() == bytes);
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(Transaction::verify(&changed, &key.public()).is_err(), "byte {place}");
    }
    let stranger = DeviceKey::generate(&mut chance()).public();
    let error = Transaction::verify(&bytes, &stranger).err().unwrap();
    assert!(matches!(error, TransactionError::Signature(_)), "{error}");
}

#[test]
fn a_face_matched_with_another_card_is_refused() {
    let (khue, dat) = (identity_of("khue"), identity_of("dat"));
    let error =
        Draft::new(id(), &activate(), &khue, &vouched(dat.id()), &to_everything(), &phone()).err().unwrap();
    assert!(matches!(error, TransactionError::FaceOfAnother), "{error}");
    assert_eq!(error.fault().code(), "FACE-02");
}

#[test]
fn each_purpose_of_the_service_must_have_been_agreed_to() {
    let who = identity_of("khue");
    let service = activate();
    let all: Vec<_> = service.purposes.iter().map(|purpose| purpose.id.as_str()).collect();
    assert!(all.len() >= 2);
    for missing in &all {
        let rest: Vec<_> = all.iter().copied().filter(|purpose| purpose != missing).collect();
        let error = Draft::new(id(), &service, &who, &vouched(who.id()), &consent(&rest), &phone());
        match error.err() {
            Some(TransactionError::ConsentLacks { purpose }) => assert_eq!(purpose, *missing),
            other => panic!("without {missing}: {other:?}"),
        }
    }
}

#[test]
fn a_consent_given_after_the_deed_is_none() {
    let who = identity_of("khue");
    let key = DeviceKey::generate(&mut chance());
    let error = draft(&who, &phone()).sign(&key, &kiosk(), at(0)).err().unwrap();
    assert!(matches!(error, TransactionError::ConsentTooLate), "{error}");
}

#[test]
fn however_diacritics_are_typed_the_record_is_the_same() {
    let who = identity_of("khue");
    let key = DeviceKey::generate(&mut chance());
    // "Tiếng Việt, Đường Nguyễn Huệ" composed, decomposed, and half and half.
    let spellings = [
        "Ti\u{1ebf}ng Vi\u{1ec7}t, Huế",
        "Tie\u{302}\u{301}ng Vie\u{323}\u{302}t, Hue\u{302}\u{301}",
        "Ti\u{ea}\u{301}ng Vi\u{1eb9}\u{302}t, Hu\u{ea}\u{301}",
    ];
    let records = spellings.map(|spelling| {
        let form = Form::new().with("street", spelling).unwrap();
        draft(&who, &form).sign(&key, &kiosk(), at(7)).unwrap().to_bytes()
    });
    assert!(records[0] == records[1] && records[1] == records[2]);
}

#[test]
fn only_the_server_reads_a_sealed_record_and_only_as_what_it_is() {
    let server = ServerSecret::generate(&mut chance());
    let key = DeviceKey::generate(&mut chance());
    let who = identity_of("khue");
    let record = draft(&who, &phone()).sign(&key, &kiosk(), at(7)).unwrap();
    let sealed = record.seal(&server.public(), &mut chance()).unwrap();
    assert_eq!(sealed.bytes().len(), record.to_bytes().len() + 48);
    for planted in [who.number().as_str(), "0912000158", who.name()] {
        let found = sealed.bytes().windows(planted.len()).any(|window| window == planted.as_bytes());
        assert!(!found, "{planted}");
    }
    let opened = transaction::open(&server, &kiosk(), sealed.id(), sealed.bytes()).unwrap();
    assert!(Transaction::verify(&opened, &key.public()).unwrap().id() == id());
    let other_kiosk = "hn-dongda-04".parse().unwrap();
    assert!(transaction::open(&server, &other_kiosk, sealed.id(), sealed.bytes()).is_err());
    let other_id = TransactionId::new(at(6), &mut SeededChance::new(7));
    assert!(transaction::open(&server, &kiosk(), other_id, sealed.bytes()).is_err());
}

#[test]
fn a_record_that_lacks_a_part_is_not_believed_even_when_signed() {
    let key = DeviceKey::generate(&mut chance());
    let who = identity_of("khue");
    let record = draft(&who, &phone()).sign(&key, &kiosk(), at(7)).unwrap();
    let signed = |content: Value| {
        let signature = key.sign(SigningContext::Transaction, &content.to_bytes());
        let whole = keys::canonical::Map::new()
            .with("key", Value::text(key.public().to_string()))
            .with("signature", Value::text(signature.to_string()))
            .with("transaction", content);
        Transaction::verify(&Value::Map(whole).to_bytes(), &key.public())
    };
    assert!(signed(record.content().clone().into()).is_ok());
    for part in ["at", "citizen", "consent", "face", "form", "id", "identity", "kiosk", "schema", "service"] {
        let mut content = record.content().clone();
        content.remove(part);
        let error = signed(content.into()).err().unwrap();
        assert!(matches!(error, TransactionError::Malformed { .. }), "{part}: {error}");
    }
    let more = record.content().clone().with("officer", Value::text("x"));
    assert!(matches!(signed(more.into()).err(), Some(TransactionError::Malformed { .. })));
}
