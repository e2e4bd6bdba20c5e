//! A pretend kiosk around the journey: real identities off the virtual card, real
//! templates, real receipts; only time and devices are told.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unnecessary_box_returns, reason = "events carry boxes")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use badge::{Badges, Challenge, Claim, Present};
use card::{AccessKey, AccessPolicy, Can, CardFiles, FileId};
use devices::{CardReader as _, Device, State};
use face::{Engine, FaceMatch, FirstSigned, OfficerId, OfficerKeys, OfficersApproval, Reference, Statement};
use faults::Fault;
use identity::{CardCode, Greeting, Grounds, Identity, TrustList};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use journey::{Desk, Effect, Event, Journey, Kept, TimeLimits, World};
use keys::{OfficerSecret, PlatformSecret};
use outbox::{Acknowledgement, Receipt, Standing};
use screen::{Tap, View};
use services::{AccountState, Catalogue, Rules, RulesOfDay};
use simulators::{
    chance::SeededChance,
    citizen_card::CitizenCard,
    in_memory::InMemoryReader,
    people::People,
    personalise::{Issuer, Personalised},
    scenario::CardScript,
    staff_badge::StaffBadge,
};
use transaction::TransactionId;
use upkeep::Opening;
use uuid::Uuid;

pub const TODAY: Date = date(2026, 11, 21);
pub const PHONE: &str = "0912000158";
/// Who services the machine.
pub const STAFF: &str = "kt-01";

pub fn now() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

/// What surrounds the visit.
pub struct Kiosk {
    pub journey: Option<Journey>,
    pub devices: BTreeMap<Device, State>,
    catalogue: Catalogue,
    rules: RulesOfDay,
    desk: Desk,
    pub officers: OfficerKeys,
    pub now: Timestamp,
    pub opening: Opening,
    pub message: Option<upkeep::Words>,
}

impl Kiosk {
    pub fn new() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/catalogue");
        let rules = Rules::parse(include_str!("../../../services/rules.toml")).unwrap();
        let all = [
            Device::CardReader,
            Device::Camera,
            Device::ReceiptPrinter,
            Device::CodeScanner,
            Device::Network,
            Device::Store,
        ];
        Self {
            journey: Some(Journey::default()),
            devices: all.into_iter().map(|device| (device, State::Ready)).collect(),
            catalogue: Catalogue::load(&folder).unwrap(),
            rules: rules.on(TODAY).unwrap(),
            desk: Desk::default(),
            officers: officer_keys(),
            now: now(),
            opening: Opening::Open,
            message: None,
        }
    }

    /// One event; the names of the effects.
    pub fn step(&mut self, event: Event) -> Vec<Effect> {
        let journey = self.journey.take().unwrap();
        let (journey, effects) = journey.step(event, &self.world());
        self.journey = Some(journey);
        effects
    }

    pub fn tap(&mut self, tap: Tap) -> Vec<Effect> {
        self.step(Event::Tap(tap))
    }

    pub fn type_in(&mut self, text: &str) {
        for key in text.chars() {
            self.tap(Tap::Key(key));
        }
    }

    pub fn at(&self) -> &'static str {
        self.journey.as_ref().unwrap().word()
    }

    pub fn view(&self) -> View {
        self.journey.as_ref().unwrap().view(&self.world())
    }

    pub fn world(&self) -> World<'_> {
        World {
            now: self.now,
            today: TODAY,
            opening: self.opening,
            message: self.message.as_ref(),
            catalogue: &self.catalogue,
            rules: &self.rules,
            devices: &self.devices,
            officers: &self.officers,
            limits: TimeLimits::default(),
            reference: "K7M-204",
            desk: &self.desk,
        }
    }

    /// Walks the shortest way to a state.
    pub fn at_state(state: &str) -> Self {
        let mut kiosk = Self::new();
        for (name, walk) in WAYS {
            if kiosk.at() == state {
                return kiosk;
            }
            if leads_to(name, state) {
                walk(&mut kiosk);
            }
        }
        assert_eq!(kiosk.at(), state, "no way leads there");
        kiosk
    }
}

