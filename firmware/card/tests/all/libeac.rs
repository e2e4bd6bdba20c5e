//! PACE, the secure channel and chip authentication version 2 against a chip of other
//! people: libeac (OpenPACE, Debian's `libeac-dev`), which knows nothing of this crate. It runs in a program of its own
//! (`tests/libeac/chip.c`), built here with the C compiler; libeac is under the GPL, so nothing
//! of it is linked into the product.
//!
//! Without libeac these tests are skipped, loudly, unless `KIOSK_OPPONENTS` is set.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use card::{AccessKey, AccessPolicy, Can, ChipAuthentication, FileId, ReadError};
use chip_reader::{CardReader, Presence, ReaderFault};
use openssl::{
    bn::BigNumContext,
    ec::{Asn1Flag, EcGroup, EcKey, PointConversionForm},
    nid::Nid,
};
use simulators::chance::SeededChance;
use zeroize::Zeroizing;

const CAN: &str = "012345";

/// A chip of libeac's on a reader of our own.
struct Chip {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Chip {
    fn start(program: &Path, protocol: &str, parameters: u8, more: &[String]) -> Self {
        let mut process = Command::new(program)
            .args([protocol, &parameters.to_string(), CAN])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, commands, answers }
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl CardReader for Chip {
    fn wait_for_card(&mut self, _: Duration) -> Result<Option<Presence>, ReaderFault> {
        self.reset_card().map(Some)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        writeln!(self.commands, "{}", hex::encode(command)).map_err(|_| ReaderFault::CardGone)?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|_| ReaderFault::CardGone)?;
        hex::decode(line.trim()).map(Zeroizing::new).map_err(|_| ReaderFault::CardGone)
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        Ok(Presence { atr: vec![0x3B, 0x80, 0x80, 0x01, 0x01] })
    }

    fn wait_for_removal(&mut self, _: Duration) -> Result<bool, ReaderFault> {
        Ok(false)
    }

    fn longest_response(&self) -> usize {
        65_538
    }
}

/// Builds the program once; `None` where libeac is missing and need not be there.
fn program() -> Option<&'static PathBuf> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM.get_or_init(build).as_ref()
}

fn build() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libeac/chip.c");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libeac-chip");
    // Deprecated calls of OpenSSL are libeac's own affair.
    let arguments = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-deprecated-declarations", "-o"];
    let compiler = Command::new("cc")
        .args(arguments)
        .arg(&program)
        .arg(source)
        .args(["-leac", "-lcrypto"])
        .output()
        .unwrap();
    if compiler.status.success() {
        return Some(program);
    }
    let why = String::from_utf8_lossy(&compiler.stderr).into_owned();
    opponents::skip(&format!("no libeac; install Debian's libeac-dev\n{why}"));
    None
}

fn open(chip: &mut Chip, can: &str, seed: u64) -> Result<(String, usize), ReadError> {
    let key = AccessKey::Can(Can::new(can).unwrap());
    let mut chance = SeededChance::new(seed);
    let session = card::open(chip, &key, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())?;
    let read = session.file(FileId::Com).map_or(0, <[u8]>::len);
    Ok((session.access().to_string(), read))
}

/// Over prime groups libeac leaves leading zeros of the shared secret out, which PKCS#3 has
/// as long as the prime: one try in 256 then ends as with a wrong key. Three in a row do
/// not happen by chance. (`pace_with_leading_zeros.txt` has the standard's way.)
fn open_again_after_a_leading_zero(
    program: &Path,
    protocol: &str,
    parameters: u8,
) -> Result<(String, usize), ReadError> {
    let mut last = None;
    for seed in 0..3 {
        match open(&mut Chip::start(program, protocol, parameters, &[]), CAN, seed) {
            Err(error @ ReadError::KeyWrong { .. }) if parameters < 8 => last = Some(error),
            other => return other,
        }
    }
    Err(last.expect("three tries were made"))
}

/// Every cipher of id-PACE, by its last arc.
const CIPHERS: [(u8, &str); 4] =
    [(1, "3DES-CBC-CBC"), (2, "AES-CBC-CMAC-128"), (3, "AES-CBC-CMAC-192"), (4, "AES-CBC-CMAC-256")];

