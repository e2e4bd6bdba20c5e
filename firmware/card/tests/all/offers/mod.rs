//! Chips of one answer to reset, one after the other, through one memory of what they offer:
//! what it saves, and that it never opens what the chip itself would not have opened so.

mod failures;
mod overheard;
mod unproven;

use std::sync::Arc;

use card::{AccessPolicy, FileId, Offers, Protocol, ReadError};
use simulators::{
    card_profile::{
        BeyondLongest, CardFaults, Cipher, Mapping, PaceProtocol, PaceReference, Parameters, ReadingFaults,
    },
    chance::SeededChance,
    scenario::CardScript,
};

use overheard::{
    CHALLENGE, CHOOSE_PACE, Overheard, PROVE, READ_CARD_ACCESS, SPEEDS, assert_asked_again, filled, usual,
};

const PACE: AccessPolicy = AccessPolicy::PaceOnly;
const EITHER: AccessPolicy = AccessPolicy::PaceOrBacWhenNotOffered;

fn offering(pace: &[PaceProtocol]) -> CardScript {
    let mut script = usual();
    script.profile.access.pace = pace.to_vec();
    script
}

fn faulty(faults: CardFaults) -> CardScript {
    CardScript { faults, ..usual() }
}

fn other_form() -> PaceProtocol {
    PaceProtocol::new(Mapping::Gm, Cipher::Aes256, Parameters::try_from(16).unwrap()).unwrap()
}

#[test]
fn the_second_chip_of_an_answer_to_reset_is_opened_without_reading_what_it_offers() {
    let mut offers = Offers::new();
    let mut first = Overheard::new(&usual());
    let read = first.read(&mut offers, PACE).unwrap();
    let mut second = Overheard::new(&usual());
    let remembered = second.read(&mut offers, PACE).unwrap();

    assert_eq!(first.sent(&READ_CARD_ACCESS), 1);
    assert_eq!(second.sent(&READ_CARD_ACCESS), 0);
    assert_eq!(remembered.log().apdus, read.log().apdus - 1);
    assert_eq!(remembered.access(), read.access());
    println!("{} commands, then {}", read.log().apdus, remembered.log().apdus);
    for (kbps, (first, second)) in SPEEDS.iter().zip(first.times.iter().zip(&second.times)) {
        println!("{kbps} kbit/s: {first:?}, then {second:?}, {:?} less", first.saturating_sub(*second));
        assert!(second < first);
    }
    // It is said to be remembered, and never to have been read.
    assert_eq!(read.remembered_access(), None);
    assert_eq!(remembered.remembered_access(), read.file(FileId::CardAccess));
    assert!(remembered.remembered_access().is_some());
    assert_eq!(remembered.file(FileId::CardAccess), None);
    assert!(read.log().files.contains(&FileId::CardAccess));
    assert!(!remembered.log().files.contains(&FileId::CardAccess));
}

#[test]
fn a_session_that_used_the_memory_says_so_and_can_still_ask_the_chip() {
    let mut script = usual();
    script.profile.master_file.selectable = true;
    let (mut offers, mut card) = (filled(), Overheard::new(&script));
    let keys = Arc::clone(&card.keys);
    let mut session = card.open(&mut offers, &keys.can, PACE).unwrap();
    assert!(session.so_far().remembered_access().is_some());
    session.read(FileId::CardAccess, &mut |_| ()).unwrap();
    session.read(FileId::Dg1, &mut |_| ()).unwrap();
    let files = session.finish();
    assert!(files.file(FileId::CardAccess).is_some());
    assert_eq!(files.file(FileId::CardAccess), files.remembered_access());
    // What the issuer signed comes before anything about the holder.
    assert_eq!(files.log().files, [FileId::Com, FileId::CardAccess, FileId::Dg14, FileId::Dg1]);
}

