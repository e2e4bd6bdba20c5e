//! Every way into a chip and every proof of its genuineness, between the virtual
//! card and a terminal that was written without it.

use std::path::Path;

use jiff::civil::{Date, date};
use openssl::{
    bn::BigNum,
    ecdsa::EcdsaSig,
    hash::{MessageDigest, hash},
    pkey::{PKey, Public},
    rsa::Padding,
};
use simulators::{
    card_profile::{
        ActiveAuthentication, ActiveKey, CardProfile, ChipAuthentication, Cipher, Hash, KeyCoding, Mapping,
        Offer, PaceProtocol, Parameters, PasswordKind,
    },
    chance::SeededChance,
    chip::Chip as _,
    citizen_card::CitizenCard,
    people::People,
    personalise::{Issuer, Personalised},
    scenario::CardScript,
};

use crate::terminal::{self, Failure, Opening, Terminal, object};

const PEOPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/people");
const TODAY: Date = date(2026, 11, 21);
const CIPHERS: [Cipher; 4] = [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256];
const GROUPS: [u8; 14] = [0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];

fn script(change: impl FnOnce(&mut CardProfile)) -> CardScript {
    let mut script = CardScript::default();
    change(&mut script.profile);
    script
}

fn issue(script: &CardScript) -> Personalised {
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    let people = People::load(Path::new(PEOPLE)).unwrap();
    issuer.personalise(people.person("khue").unwrap(), Path::new(PEOPLE), script, TODAY).unwrap()
}

fn group(number: u8) -> Parameters {
    number.try_into().unwrap()
}

/// All that the standard allows.
fn every_protocol() -> Vec<PaceProtocol> {
    let mut all = Vec::new();
    for mapping in [Mapping::Gm, Mapping::Im, Mapping::Cam] {
        for cipher in CIPHERS {
            all.extend(
                GROUPS.iter().filter_map(|number| PaceProtocol::new(mapping, cipher, group(*number)).ok()),
            );
        }
    }
    all
}

fn opening(protocol: PaceProtocol, information: &str) -> Opening<'_> {
    Opening { protocol, password: (1, information.as_bytes()), named: true }
}

/// The static key of that group in EF.CardSecurity, written by the group's number.
fn static_key(card_security: &[u8], number: u8) -> Vec<u8> {
    let by_number = [&object(0x06, &terminal::oid("0.4.0.127.0.7.1.2"))[..], &[0x02, 0x01, number]].concat();
    let at = card_security.windows(by_number.len()).position(|window| window == by_number).unwrap();
    let bits = &card_security[at + by_number.len()..];
    terminal::value(bits, 0x03).unwrap()[1..].to_vec()
}

#[test]
fn every_protocol_of_pace_opens_the_chip_and_its_files() {
    let all = every_protocol();
    // Fourteen groups and four ciphers, less P-224 in integrated mapping; curves and AES.
    assert_eq!(all.len(), 14 * 4 + 13 * 4 + 11 * 3);
    let script = script(|profile| profile.access.pace = all.clone());
    let issued = issue(&script);
    for protocol in all {
        let mut card = CitizenCard::new(issued.clone(), &script, 7);
        let mut terminal = Terminal::new(&mut card);
        let opened = terminal.pace(opening(protocol, issued.mrz_information()));
        let opened = opened.unwrap_or_else(|failure| panic!("{protocol:?}: {failure:?}"));
        assert_eq!(opened.chip_data.is_some(), protocol.mapping() == Mapping::Cam, "{protocol:?}");
        if protocol.mapping() == Mapping::Cam {
            let file = terminal.read(0x1D).unwrap();
            assert!(file == issued.master_file(0x1D).unwrap(), "{protocol:?}");
            let key = static_key(&file, protocol.parameters().number());
            assert_eq!(Terminal::check_chip_data(&opened, &key), Ok(()), "{protocol:?}");
        }
        terminal.select_application().unwrap();
        assert!(terminal.read(1).unwrap() == issued.file(1).unwrap(), "{protocol:?}");
    }
}

