//! Every scenario file can be read, and its card can be made.

use std::{fs, path::Path};

use jiff::civil::date;
use simulators::{
    chance::SeededChance,
    people::People,
    personalise::Issuer,
    scenario::{CardScript, Scenario, read_toml},
};

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn every_scenario_can_be_read_and_its_card_made() {
    let people = People::load(&folder("people")).unwrap();
    let today = date(2026, 11, 21);
    let issuer = Issuer::generate(today, &mut SeededChance::new(1)).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(folder("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        let scenario = Scenario::load(&path).unwrap_or_else(|error| panic!("{error}"));
        let person =
            people.person(&scenario.person).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        issuer.personalise(person, &folder("people"), &scenario.card, today).unwrap();
        count += 1;
    }
    assert!(count >= 5, "{count} scenarios");
}

#[test]
fn every_profile_can_be_read_and_its_card_made() {
    let people = People::load(&folder("people")).unwrap();
    let today = date(2026, 11, 21);
    let issuer = Issuer::generate(today, &mut SeededChance::new(1)).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(folder("profiles")).unwrap() {
        let profile = read_toml(&entry.unwrap().path()).unwrap_or_else(|error| panic!("{error}"));
        let script = CardScript { profile, ..CardScript::default() };
        let person = people.person("khue").unwrap();
        let card = issuer.personalise(person, &folder("people"), &script, today).unwrap();
        for group in &script.profile.data_groups.present {
            assert!(card.file(group.number()).is_some(), "EF.DG{}", group.number());
        }
        count += 1;
    }
    assert!(count >= 4, "{count} profiles");
}

/// What a chip is expected to hold, so that reading times mean something.
#[test]
fn every_invented_citizen_gets_a_chip_of_usual_size() {
    let people = People::load(&folder("people")).unwrap();
    let today = date(2026, 11, 21);
    let issuer = Issuer::generate(today, &mut SeededChance::new(1)).unwrap();
    for (name, person) in &people.0 {
        let card = issuer.personalise(person, &folder("people"), &CardScript::default(), today).unwrap();
        let size = |file| card.file(file).unwrap().len();
        assert!((12_000..21_000).contains(&size(2)), "{name}: DG2 {}", size(2));
        assert!((300..800).contains(&size(13)), "{name}: DG13 {}", size(13));
        assert!((1_000..3_000).contains(&size(0x1D)), "{name}: SOD {}", size(0x1D));
        assert_eq!(size(1), 95);
    }
}
