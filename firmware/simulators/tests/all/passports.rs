//! Cards that are no citizen cards: their zones, their files, and what happened to
//! them after they were signed, byte for byte as a reader would get them.

use std::path::Path;

use jiff::civil::{Date, date};
use openssl::sha::sha256;
use simulators::{
    card_profile::{CardProfile, CloneKind, Document, PaceProtocol},
    chance::SeededChance,
    people::People,
    personalise::{Issuer, Personalised},
    scenario::CardScript,
};

const PEOPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/people");
const TODAY: Date = date(2026, 11, 21);
const COMMON: u8 = 0x1E;
const SECURITY_OBJECT: u8 = 0x1D;

fn profile(text: &str) -> CardScript {
    CardScript { profile: toml::from_str(text).unwrap(), ..CardScript::default() }
}

fn faulty(text: &str) -> CardScript {
    CardScript { faults: toml::from_str(text).unwrap(), ..CardScript::default() }
}

fn card(script: &CardScript) -> Personalised {
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    let people = People::load(Path::new(PEOPLE)).unwrap();
    issuer.personalise(people.person("khue").unwrap(), Path::new(PEOPLE), script, TODAY).unwrap()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The tags that EF.COM lists.
fn listed(card: &Personalised) -> Vec<u8> {
    let common = card.file(COMMON).unwrap();
    let at = common.windows(1).rposition(|window| window == [0x5C]).unwrap();
    common[at + 2..].to_vec()
}

/// Whether EF.SOD holds the hash of the data group as it is on the card.
fn is_signed(card: &Personalised, group: u8) -> bool {
    holds(card.file(SECURITY_OBJECT).unwrap(), &sha256(card.file(group).unwrap()))
}

#[test]
fn a_zone_has_the_lines_of_its_document() {
    for (document, length, begins) in
        [(Document::Td1, 90, "IDVNM"), (Document::Td2, 72, "I<VNM"), (Document::Td3, 88, "P<VNM")]
    {
        let script = CardScript {
            profile: CardProfile { document, ..CardProfile::default() },
            ..CardScript::default()
        };
        let card = card(&script);
        assert_eq!(card.mrz().len(), length);
        assert!(card.mrz().starts_with(begins));
        assert!(card.file(1).unwrap().ends_with(card.mrz().as_bytes()));
        assert!(is_signed(&card, 1));
    }
}

#[test]
fn a_passport_holds_and_lists_the_groups_of_its_profile() {
    let card = card(&profile("document = 'td3'\ndata-groups = { present = [1, 2, 7, 11, 12, 14, 15, 16] }"));
    assert_eq!(listed(&card), [0x61, 0x75, 0x67, 0x6B, 0x6C, 0x6E, 0x6F, 0x70]);
    for (group, tag) in [(7, 0x67), (11, 0x6B), (12, 0x6C), (16, 0x70)] {
        assert_eq!(card.file(group).unwrap()[0], tag);
        assert!(is_signed(&card, group), "EF.DG{group}");
    }
    assert!(card.file(13).is_none() && card.file(3).is_none());
}

#[test]
fn a_chip_without_protocols_has_no_files_for_them() {
    let card = card(&profile(
        "chip-authentication = []\nactive-authentication = { key = 'none' }\naccess = { pace = [] }\n\
         data-groups = { present = [1, 2, 14, 15] }",
    ));
    assert_eq!(listed(&card), [0x61, 0x75]);
    assert!(card.file(14).is_none() && card.file(15).is_none());
    assert!(card.master_file(0x1C).is_none());
}

#[test]
fn the_master_file_holds_what_the_profile_says() {
    let card = card(&profile(
        "[master-file]\ndirectory = true\ncard-security = true\nlengths = { command = 4096, answer = 32768 }",
    ));
    assert_eq!(hex::encode_upper(card.master_file(0x1E).unwrap()), "61094F07A0000002471001");
    assert_eq!(
        hex::encode_upper(card.master_file(0x01).unwrap()),
        "47038001407F660802021000020280 00".replace(' ', "")
    );
    assert!(holds(card.master_file(0x1D).unwrap(), &hex::decode("04007F0007030201").unwrap()));
}

#[test]
fn an_altered_group_is_not_the_signed_one() {
    for group in [1, 2, 13, 14, 15] {
        let card = card(&faulty(&format!("altered = [{group}]")));
        for other in [1, 2, 13, 14, 15] {
            assert_eq!(is_signed(&card, other), other != group, "EF.DG{group} altered, EF.DG{other}");
        }
    }
}

#[test]
fn a_group_that_is_only_listed_is_not_there() {
    let card = card(&faulty("absent = [11]"));
    assert_eq!(listed(&card), [0x61, 0x75, 0x63, 0x6B, 0x6D, 0x6E, 0x6F]);
    assert!(card.file(11).is_none());
    // [1] SEQUENCE { INTEGER 11, OCTET STRING of 32 }.
    assert!(holds(card.file(SECURITY_OBJECT).unwrap(), &[0x30, 0x25, 0x02, 0x01, 0x0B, 0x04, 0x20]));
}

#[test]
fn an_oversize_file_says_that_it_has_two_gigabytes() {
    let card = card(&faulty("oversize = [13, 29]"));
    assert_eq!(card.file(13).unwrap()[..6], [0x6D, 0x84, 0x7F, 0xFF, 0xFF, 0xFF]);
    assert_eq!(card.file(SECURITY_OBJECT).unwrap()[..6], [0x77, 0x84, 0x7F, 0xFF, 0xFF, 0xFF]);
}

#[test]
fn a_clone_has_the_signed_files_or_hides_its_protocols() {
    let genuine = card(&CardScript::default());
    let copied = |cloned| {
        let mut script = CardScript::default();
        script.faults.cloned = Some(cloned);
        card(&script)
    };
    let keyless = copied(CloneKind::KeysMissing);
    for group in [1, 2, 13, 14, 15, COMMON] {
        assert!(keyless.file(group) == genuine.file(group), "file {group}");
    }
    let hidden = copied(CloneKind::ProtocolsHidden);
    assert_eq!(listed(&hidden), [0x61, 0x75, 0x63, 0x6D]);
    assert!(hidden.file(14).is_none() && hidden.file(15).is_none());
    // EF.SOD gives the clone away: it still knows both.
    for group in [14, 15] {
        assert!(holds(hidden.file(SECURITY_OBJECT).unwrap(), &sha256(genuine.file(group).unwrap())));
    }
    let chip_authentication = hex::decode("04007F00070202030202").unwrap();
    assert!(!holds(hidden.file(0x1C).unwrap(), &chip_authentication));
}

#[test]
fn a_downgraded_card_access_is_not_what_dg14_says() {
    let card = card(&faulty(
        "weaker-card-access = { mapping = 'gm', agreement = 'ecdh', cipher = '3des', parameters = 8 }",
    ));
    let weak = hex::decode("04007F00070202040201020102020108").unwrap();
    assert!(holds(card.file(0x1C).unwrap(), &weak));
    assert!(!holds(card.file(14).unwrap(), &weak));
    let strong = PaceProtocol::CITIZEN_CARD.identifier();
    assert_eq!(strong, "0.4.0.127.0.7.2.2.4.2.2");
    assert!(holds(card.file(14).unwrap(), &hex::decode("04007F00070202040202").unwrap()));
    assert!(!holds(card.file(0x1C).unwrap(), &hex::decode("04007F00070202040202").unwrap()));
    assert!(is_signed(&card, 14));
}

#[test]
fn a_portrait_can_be_longer_than_32_kilobytes_and_in_either_coding() {
    for (coding, tag) in [("iso19794", [0x5F, 0x2E]), ("iso39794", [0x7F, 0x2E])] {
        let text = format!("data-groups = {{ face = '{coding}', portrait-bytes = 40000 }}");
        let card = card(&profile(&text));
        let file = card.file(2).unwrap();
        assert!(file.len() > 40_000);
        assert!(holds(&file[..64], &tag), "{coding}");
        assert!(is_signed(&card, 2));
    }
}

#[test]
fn a_misspelt_fault_is_refused_by_name() {
    for (text, name) in [
        ("clonde = 'keys-missing'", "clonde"),
        ("pace = 'wrong-tokn'", "wrong-tokn"),
        ("absent = [4]", "EF.DG4"),
        ("reading = { longst = 7 }", "longst"),
    ] {
        let error = toml::from_str::<simulators::card_profile::CardFaults>(text).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}