#[test]
fn every_password_opens_the_chip_that_has_it_and_no_other() {
    let script = script(|profile| {
        profile.access.passwords =
            vec![PasswordKind::Mrz, PasswordKind::Can, PasswordKind::Pin, PasswordKind::Puk];
    });
    let issued = issue(&script);
    let passwords: [(u8, &[u8]); 4] = [
        (1, issued.mrz_information().as_bytes()),
        (2, issued.can().as_bytes()),
        (3, script.profile.access.pin.as_bytes()),
        (4, script.profile.access.puk.as_bytes()),
    ];
    for password in passwords {
        let opening = Opening { protocol: PaceProtocol::CITIZEN_CARD, password, named: false };
        let mut card = CitizenCard::new(issued.clone(), &script, 7);
        assert!(Terminal::new(&mut card).pace(opening).is_ok(), "password {}", password.0);
        let wrong = Opening { password: (password.0, b"000000"), ..opening };
        let failure = Terminal::new(&mut card).pace(wrong).err();
        assert!(matches!(failure, Some(Failure::Status(0x6300 | 0x63C2))), "{failure:?}");
        let mut usual = CitizenCard::new(issued.clone(), &CardScript::default(), 7);
        let failure = Terminal::new(&mut usual).pace(opening).err();
        assert_eq!(failure, (password.0 > 2).then_some(Failure::Status(0x6A88)));
    }
}

#[test]
fn one_protocol_in_two_groups_must_be_chosen_by_its_reference() {
    let weaker = PaceProtocol::new(Mapping::Gm, Cipher::Aes128, group(12)).unwrap();
    let script = script(|profile| profile.access.pace.push(weaker));
    let issued = issue(&script);
    let mut card = CitizenCard::new(issued.clone(), &script, 7);
    let named = opening(weaker, issued.mrz_information());
    assert!(Terminal::new(&mut card).pace(named).is_ok());
    let unnamed = Opening { named: false, ..named };
    assert_eq!(Terminal::new(&mut card).pace(unnamed).err(), Some(Failure::Status(0x6A88)));
    let elsewhere = PaceProtocol::new(Mapping::Gm, Cipher::Aes128, group(15)).unwrap();
    let elsewhere = Opening { protocol: elsewhere, ..named };
    assert_eq!(Terminal::new(&mut card).pace(elsewhere).err(), Some(Failure::Status(0x6A88)));
    let unknown = PaceProtocol::new(Mapping::Gm, Cipher::Aes256, group(13)).unwrap();
    let unknown = Opening { protocol: unknown, ..named };
    assert_eq!(Terminal::new(&mut card).pace(unknown).err(), Some(Failure::Status(0x6A80)));
}

#[test]
fn basic_access_opens_the_chip_that_offers_it() {
    for basic in [Offer::Offered, Offer::Absent] {
        let script = script(|profile| profile.access.basic = basic);
        let issued = issue(&script);
        let mut card = CitizenCard::new(issued.clone(), &script, 7);
        let mut terminal = Terminal::new(&mut card);
        terminal.select_application().unwrap();
        let opened = terminal.basic_access(issued.mrz_information());
        match basic {
            Offer::Offered => assert!(terminal.read(13).unwrap() == issued.file(13).unwrap()),
            Offer::Absent => assert_eq!(opened, Err(Failure::Status(0x6D00))),
        }
    }
}

#[test]
fn the_master_file_is_selectable_where_the_profile_says_so() {
    let script = script(|profile| {
        profile.master_file.selectable = true;
        profile.master_file.directory = true;
    });
    let issued = issue(&script);
    let mut card = CitizenCard::new(issued.clone(), &script, 7);
    let mut terminal = Terminal::new(&mut card);
    for select in ["00A4000C023F00", "00A4000C"] {
        terminal.select_application().unwrap();
        assert_eq!(terminal.plain(select).1, 0x9000);
        assert_eq!(terminal.plain("00A4020C022F00").1, 0x9000);
        assert_eq!(terminal.plain("00B0000000").0, issued.master_file(0x1E).unwrap());
        assert_eq!(terminal.plain("00A4020C02011D").1, 0x6A82, "no EF.CardSecurity here");
    }
}

fn open<'a>(card: &'a mut CitizenCard, issued: &Personalised) -> Terminal<'a> {
    let mut terminal = Terminal::new(card);
    terminal.pace(opening(PaceProtocol::CITIZEN_CARD, issued.mrz_information())).unwrap();
    terminal.select_application().unwrap();
    terminal
}