fn opens_every_cipher(agreement: &str, arc: u8, parameters: impl Iterator<Item = u8>) {
    let Some(program) = program() else { return };
    for parameters in parameters {
        for (cipher, name) in CIPHERS {
            let protocol = format!("0.4.0.127.0.7.2.2.4.{arc}.{cipher}");
            let expected = format!("PACE-{agreement}-GM-{name} ({parameters})");
            match open_again_after_a_leading_zero(program, &protocol, parameters) {
                Ok(opened) => assert_eq!(opened, (expected, 22)),
                Err(error) => panic!("{expected}: {error}"),
            }
        }
    }
}

#[test]
fn other_peoples_chip_opens_over_every_curve_with_every_cipher() {
    opens_every_cipher("ECDH", 2, 8..=18);
}

#[test]
fn other_peoples_chip_opens_over_every_prime_group_with_every_cipher() {
    opens_every_cipher("DH", 1, 0..=2);
}

#[test]
fn other_peoples_chip_does_not_open_with_a_wrong_number() {
    let Some(program) = program() else { return };
    let mut chip = Chip::start(program, "0.4.0.127.0.7.2.2.4.2.2", 13, &[]);
    let error = open(&mut chip, "543210", 1).unwrap_err();
    assert!(matches!(error, ReadError::KeyWrong { tries_left: None }), "{error}");
}

/// A chip's key over a curve, with the file that announces it; encoded by OpenSSL.
fn chip_key(curve: Nid, protocol: &str) -> Vec<String> {
    let mut group = EcGroup::from_curve_name(curve).unwrap();
    group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
    let key = EcKey::generate(&group).unwrap();
    let mut context = BigNumContext::new().unwrap();
    let form = PointConversionForm::UNCOMPRESSED;
    let public = key.public_key().to_bytes(&group, form, &mut context).unwrap();
    let identifier = |text: &str| {
        let identifier: der::asn1::ObjectIdentifier = text.parse().unwrap();
        object(0x06, identifier.as_bytes())
    };
    let info = object(0x30, &[identifier(protocol), vec![0x02, 0x01, 0x02]].concat());
    let key_info = [identifier("0.4.0.127.0.7.2.2.1.2"), key.public_key_to_der().unwrap()].concat();
    let infos = object(0x31, &[info, object(0x30, &key_info)].concat());
    let secret = key.private_key().to_vec_padded(group.order_bits().div_ceil(8) as i32).unwrap();
    let words = [hex::encode(secret), hex::encode(public), hex::encode(object(0x6E, &infos))];
    [protocol.to_owned()].into_iter().chain(words).collect()
}

fn object(tag: u8, value: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(value.len()).unwrap().to_be_bytes();
    let length = match value.len() {
        0..=0x7F => vec![low],
        0x80..=0xFF => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [vec![tag], length, value.to_vec()].concat()
}

#[test]
fn other_peoples_chip_proves_itself_over_every_curve_with_every_cipher() {
    let Some(program) = program() else { return };
    for (parameters, curve) in [
        (10, Nid::SECP224R1),
        (11, Nid::BRAINPOOL_P224R1),
        (12, Nid::X9_62_PRIME256V1),
        (13, Nid::BRAINPOOL_P256R1),
        (14, Nid::BRAINPOOL_P320R1),
        (15, Nid::SECP384R1),
        (16, Nid::BRAINPOOL_P384R1),
        (17, Nid::BRAINPOOL_P512R1),
        (18, Nid::SECP521R1),
    ] {
        for (cipher, name) in CIPHERS {
            let title = format!("{name} ({parameters})");
            let key = chip_key(curve, &format!("0.4.0.127.0.7.2.2.3.2.{cipher}"));
            let mut chip = Chip::start(program, "0.4.0.127.0.7.2.2.4.2.2", parameters, &key);
            let can = AccessKey::Can(Can::new(CAN).unwrap());
            let mut chance = SeededChance::new(cipher.into());
            let mut session = card::open(&mut chip, &can, AccessPolicy::PaceOnly, &mut chance, &mut |_| ())
                .unwrap_or_else(|error| panic!("{title}: {error}"));
            let came_to = session.authenticate_chip(&mut chance, &mut |_| ());
            assert_eq!(
                came_to.unwrap_or_else(|error| panic!("{title}: {error}")),
                ChipAuthentication::Started
            );
            session.read(FileId::Dg1, &mut |_| ()).unwrap_or_else(|error| panic!("{title}: {error}"));
            assert_eq!(session.proofs().len(), 1, "{title}");
        }
    }
}