/// The stretches of the way, in order; the ones that leave it stand apart.
type Walk = fn(&mut Kiosk);
const WAYS: &[(&str, Walk)] = &[
    ("SigningInStaff", |k| _ = k.tap(Tap::OpenStaff)),
    ("ShowingBadge", |k| _ = k.step(Event::BadgeWanted(STAFF.into()))),
    ("ServingStaff", |k| _ = k.step(Event::StaffSignedIn(STAFF.into()))),
    ("ChoosingService", |k| _ = k.tap(Tap::Touch)),
    ("Consenting", |k| _ = k.tap(Tap::Service("eid.activate".into()))),
    ("EnteringCardKey", |k| _ = k.tap(Tap::Agree)),
    ("PlacingCard", |k| {
        k.type_in("000158");
        k.tap(Tap::Continue);
    }),
    ("ReadingCard", |k| _ = k.step(Event::CardLaid)),
    ("Greeting", |k| _ = k.step(card_read())),
    ("TakingPhoto", |k| _ = k.tap(Tap::Continue)),
    ("FaceMissed", |k| _ = k.step(Event::FaceMissed(Fault::FaceNotMatched))),
    ("AnotherWay", |k| _ = k.tap(Tap::AskStaff)),
    ("AskingOfficers", |k| _ = k.tap(Tap::AskOfficers)),
    ("EnteringOfficer", |k| _ = k.tap(Tap::Continue)),
    ("EnteringOfficerPin", |k| {
        k.type_in("100001");
        k.tap(Tap::Continue);
    }),
    ("OfficerSigning", |k| {
        k.type_in("80246137");
        k.tap(Tap::Continue);
    }),
    ("AskingVneid", |k| _ = k.tap(Tap::UseVneid)),
    ("ShowingVneid", |k| _ = k.step(Event::VneidOffered("vneid:1".into(), 120))),
    ("LookingUp", |k| _ = k.step(Event::FaceMatched(face_match()))),
    ("EnteringPhone", |k| _ = k.step(Event::Account(pending(2)))),
    ("CheckingPhone", |k| {
        k.type_in(PHONE);
        k.tap(Tap::Continue);
    }),
    ("SendingCode", |k| _ = k.step(Event::PhoneAccepted)),
    ("EnteringCode", |k| _ = k.step(Event::CodeSent("09x xxx x158".into()))),
    ("CheckingCode", |k| {
        k.type_in("246813");
        k.tap(Tap::Continue);
    }),
    ("SettingPassword", |k| _ = k.step(Event::CodeAccepted)),
    ("SettingPasscode", |k| {
        for _ in 0..2 {
            k.type_in("Ao-Dai-2026");
            k.tap(Tap::Continue);
        }
    }),
    ("Answering", |k| {
        for _ in 0..2 {
            k.type_in("830219");
            k.tap(Tap::Continue);
        }
    }),
    ("SettingSecrets", |k| {
        for question in 0..2 {
            k.tap(Tap::Question(question));
            k.type_in("pho bo");
            k.tap(Tap::Continue);
        }
    }),
    ("Reviewing", |k| _ = k.step(Event::SecretsSet)),
    ("Sending", |k| _ = k.tap(Tap::Sign)),
    ("Sending (kept)", |k| _ = k.step(Event::Stored(kept()))),
    ("Printing", |k| _ = k.step(Event::Acknowledged(receipt(Standing::Registered)))),
    ("Ended", |k| _ = k.step(Event::Printed)),
    ("Thanking", |k| _ = k.tap(Tap::Continue)),
];

/// Whether a stretch lies on the way to a state: the side ways only lead to themselves.
fn leads_to(stretch: &str, state: &str) -> bool {
    let side = |names: &[&str]| names.contains(&stretch) && !names.contains(&state);
    let vneid = ["AskingVneid", "ShowingVneid"];
    let officers = ["AskingOfficers", "EnteringOfficer", "EnteringOfficerPin", "OfficerSigning"];
    let missed = ["FaceMissed", "AnotherWay"];
    !side(&["SigningInStaff", "ShowingBadge", "ServingStaff"])
        && !side(&["ShowingBadge"])
        && !side(&vneid)
        && !side(&officers)
        && (!missed.contains(&stretch) || [&missed[..], &vneid, &officers].concat().contains(&state))
}

/// Every state by name, and the one that has two faces.
pub fn states() -> Vec<&'static str> {
    let mut states = vec!["Attract"];
    states.extend(WAYS.iter().map(|(name, _)| *name).filter(|name| *name != "Sending (kept)"));
    states
}