/// Key and number of each key pair, all on one chip.
fn every_chip_authentication() -> Vec<ChipAuthentication> {
    let mut all = Vec::new();
    for number in [0, 2, 8, 13, 17, 18] {
        for cipher in CIPHERS {
            let one = ChipAuthentication::new(cipher, group(number)).coded(KeyCoding::Standardised);
            all.push(one.with_key_id(all.len() as u8));
            all.push(one.in_version_2().with_key_id(all.len() as u8));
        }
    }
    all
}

/// The public key of that number in EF.DG14.
fn public_key(dg14: &[u8], protocol: ChipAuthentication) -> Vec<u8> {
    let infos = terminal::value(terminal::value(dg14, 0x6E).unwrap(), 0x31).unwrap();
    let mut rest = infos;
    while !rest.is_empty() {
        let info = terminal::value(rest, 0x30).unwrap();
        let key_id = terminal::value(info, 0x02);
        if let (Some(key), Some([id])) = (terminal::value(info, 0x30), key_id)
            && Some(*id) == protocol.key_id()
        {
            let bits = &terminal::value(key, 0x03).unwrap()[1..];
            // Numbers are wrapped in an INTEGER.
            return terminal::value(bits, 0x02).filter(|_| bits[0] == 0x02).unwrap_or(bits).to_vec();
        }
        rest = &rest[object(0x30, info).len()..];
    }
    panic!("no key of {protocol:?}");
}

#[test]
fn chip_authentication_in_both_versions_leads_to_a_working_channel() {
    let all = every_chip_authentication();
    let script = script(|profile| profile.chip_authentication = all.clone());
    let issued = issue(&script);
    for protocol in all {
        let mut card = CitizenCard::new(issued.clone(), &script, 7);
        let mut terminal = open(&mut card, &issued);
        let key = public_key(issued.file(14).unwrap(), protocol);
        terminal
            .chip_authentication(protocol, &key)
            .unwrap_or_else(|failure| panic!("{protocol:?}: {failure:?}"));
        assert!(terminal.read(13).unwrap() == issued.file(13).unwrap(), "{protocol:?}");
    }
}

#[test]
fn chip_authentication_with_3des_works_in_one_command() {
    let protocol =
        ChipAuthentication::new(Cipher::TripleDes, group(13)).coded(KeyCoding::Standardised).with_key_id(3);
    let script = script(|profile| profile.chip_authentication = vec![protocol.without_info()]);
    let issued = issue(&script);
    // The info is absent, the key is there.
    let info = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03];
    assert!(!issued.file(14).unwrap().windows(8).any(|window| window == info));
    let mut card = CitizenCard::new(issued.clone(), &script, 7);
    let mut terminal = open(&mut card, &issued);
    let key = public_key(issued.file(14).unwrap(), protocol);
    terminal.chip_authentication_at_once(protocol, &key).unwrap();
    assert!(terminal.read(13).unwrap() == issued.file(13).unwrap());
}

#[test]
fn a_key_among_several_must_be_named() {
    let first = ChipAuthentication::CITIZEN_CARD.coded(KeyCoding::Standardised).with_key_id(1);
    let second = first.with_key_id(2);
    let script = script(|profile| profile.chip_authentication = vec![first, second]);
    let issued = issue(&script);
    let mut card = CitizenCard::new(issued.clone(), &script, 7);
    let mut terminal = open(&mut card, &issued);
    let key = public_key(issued.file(14).unwrap(), first);
    let unnamed = ChipAuthentication::CITIZEN_CARD;
    assert_eq!(terminal.chip_authentication(unnamed, &key), Err(Failure::Status(0x6A88)));
    assert_eq!(terminal.chip_authentication(first.with_key_id(9), &key), Err(Failure::Status(0x6A88)));
    assert_eq!(terminal.chip_authentication(second, &key), Ok(()));
    assert!(terminal.read(1).is_err(), "the channel is on the other key");
}

fn active(key: ActiveKey, hash: Hash) -> CardScript {
    script(|profile| {
        profile.active_authentication = Some(ActiveAuthentication::new(key, hash).unwrap());
    })
}

fn key_in_dg15(issued: &Personalised) -> PKey<Public> {
    PKey::public_key_from_der(terminal::value(issued.file(15).unwrap(), 0x6F).unwrap()).unwrap()
}

