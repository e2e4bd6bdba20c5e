//! The whole way from a chip to a match: a virtual card, read and judged as a real
//! one, and its holder, or somebody else, before the camera.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use card::{AccessKey, AccessPolicy, Can, FileId};
use devices::FrameSource;
use face::{
    Attempt, Engine, FaceConfig, FaceEvidence, FaceMatch, NoMatch, OfficerId, OfficerKeys, OfficersApproval,
    Signed, Statement, Why,
};
use identity::{Identity, TrustList};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use simulators::{
    chance::SeededChance,
    citizen_card::CitizenCard,
    face_camera::{CameraSetup, FaceCamera, Pace},
    in_memory::InMemoryReader,
    people::People,
    personalise::Issuer,
    scenario::CardScript,
};
use uuid::Uuid;

const TODAY: Date = date(2026, 11, 21);

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The holder of a virtual card, as the kiosk comes to know them.
fn identity(name: &str) -> Identity {
    let people = folder("../simulators/people");
    let person = People::load(&people).unwrap().person(name).unwrap().clone();
    let script = CardScript::default();
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    let issued = issuer.personalise(&person, &people, &script, TODAY).unwrap();
    let key = AccessKey::Can(Can::new(issued.can()).unwrap());
    let mut reader = InMemoryReader::new(CitizenCard::new(issued, &script, 3));
    reader.lay();
    let mut chance = SeededChance::new(2);
    let mut session =
        card::open(&mut reader, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| {}).unwrap();
    for file in [FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg14, FileId::Dg15, FileId::Dg2] {
        session.read(file, &mut |_| {}).unwrap();
    }
    let trust = TrustList::from_pem(&issuer.csca_pem()).unwrap();
    identity::verify(session.finish(), &trust, TODAY).unwrap_or_else(|error| panic!("{error:?}"))
}

fn attempt(engine: &Engine, holder: &Identity, visitor: &str) -> Result<FaceMatch, NoMatch> {
    let reference = engine.reference(holder).unwrap();
    let config = FaceConfig::documented();
    let photograph = folder("../simulators/people").join(format!("{visitor}-live.jpg"));
    let setup = CameraSetup { pace: Pace::Instant, ..CameraSetup::default() };
    let mut camera = FaceCamera::showing(&photograph, setup).unwrap();
    camera.start().unwrap();
    let mut attempt = Attempt::new(engine, &reference, &config, 1);
    while !attempt.look(&camera.next_frame(Duration::ZERO).unwrap()).unwrap().finished {}
    attempt.decide()
}

#[test]
fn the_holder_of_an_authentic_card_is_matched_and_nobody_else() {
    let engine = Engine::load(&folder("models")).unwrap();
    let holder = identity("khue");
    let found = attempt(&engine, &holder, "khue").unwrap_or_else(|refused| panic!("{refused:?}"));
    assert_eq!(found.identity_id(), holder.id());
    let written = serde_json::to_value(found.evidence()).unwrap();
    println!("{written}");
    assert_eq!(written["method"], "camera");
    assert_eq!(written["liveness"], "not-assessed");
    assert_eq!(written["threshold"], 4600);
    assert!(written["score"].as_i64().unwrap() >= 4600);
    assert_eq!(written["recogniser"].as_str().unwrap().len(), 64);
    for stranger in ["dat", "hieu"] {
        let refused = attempt(&engine, &holder, stranger).err().unwrap();
        assert_eq!(refused.why, Why::Different, "{stranger}");
    }
}

#[test]
fn two_officers_make_a_match_for_that_card_only() {
    use ed25519_dalek::{Signer as _, SigningKey};

    let holder = identity("dat");
    let mut keys = OfficerKeys::new();
    let visit = Uuid::from_u128(7);
    let at = Timestamp::from_second(1_795_000_000).unwrap();
    let statement = Statement::new(visit, holder.id(), at);
    let signatures = [1, 2].map(|number| {
        let officer = OfficerId::new(&format!("CA-{number}")).unwrap();
        let key = SigningKey::from_bytes(&[number; 32]);
        keys.insert(officer.clone(), key.verifying_key().to_bytes()).unwrap();
        Signed { officer, signature: key.sign(&statement.bytes()).to_bytes() }
    });
    let approval = OfficersApproval::verify(&statement, signatures.clone(), &keys).ok().unwrap();
    let found = FaceMatch::by_officers(approval);
    assert_eq!(found.identity_id(), holder.id());
    let FaceEvidence::Officers(evidence) = found.evidence() else { panic!("another method") };
    assert_eq!(evidence.visit, visit);
    let another_card = Statement::new(visit, identity("khue").id(), at);
    assert!(OfficersApproval::verify(&another_card, signatures, &keys).is_err());
}