/// Makes a fresh event.
pub type Make = fn() -> Event;

/// One of each event, and of each tap that a page can send.
pub fn events() -> Vec<(&'static str, Make)> {
    vec![
        ("Second", || Event::Second),
        ("CodeScanned", || Event::CodeScanned(CardCode::parse(&holder().code).unwrap())),
        ("CodeNotOfCard", || Event::CodeNotOfCard),
        ("CardLaid", || Event::CardLaid),
        ("CardProgress", || Event::CardProgress(screen::ReadingStage::Portrait, 40)),
        ("CardGreets", || Event::CardGreets(greeting())),
        ("CardRead", card_read),
        ("CardRead (no template)", || Event::CardRead(identity(), Err(Fault::PortraitTooPoor))),
        ("CardExpired", || Event::CardExpired(date(2026, 11, 20))),
        ("CardFailed (lifted)", || Event::CardFailed(Fault::CardLifted)),
        ("CardKeyWrong", || Event::CardKeyWrong(Some(2))),
        ("CardFailed (altered)", || Event::CardFailed(Fault::DataAltered)),
        ("FaceSeen", || Event::FaceSeen(screen::FaceHint::HoldStill, 50, screen::Glow::Blue)),
        ("FaceMatched", || Event::FaceMatched(face_match())),
        ("FaceMissed", || Event::FaceMissed(Fault::FaceNotMatched)),
        ("FaceMissed (camera)", || Event::FaceMissed(Fault::CameraMissing)),
        ("OfficerSigned", || Event::OfficerSigned(first_signed(0))),
        ("OfficerRefused (wrong PIN)", || Event::OfficerRefused(Fault::PinWrong)),
        ("OfficerRefused (locked)", || Event::OfficerRefused(Fault::OfficerLocked)),
        ("OfficersApproved", || Event::OfficersApproved(face_match())),
        ("VneidOffered", || Event::VneidOffered("vneid:2".into(), 60)),
        ("VneidApproved", || Event::VneidApproved(face_match())),
        ("VneidRefused", || Event::VneidRefused(Fault::VneidRejected)),
        ("Account (pending)", || Event::Account(pending(2))),
        ("Account (overdue)", || Event::Account(pending(8))),
        ("Account (none)", || Event::Account(AccountState::None)),
        ("Account (level one)", || Event::Account(AccountState::LevelOne)),
        ("Account (active)", || Event::Account(AccountState::Active)),
        ("Account (locked)", || Event::Account(AccountState::Locked)),
        ("PhoneAccepted", || Event::PhoneAccepted),
        ("CodeSent", || Event::CodeSent("09x xxx x158".into())),
        ("CodeAccepted", || Event::CodeAccepted),
        ("CodeRefused (wrong)", || Event::CodeRefused(Fault::OtpWrong, Some(4))),
        ("CodeRefused (expired)", || Event::CodeRefused(Fault::OtpExpired, None)),
        ("CodeRefused (limit)", || Event::CodeRefused(Fault::OtpLimit, Some(0))),
        ("SecretsSet", || Event::SecretsSet),
        ("PlatformFailed (look up)", || failed(journey::PlatformStep::LookUp)),
        ("PlatformFailed (phone)", || failed(journey::PlatformStep::Phone)),
        ("PlatformFailed (send code)", || failed(journey::PlatformStep::SendCode)),
        ("PlatformFailed (check code)", || failed(journey::PlatformStep::CheckCode)),
        ("PlatformFailed (secrets)", || failed(journey::PlatformStep::Secrets)),
        ("PlatformFailed (vneid)", || failed(journey::PlatformStep::Vneid)),
        ("Stored", || Event::Stored(kept())),
        ("StoreFailed", || Event::StoreFailed(Fault::StoreFailed)),
        ("Acknowledged (registered)", || Event::Acknowledged(receipt(Standing::Registered))),
        ("Acknowledged (received)", || Event::Acknowledged(receipt(Standing::Received))),
        ("NotAnswered", || Event::NotAnswered),
        ("Rejected", || Event::Rejected(Fault::PlatformRefused)),
        ("Printed", || Event::Printed),
        ("PrintFailed", || Event::PrintFailed(Fault::PaperOut)),
        ("StaffSignedIn", || Event::StaffSignedIn(STAFF.into())),
        ("BadgeWanted", || Event::BadgeWanted(STAFF.into())),
        ("BadgeShown", || Event::BadgeShown(present(STAFF))),
        ("BadgeShown (another's)", || Event::BadgeShown(present("kt-02"))),
        ("NoBadgeReader", || Event::NoBadgeReader(Fault::ReaderMissing)),
        ("BadgeRefused", || Event::BadgeRefused(Fault::BadgeWrong)),
        ("StaffRefused", || Event::StaffRefused(Fault::PinWrong, None)),
        ("StaffDone", || Event::StaffDone(screen::StaffNote::TestPrinted)),
        ("Tap Touch", || Event::Tap(Tap::Touch)),
        ("Tap Language", || Event::Tap(Tap::Language(screen::Language::En))),
        ("Tap TextSize", || Event::Tap(Tap::TextSize(screen::TextSize::Large))),
        ("Tap Contrast", || Event::Tap(Tap::Contrast(screen::Contrast::High))),
        ("Tap Service", || Event::Tap(Tap::Service("eid.activate".into()))),
        ("Tap Agree", || Event::Tap(Tap::Agree)),
        ("Tap Disagree", || Event::Tap(Tap::Disagree)),
        ("Tap Continue", || Event::Tap(Tap::Continue)),
        ("Tap Back", || Event::Tap(Tap::Back)),
        ("Tap End", || Event::Tap(Tap::End)),
        ("Tap Help", || Event::Tap(Tap::Help)),
        ("Tap MoreTime", || Event::Tap(Tap::MoreTime)),
        ("Tap Key", || Event::Tap(Tap::Key('7'))),
        ("Tap Erase", || Event::Tap(Tap::Erase)),
        ("Tap TryAgain", || Event::Tap(Tap::TryAgain)),
        ("Tap ResendCode", || Event::Tap(Tap::ResendCode)),
        ("Tap CallWithCode", || Event::Tap(Tap::CallWithCode)),
        ("Tap Gently", || Event::Tap(Tap::Gently)),
        ("Tap UseVneid", || Event::Tap(Tap::UseVneid)),
        ("Tap AskStaff", || Event::Tap(Tap::AskStaff)),
        ("Tap AskOfficers", || Event::Tap(Tap::AskOfficers)),
        ("Tap Question", || Event::Tap(Tap::Question(1))),
        ("Tap Edit", || Event::Tap(Tap::Edit(3))),
        ("Tap Sign", || Event::Tap(Tap::Sign)),
        ("Tap Print", || Event::Tap(Tap::Print)),
        ("Tap Rate", || Event::Tap(Tap::Rate(5))),
        ("Tap OpenStaff", || Event::Tap(Tap::OpenStaff)),
        ("Tap Staff TestPrint", || Event::Tap(Tap::Staff(screen::StaffTap::TestPrint))),
        ("Tap Staff LockMachine", || Event::Tap(Tap::Staff(screen::StaffTap::LockMachine))),
        ("Tap Staff Exit", || Event::Tap(Tap::Staff(screen::StaffTap::Exit))),
    ]
}

