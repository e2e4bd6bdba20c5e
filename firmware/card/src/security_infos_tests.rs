//! Security infos as chips announce them.

use super::*;
use crate::chip_authentication::tests::{DH_INFOS, ECDH_INFOS};

fn parse(hex: &str) -> SecurityInfos {
    SecurityInfos::parse(&hex::decode(hex).unwrap()).unwrap()
}

fn forms(hex: &str) -> Vec<(Option<Cipher>, Option<u8>)> {
    parse(hex).pace().map(|info| (info.form().map(|(.., cipher)| cipher), info.parameters)).collect()
}

#[test]
fn the_profile_of_vietnamese_cards_is_read() {
    let infos = parse(
        "3134300D060804007F0007020202020101300F060A04007F000702020302020201013012060A04007F0007020204020202010202010D",
    );
    assert_eq!(infos.infos.len(), 3, "terminal and chip authentication are kept");
    let pace: Vec<_> = infos.pace().collect();
    assert_eq!(pace.len(), 1);
    assert_eq!(pace[0].form(), Some((Mapping::Generic, Agreement::Ecdh, Cipher::Aes128)));
    assert_eq!(pace[0].parameters, Some(13));
}

#[test]
fn every_mapping_has_a_form() {
    // Finnish, German and one that offers integrated mapping only.
    assert_eq!(
        forms("31283012060A04007F000702020402040201020201103012060A04007F00070202040604020102020110"),
        [(Some(Cipher::Aes256), Some(16)), (Some(Cipher::Aes256), Some(16))]
    );
    assert_eq!(
        forms("31283012060A04007F0007020204020202010202010D3012060A04007F0007020204060202010202010D"),
        [(Some(Cipher::Aes128), Some(13)), (Some(Cipher::Aes128), Some(13))]
    );
    assert_eq!(forms("31143012060A04007F00070202040404020102020112"), [(Some(Cipher::Aes256), Some(18))]);
    assert_eq!(forms("31143012060A04007F0007020204020102010202010D"), [(Some(Cipher::TripleDes), Some(13))]);
}

// As the first BSI test cards announce it: version 1 is another protocol.
#[test]
fn an_old_version_is_no_form() {
    let infos = parse("3120300F060A04007F00070202040202020101300D060804007F0007020202020102");
    assert_eq!(infos.pace().map(|info| (info.version, info.form())).collect::<Vec<_>>(), [(1, None)]);
}

#[test]
fn a_broken_file_is_refused() {
    for hex in ["", "3003020101", "3105300306", "310430020500", "3106020101020102"] {
        assert!(SecurityInfos::parse(&hex::decode(hex).unwrap()).is_err(), "{hex}");
    }
}

/// A file of `card_access_of_others.txt`: the set, and what was read behind it.
fn of_others(name: &str) -> (Vec<u8>, Vec<u8>) {
    let mut paragraphs = include_str!("card_access_of_others.txt").split("\n\n");
    let hex: String = paragraphs
        .find_map(|paragraph| paragraph.strip_prefix(name)?.strip_prefix('\n'))
        .unwrap_or_else(|| panic!("no {name}"))
        .split_whitespace()
        .collect();
    let mut set = hex::decode(hex).unwrap();
    let (_, start, length) = crate::tlv::header(&set).unwrap().unwrap();
    let behind = set.split_off(start + length);
    (set, behind)
}

/// What is kept without being understood here, by its identifier.
fn others(infos: &SecurityInfos) -> Vec<String> {
    let other = |info: &SecurityInfo| match info {
        SecurityInfo::Other { protocol, .. } => Some(protocol.to_string()),
        _ => None,
    };
    infos.infos.iter().filter_map(other).collect()
}

const TERMINAL_AUTHENTICATION: &str = "0.4.0.127.0.7.2.2.2";
const CARD_INFO: &str = "0.4.0.127.0.7.2.2.6";
const PRIVILEGED: &str = "0.4.0.127.0.7.2.2.8";