#[test]
fn a_chip_that_does_not_know_the_form_is_asked_at_once_and_opened() {
    let mut offers = filled();
    let script = offering(&[other_form()]);
    let mut other = Overheard::new(&script);
    let files = other.read(&mut offers, PACE).unwrap();
    assert!(matches!(files.access(), Protocol::Pace { parameters: 16, .. }), "{}", files.access());
    assert!(files.remembered_access().is_none() && files.file(FileId::CardAccess).is_some());
    // Refused with and without the object of the parameters, then taken.
    assert_eq!((other.sent(&CHOOSE_PACE), other.sent(&PROVE)), (3, 1));
    // Two kinds share the answer to reset: neither is guessed at again.
    assert_asked_again(&mut offers);
    let mut next = Overheard::new(&script);
    assert!(next.read(&mut offers, PACE).unwrap().remembered_access().is_none());
    assert_eq!((next.sent(&CHOOSE_PACE), next.asked_what_it_offers()), (1, true));
}

#[test]
fn the_memory_is_no_way_to_bac_and_none_round_what_the_chip_says() {
    // It knows PACE and hides that: alone it would be opened with BAC.
    let hidden = CardFaults { hidden_card_access: true, ..Default::default() };
    let files = Overheard::new(&faulty(hidden)).read(&mut filled(), EITHER).unwrap();
    assert!(matches!(files.access(), Protocol::Pace { .. }));

    // It refuses PACE, then the file that says whether it has it.
    let script = || {
        let mut script = offering(&[other_form()]);
        script.faults.card_access_status = Some(0x6982);
        script
    };
    for policy in [PACE, EITHER] {
        let mut refusing = Overheard::new(&script());
        let error = refusing.read(&mut filled(), policy).err().unwrap();
        assert!(matches!(error, ReadError::Refused { file: FileId::CardAccess, .. }), "{error}");
        assert_eq!(refusing.sent(&CHALLENGE), 0);
    }

    // It has no PACE: only its own word says so, and then the policy decides.
    let only_bac = CardScript { only_bac: true, ..usual() };
    let mut offers = filled();
    let mut card = Overheard::new(&only_bac);
    let error = card.read(&mut offers, PACE).err().unwrap();
    assert!(matches!(error, ReadError::PaceNotOffered), "{error}");
    assert!(card.asked_what_it_offers());
    let error = Overheard::new(&only_bac).read(&mut filled(), EITHER).err().unwrap();
    assert!(matches!(error, ReadError::KeyNotForBac), "{error}");
    // And that is not remembered.
    assert_asked_again(&mut offers);
}

#[test]
fn where_bac_is_wanted_the_chip_is_asked_and_nothing_remembered() {
    let mut offers = Offers::new();
    for _ in 0..2 {
        let mut card = Overheard::new(&usual());
        let keys = Arc::clone(&card.keys);
        let mut session = card.open(&mut offers, &keys.zone, AccessPolicy::BacOnly).unwrap();
        session.read(FileId::Dg14, &mut |_| ()).unwrap();
        let files = session.finish();
        assert_eq!(files.access(), Protocol::Bac);
        assert!(files.file(FileId::CardAccess).is_some() && files.remembered_access().is_none());
    }
    assert_asked_again(&mut offers);
    let mut offers = filled();
    let mut card = Overheard::new(&usual());
    let keys = Arc::clone(&card.keys);
    let files = card.open(&mut offers, &keys.zone, AccessPolicy::BacOnly).unwrap().finish();
    assert!(files.file(FileId::CardAccess).is_some() && files.remembered_access().is_none());
}