fn failed(step: journey::PlatformStep) -> Event {
    Event::PlatformFailed(step, Fault::PlatformUnreachable)
}

pub fn pending(days_ago: i64) -> AccountState {
    let ready_since = now() - jiff::SignedDuration::from_hours(24 * days_ago);
    AccountState::Pending { ready_since, has_password: false, phone_masked: "09x xxx x158".into() }
}

/// The card's holder, as the issuer made the card.
pub struct Holder {
    issuer: Issuer,
    /// Made once: each signing gives another EF.SOD, and so another identity.
    made: Personalised,
    pub code: String,
}

fn people() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people")
}

pub fn holder() -> &'static Holder {
    static HOLDER: OnceLock<Holder> = OnceLock::new();
    HOLDER.get_or_init(|| {
        let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
        let people_file = People::load(&people()).unwrap();
        let person = people_file.person("khue").unwrap();
        let made = issuer.personalise(person, &people(), &CardScript::default(), TODAY).unwrap();
        Holder { code: made.printed_code().to_owned(), issuer, made }
    })
}

/// An identity, read off the virtual card and verified.
pub fn identity() -> Box<Identity> {
    let files = read(&[FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg2]);
    Box::new(identity::verify(files, &Grounds::trusting(&trust()), TODAY).unwrap())
}

