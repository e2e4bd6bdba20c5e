//! Whole readings of the virtual card with each password of PACE that `--can`, `--mrz`,
//! `--pin` and `--puk` make, without a reader in between: what is read is what the issuer
//! wrote, and a wrong password opens nothing.

use std::{path::Path, time::Duration};

use card::{AccessKey, AccessPolicy, Can, CardFiles, FileId, Mapping, MrzKey, Pin, Protocol, Puk, ReadError};
use devices::CardReader;
use jiff::civil::{Date, date};
use simulators::{
    chance::SeededChance,
    citizen_card::CitizenCard,
    in_memory::InMemoryReader,
    people::People,
    personalise::{Issuer, Personalised},
    scenario::CardScript,
};

const TODAY: Date = date(2026, 11, 21);
const PIN: &str = "135790";
const PUK: &str = "0246813579";
const FILES: [FileId; 6] = [FileId::Sod, FileId::Dg1, FileId::Dg2, FileId::Dg13, FileId::Dg14, FileId::Dg15];

/// A card with all four passwords that speaks this form of PACE.
fn lay(form: &str) -> (InMemoryReader, Personalised) {
    let text = format!(
        "[profile.access]\npasswords = ['mrz', 'can', 'pin', 'puk']\npin = '{PIN}'\npuk = '{PUK}'\n\
         pace = [{form}]\n[faults]\nwrong-password = 'counted'"
    );
    let script: CardScript = toml::from_str(&text).unwrap();
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    let issuer = Issuer::generate(TODAY, &mut SeededChance::new(1)).unwrap();
    let all = People::load(&people).unwrap();
    let issued = issuer.personalise(all.person("khue").unwrap(), &people, &script, TODAY).unwrap();
    let mut reader = InMemoryReader::new(CitizenCard::new(issued.clone(), &script, 7));
    reader.lay();
    reader.wait_for_card(Duration::ZERO).unwrap().expect("the card was laid down");
    (reader, issued)
}

fn read(reader: &mut InMemoryReader, key: &AccessKey) -> Result<CardFiles, ReadError> {
    let mut session =
        card::open(reader, key, AccessPolicy::PaceOnly, &mut SeededChance::new(3), &mut |_| ())?;
    for file in FILES {
        session.read(file, &mut |_| ())?;
    }
    Ok(session.finish())
}

fn pin(digits: &str) -> AccessKey {
    AccessKey::Pin(Pin::new(digits).unwrap())
}

fn puk(digits: &str) -> AccessKey {
    AccessKey::Puk(Puk::new(digits).unwrap())
}

#[test]
fn every_password_reads_the_whole_card_over_every_mapping() {
    for (form, mapping) in [
        ("{ mapping = 'gm', agreement = 'ecdh', cipher = 'aes-128', parameters = 13 }", Mapping::Generic),
        ("{ mapping = 'im', agreement = 'dh', cipher = '3des', parameters = 0 }", Mapping::Integrated),
        (
            "{ mapping = 'cam', agreement = 'ecdh', cipher = 'aes-256', parameters = 17 }",
            Mapping::ChipAuthentication,
        ),
    ] {
        let (mut reader, issued) = lay(form);
        let can = AccessKey::Can(Can::new(issued.can()).unwrap());
        let zone = AccessKey::Mrz(MrzKey::from_mrz(issued.mrz()).unwrap());
        for key in [pin(PIN), puk(PUK), can, zone] {
            let password = key.password();
            let files = read(&mut reader, &key).unwrap_or_else(|error| panic!("{form}, {password}: {error}"));
            assert!(
                matches!(files.access(), Protocol::Pace { mapping: used, .. } if used == mapping),
                "{form}, {password}: {}",
                files.access()
            );
            for file in FILES {
                // Not `assert_eq`: a portrait in the output helps nobody.
                let written = issued.file(file.short_id()).unwrap();
                assert!(files.file(file).is_some_and(|read| read == written), "{password}: {file}");
            }
        }
    }
}

// The right digits of one password are wrong for every other: their numbers in MSE:Set AT
// keep them apart, not their lengths.
#[test]
fn no_password_opens_in_the_place_of_another() {
    let form = "{ mapping = 'gm', agreement = 'ecdh', cipher = 'aes-128', parameters = 13 }";
    let (_, issued) = lay(form);
    let can = issued.can();
    let swapped = [pin(PUK), pin(can), puk(PIN), puk(can), AccessKey::Can(Can::new(PIN).unwrap())];
    for key in swapped {
        let password = key.password();
        let (mut reader, _) = lay(form);
        let error = read(&mut reader, &key).err().unwrap_or_else(|| panic!("the {password} opened"));
        assert!(matches!(error, ReadError::KeyWrong { tries_left: Some(2) }), "{password}: {error}");
        assert!(read(&mut reader, &pin(PIN)).is_ok(), "the card opens with the right one after it");
    }
}
