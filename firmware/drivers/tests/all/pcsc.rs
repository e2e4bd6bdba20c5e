//! The PC/SC driver against a real, private `pcscd` with the virtual citizen card on
//! its virtual reader. The client library takes the daemon's name from the
//! environment, so what is tested runs as a child, in the daemon's own network: the
//! tests marked `ignore` are those children.

use std::{
    env,
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use card::ReadError;
use card_faults::Listed as _;
use devices::{CardReader, ReaderFault};
use drivers::pcsc::{AnswerLength, PcscReader, SlotChoice, list_readers};
use faults::Fault;
use simulators::{
    card_profile::{Cipher, Mapping, PaceProtocol},
    scenario::CardScript,
};

use crate::private_daemon::{
    PATIENCE, READER, SOCKET, please, port, read_portrait, run, run_and_obey, until, virtual_card,
};

#[test]
fn a_whole_card_is_read_through_the_service() {
    run("pcsc::child_reads_a_whole_card");
}

#[test]
fn long_keys_go_in_pieces_where_the_service_is_trusted_with_short_length_only() {
    run("pcsc::child_sends_long_keys");
}

#[test]
fn a_lifted_card_is_noticed_within_200_ms() {
    run("pcsc::child_sees_cards_come_and_go");
}

#[test]
fn a_card_lifted_in_the_middle_is_gone_and_not_mute() {
    run("pcsc::child_reads_while_the_card_is_lifted");
}

#[test]
fn a_card_that_lay_crooked_is_found_when_it_lies_straight() {
    run("pcsc::child_waits_for_a_mute_card");
}

#[test]
fn a_service_that_ends_is_told_from_a_missing_reader() {
    run_and_obey("pcsc::child_loses_the_service", |daemon, _| daemon.stop());
}

#[test]
fn no_service_at_all_is_said_at_once() {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "pcsc::child_finds_no_service", "--ignored", "--nocapture"]);
    command.env(SOCKET, "/nowhere/pcscd.comm");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "a child of the tests above"]
fn child_reads_a_whole_card() {
    let (mut card, key) = virtual_card(&CardScript::default());
    assert!(list_readers().unwrap().iter().any(|name| name.to_lowercase().contains(READER)));
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    assert_eq!(reader.wait_for_card(Duration::from_millis(50)), Ok(None));
    assert_eq!(reader.exchange(&[0, 0xB0, 0x9C, 0, 0]), Err(ReaderFault::CardGone));
    card.lay().unwrap();
    let begun = Instant::now();
    let presence = reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
    println!("the card was seen after {:?}", begun.elapsed());
    assert_eq!(presence.atr[..4], [0x3B, 0x85, 0x80, 0x01]);
    assert_eq!(reader.longest_response(), 65_538);
    let begun = Instant::now();
    assert_eq!(reader.reset_card(), Ok(presence));
    println!("power off and on took {:?}", begun.elapsed());

    let begun = Instant::now();
    let log = read_portrait(&mut reader, &key).unwrap();
    println!("{log:?} in {:?}", begun.elapsed());
    assert!(log.apdus <= 25);
    let before = card.answered();
    reader = reader.with_answers(AnswerLength::Short);
    assert_eq!(reader.longest_response(), 258);
    let log = read_portrait(&mut reader, &key).unwrap();
    assert_eq!(u64::from(log.apdus), card.answered() - before);
    assert!(log.apdus > 80, "{log:?}");
}

/// PACE over 2048 bits: keys and answers of 264 bytes.
#[test]
#[ignore = "a child of the tests above"]
fn child_sends_long_keys() {
    let mut script = CardScript::default();
    let protocol = PaceProtocol::new(Mapping::Gm, Cipher::Aes128, 2.try_into().unwrap()).unwrap();
    script.profile.access.pace = vec![protocol];
    let (mut card, key) = virtual_card(&script);
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    card.lay().unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
    let long = read_portrait(&mut reader, &key).unwrap();
    reader = reader.with_answers(AnswerLength::Short);
    let before = card.answered();
    let short = read_portrait(&mut reader, &key).unwrap();
    println!("{long:?}, {short:?}");
    assert_eq!(u64::from(short.apdus), card.answered() - before);
    assert!(short.apdus > 80 && long.apdus <= 25, "{long:?}, {short:?}");
}

