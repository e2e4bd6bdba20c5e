//! Writes the seeds of the corpus: files of invented citizens' virtual cards, and what
//! their chips answered. `cargo run -p fuzz --example seeds`; what is in `corpus/` under
//! other names stays.
//!
//! Signatures have fresh nonces, so that seeds differ from run to run; commit new ones
//! only where a format or the simulators changed.

use std::{fs, path::Path, time::Duration};

use badge::BadgeError;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use card::FileId;
use command::What;
use devices::CardReader as _;
use fuzz::{
    CHOICES, Recorder, SPANS, TODAY, VirtualCard, base, chip_of, issuer, known_badge, passport, seed,
    show_badge,
};
use install::frames;
use jiff::civil::date;
use simulators::{
    card_profile::Hash,
    chance::SeededChance,
    in_memory::InMemoryReader,
    personalise::{CertificateUse, CountryDraft, CountrySigner, Period, SignerDraft, State},
    scenario::CardScript,
    staff_badge::StaffBadge,
};

use tuf::{
    TargetPath,
    key::Key,
    metadata::{Paths, Root, TargetFile, Targets, Threshold, Version},
    repository::{Announce, Draft, Ed25519Signer, Release, RoleName, Signer as _},
};

const JPEG: &[u8] = include_bytes!("../../identity/tests/pictures/rgb.jpg");
const PICTURES: [(&str, &[u8]); 5] = [
    ("rgb-jpg", JPEG),
    ("grey-jpg", include_bytes!("../../identity/tests/pictures/grey.jpg")),
    ("rgb-jp2", include_bytes!("../../identity/tests/pictures/rgb.jp2")),
    ("rgb-j2k", include_bytes!("../../identity/tests/pictures/rgb.j2k")),
    ("grey-jp2", include_bytes!("../../identity/tests/pictures/grey.jp2")),
];

fn main() {
    let citizen = chip_of(CardScript::default());
    let northern = passport("passport-cam");
    let southern = passport("passport-im");
    groups(&citizen, &northern, &southern);
    texts(&citizen);
    pictures(&southern);
    conversations();
    lists();
    updates();
    images();
    commands();
    badges();
    by_hand();
}

/// The badge that the target knows, and another.
fn badges() {
    let stranger = StaffBadge::of_secret(&[8; 32]).expect("a number of the curve");
    for (name, badge) in [("known", known_badge()), ("another", stranger)] {
        let mut reader = InMemoryReader::new(badge);
        reader.lay();
        reader.wait_for_card(Duration::ZERO).expect("the badge was laid down");
        let said = Recorder::listen(reader, 0, |reader| {
            // Whether it is believed does not matter here.
            drop(show_badge(reader));
            Ok::<_, BadgeError>(())
        });
        keep("badge", name, &said.expect("it answers").write());
    }
}

/// Settings and a permit as people write them, and a delta.
fn by_hand() {
    keep("layer", "idle-and-notice", LAYER.as_bytes());
    keep("permit", "one-kiosk", PERMIT.as_bytes());
    let mut image = base().to_vec();
    image.splice(300..310, *b"other words in the middle");
    let mut delta = u16::try_from(image.len()).expect("a short image").to_be_bytes().to_vec();
    install::delta::make(base(), &mut &*image, &mut delta, SPANS).expect("memory");
    keep("delta", "other-words", &delta);
}

const LAYER: &str = r#"schema = 1
layer = "fleet"
version = 3

[idle]
ask-after-seconds = 60

[services]
closed = ["eid.activate"]

[[notices]]
words = { vi = "Nghỉ trưa", en = "Lunch" }
from = "2026-11-26T05:00:00Z"
until = "2026-11-26T06:00:00Z"
"#;

const PERMIT: &str = r#"{"id":"p-1","devices":["kiosk-1"],"sites":["ha-noi-03"],"not_after":"2027-01-01T00:00:00Z",
"uses":2,"staff_card":"required","releases":[{"target":"app/kiosk-7","name":"kiosk","version":"7"}]}"#;

/// One command that the target's kiosk obeys, and others that it only reads.
fn commands() {
    let line = |text: &str| upkeep::Line::try_from(text.to_owned()).expect("letters");
    let words = upkeep::Words { vi: line("Nghỉ trưa"), en: line("Lunch") };
    let until = "2027-01-16T00:00:00Z".parse().expect("a time");
    let which = ["kioskd".to_owned().try_into().expect("a name")].into();
    for (id, name, what) in [
        (1, "message", What::Message { words, until }),
        (2, "lock", What::Lock { minutes: 30, reason: upkeep::LockReason::Check }),
        (3, "logs", What::CollectLogs { which }),
        (4, "reboot", What::Reboot {}),
    ] {
        keep("command", name, seed(id, what).as_bytes());
    }
}