/// What is printed on the holder's card.
pub fn printed_code() -> &'static str {
    &holder().code
}

/// Whom the kiosk greets while it reads the portrait.
pub fn greeting() -> Greeting {
    let files = read(&[FileId::Sod, FileId::Dg1, FileId::Dg13]);
    identity::greet(&files, &Grounds::trusting(&trust()), TODAY).unwrap()
}

fn trust() -> TrustList {
    TrustList::from_pem(&holder().issuer.csca_pem()).unwrap()
}

fn read(files: &[FileId]) -> CardFiles {
    let made = holder().made.clone();
    let script = CardScript::default();
    let key = AccessKey::Can(Can::new(made.can()).unwrap());
    let mut reader = InMemoryReader::new(CitizenCard::new(made, &script, 3));
    reader.lay();
    let policy = AccessPolicy::PaceOrBacWhenNotOffered;
    let mut session = card::open(&mut reader, &key, policy, &mut SeededChance::new(2), &mut |_| {}).unwrap();
    for file in files {
        session.read(*file, &mut |_| {}).unwrap();
    }
    session.finish()
}

fn reference() -> Arc<Reference> {
    static REFERENCE: OnceLock<Arc<Reference>> = OnceLock::new();
    Arc::clone(REFERENCE.get_or_init(|| {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../face/models");
        Arc::new(Engine::load(&models).unwrap().reference(&identity()).unwrap())
    }))
}

pub fn card_read() -> Event {
    Event::CardRead(identity(), Ok(reference()))
}

/// Somebody whose badge signed that they are here.
pub fn present(holder: &str) -> Box<Present> {
    let badge = StaffBadge::p256().unwrap();
    let badges: Badges = toml::from_str(&badge.list(holder).unwrap()).unwrap();
    let mut reader = InMemoryReader::new(badge);
    reader.lay();
    reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
    let nonce = Challenge([7; 32]);
    let claim = Claim { kiosk: "kiosk-1".into(), holder: holder.into(), nonce, challenge: None };
    let proof = badge::sign(&mut reader, badges.of(holder).unwrap(), &claim).unwrap();
    Box::new(badges.believe("kiosk-1", holder, None, proof).unwrap())
}

/// The officers of the site.
pub fn officers() -> [(OfficerId, OfficerSecret); 2] {
    [("100001", 7), ("100002", 8)].map(|(number, seed)| {
        (OfficerId::new(number).unwrap(), OfficerSecret::generate(&mut SeededChance::new(seed)))
    })
}

fn officer_keys() -> OfficerKeys {
    let mut keys = OfficerKeys::new();
    for (officer, secret) in officers() {
        keys.insert(officer, secret.public());
    }
    keys
}

fn statement() -> Statement {
    Statement::new(Uuid::from_u128(1), identity().id(), now())
}

/// What one of them signs of the holder.
pub fn first_signed(place: usize) -> FirstSigned {
    let (officer, secret) = &officers()[place];
    FirstSigned { at: now(), signed: statement().sign(officer.clone(), secret) }
}

/// Two officers confirm the holder: the quickest true `FaceMatch`.
pub fn face_match() -> Box<FaceMatch> {
    let signatures = [first_signed(0).signed, first_signed(1).signed];
    let approval = OfficersApproval::verify(&statement(), signatures, &officer_keys()).unwrap();
    Box::new(FaceMatch::by_officers(approval))
}

pub fn kept() -> Kept {
    Kept { transaction: transaction_id(), reference: "AB12-CD34".parse().unwrap(), at: now() }
}

fn transaction_id() -> TransactionId {
    TransactionId::new(now(), &mut SeededChance::new(4))
}

pub fn receipt(standing: Standing) -> Box<Receipt> {
    let platform = PlatformSecret::generate(&mut SeededChance::new(5));
    let kiosk: transaction::KioskId = "demo-kiosk".parse().unwrap();
    let acknowledgement = Acknowledgement {
        transaction: transaction_id(),
        kiosk: kiosk.clone(),
        standing,
        reference: "DD-7K2M-9QXT".parse().unwrap(),
        at: now(),
    };
    let bytes = acknowledgement.sign(&platform);
    Box::new(Receipt::verify(&bytes, &platform.public(), &kiosk, transaction_id()).unwrap())
}
