//! What the tests of the PC/SC driver share: a private `pcscd`, the child that is tested
//! in its network, and a card to lay on its readers.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use card::{AccessKey, AccessPolicy, Can, FileId, ReadError, ReadLog};
use drivers::pcsc::PcscReader;
use jiff::civil::date;
use simulators::{
    chance::SeededChance, citizen_card::CitizenCard, pcscd::PrivatePcscd, people::People,
    personalise::Issuer, scenario::CardScript, vpcd::VpcdCard,
};

pub const SOCKET: &str = "PCSCLITE_CSOCK_NAME";
const PORT: &str = "VIRTUAL_READER_PORT";
pub const READER: &str = "virtual pcd 00 00";
pub const PATIENCE: Duration = Duration::from_secs(10);

/// One of the children, beside a daemon of its own.
fn start(child: &str, daemon: &PrivatePcscd) -> Child {
    let mut command = daemon.inside(env::current_exe().unwrap());
    command.args(["--exact", child, "--ignored", "--nocapture"]);
    command.env(SOCKET, daemon.socket_name()).env(PORT, daemon.port().to_string());
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Runs a child to its end; what it prints goes on.
pub fn run(child: &str) {
    run_and_obey(child, |_, wish| panic!("nobody obeys: {wish}"));
}

/// As `run`; what the child wishes by `please` is done to the daemon.
pub fn run_and_obey(child: &str, obey: impl FnMut(&mut PrivatePcscd, &str)) {
    let folder = tempfile::tempdir().unwrap();
    run_beside(&mut PrivatePcscd::start(folder.path()).unwrap(), child, obey);
}

/// As `run_and_obey`, beside this daemon.
pub fn run_beside(daemon: &mut PrivatePcscd, child: &str, mut obey: impl FnMut(&mut PrivatePcscd, &str)) {
    let mut process = start(child, daemon);
    // Of a name that no child has, none runs and none fails.
    let mut passed = false;
    for line in BufReader::new(process.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        println!("{line}");
        passed |= line.starts_with("test result: ok. 1 passed");
        if let Some((_, wish)) = line.split_once("please ") {
            obey(daemon, wish);
        }
    }
    assert!(process.wait().unwrap().success() && passed, "{child} failed");
}

/// What a child says to have something done to its daemon.
pub fn please(wish: &str) {
    println!("please {wish}");
}

/// Asks until the answer is there.
pub fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it never came");
        thread::yield_now();
    }
}

/// Where the first slot waits for a card; the second waits one further.
pub fn port() -> u16 {
    env::var(PORT).unwrap().parse().unwrap()
}

pub fn virtual_card(script: &CardScript) -> (VpcdCard, AccessKey) {
    virtual_card_at(port(), script)
}

pub fn virtual_card_at(port: u16, script: &CardScript) -> (VpcdCard, AccessKey) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    let people = People::load(Path::new(&folder)).unwrap();
    let today = date(2026, 11, 21);
    let issuer = Issuer::generate(today, &mut SeededChance::new(1)).unwrap();
    let card = issuer.personalise(people.person("khue").unwrap(), &folder, script, today).unwrap();
    let key = AccessKey::Can(Can::new(card.can()).unwrap());
    (VpcdCard::new(Box::new(CitizenCard::new(card, script, 7)), port), key)
}

pub fn read_portrait(reader: &mut PcscReader, key: &AccessKey) -> Result<ReadLog, ReadError> {
    let mut chance = SeededChance::new(3);
    let mut session = card::open(reader, key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())?;
    for file in [FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg14, FileId::Dg15, FileId::Dg2] {
        session.read(file, &mut |_| ())?;
    }
    Ok(session.finish().log().clone())
}