#[test]
fn the_card_access_of_the_worked_examples_is_read() {
    for (name, agreement, parameters, domain) in [
        ("ecdh", Agreement::Ecdh, 13, "0.4.0.127.0.7.2.2.3.2"),
        ("dh", Agreement::Dh, 0, "0.4.0.127.0.7.2.2.3.1"),
    ] {
        let infos = SecurityInfos::parse(&of_others(name).0).unwrap();
        let pace: Vec<_> = infos.pace().map(|info| (info.form(), info.parameters)).collect();
        assert_eq!(pace, [(Some((Mapping::Generic, agreement, Cipher::Aes128)), Some(parameters))], "{name}");
        let chip: Vec<_> = infos.chip_authentication().collect();
        assert_eq!(chip.len(), 1, "the privileged one stands in a set of its own");
        assert_eq!((chip[0].agreement(), chip[0].cipher()), (Some(agreement), Some(Cipher::Aes128)));
        assert_eq!(chip[0].version, Version::Two);
        assert_eq!(chip[0].key_id, Some(KeyId::from_bytes(&[1])));
        assert_eq!(others(&infos), [TERMINAL_AUTHENTICATION, domain, CARD_INFO, PRIVILEGED]);
    }
}

/// What `Choice` makes of a file, and the numbers of the keys that it announces.
fn chosen(name: &str) -> (Option<String>, Vec<Option<KeyId>>) {
    let infos = SecurityInfos::parse(&of_others(name).0).unwrap_or_else(|error| panic!("{name}: {error}"));
    let choice = crate::pace::Choice::among(&infos).map(|choice| choice.protocol().to_string());
    (choice, infos.chip_authentication().map(|info| info.key_id.clone()).collect())
}

#[test]
fn the_card_access_of_real_cards_is_read_and_its_best_form_chosen() {
    let usual = Some("PACE-ECDH-GM-AES-CBC-CMAC-128 (13)".to_owned());
    let key = |number| Some(KeyId::from_bytes(&[number]));
    // Version 1 of PACE, over a curve that is written out: none of the standard.
    assert_eq!(chosen("old-test-card"), (None, vec![None]));
    assert_eq!(chosen("new-test-card"), (usual.clone(), vec![key(0x41)]));
    assert_eq!(chosen("test-series"), (usual, vec![key(0x41), key(0x45)]));
    assert_eq!(chosen("slovenia"), (None, vec![key(3)]), "no PACE: only chip authentication");
    let mapping = Some("PACE-ECDH-CAM-AES-CBC-CMAC-128 (13)".to_owned());
    assert_eq!(chosen("version-3"), (mapping, vec![key(0x48), key(0x4F)]));
}

#[test]
fn a_form_that_is_no_form_is_told_from_none_at_all() {
    let count = |name| SecurityInfos::parse(&of_others(name).0).unwrap().pace().count();
    assert_eq!(count("old-test-card"), 1, "so BAC is not allowed");
    assert_eq!(count("slovenia"), 0, "so BAC is");
}

#[test]
fn the_third_version_of_chip_authentication_is_kept_and_not_spoken() {
    let infos = SecurityInfos::parse(&of_others("version-3").0).unwrap();
    let versions: Vec<_> = infos.chip_authentication().map(|info| (info.version, info.cipher())).collect();
    assert_eq!(versions, [(Version::Two, Some(Cipher::Aes128)), (Version::Other(3), None)]);
    assert!(others(&infos).contains(&"0.4.0.127.0.7.2.2.11.1.2.3".to_owned()), "pseudonymous signatures");
}

// Chips hand out what lies behind a file. `files` cuts it; the set itself is exact.
#[test]
fn what_is_read_behind_the_set_is_none_of_it() {
    for (name, length) in [("new-test-card", 38), ("slovenia", 2)] {
        let (set, behind) = of_others(name);
        assert_eq!(behind.len(), length, "{name}");
        assert!(SecurityInfos::parse(&[set, behind].concat()).is_err(), "{name}");
    }
}

// BSI, worked examples after TR-03110, "EF.CardSecurity": the signed content.
#[test]
fn the_signed_infos_of_the_worked_examples_name_the_chips_key() {
    for (content, agreement, ends_with) in [
        (ECDH_INFOS, Agreement::Ecdh, "8C598FD734AEBEB135337CF95BE12E94"),
        (DH_INFOS, Agreement::Dh, "6459D86DBF85EAF9EDBD962CD364F7B8"),
    ] {
        let infos = parse(content);
        let keys: Vec<_> = infos.chip_keys().collect();
        assert_eq!(keys.len(), 1, "the key of restricted identification is another");
        assert_eq!((keys[0].agreement, &keys[0].key_id), (agreement, &Some(KeyId::from_bytes(&[1]))));
        assert!(hex::encode_upper(&keys[0].public_key).ends_with(ends_with));
        assert_eq!(infos.pace().count(), 1);
    }
}
