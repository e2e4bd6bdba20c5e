//! The virtual card read by two readers that others wrote, `dmrtd` and `emrtd`: whoever reads it with
//! ours alone might share a mistake with it. Both must give the bytes that were written to it.

use std::{env, path::Path, process::Stdio};

use dmrtd::{
    com::{TransceiveError, Transceiver},
    lds::ef::ElementaryFile as _,
    passport::{Passport, PassportError},
    proto::can_key::CanKey,
};
use emrtd::{EmrtdComms, EmrtdError, other_mrz};
use jiff::civil::{Date, date};
use sha2::{Digest as _, Sha256};
use simulators::{
    card_process::{CardOptions, CardProcess},
    chance::SeededChance,
    chip::Chip as _,
    citizen_card::CitizenCard,
    pcscd::PrivatePcscd,
    people::People,
    personalise::{Issuer, Personalised},
    scenario::{CardScript, Scenario},
};

use crate::private_pcscd::{SOCKET, child, laid_card};

const PEOPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/people");
const TODAY: Date = date(2026, 11, 21);
/// In the order in which they are read: file identifier (its last byte), name.
const FILES: [(u8, &str); 7] = [
    (0x1E, "EF.COM"),
    (0x1D, "EF.SOD"),
    (0x01, "EF.DG1"),
    (0x0D, "EF.DG13"),
    (0x0E, "EF.DG14"),
    (0x0F, "EF.DG15"),
    (0x02, "EF.DG2"),
];

/// Each file as it was written; those of data groups by their short identifiers.
fn written(card: &Personalised) -> Vec<Vec<u8>> {
    FILES
        .iter()
        .map(|(file, name)| card.file(*file).unwrap_or_else(|| panic!("no {name}")).to_vec())
        .collect()
}

fn card_of(issuer: &Issuer, script: &CardScript) -> Personalised {
    let people = Path::new(PEOPLE);
    let person = People::load(people).unwrap().person("khue").unwrap().clone();
    issuer.personalise(&person, people, script, TODAY).unwrap()
}

/// SELECT of the master file by its identifier.
const SELECT_MASTER_FILE: [u8; 7] = [0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00];

/// The card in memory. Viet Nam's chips refuse to SELECT their master file; `dmrtd` ends there,
/// so that it is told that all is well, and goes on as it would at another country's card.
struct Way(CitizenCard);

impl Transceiver for Way {
    fn transceive(&mut self, command: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        let answer = self.0.answer(command);
        Ok(if command == SELECT_MASTER_FILE { vec![0x90, 0x00] } else { answer })
    }
}

#[test]
fn dmrtd_opens_it_by_pace_and_reads_every_file() {
    let script = CardScript::default();
    let issued = card_of(&Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap(), &script);
    let way = Way(CitizenCard::new(issued.clone(), &script, 3));
    let read = read_by_dmrtd(Passport::new(way), CanKey::new(issued.can()).unwrap()).unwrap();
    assert!(read == written(&issued), "other bytes than were written");
}

fn read_by_dmrtd(mut passport: Passport<Way>, key: CanKey) -> Result<Vec<Vec<u8>>, PassportError> {
    let card_access = passport.read_ef_card_access()?;
    passport.start_session_pace(key, &card_access)?;
    Ok(vec![
        passport.read_ef_com()?.to_bytes().to_vec(),
        passport.read_ef_sod()?.to_bytes().to_vec(),
        passport.read_ef_dg1()?.to_bytes().to_vec(),
        passport.read_ef_dg13()?.to_bytes().to_vec(),
        passport.read_ef_dg14()?.to_bytes().to_vec(),
        passport.read_ef_dg15()?.to_bytes().to_vec(),
        passport.read_ef_dg2()?.to_bytes().to_vec(),
    ])
}

#[test]
fn dmrtd_with_another_number_is_let_into_nothing() {
    let script = CardScript::default();
    let issued = card_of(&Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap(), &script);
    let wrong = if issued.can() == "123456" { "654321" } else { "123456" };
    let way = Way(CitizenCard::new(issued, &script, 3));
    read_by_dmrtd(Passport::new(way), CanKey::new(wrong).unwrap()).unwrap_err();
}

const SCENARIO: &str =
    "title = \"T\"\nperson = \"khue\"\n[card]\nonly-bac = true\n[expect]\noutcome = \"none\"\n";
/// Where the child finds who issued the card.
const ISSUER: &str = "TEST_ISSUER";

/// It knows no PACE and takes a card of the system's reader only: one with BAC, at a real `pcscd`.
#[test]
fn emrtd_opens_it_by_bac_and_reads_every_file_through_a_real_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = PrivatePcscd::start(folder.path()).unwrap();
    let (scenario, issuer_folder) = (folder.path().join("scenario.toml"), folder.path().join("issuer"));
    std::fs::write(&scenario, SCENARIO).unwrap();
    let options = CardOptions {
        scenario: &scenario,
        people: Path::new(PEOPLE),
        issuer_folder: &issuer_folder,
        folder: folder.path(),
        today: TODAY,
        seed: Some(1),
    };
    let program = Path::new(env!("CARGO_BIN_EXE_virtual-card"));
    let mut card = CardProcess::start(program, &options, &daemon).unwrap();
    card.lay().unwrap();
    let output = child("other_readers::emrtd_reads_the_card")
        .env(SOCKET, daemon.socket_name())
        .env(ISSUER, &issuer_folder)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(card.status().unwrap().starts_with("laid "));
}

#[test]
#[ignore = "a child of the test above"]
fn emrtd_reads_the_card() {
    let scenario = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(scenario.path(), SCENARIO).unwrap();
    let script = Scenario::load(scenario.path()).unwrap().card;
    let folder = env::var_os(ISSUER).unwrap();
    let issuer = Issuer::open(Path::new(&folder), TODAY, &mut SeededChance::new(9)).unwrap();
    let issued = card_of(&issuer, &script);
    let read = read_by_emrtd(EmrtdComms::new(laid_card()), issued.mrz()).unwrap();
    // The same person's, personalised once more: the chip's keys are others, and so is what is signed.
    // Whatever was read is what its own security object has the digests of.
    let security_object = &read[1];
    for (((_, name), bytes), written) in FILES.iter().zip(&read).zip(written(&issued)) {
        if name.starts_with("EF.DG") {
            let digest = Sha256::digest(bytes);
            assert!(security_object.windows(32).any(|it| it == &digest[..]), "{name} is not what was signed");
        }
        if !["EF.SOD", "EF.DG14", "EF.DG15"].contains(name) {
            assert!(*bytes == written, "{name} has other bytes than were written");
        }
    }
}

fn read_by_emrtd(mut comms: EmrtdComms, zone: &str) -> Result<Vec<Vec<u8>>, EmrtdError> {
    let secret = other_mrz(&zone[5..14], &zone[30..36], &zone[38..44])?;
    comms.select_emrtd_application()?;
    comms.establish_bac_session_keys(secret.as_bytes())?;
    let mut files = Vec::new();
    for (file, name) in FILES {
        comms.select_ef(&[0x01, file], name, true)?;
        files.push(comms.read_data_from_ef(true)?);
    }
    Ok(files)
}