#[test]
fn active_authentication_with_rsa_recovers_the_chips_part() {
    let challenge = [1, 2, 3, 4, 5, 6, 7, 8];
    for (bits, algorithm, digest, trailer) in [
        (1024, Hash::Sha1, MessageDigest::sha1(), &[0xBC][..]),
        (1024, Hash::Sha224, MessageDigest::sha224(), &[0x38, 0xCC]),
        (2048, Hash::Sha256, MessageDigest::sha256(), &[0x34, 0xCC]),
        (1536, Hash::Sha384, MessageDigest::sha384(), &[0x36, 0xCC]),
        (4096, Hash::Sha512, MessageDigest::sha512(), &[0x35, 0xCC]),
    ] {
        let script = active(ActiveKey::Rsa { bits }, algorithm);
        let issued = issue(&script);
        let mut card = CitizenCard::new(issued.clone(), &script, 7);
        let mut terminal = open(&mut card, &issued);
        let length = bits as usize / 8;
        let signature = terminal.must([0, 0x88, 0, 0], &challenge, Some(length)).unwrap();
        let mut opened = vec![0; length];
        let key = key_in_dg15(&issued).rsa().unwrap();
        key.public_decrypt(&signature, &mut opened, Padding::NONE).unwrap();
        let end = length - trailer.len();
        let (part, digest_at) = (&opened[1..end - digest.size()], end - digest.size());
        assert_eq!((opened[0], &opened[end..]), (0x6A, trailer), "{bits}");
        let expected = hash(digest, &[part, &challenge].concat()).unwrap();
        assert_eq!(opened[digest_at..end], *expected, "{bits}");
    }
}

#[test]
fn a_signature_that_is_too_long_for_the_answer_is_refused() {
    let script = active(ActiveKey::Rsa { bits: 2048 }, Hash::Sha256);
    let issued = issue(&script);
    let mut card = CitizenCard::new(issued.clone(), &script, 7);
    let mut terminal = open(&mut card, &issued);
    let asked = terminal.send([0, 0x88, 0, 0], &[0; 8], Some(128));
    assert_eq!(asked, Ok((Vec::new(), 0x6700)));
}

#[test]
fn active_authentication_with_ecdsa_is_two_numbers_in_a_row() {
    let challenge = [8, 7, 6, 5, 4, 3, 2, 1];
    for (number, algorithm, digest) in
        [(12, Hash::Sha256, MessageDigest::sha256()), (17, Hash::Sha512, MessageDigest::sha512())]
    {
        let key = ActiveKey::Ecdsa { parameters: group(number), coding: KeyCoding::Named };
        let script = active(key, algorithm);
        let issued = issue(&script);
        let mut card = CitizenCard::new(issued.clone(), &script, 7);
        let mut terminal = open(&mut card, &issued);
        let signature = terminal.must([0, 0x88, 0, 0], &challenge, Some(200)).unwrap();
        let [r, s] = [0, 1].map(|half| {
            let half = &signature[half * signature.len() / 2..][..signature.len() / 2];
            BigNum::from_slice(half).unwrap()
        });
        let signature = EcdsaSig::from_private_components(r, s).unwrap();
        let key = key_in_dg15(&issued).ec_key().unwrap();
        assert!(signature.verify(&hash(digest, &challenge).unwrap(), &key).unwrap());
    }
}

/// Whatever a reader sends, in any order: an answer with a status, and no panic.
#[test]
fn a_chip_answers_anything() {
    let script = script(|profile| {
        profile.access.pace = every_protocol();
        profile.chip_authentication = every_chip_authentication();
    });
    let issued = issue(&script);
    let mut chance = SeededChance::new(3);
    let mut draw = |limit: u64| rand_core::Rng::next_u64(&mut chance) % limit;
    let mut card = CitizenCard::new(issued.clone(), &script, 7);
    for round in 0..20_000 {
        let mut apdu = vec![[0x00, 0x0C, 0x10, 0x80][draw(4) as usize]];
        apdu.push([0x22, 0x82, 0x84, 0x86, 0x88, 0xA4, 0xB0, 0xB1, 0x00][draw(9) as usize]);
        apdu.extend([
            [0, 0x41, 0xC1, 0x9C, draw(256) as u8][draw(5) as usize],
            [0, 0xA4, 0xA6, 0x0C][draw(4) as usize],
        ]);
        for _ in 0..draw(20) {
            let byte =
                [0x00, 0x01, 0x7C, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x8E, 0x97, 0x99, draw(256) as u8];
            apdu.push(byte[draw(13) as usize]);
        }
        let answer = card.answer(&apdu);
        assert!(answer.len() >= 2, "round {round}: {}", hex::encode(apdu));
    }
}
