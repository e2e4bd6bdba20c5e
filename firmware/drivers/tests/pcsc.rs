//! The PC/SC driver against a real, private `pcscd` with the virtual citizen card on
//! its virtual reader. The client library takes the daemon's name from the
//! environment, so what is tested runs as a child, in the daemon's own network: the
//! tests marked `ignore` are those children.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use card::{AccessKey, AccessPolicy, Can, FileId, ReadError};
use devices::{CardReader, ReaderFault};
use drivers::pcsc::{AnswerLength, PcscReader, list_readers};
use faults::Fault;
use jiff::civil::date;
use simulators::{
    chance::SeededChance, citizen_card::CitizenCard, pcscd::PrivatePcscd, people::People,
    personalise::Issuer, scenario::CardScript, vpcd::VpcdCard,
};

const SOCKET: &str = "PCSCLITE_CSOCK_NAME";
const PORT: &str = "VIRTUAL_READER_PORT";
const READER: &str = "virtual pcd 00 00";
const PATIENCE: Duration = Duration::from_secs(10);

/// One of the children below, beside a daemon of its own.
fn start(child: &str, daemon: &PrivatePcscd) -> Child {
    let mut command = daemon.inside(env::current_exe().unwrap());
    command.args(["--exact", child, "--ignored", "--nocapture"]);
    command.env(SOCKET, daemon.socket_name()).env(PORT, daemon.port().to_string());
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Runs a child to its end; what it prints goes on.
fn run(child: &str) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = PrivatePcscd::start(folder.path()).unwrap();
    let mut process = start(child, &daemon);
    for line in BufReader::new(process.stdout.take().unwrap()).lines() {
        println!("{}", line.unwrap());
    }
    assert!(process.wait().unwrap().success(), "{child} failed");
}

#[test]
fn a_whole_card_is_read_through_the_service() {
    run("child_reads_a_whole_card");
}

#[test]
fn a_lifted_card_is_noticed_within_200_ms() {
    run("child_sees_cards_come_and_go");
}

#[test]
fn a_card_lifted_in_the_middle_is_gone_and_not_mute() {
    run("child_reads_while_the_card_is_lifted");
}

#[test]
fn a_reader_held_by_another_is_busy() {
    run("child_meets_a_busy_reader");
}

#[test]
fn a_service_that_ends_is_told_from_a_missing_reader() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = PrivatePcscd::start(folder.path()).unwrap();
    let mut process = start("child_loses_the_service", &daemon);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next().expect("the child says when it waits").unwrap();
        if line.contains("now") {
            break;
        }
    }
    // The child stands in the daemon's network, which outlives the daemon in it.
    drop(daemon);
    lines.for_each(|line| println!("{}", line.unwrap()));
    assert!(process.wait().unwrap().success());
}

#[test]
fn no_service_at_all_is_said_at_once() {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "child_finds_no_service", "--ignored", "--nocapture"]);
    command.env(SOCKET, "/nowhere/pcscd.comm");
    assert!(command.status().unwrap().success());
}

fn virtual_card(script: &CardScript) -> (VpcdCard, AccessKey) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    let people = People::load(Path::new(&folder)).unwrap();
    let today = date(2026, 11, 21);
    let issuer = Issuer::generate(today, &mut SeededChance::new(1)).unwrap();
    let card = issuer.personalise(people.person("khue").unwrap(), &folder, script, today).unwrap();
    let key = AccessKey::Can(Can::new(card.can()).unwrap());
    let port = env::var(PORT).unwrap().parse().unwrap();
    (VpcdCard::new(CitizenCard::new(card, script, 7), port), key)
}

fn read_portrait(reader: &mut PcscReader, key: &AccessKey) -> Result<card::ReadLog, ReadError> {
    let mut chance = SeededChance::new(3);
    let mut session = card::open(reader, key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())?;
    for file in [FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg14, FileId::Dg15, FileId::Dg2] {
        session.read(file, &mut |_| ())?;
    }
    Ok(session.finish().log().clone())
}

#[test]
#[ignore = "a child of the tests above"]
fn child_reads_a_whole_card() {
    let (mut card, key) = virtual_card(&CardScript::default());
    assert!(list_readers().unwrap().iter().any(|name| name.to_lowercase().contains(READER)));
    let mut reader = PcscReader::open(Some(READER)).unwrap();
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

#[test]
#[ignore = "a child of the tests above"]
fn child_sees_cards_come_and_go() {
    let (mut card, _) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(None).unwrap();
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
                thread::sleep(Duration::from_millis(250));
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
    let mut reader = PcscReader::open(Some("VIRTUAL PCD")).unwrap();
    card.lay().unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
    let error = read_portrait(&mut reader, &key).unwrap_err();
    assert!(matches!(error, ReadError::NoAnswer { fault: ReaderFault::CardGone, .. }), "{error:?}");
    assert_eq!(error.fault(), Fault::CardLifted);
    reader.wait_for_card(PATIENCE).unwrap().expect("it is laid down again");
    assert!(read_portrait(&mut reader, &key).is_ok());
}

#[test]
#[ignore = "a child of the tests above"]
fn child_meets_a_busy_reader() {
    let (mut card, _) = virtual_card(&CardScript::default());
    let mut first = PcscReader::open(Some(READER)).unwrap();
    let mut second = PcscReader::open(Some(READER)).unwrap();
    card.lay().unwrap();
    first.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
    assert_eq!(second.wait_for_card(PATIENCE), Err(ReaderFault::Busy));
    drop(first);
    assert!(second.wait_for_card(PATIENCE).unwrap().is_some(), "free again");
}

#[test]
#[ignore = "a child of the tests above"]
fn child_loses_the_service() {
    assert_eq!(PcscReader::open(Some("no such reader")).err(), Some(ReaderFault::Unplugged));
    let (mut card, _) = virtual_card(&CardScript::default());
    let mut reader = PcscReader::open(Some(READER)).unwrap();
    card.lay().unwrap();
    reader.wait_for_card(PATIENCE).unwrap().expect("a card was laid down");
    println!("now");
    assert_eq!(reader.wait_for_removal(PATIENCE), Err(ReaderFault::ServiceDown));
    assert_eq!(reader.wait_for_card(PATIENCE), Err(ReaderFault::ServiceDown));
}

#[test]
#[ignore = "a child of the tests above"]
fn child_finds_no_service() {
    assert_eq!(PcscReader::open(None).err(), Some(ReaderFault::ServiceDown));
    assert_eq!(list_readers().err(), Some(ReaderFault::ServiceDown));
}
