//! PACE by what is remembered, and it fails: what is tried once more, what is an error, and
//! when a kind of chip is guessed by again.

use std::sync::Arc;

use card::{AccessKey, Can, Offers, Opening, ReadError, Step};
use card_faults::Listed as _;
use faults::Fault;
use simulators::{
    card_profile::{BadKey, CardFaults, PaceFault, PasswordState},
    chance::SeededChance,
};

use super::{
    EITHER, PACE, faulty, offering, other_form,
    overheard::{
        CHALLENGE, CHOOSE_PACE, Overheard, PROVE, Refusing, assert_asked_again, assert_guessed_again,
        assert_guessed_no_more, filled, usual,
    },
};

#[test]
fn a_pace_that_fails_otherwise_is_an_error_and_the_last_guess() {
    for fault in [PaceFault::WrongToken, PaceFault::MappingKey(BadKey::Echoed)] {
        for policy in [PACE, EITHER] {
            let mut offers = filled();
            let mut failing = Overheard::new(&faulty(CardFaults { pace: Some(fault), ..Default::default() }));
            let error = failing.read(&mut offers, policy).err().unwrap();
            assert_eq!(error.fault(), Fault::CardNotSecured, "{error}");
            assert!(!failing.asked_what_it_offers() && failing.sent(&CHALLENGE) == 0);
            assert_guessed_no_more(&mut offers);
        }
    }
}

/// They share an answer to reset, and each says so of the other's form in a way that may speak of
/// the password, too: nothing is tried a second time, so one reading fails. Not every second one.
#[test]
fn two_kinds_that_take_turns_fail_once() {
    for status in [0x6982, 0x6984, 0x6985, 0x6F00] {
        let (mut one, mut other) = (Overheard::new(&usual()), Overheard::new(&offering(&[other_form()])));
        (one.refuses_forms_with, other.refuses_forms_with) = (Some(status), Some(status));
        let mut offers = Offers::new();
        one.read(&mut offers, PACE).unwrap();
        let error = other.read(&mut offers, PACE).err().unwrap();
        assert!(!other.asked_what_it_offers(), "{status:04X}: {error}");
        for turn in 0..3 {
            for card in [&mut one, &mut other] {
                let read = card.read(&mut offers, PACE);
                let files = read.unwrap_or_else(|error| panic!("{status:04X}, turn {turn}: {error}"));
                assert!(files.remembered_access().is_none() && card.asked_what_it_offers());
            }
        }
    }
}

#[test]
fn a_card_that_is_lifted_in_pace_says_nothing_of_its_kind() {
    let mut offers = filled();
    let mut lifted = Overheard::new(&usual());
    lifted.lifted_at = Some(&PROVE);
    let error = lifted.read(&mut offers, PACE).err().unwrap();
    assert_eq!(error.fault(), Fault::CardLifted, "{error}");
    assert_asked_again(&mut offers);
    assert_guessed_again(&mut offers);
}

#[test]
fn a_password_that_the_chip_does_not_take_is_an_error_and_forgets() {
    let mut offers = filled();
    let passwords = PasswordState::Blocked;
    let mut blocked = Overheard::new(&faulty(CardFaults { passwords, ..Default::default() }));
    let error = blocked.read(&mut offers, EITHER).err().unwrap();
    assert!(matches!(error, ReadError::KeyBlocked { .. }), "{error}");
    assert_eq!((blocked.sent(&CHOOSE_PACE), blocked.asked_what_it_offers()), (1, false));
    assert_asked_again(&mut offers);
    assert_guessed_again(&mut offers);
}

#[test]
fn a_wrong_key_is_tried_once_and_forgets() {
    let mut offers = filled();
    let mut card = Overheard::new(&usual());
    let wrong = AccessKey::Can(Can::new("000000").unwrap());
    let error = card.open(&mut offers, &wrong, EITHER).err().unwrap();
    assert!(matches!(error, ReadError::KeyWrong { tries_left: Some(2) }), "{error}");
    assert_eq!((card.sent(&PROVE), card.asked_what_it_offers()), (1, false));
    assert_asked_again(&mut offers);
    assert_guessed_again(&mut offers);
}

/// Nothing is sent twice of what may count as a try.
#[test]
fn every_refusal_that_may_speak_of_the_password_is_final() {
    for (status, asked) in [
        (0x6A80, true),
        (0x6A81, true),
        (0x6A86, true),
        (0x6A88, true),
        (0x6D00, true),
        (0x6E00, true),
        (0x6700, true),
        (0x63C0, false),
        (0x6982, false),
        (0x6983, false),
        (0x6984, false),
        (0x6985, false),
        (0x6300, false),
        (0x6F00, false),
        (0x6400, false),
        (0x6581, false),
    ] {
        let mut offers = filled();
        let mut card = Refusing { card: Overheard::new(&usual()), status };
        let keys = Arc::clone(&card.card.keys);
        let chance = &mut SeededChance::new(3);
        let opened = card::open_with(
            &mut card,
            Opening { key: &keys.can, candidates: &[], policy: EITHER, offers: Some(&mut offers) },
            chance,
            &mut |_| (),
        );
        let error = opened.err().unwrap();
        let of_pace = matches!(
            error,
            ReadError::AccessRefused { step: Step::Pace(0), .. }
                | ReadError::KeyBlocked { .. }
                | ReadError::KeySuspended { .. }
        );
        assert!(of_pace, "{status:04X}: {error}");
        assert_eq!(card.card.asked_what_it_offers(), asked, "{status:04X}");
        assert_asked_again(&mut offers);
    }
}
