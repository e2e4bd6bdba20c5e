//! The PC/SC driver beside other slots, other programs, and a service that does not
//! always run, against a real, private `pcscd`. The tests marked `ignore` are the
//! children that run in the daemon's network.

use std::{
    ffi::CStr,
    time::{Duration, Instant},
};

use card_faults::Listed as _;
use devices::{CardReader, ReaderFault};
use drivers::pcsc::{
    PcscReader, SlotChoice,
    SlotKind::{Contact, Contactless},
};
use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};
use simulators::{
    pcscd::{self, PrivatePcscd, VirtualReader},
    scenario::CardScript,
};

use crate::private_daemon::{
    PATIENCE, READER, please, port, read_portrait, run, run_and_obey, run_beside, until, virtual_card,
    virtual_card_at,
};

const SOON: Duration = Duration::from_millis(100);
const NAME: &CStr = c"Virtual PCD 00 00";
/// Two devices of two slots each, whose names say what they are.
const BY_FIELD: VirtualReader<'_> = VirtualReader { name: "Desk [PICC]", port: pcscd::READER.port };
const BY_CONTACTS: VirtualReader<'_> = VirtualReader { name: "Desk [ICC]", port: BY_FIELD.port + 2 };

#[test]
fn of_two_slots_the_named_one_is_read_and_neither_is_guessed() {
    run("shared_readers::child_reads_the_second_slot");
}

#[test]
fn of_two_kinds_of_slots_the_one_asked_for_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = PrivatePcscd::start_with(folder.path(), &[BY_FIELD, BY_CONTACTS]).unwrap();
    run_beside(&mut daemon, "shared_readers::child_reads_the_contactless_slot", |_, wish| panic!("{wish}"));
}

#[test]
fn a_reader_held_by_another_program_is_busy_until_it_lets_go() {
    run("shared_readers::child_meets_another_program");
}

#[test]
fn nobody_can_reset_a_card_that_is_ours() {
    run("shared_readers::child_keeps_others_out");
}

#[test]
fn a_card_lifted_in_an_exchange_is_gone_before_the_service_notices() {
    run("shared_readers::child_outruns_the_service");
}

#[test]
fn a_card_that_takes_the_place_of_another_at_once_is_read() {
    run("shared_readers::child_meets_quick_hands");
}

#[test]
fn a_service_that_was_killed_is_found_again() {
    run_and_obey("shared_readers::child_outlives_the_service", |daemon, wish| match wish {
        "stop" => daemon.stop(),
        _ => daemon.start_again(&[pcscd::READER]).unwrap(),
    });
}

#[test]
fn a_reader_that_was_unplugged_is_found_again() {
    run_and_obey("shared_readers::child_outlives_the_reader", |daemon, wish| match wish {
        "unplug" => daemon.start_again(&[]).unwrap(),
        _ => daemon.start_again(&[pcscd::READER]).unwrap(),
    });
}

#[test]
#[ignore = "a child of the tests above"]
fn child_reads_the_second_slot() {
    for choice in [SlotChoice::only(), SlotChoice::named("Virtual PCD")] {
        let fault = PcscReader::open(choice).err().unwrap();
        assert_eq!((fault, fault.fault().code()), (ReaderFault::Ambiguous, "READER-04"));
    }
    let (mut first, _) = virtual_card(&CardScript::default());
    let (mut second, key) = virtual_card_at(port() + 1, &CardScript::default());
    let mut reader = PcscReader::open(SlotChoice::named("pcd 00 01")).unwrap();
    first.lay().unwrap();
    let mut beside = PcscReader::open(SlotChoice::named("pcd 00 00")).unwrap();
    beside.wait_for_card(PATIENCE).unwrap().expect("a card was laid on the first slot");
    assert_eq!(reader.wait_for_card(SOON), Ok(None));
    second.lay().unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid on the second slot");
    assert!(read_portrait(&mut reader, &key).is_ok());
    assert!(second.answered() > 0);
    assert_eq!(first.answered(), 0);
}

#[test]
#[ignore = "a child of the tests above"]
fn child_reads_the_contactless_slot() {
    // Both devices have such a slot.
    let desk = || SlotChoice::named("00 01");
    assert_eq!(PcscReader::open(desk()).err(), Some(ReaderFault::Ambiguous));
    let (mut card, key) = virtual_card_at(BY_FIELD.port + 1, &CardScript::default());
    let (mut inserted, _) = virtual_card_at(BY_CONTACTS.port + 1, &CardScript::default());
    inserted.lay().unwrap();
    let mut reader = PcscReader::open(desk().of_kind(Contactless)).unwrap();
    card.lay().unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid on the field");
    assert!(read_portrait(&mut reader, &key).is_ok());
    assert_eq!(inserted.answered(), 0);
    let mut contact = PcscReader::open(desk().of_kind(Contact)).unwrap();
    assert!(contact.wait_for_card(PATIENCE).unwrap().is_some());
}

