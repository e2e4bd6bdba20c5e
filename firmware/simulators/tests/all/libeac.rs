//! The chip against libeac (OpenPACE), an implementation of PACE by other people. It
//! runs as a process of its own and is skipped where it is not installed, unless
//! `KIOSK_OPPONENTS` is set.
//!
//! What it does not know is not held against it here: integrated and chip
//! authentication mapping.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use jiff::civil::date;
use simulators::{
    card_profile::{Agreement, CardAccess, Cipher, Mapping, PaceProtocol},
    chance::SeededChance,
    citizen_card::CitizenCard,
    people::People,
    personalise::Issuer,
    scenario::CardScript,
};

use crate::terminal::{self, Channel, Failure, Terminal, object, value};

const PEOPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/people");
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/libeac/terminal.c");
const CIPHERS: [Cipher; 4] = [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256];

/// Compiles the opponent; none where the library or a compiler is missing.
fn opponent(folder: &Path) -> Option<PathBuf> {
    let program = folder.join("libeac-terminal");
    let made = Command::new("cc").arg("-o").arg(&program).arg(SOURCE).args(["-leac", "-lcrypto"]).output();
    if made.as_ref().is_ok_and(|output| output.status.success()) {
        return Some(program);
    }
    opponents::skip(&format!("no libeac; install Debian's libeac-dev ({made:?})"));
    None
}

/// The running opponent.
struct Libeac {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Libeac {
    fn start(program: &Path, card_access: &[u8], password: (u8, &str)) -> Self {
        let mut process = Command::new(program)
            .args([&hex::encode(card_access), &password.0.to_string(), password.1])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, input, output: BufReader::new(output) }
    }

    /// Tells what the chip sent and hears what the terminal sends.
    fn tell(&mut self, bytes: &[u8]) -> String {
        writeln!(self.input, "{}", hex::encode(bytes)).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Libeac {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One GENERAL AUTHENTICATE: the object that it brings.
fn step(terminal: &mut Terminal<'_>, last: bool, request: &[u8], wanted: u32) -> Result<Vec<u8>, Failure> {
    let class = if last { 0x00 } else { 0x10 };
    let answer = terminal.must([class, 0x86, 0, 0], &object(0x7C, request), Some(65_536))?;
    Ok(value(value(&answer, 0x7C).unwrap(), wanted).unwrap().to_vec())
}

/// Lets libeac open the chip, and reads a file.
fn open(
    program: &Path,
    mut card: CitizenCard,
    can: &str,
    protocol: PaceProtocol,
) -> Result<Vec<u8>, Failure> {
    let mut terminal = Terminal::new(&mut card);
    let identifier = terminal::oid(&protocol.identifier());
    let number = protocol.parameters().number();
    let info = [object(0x06, &identifier), vec![0x02, 0x01, 0x02, 0x02, 0x01, number]].concat();
    let mut libeac = Libeac::start(program, &object(0x31, &object(0x30, &info)), (2, can));
    let choice = [object(0x80, &identifier), vec![0x83, 0x01, 0x02]].concat();
    terminal.must([0, 0x22, 0xC1, 0xA4], &choice, None)?;
    let nonce = step(&mut terminal, false, &[], 0x80)?;
    let theirs = |line: String| hex::decode(line).unwrap();
    let mapping = theirs(libeac.tell(&nonce));
    let mapping = step(&mut terminal, false, &object(0x81, &mapping), 0x82)?;
    let ephemeral = theirs(libeac.tell(&mapping));
    let ephemeral = step(&mut terminal, false, &object(0x83, &ephemeral), 0x84)?;
    let token = theirs(libeac.tell(&ephemeral));
    let token = step(&mut terminal, true, &object(0x85, &token), 0x86)?;
    let keys = libeac.tell(&token);
    let (encryption, authentication) = keys.split_once(' ').unwrap_or_else(|| panic!("{protocol:?}: {keys}"));
    let (encryption, authentication) = (theirs(encryption.to_owned()), theirs(authentication.to_owned()));
    terminal.channel = Some(Channel { cipher: protocol.cipher(), encryption, authentication, counter: 0 });
    terminal.select_application()?;
    terminal.read(1)
}

/// Over prime groups libeac leaves leading zeros of the shared secret out, which PKCS#3 has
/// at their full length: one key in some two hundred does not fit, and three in a row do
/// not happen by chance.
fn tries(protocol: PaceProtocol) -> u64 {
    if protocol.parameters().agreement() == Agreement::Dh { 3 } else { 1 }
}

#[test]
fn libeac_opens_the_chip_in_every_group_and_with_every_cipher() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = opponent(folder.path()) else { return };
    let people = People::load(Path::new(PEOPLE)).unwrap();
    let today = date(2026, 11, 21);
    let issuer = Issuer::generate(today, &mut SeededChance::new(1)).unwrap();
    let mut script = CardScript::default();
    script.profile.master_file.card_access = CardAccess::PaceOnly;
    let person = people.person("khue").unwrap();
    let issued = issuer.personalise(person, Path::new(PEOPLE), &script, today).unwrap();
    for number in [0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18] {
        for cipher in CIPHERS {
            let protocol = PaceProtocol::new(Mapping::Gm, cipher, number.try_into().unwrap()).unwrap();
            script.profile.access.pace = vec![protocol];
            let mut opened = (0..tries(protocol)).map(|seed| {
                let card = CitizenCard::new(issued.clone(), &script, 7 + seed);
                open(&program, card, issued.can(), protocol)
            });
            // Anything but a token that does not fit is no matter of chance.
            let file = opened.find(|it| !matches!(it, Err(Failure::Status(0x63C2))));
            let file = file.unwrap_or(Err(Failure::Status(0x63C2)));
            let file = file.unwrap_or_else(|failure| panic!("{protocol:?}: {failure:?}"));
            assert!(file == issued.file(1).unwrap(), "{protocol:?}");
        }
    }
}
