//! Logs out: what the fleet team reads, and nobody else.

use std::{
    fs::{self, File},
    io::Cursor,
    os::unix::fs::symlink,
    path::Path,
};

use faults::Fault;
use getrandom::{SysRng, rand_core::UnwrapErr};
use jiff::Timestamp;
use keys::ServerSecret;
use stick::logs::{
    Carried, Head, LogSource, LogsError, MARKER, OpenError, carry_out, open, seal, wants_logs,
};

fn chance() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

fn head() -> Head {
    Head { device: "ls-0017".to_owned(), taken: taken(), name: "audit".to_owned() }
}

fn taken() -> Timestamp {
    Timestamp::from_second(1_796_000_000).unwrap()
}

fn sealed(secret: &ServerSecret, log: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    seal(&secret.public(), &head(), log, &mut out, &mut chance()).unwrap();
    out
}

#[test]
fn a_log_of_any_length_is_opened_as_it_was() {
    let secret = ServerSecret::generate(&mut chance());
    for length in [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 1_000_000] {
        let log: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let sealed = sealed(&secret, &log);
        assert!(log.len() < 20 || !sealed.windows(20).any(|piece| piece == &log[..20]));
        let mut opened = Vec::new();
        assert_eq!(open(&secret, Cursor::new(&sealed), &mut opened).unwrap(), head());
        assert!(opened == log, "{length}");
    }
}

#[test]
fn what_was_cut_moved_or_changed_is_not_opened() {
    let secret = ServerSecret::generate(&mut chance());
    let whole = sealed(&secret, &vec![7; 600_000]);
    let starts = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    let piece = 4 + 48 + 256 * 1024;
    let opens = |bytes: &[u8]| open(&secret, Cursor::new(bytes), std::io::sink());
    assert!(opens(&whole).is_ok());
    // Cut at the end of a piece, within one, and before the first.
    for length in [starts + piece, starts + 2 * piece, whole.len() - 1, starts, 10, 0] {
        let refused = opens(&whole[..length]).unwrap_err();
        assert!(matches!(refused, OpenError::NotWhole), "{length}: {refused}");
    }
    // Two pieces in each other's place.
    let mut moved = whole[..starts].to_vec();
    moved.extend_from_slice(&whole[starts + piece..starts + 2 * piece]);
    moved.extend_from_slice(&whole[starts..starts + piece]);
    moved.extend_from_slice(&whole[starts + 2 * piece..]);
    assert!(matches!(opens(&moved), Err(OpenError::Piece { number: 0, .. })));
    // Another kiosk's name, a bit, and something after the end.
    let renamed = String::from_utf8_lossy(&whole[..starts]).replace("ls-0017", "ls-0018");
    let renamed = [renamed.as_bytes(), &whole[starts..]].concat();
    assert!(matches!(opens(&renamed), Err(OpenError::Piece { number: 0, .. })));
    let mut bit = whole.clone();
    bit[starts + piece + 100] ^= 1;
    assert!(matches!(opens(&bit), Err(OpenError::Piece { number: 1, .. })));
    assert!(opens(&[&whole[..], &whole[starts..]].concat()).is_err());
    // A length that would fill the memory.
    let mut huge = whole[..starts].to_vec();
    huge.extend_from_slice(&u32::MAX.to_be_bytes());
    assert!(matches!(opens(&huge), Err(OpenError::NotWhole)));
    let other = ServerSecret::generate(&mut chance());
    assert!(matches!(open(&other, Cursor::new(&whole), std::io::sink()), Err(OpenError::Piece { .. })));
}

struct Place {
    stick: tempfile::TempDir,
    kiosk: tempfile::TempDir,
    secret: ServerSecret,
}

impl Place {
    fn new() -> Self {
        let (stick, kiosk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        File::create(stick.path().join(MARKER)).unwrap();
        fs::write(kiosk.path().join("audit.log"), "0123456789").unwrap();
        Self { stick, kiosk, secret: ServerSecret::generate(&mut chance()) }
    }

    fn source(&self, name: &str, file: &str) -> LogSource {
        LogSource { name: name.to_owned(), path: self.kiosk.path().join(file) }
    }

    fn carry(&self, sources: &[LogSource], most: u64) -> Result<Carried, LogsError> {
        let whose = ("ls-0017", taken());
        carry_out(self.stick.path(), sources, most, whose, &self.secret.public(), &mut chance())
    }

    fn opened(&self, name: &str) -> Vec<u8> {
        let folder = self.stick.path().join("logs/ls-0017-20261130T005320Z");
        let sealed = fs::read(folder.join(name)).unwrap();
        let mut log = Vec::new();
        open(&self.secret, Cursor::new(sealed), &mut log).unwrap();
        log
    }
}

#[test]
fn named_files_are_carried_out_sealed_and_only_their_newest_part() {
    let place = Place::new();
    fs::write(place.kiosk.path().join("secret"), "not named").unwrap();
    let sources = [place.source("audit", "audit.log"), place.source("journal", "nowhere")];
    let carried = place.carry(&sources, 4).unwrap();
    assert_eq!((carried.names, carried.missing), (vec!["audit".to_owned()], vec!["journal".to_owned()]));
    assert_eq!(place.opened("audit.sealed"), b"6789");
    let folder = place.stick.path().join("logs/ls-0017-20261130T005320Z");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn a_named_file_that_is_a_link_or_a_pipe_is_not_there() {
    let place = Place::new();
    symlink("/etc/passwd", place.kiosk.path().join("link")).unwrap();
    nix::unistd::mkfifo(&place.kiosk.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let carried = place.carry(&[place.source("a", "link"), place.source("b", "pipe")], 100).unwrap();
    assert_eq!(carried.missing, ["a", "b"]);
}

#[test]
fn a_stick_that_leads_elsewhere_is_not_written_to() {
    for (name, aim_is_folder) in [("logs", true), ("logs/ls-0017-20261130T005320Z", false)] {
        let place = Place::new();
        let outside = tempfile::tempdir().unwrap();
        if !aim_is_folder {
            fs::create_dir(place.stick.path().join("logs")).unwrap();
        }
        symlink(outside.path(), place.stick.path().join(name)).unwrap();
        let error = place.carry(&[place.source("audit", "audit.log")], 100).unwrap_err();
        assert_eq!(error.fault(), Fault::StickLogsFailed);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
    let place = Place::new();
    fs::remove_dir_all(place.stick.path()).unwrap();
    let error = place.carry(&[place.source("audit", "audit.log")], 100).unwrap_err();
    assert_eq!(error.fault(), Fault::StickLogsFailed);
    fs::create_dir(place.stick.path()).unwrap();
}

#[test]
fn only_a_stick_that_is_meant_for_logs_is_written_to() {
    let place = Place::new();
    assert!(wants_logs(place.stick.path()));
    fs::remove_file(place.stick.path().join(MARKER)).unwrap();
    assert!(!wants_logs(place.stick.path()));
    assert!(!wants_logs(Path::new("/nowhere/at/all")));
}