/// An image in two frames, as our packer makes them, one that packs to nearly nothing, and hostile
/// ones.
fn images() {
    let mut packed = Vec::new();
    for frame in [&b"the first frame of an image"[..], b"and the second, which says the second twice"] {
        frames::pack(&mut &*frame, &mut packed).expect("memory");
    }
    keep("packed_image", "two-frames", &packed);
    let mut packed = Vec::new();
    frames::pack(&mut &vec![0; 100_000][..], &mut packed).expect("memory");
    keep("packed_image", "zeros", &packed);
    // Frames that are refused or not by how they come: 7 bytes where the header says 34,720,
    // and 256 in a window of 8 MiB.
    let lies = [0x28, 0xB5, 0x2F, 0xFD, 0x60, 0xA0, 0x86, 0x3A, 0, 0, 0, 1, 0, 0];
    keep("packed_image", "lies-of-its-length", &lies);
    let wide = [0x28, 0xB5, 0x2F, 0xFD, 0x40, 0x68, 0, 0, 0x03, 0x08, 0, 0];
    keep("packed_image", "wide-window", &wide);
}

/// A small repository of updates, under keys that everybody knows.
fn updates() {
    let expires = "2027-11-21T00:00:00Z".parse().expect("a time");
    let signer = Ed25519Signer::new(&[9; 32]);
    let (key, one) = (signer.key(), Threshold::ONE);
    let draft = |draft: Result<Draft, _>| draft.expect("a key in memory signs").bytes();
    let keys: (Threshold, &[&Key]) = (one, &[&key]);
    let root = Root::first(expires, keys, keys, keys, keys);
    keep("tuf_metadata", "root", &draft(Draft::signed_by(&root, &[&signer])));
    let mut targets = Targets::first(expires);
    targets.list(&TargetPath::new("os/pi5/image").expect("a path"), TargetFile::of(b"an image"));
    for (name, paths) in [
        ("os", Paths::Patterns(vec!["os/*/[a-z]*".to_owned(), "os/?".to_owned()])),
        ("bin", Paths::HashPrefixes(vec!["0a".to_owned()])),
    ] {
        targets.delegate(&RoleName::new(name).expect("a name"), true, paths, one, &[&key]);
    }
    let targets = draft(Draft::signed_by(&targets, &[&signer]));
    keep("tuf_metadata", "targets", &targets);
    let mut release = Release::default();
    release.add("targets", targets).expect("it was just made");
    let snapshot = release.snapshot(Version::FIRST, expires, Announce::Digests);
    let snapshot = draft(Draft::signed_by(&snapshot, &[&signer]));
    keep("tuf_metadata", "snapshot", &snapshot);
    let announced = (Version::FIRST, snapshot.as_slice());
    let timestamp = Release::timestamp(announced, Version::FIRST, expires, expires, Announce::Digests);
    keep("tuf_metadata", "timestamp", &draft(Draft::signed_by(&timestamp, &[&signer])));
}

/// Files as the issuer wrote them.
fn groups(citizen: &VirtualCard, northern: &VirtualCard, southern: &VirtualCard) {
    let file =
        |chip: &VirtualCard, file: FileId| chip.card.file(file.short_id()).expect("it is there").to_vec();
    keep("com", "citizen-card", &file(citizen, FileId::Com));
    keep("dg13", "citizen-card", &file(citizen, FileId::Dg13));
    keep("details", "dg11", &file(northern, FileId::Dg11));
    keep("details", "dg12", &file(northern, FileId::Dg12));
    keep("details", "dg7", &file(southern, FileId::Dg7));
    keep("mrz", "dg1", &file(citizen, FileId::Dg1));
    keep("security_infos", "citizen-card", &file(citizen, FileId::CardAccess));
    keep("security_infos", "passport", &file(northern, FileId::CardAccess));
    // DG14 holds the same structure behind a tag and a length.
    let dg14 = file(citizen, FileId::Dg14);
    let infos = dg14.windows(2).position(|octets| octets[0] == 0x31 && octets[1] > 0x20).expect("a set");
    keep("security_infos", "dg14", &dg14[infos..]);
    keep("security_object", "citizen-card", &file(citizen, FileId::Sod));
    keep("security_object", "indefinite", &file(&passport("passport-bac"), FileId::Sod));
    keep("security_object", "pss", &file(northern, FileId::Sod));
    let card_security = northern.card.master_file(FileId::CardSecurity.short_id());
    keep("card_security", "passport", card_security.expect("the chip has a key for its mapping"));
    for (choice, chosen) in CHOICES.iter().enumerate() {
        // The portrait of the card is long; a small one has its own target.
        let file = [citizen, northern, southern].iter().find_map(|it| it.card.file(chosen.short_id()));
        if let (Some(file), false) = (file, *chosen == FileId::Dg2) {
            let choice = u8::try_from(choice).expect("there are ten");
            keep(
                "issued",
                &chosen.to_string().to_lowercase().replace("ef.", ""),
                &[&[choice], file].concat(),
            );
        }
    }
}