#[test]
fn a_reading_that_fails_or_never_hears_the_issuer_leaves_nothing() {
    // Lifted in its portrait, after DG14 was read.
    let mut offers = Offers::new();
    let mut lifted = Overheard::new(&CardScript { lifted_in_portrait_after: Some(5000), ..usual() });
    assert!(lifted.read(&mut offers, PACE).is_err());
    assert_asked_again(&mut offers);
    // Opened, and DG14 not read.
    let mut offers = Offers::new();
    let mut card = Overheard::new(&usual());
    let keys = Arc::clone(&card.keys);
    card.open(&mut offers, &keys.can, PACE).unwrap().finish();
    assert_asked_again(&mut offers);
    // Shown another form than its DG14 names: `identity` refuses that card.
    let mut offers = Offers::new();
    let weaker = CardFaults { weaker_card_access: Some(other_form()), ..Default::default() };
    let files = Overheard::new(&faulty(weaker)).read(&mut offers, PACE).unwrap();
    assert!(files.file(FileId::CardAccess).is_some(), "what the chip showed is not our guess");
    assert_asked_again(&mut offers);
}

#[test]
fn a_chip_that_wants_its_master_file_selected_is_asked_every_time() {
    let mut offers = Offers::new();
    for _ in 0..2 {
        let mut card = Overheard::new(&usual());
        card.wants_selecting = true;
        let files = card.read(&mut offers, PACE).unwrap();
        assert!(files.file(FileId::CardAccess).is_some() && files.remembered_access().is_none());
    }
}

#[test]
fn a_chip_that_insists_on_the_parameters_or_refuses_them_is_opened_by_the_memory() {
    for pace_reference in [PaceReference::Required, PaceReference::Refused] {
        let mut card = Overheard::new(&faulty(CardFaults { pace_reference, ..Default::default() }));
        let files = card.read(&mut filled(), PACE).unwrap();
        assert!(files.remembered_access().is_some(), "{pace_reference:?}");
    }
}

/// The channel dies of a long answer, and all is done once more with short ones.
#[test]
fn the_step_down_to_short_answers_goes_by_the_memory_too() {
    let reading = ReadingFaults {
        longest: Some(256),
        beyond_longest: BeyondLongest::ChannelDropped,
        ..Default::default()
    };
    let script = faulty(CardFaults { reading, ..Default::default() });
    let mut offers = Offers::new();
    let mut first = Overheard::new(&script);
    first.read(&mut offers, PACE).unwrap();
    let mut second = Overheard::new(&script);
    let files = second.read(&mut offers, PACE).unwrap();
    assert!(files.remembered_access().is_some() && !second.asked_what_it_offers());
    assert_eq!((second.sent(&CHOOSE_PACE), second.sent(&PROVE)), (2, 2));
    assert_eq!(second.sent.len(), first.sent.len() - 2, "it was read before either channel");
    assert!(!files.log().files.contains(&FileId::CardAccess));
    // Refused first, then asked, then stepped down: asked once more, the memory being empty.
    let mut script = offering(&[other_form()]);
    script.faults.reading = reading;
    let mut other = Overheard::new(&script);
    let files = other.read(&mut offers, PACE).unwrap();
    assert!(files.remembered_access().is_none());
    assert_eq!((other.sent(&READ_CARD_ACCESS), other.sent(&PROVE)), (2, 2));
}

#[test]
fn an_answer_to_reset_that_is_empty_or_another_tells_nothing() {
    let mut offers = Offers::new();
    for _ in 0..2 {
        let mut card = Overheard::new(&usual());
        card.atr = Some(Vec::new());
        assert!(card.read(&mut offers, PACE).unwrap().remembered_access().is_none());
    }
    let mut other = Overheard::new(&usual());
    other.atr = Some(vec![0x3B, 0x80, 0x80, 0x01, 0x01]);
    assert!(other.read(&mut filled(), PACE).unwrap().remembered_access().is_none());
}

#[test]
fn opening_without_a_memory_asks_every_chip() {
    for _ in 0..2 {
        let mut card = Overheard::new(&usual());
        let keys = Arc::clone(&card.keys);
        let files =
            card::open(&mut card, &keys.can, PACE, &mut SeededChance::new(3), &mut |_| ()).unwrap().finish();
        assert!(files.file(FileId::CardAccess).is_some() && files.remembered_access().is_none());
    }
}
