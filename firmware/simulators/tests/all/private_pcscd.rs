//! The virtual card through a real, private `pcscd` and the real client library.
//! The library takes the daemon's name from its environment, so the terminal's side
//! runs as a child: the tests marked `ignore` are those children.

use std::{
    env, fs, io,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use jiff::civil::date;
use simulators::{
    card_process::{CardOptions, CardProcess},
    pcscd::PrivatePcscd,
};

pub const SOCKET: &str = "PCSCLITE_CSOCK_NAME";
const PATIENCE: Duration = Duration::from_secs(20);

/// One of the children below.
pub fn child(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture"]);
    command
}

/// Runs a child and says whether it passed; one that is not found did not.
fn passes(name: &str, daemon: &PrivatePcscd) -> bool {
    let output = child(&format!("private_pcscd::{name}"))
        .env(SOCKET, daemon.socket_name())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    output.status.success() && said.contains("1 passed")
}

fn lay_card(folder: &Path, daemon: &PrivatePcscd) -> CardProcess {
    lay(folder, daemon, "")
}

/// Lays down what this part of a scenario says.
pub fn lay(folder: &Path, daemon: &PrivatePcscd, part: &str) -> CardProcess {
    let scenario = folder.join("scenario.toml");
    let text = format!("title = \"T\"\nperson = \"khue\"\n{part}[expect]\noutcome = \"none\"\n");
    fs::write(&scenario, text).unwrap();
    let options = CardOptions {
        scenario: &scenario,
        people: Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/people")),
        issuer_folder: &folder.join("issuer"),
        folder,
        today: date(2026, 11, 21),
        seed: Some(1),
    };
    let program = Path::new(env!("CARGO_BIN_EXE_virtual-card"));
    let mut card = CardProcess::start(program, &options, daemon).unwrap();
    card.lay().unwrap();
    card
}

#[test]
fn the_card_is_read_and_lifted_through_a_real_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = PrivatePcscd::start(folder.path()).unwrap();
    let mut card = lay_card(folder.path(), &daemon);
    assert!(passes("a_terminal_reads_card_access", &daemon));
    let status = card.status().unwrap();
    let answered: u64 = status.strip_prefix("laid ").unwrap().parse().unwrap();
    assert_eq!(answered, 42, "{status}");
    card.lift().unwrap();
    assert!(passes("a_terminal_sees_no_card", &daemon));
    assert_eq!(card.printed_code().unwrap().split('|').count(), 7);
}

#[test]
fn two_daemons_run_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let empty = PrivatePcscd::start(&folder.path().join("empty")).unwrap();
    let full = PrivatePcscd::start(&folder.path().join("full")).unwrap();
    let _card = lay_card(folder.path(), &full);
    assert!(passes("a_terminal_reads_card_access", &full));
    assert!(passes("a_terminal_sees_no_card", &empty));
}

#[test]
fn the_daemon_listens_on_no_port_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = PrivatePcscd::start(folder.path()).unwrap();
    let refused = std::net::TcpStream::connect(("127.0.0.1", daemon.port())).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn the_daemon_ends_when_dropped_and_when_its_parent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = PrivatePcscd::start(folder.path()).unwrap();
    let socket = daemon.socket_name().to_owned();
    assert!(socket.exists());
    drop(daemon);
    assert!(!socket.exists());

    let mut parent =
        child("private_pcscd::a_parent_waits_to_be_killed").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let socket = loop {
        let line = lines.next().expect("the parent says where its daemon is").unwrap();
        if let Some((_, socket)) = line.split_once("daemon at ") {
            break socket.to_owned();
        }
    };
    assert!(Path::new(&socket).exists());
    parent.kill().unwrap();
    parent.wait().unwrap();
    let begun = Instant::now();
    while Path::new(&socket).exists() {
        assert!(begun.elapsed() < PATIENCE, "the daemon outlives its parent");
        thread::sleep(Duration::from_millis(10));
    }
}

fn connect() -> Result<pcsc::Card, pcsc::Error> {
    let context = pcsc::Context::establish(pcsc::Scope::User)?;
    let reader = c"Virtual PCD 00 00";
    assert!(context.list_readers_owned()?.iter().any(|name| name.as_c_str() == reader));
    context.connect(reader, pcsc::ShareMode::Exclusive, pcsc::Protocols::ANY)
}

/// The card that was laid down; the daemon looks for cards only now and then.
pub fn laid_card() -> pcsc::Card {
    let begun = Instant::now();
    loop {
        match connect() {
            Ok(card) => return card,
            Err(pcsc::Error::NoSmartcard) if begun.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(50));
            }
            Err(error) => panic!("no card: {error}"),
        }
    }
}

fn say(card: &pcsc::Card, command: &[u8]) -> Vec<u8> {
    let mut space = vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED];
    card.transmit(command, &mut space).unwrap().to_vec()
}

#[test]
#[ignore = "a child of the tests above"]
fn a_terminal_reads_card_access() {
    let card = laid_card();
    assert_eq!(say(&card, &[0, 0xA4, 0, 0x0C, 2, 0x3F, 0]), [0x6D, 0]);
    assert_eq!(say(&card, &[0, 0xA4, 2, 0x0C, 2, 1, 0x1C]), [0x90, 0]);
    let begun = Instant::now();
    for _ in 0..40 {
        // Extended length.
        let answer = say(&card, &[0, 0xB0, 0, 0, 0, 0, 0]);
        assert_eq!((answer.len(), &answer[..3]), (56, &[0x31, 0x34, 0x30][..]));
    }
    let each = begun.elapsed() / 40;
    println!("{each:?} a command");
    // Without immediate acknowledgement it would be 50 ms.
    assert!(each < Duration::from_millis(30), "{each:?} a command");
}

#[test]
#[ignore = "a child of the tests above"]
fn a_terminal_sees_no_card() {
    let begun = Instant::now();
    loop {
        match connect() {
            Err(pcsc::Error::NoSmartcard) => return,
            Ok(_) | Err(_) => assert!(begun.elapsed() < PATIENCE, "the card is still there"),
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
#[ignore = "a child of the tests above"]
fn a_parent_waits_to_be_killed() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = PrivatePcscd::start(folder.path()).unwrap();
    println!("daemon at {}", daemon.socket_name().display());
    thread::sleep(PATIENCE);
}