fn texts(citizen: &VirtualCard) {
    keep("mrz", "td1", citizen.card.mrz().as_bytes());
    keep("mrz", "td3", passport("passport-im").card.mrz().as_bytes());
    keep("card_code", "of-2021", citizen.card.printed_code().as_bytes());
}

fn pictures(newer: &VirtualCard) {
    for (name, picture) in PICTURES {
        keep("picture", name, picture);
        keep("dg2", name, &fuzz::portrait_group(picture));
    }
    // The record of 2019 around a portrait that was cut: its picture is damaged.
    let whole = newer.card.file(FileId::Dg2.short_id()).expect("every card has a portrait");
    keep("dg2", "iso39794-cut", &whole[..whole.len().min(4000)]);
}

/// What chips of every kind answer.
fn conversations() {
    let chips = [
        ("citizen-card", CardScript::default(), 0),
        ("short-length", CardScript { short_length: true, ..CardScript::default() }, 5),
        ("basic-access", CardScript { only_bac: true, ..CardScript::default() }, 3),
    ];
    for (name, script, choice) in chips {
        converse(name, chip_of(script), choice);
    }
    for name in ["passport-cam", "passport-im", "card-dh"] {
        converse(name, passport(name), 0);
    }
    converse("in-pieces", passport("card-dh"), 4);
    converse("two-of-a-kind", chip_of(CardScript::default()), 8);
}

fn converse(name: &str, mut chip: VirtualCard, choice: u8) {
    let portrait = fuzz::portrait_group(JPEG);
    chip.card = issuer().rewrite(&chip.card, &[(FileId::Dg2.short_id(), &portrait)]).expect("OpenSSL signs");
    match Recorder::record(chip.laid(), choice) {
        Ok(conversation) => keep("answers", name, &conversation.write()),
        Err(error) => panic!("{name}: {error}"),
    }
}

/// Certificates, and the lists of them.
fn lists() {
    let authority = issuer().csca();
    let root = authority.certificate();
    keep("certificate", "named-curve", root);
    let explicit = explicit_authority();
    keep("certificate", "explicit-curve", explicit.certificate());
    let pem = [root, explicit.certificate()].map(pem).concat();
    keep("trust_list", "two-roots", pem.as_bytes());
    keep("revocation_list", "one-signer", &issuer().revocation_list().expect("OpenSSL signs"));
    let year = Period { from: TODAY, to: date(2027, 11, 21) };
    let profile = passport("passport-im").script.profile;
    let draft = SignerDraft {
        name: "Master List Signer",
        usage: CertificateUse::MasterLists,
        key: profile.security_object.key.expect("the profile names a key"),
        hash: Hash::Sha256,
        validity: year,
        key_period: year,
    };
    let signer = authority.issue(&draft, &mut SeededChance::new(8)).expect("OpenSSL makes a signer");
    let list = authority.master_list(&[root, explicit.certificate()], &signer, TODAY).expect("OpenSSL signs");
    keep("master_list", "two-roots", &list);
    let sod = chip_of(CardScript::default()).card.file(FileId::Sod.short_id()).expect("EF.SOD").to_vec();
    keep("hash_list", "citizen-card", digests(&sod));
}

/// A root whose curve is written out.
fn explicit_authority() -> CountrySigner {
    let profile = passport("passport-im").script.profile;
    let draft = CountryDraft {
        state: State::UTOPIA,
        name: "Explicit",
        key: profile.security_object.key.expect("the profile names a key"),
        hash: Hash::Sha256,
        validity: Period { from: TODAY, to: date(2036, 11, 21) },
    };
    CountrySigner::generate(&draft, &mut SeededChance::new(9)).expect("OpenSSL makes an authority")
}

fn pem(der: &[u8]) -> String {
    let lines = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = lines.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// The list of digests in an EF.SOD: the octets that follow its content type.
fn digests(sod: &[u8]) -> &[u8] {
    const CONTENT_TYPE: [u8; 8] = [0x06, 0x06, 0x67, 0x81, 0x08, 0x01, 0x01, 0x01];
    let at = sod.windows(8).position(|octets| octets == CONTENT_TYPE).expect("an LDS security object") + 8;
    // [0] around OCTET STRING, each with a length of its own.
    value(value(&sod[at..]))
}

/// The value of the first object.
fn value(bytes: &[u8]) -> &[u8] {
    let (start, length) = match bytes[1] {
        short @ ..=0x80 => (2, usize::from(short)),
        0x81 => (3, usize::from(bytes[2])),
        _ => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
    };
    &bytes[start..start + length]
}

fn keep(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join(format!("test-{name}")), bytes).expect("a file can be written");
    println!("{target}/test-{name}: {} bytes", bytes.len());
}