/// Another program's hold on the card.
fn other(mode: ShareMode) -> Result<Card, pcsc::Error> {
    Context::establish(Scope::User)?.connect(NAME, mode, Protocols::ANY)
}

#[test]
#[ignore = "a child of the tests above"]
fn child_meets_another_program() {
    let (mut card, key) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    card.lay().unwrap();
    let whole = until(|| other(ShareMode::Exclusive).ok());
    let fault = reader.wait_for_card(SOON).unwrap_err();
    assert_eq!((fault, fault.fault().code()), (ReaderFault::Busy, "READER-03"));
    assert_eq!(reader.wait_for_removal(SOON), Err(ReaderFault::Busy));
    drop(whole);
    reader.wait_for_card(PATIENCE).unwrap().expect("it is free again");
    assert!(read_portrait(&mut reader, &key).is_ok());
    drop(reader);

    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    let part = other(ShareMode::Shared).unwrap();
    assert_eq!(reader.wait_for_card(SOON), Err(ReaderFault::Busy));
    part.disconnect(Disposition::UnpowerCard).map_err(|(_, error)| error).unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("it was powered off, and is powered again");
    assert!(read_portrait(&mut reader, &key).is_ok());
}

#[test]
#[ignore = "a child of the tests above"]
fn child_keeps_others_out() {
    let (mut card, key) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    card.lay().unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
    let shut_out = || {
        for mode in [ShareMode::Exclusive, ShareMode::Shared, ShareMode::Direct] {
            assert_eq!(other(mode).err(), Some(pcsc::Error::SharingViolation));
        }
    };
    shut_out();
    // Not even where the card is powered anew.
    reader.reset_card().unwrap();
    shut_out();
    assert!(read_portrait(&mut reader, &key).is_ok());
    shut_out();
}

#[test]
#[ignore = "a child of the tests above"]
fn child_outruns_the_service() {
    const READ: [u8; 5] = [0, 0xB0, 0x9C, 0, 0];
    let (mut card, _) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    for _ in 0..5 {
        card.lay().unwrap();
        reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
        assert!(reader.exchange(&READ).is_ok());
        card.lift();
        let begun = Instant::now();
        assert_eq!(reader.exchange(&READ), Err(ReaderFault::CardGone));
        let noticed = begun.elapsed();
        println!("the card was gone after {noticed:?}");
        // A few exchanges with the service; waiting for its own look, every 400 ms,
        // would fail in most of the rounds.
        assert!(noticed < Duration::from_millis(200), "{noticed:?}");
        assert_eq!(reader.wait_for_removal(PATIENCE), Ok(true));
    }
}

/// Hands are quicker than the service's looks.
#[test]
#[ignore = "a child of the tests above"]
fn child_meets_quick_hands() {
    let (mut card, key) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    for _ in 0..5 {
        card.lay().unwrap();
        reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
        assert!(read_portrait(&mut reader, &key).is_ok());
        card.lift();
    }
}

#[test]
#[ignore = "a child of the tests above"]
fn child_outlives_the_service() {
    let (mut card, key) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    for _ in 0..2 {
        card.lay().unwrap();
        reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
        please("stop");
        let fault = until(|| reader.exchange(&[0, 0xB0, 0x9C, 0, 0]).err());
        assert_eq!((fault, fault.fault().code()), (ReaderFault::ServiceDown, "READER-02"));
        assert_eq!(reader.wait_for_card(SOON), Err(ReaderFault::ServiceDown));
        please("start");
        until(|| reader.wait_for_card(SOON).ok());
        card.lay().unwrap();
        reader.wait_for_card(PATIENCE).unwrap().expect("it was laid down again");
        assert!(read_portrait(&mut reader, &key).is_ok());
        card.lift();
    }
}

#[test]
#[ignore = "a child of the tests above"]
fn child_outlives_the_reader() {
    let (mut card, key) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    please("unplug");
    let fault = until(|| reader.wait_for_card(SOON).err().filter(|fault| *fault != ReaderFault::ServiceDown));
    assert_eq!((fault, fault.fault().code()), (ReaderFault::Unplugged, "READER-01"));
    assert_eq!(reader.wait_for_removal(SOON), Err(ReaderFault::Unplugged));
    please("plug in");
    until(|| reader.wait_for_card(SOON).ok());
    card.lay().unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
    assert!(read_portrait(&mut reader, &key).is_ok());
}
