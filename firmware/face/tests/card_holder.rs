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
    Statement, Tempo, VneidApproval, VneidRefused, Why,
};
use identity::{Grounds, Identity, TrustList};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use keys::{
    AnswerContext, OfficerSecret, PlatformSecret,
    canonical::{Map, Value},
};
use simulators::{
    chance::SeededChance,
    citizen_card::CitizenCard,
    face_camera::{CameraSetup, FaceCamera, Pace},
    in_memory::InMemoryReader,
    people::People,
    personalise::Issuer,
    presentation::{Presentation, Prompter},
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
    identity::verify(session.finish(), &Grounds::trusting(&trust), TODAY)
        .unwrap_or_else(|error| panic!("{error:?}"))
}

fn attempt(engine: &Engine, holder: &Identity, visitor: &str) -> Result<FaceMatch, NoMatch> {
    let reference = engine.reference(holder).unwrap();
    let config = FaceConfig::documented();
    let people = folder("../simulators/people");
    let person = People::load(&people).unwrap().person(visitor).unwrap().clone();
    let setup = CameraSetup { pace: Pace::Instant, frames_per_second: 10, ..CameraSetup::default() };
    let prompter = Prompter::default();
    let (live, features) = (people.join(&person.live), person.live_features);
    let mut camera =
        FaceCamera::presenting(&live, features, Presentation::Living, prompter.clone(), setup).unwrap();
    camera.start().unwrap();
    let mut attempt = Attempt::new(engine, &reference, &config, 1, (Tempo::Usual, [5; 32]));
    loop {
        let look = attempt.look(&camera.next_frame(Duration::ZERO).unwrap()).unwrap();
        if look.finished {
            return attempt.decide();
        }
        prompter.show(look.hint, look.glow);
    }
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
    assert_eq!(written["liveness"]["tempo"], "usual");
    assert_eq!(written["liveness"]["passive"]["model"], "not-installed");
    assert_eq!(written["liveness"]["tasks"].as_array().unwrap().len(), 4);
    assert_eq!(written["liveness"]["light"]["skin"], "answered");
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
    let holder = identity("dat");
    let mut keys = OfficerKeys::new();
    let visit = Uuid::from_u128(7);
    let at = Timestamp::from_second(1_795_000_000).unwrap();
    let statement = Statement::new(visit, holder.id(), at);
    let signatures = [1, 2].map(|number| {
        let officer = OfficerId::new(&format!("10000{number}")).unwrap();
        let key = OfficerSecret::generate(&mut SeededChance::new(number));
        keys.insert(officer.clone(), key.public());
        statement.sign(officer, &key)
    });
    let approval = OfficersApproval::verify(&statement, signatures.clone(), &keys).ok().unwrap();
    let found = FaceMatch::by_officers(approval);
    assert_eq!(found.identity_id(), holder.id());
    let FaceEvidence::Officers(evidence) = found.evidence() else { panic!("another method") };
    assert_eq!(evidence.visit, visit);
    assert_eq!(evidence.signed[1].signature, signatures[1].signature, "for whoever checks it again");
    let another_card = Statement::new(visit, identity("khue").id(), at);
    assert!(OfficersApproval::verify(&another_card, signatures, &keys).is_err());
}

const AUTHORIZATION: &str = "0123456789abcdef";

/// The platform's word, as `openapi.yaml` has it.
fn vneid_word(fields: Map, context: AnswerContext, platform: &PlatformSecret) -> Vec<u8> {
    let approval = Value::from(fields);
    let signature = platform.sign(context, &approval.to_bytes()).to_string();
    let whole = Map::new().with("approval", approval).with("signature", Value::text(signature));
    Value::from(whole).to_bytes().to_vec()
}

fn approved(holder: &Identity) -> Map {
    Map::new()
        .with("at", Value::text("2026-11-21T08:00:02Z"))
        .with("authorization", Value::text(AUTHORIZATION))
        .with("identity", Value::text(hex::encode(holder.id().as_bytes())))
}

#[test]
fn an_approval_in_vneid_makes_a_match_for_that_card_and_that_request_only() {
    let (holder, other) = (identity("dat"), identity("khue"));
    let platform = PlatformSecret::generate(&mut SeededChance::new(5));
    let key = platform.public();
    let word = vneid_word(approved(&holder), AnswerContext::VneidApproval, &platform);
    let approval = VneidApproval::verify(&word, &key, holder.id(), AUTHORIZATION).ok().unwrap();
    let found = FaceMatch::by_vneid(approval);
    assert_eq!(found.identity_id(), holder.id());
    let written = serde_json::to_value(found.evidence()).unwrap();
    assert_eq!(written["method"], "vneid");
    assert_eq!(written["authorization"], AUTHORIZATION);
    let refused = |identity, authorization| VneidApproval::verify(&word, &key, identity, authorization).err();
    assert_eq!(refused(other.id(), AUTHORIZATION), Some(VneidRefused::OtherIdentity));
    assert_eq!(refused(holder.id(), "fedcba9876543210"), Some(VneidRefused::OtherRequest));
}

#[test]
fn an_approval_that_the_platform_did_not_give_is_none() {
    let holder = identity("dat");
    let platform = PlatformSecret::generate(&mut SeededChance::new(5));
    let stranger = PlatformSecret::generate(&mut SeededChance::new(6));
    let refused = |word: &[u8]| {
        VneidApproval::verify(word, &platform.public(), holder.id(), AUTHORIZATION).err().unwrap()
    };
    let forged = vneid_word(approved(&holder), AnswerContext::VneidApproval, &stranger);
    assert_eq!(refused(&forged), VneidRefused::NotThePlatform);
    // Signed by the platform, but for something else.
    let receipt = vneid_word(approved(&holder), AnswerContext::Receipt, &platform);
    assert_eq!(refused(&receipt), VneidRefused::NotThePlatform);
    let more = approved(&holder).with("scope", Value::text("identify"));
    let more = vneid_word(more, AnswerContext::VneidApproval, &platform);
    assert_eq!(refused(&more), VneidRefused::Malformed);
    assert_eq!(refused(b"{}"), VneidRefused::Malformed);
}
