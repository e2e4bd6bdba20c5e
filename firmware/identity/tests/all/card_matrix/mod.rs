//! The matrix of cards: forged, cloned, altered, expired, revoked and downgraded ones,
//! none of which may become an identity, each for its own reason; and odd but honest
//! ones, none of which may be refused.
//!
//! Reader (`card`), judge (`identity`) and virtual card (`simulators`), which share no
//! code, meet here. A case is a section of a table in `dishonest/` or `honest/`, or a
//! form of PACE of `pace_forms`; `cases` says how one is written.

mod cases;
mod desk;
mod pace_forms;
mod verdicts;

use std::{collections::BTreeSet, thread};

use cases::{Case, Expected};
use desk::Desk;

fn dishonest() -> Vec<Case> {
    let tables = [
        include_str!("dishonest/altered.toml"),
        include_str!("dishonest/copied.toml"),
        include_str!("dishonest/signers.toml"),
        include_str!("dishonest/channel.toml"),
    ];
    tables.into_iter().flat_map(cases::read).collect()
}

fn honest() -> Vec<Case> {
    let tables = [
        include_str!("honest/access.toml"),
        include_str!("honest/chip.toml"),
        include_str!("honest/signature.toml"),
        include_str!("honest/contents.toml"),
    ];
    tables.into_iter().flat_map(cases::read).chain(pace_forms::cases()).collect()
}

/// What is wrong with the outcome of each case, by two hands.
fn complaints(cases: &[Case]) -> Vec<String> {
    let desk = Desk::new();
    let some = |cases: &[Case]| -> Vec<String> {
        let complaint = |case: &Case| {
            let came = desk.visit(case);
            verdicts::held_against(&case.expect, &came).err().map(|why| format!("{}: {why}", case.name))
        };
        cases.iter().filter_map(complaint).collect()
    };
    let (left, right) = cases.split_at(cases.len() / 2);
    thread::scope(|scope| {
        let other = scope.spawn(|| some(right));
        let mut all = some(left);
        all.extend(other.join().expect("no case panics"));
        all
    })
}

#[test]
fn no_dishonest_card_is_accepted_and_each_is_refused_for_its_own_reason() {
    let cases = dishonest();
    assert!(cases.iter().all(|case| matches!(case.expect, Expected::Refused { .. })));
    assert!(cases.len() >= 60, "{} dishonest cards", cases.len());
    let complaints = complaints(&cases);
    println!("{} dishonest cards, {} complaints", cases.len(), complaints.len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn no_honest_card_is_refused_however_odd_it_is() {
    let cases = honest();
    assert!(cases.iter().all(|case| !matches!(case.expect, Expected::Refused { .. })));
    assert!(cases.len() >= 60, "{} honest cards", cases.len());
    let complaints = complaints(&cases);
    println!("{} honest cards, {} complaints", cases.len(), complaints.len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_case_is_another_card_and_has_a_name_of_its_own() {
    let (mut names, mut cards) = (BTreeSet::new(), BTreeSet::new());
    for case in dishonest().into_iter().chain(honest()) {
        assert!(cards.insert(case.fingerprint()), "{} is a card that is there already", case.name);
        assert!(names.insert(case.name.clone()), "two cases are called {}", case.name);
    }
}

/// The matrix itself can fail: what is wrong is found, whichever way it is wrong.
#[test]
fn a_card_that_is_not_what_its_case_says_is_complained_of() {
    let named = |cases: Vec<Case>, name: &str| {
        cases.into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
    };
    let honest_card = named(honest(), "a citizen's card as it is issued");
    let forged_card = named(dishonest(), "a portrait of somebody else");
    let unread_card = named(dishonest(), "a copy without the private keys");
    let other_reason = Expected::refused("ID-02 the document signer's issuer is not in the trust list");
    let complaint = |card: &Case, expect: &Expected| {
        let all = complaints(&[Case { expect: expect.clone(), ..card.clone() }]);
        assert_eq!(all.len(), 1, "{}: nothing is complained of", card.name);
        all[0].clone()
    };
    assert!(complaint(&honest_card, &forged_card.expect).contains("was accepted"));
    assert!(complaint(&forged_card, &honest_card.expect).contains("was refused: ID-01 DG2"));
    assert!(complaint(&unread_card, &honest_card.expect).contains("was refused: ID-09"));
    assert!(complaint(&forged_card, &other_reason).contains("for another reason: ID-01 DG2"));
    assert!(complaint(&unread_card, &forged_card.expect).contains("for another reason: ID-09"));
    let unproven = Expected::citizen(&[]);
    assert!(complaint(&honest_card, &unproven).contains("the chip"));
}