#[test]
#[ignore = "a child of the tests above"]
fn child_sees_cards_come_and_go() {
    let (mut card, _) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    for _ in 0..3 {
        card.lay().unwrap();
        reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
        assert_eq!(reader.wait_for_removal(Duration::ZERO), Ok(false));
        let begun = Instant::now();
        assert_eq!(reader.wait_for_removal(Duration::from_millis(300)), Ok(false));
        assert!(begun.elapsed() >= Duration::from_millis(300));

        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let before = card.answered();
                // The driver is in the middle of its waiting.
                until(|| (card.answered() > before + 1).then_some(()));
                tell.send(Instant::now()).unwrap();
                card.lift();
            });
            assert_eq!(reader.wait_for_removal(PATIENCE), Ok(true));
        });
        let noticed = told.recv().unwrap().elapsed();
        println!("the lifted card was noticed after {noticed:?}");
        assert!(noticed < Duration::from_millis(200), "{noticed:?}");
        assert_eq!(reader.wait_for_removal(PATIENCE), Ok(true), "and it stays noticed");
        assert_eq!(reader.reset_card(), Err(ReaderFault::CardGone));
    }
}

#[test]
#[ignore = "a child of the tests above"]
fn child_reads_while_the_card_is_lifted() {
    let script = CardScript { lifted_in_portrait_after: Some(5000), ..CardScript::default() };
    let (mut card, key) = virtual_card(&script);
    let mut reader = PcscReader::open(SlotChoice::named("VIRTUAL PCD 00 00")).unwrap();
    card.lay().unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
    let error = read_portrait(&mut reader, &key).unwrap_err();
    assert!(matches!(error, ReadError::NoAnswer { fault: ReaderFault::CardGone, .. }), "{error:?}");
    assert_eq!(error.fault(), Fault::CardLifted);
    reader.wait_for_card(PATIENCE).unwrap().expect("it is laid down again");
    assert!(read_portrait(&mut reader, &key).is_ok());
}

/// A card that is there and gives no answer to reset until it is told to.
fn lay_mute_card(talks: Arc<AtomicBool>) -> TcpStream {
    let mut wire = TcpStream::connect(("127.0.0.1", port())).unwrap();
    let field = wire.try_clone().unwrap();
    thread::spawn(move || -> io::Result<()> {
        let mut asked_to_power = false;
        loop {
            let mut length = [0; 2];
            wire.read_exact(&mut length)?;
            let mut message = vec![0; u16::from_be_bytes(length).into()];
            wire.read_exact(&mut message)?;
            match message[..] {
                [power @ 0..4] => asked_to_power = power != 0,
                // The first question after power is for the answer to it; the others
                // only ask whether a card is there.
                [4] if asked_to_power && !talks.load(Ordering::SeqCst) => {
                    asked_to_power = false;
                    // Longer than any answer to reset may be: the driver gives up on it.
                    wire.write_all(&[0, 40])?;
                    wire.write_all(&[0; 40])?;
                }
                [4] => wire.write_all(&[0, 5, 0x3B, 0x80, 0x80, 0x01, 0x01])?,
                _ => wire.write_all(&[0, 2, 0x90, 0x00])?,
            }
        }
    });
    field
}

#[test]
#[ignore = "a child of the tests above"]
fn child_waits_for_a_mute_card() {
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    let talks = Arc::new(AtomicBool::new(false));
    let field = lay_mute_card(talks.clone());
    assert_eq!(reader.wait_for_card(Duration::from_millis(1500)), Err(ReaderFault::CardMute));
    talks.store(true, Ordering::SeqCst);
    let presence = reader.wait_for_card(PATIENCE).unwrap().expect("it talks now");
    assert_eq!(presence.atr, [0x3B, 0x80, 0x80, 0x01, 0x01]);
    assert_eq!(reader.exchange(&[0, 0xB0, 0x9C, 0, 0]).unwrap().as_slice(), [0x90, 0x00]);
    field.shutdown(Shutdown::Both).unwrap();
    assert_eq!(reader.wait_for_removal(PATIENCE), Ok(true));
}

#[test]
#[ignore = "a child of the tests above"]
fn child_loses_the_service() {
    assert_eq!(PcscReader::open(SlotChoice::named("no such reader")).err(), Some(ReaderFault::Unplugged));
    let (mut card, _) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(SlotChoice::named(READER)).unwrap();
    card.lay().unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
    please("stop");
    assert_eq!(reader.wait_for_removal(PATIENCE), Err(ReaderFault::ServiceDown));
    assert_eq!(reader.wait_for_card(PATIENCE), Err(ReaderFault::ServiceDown));
}

#[test]
#[ignore = "a child of the tests above"]
fn child_finds_no_service() {
    assert_eq!(PcscReader::open(SlotChoice::only()).err(), Some(ReaderFault::ServiceDown));
    assert_eq!(list_readers().err(), Some(ReaderFault::ServiceDown));
}
