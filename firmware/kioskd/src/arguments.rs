//! The command line.

use std::path::PathBuf;

use faults::Fault;
use lexopt::prelude::*;

use crate::{Refusal, from_afar::Which};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: kioskd --board FILE [--check-config [--candidate] | --check-devices | --public-key]
       kioskd --new-officer NUMBER
       kioskd --board FILE --new-badge ID

  --board FILE          the machine: a file such as /etc/kiosk/boards/site.toml
  --check-config        read and check everything that is set, then stop
  --candidate           with --check-config: with the settings from afar that are to come
  --check-devices       open every device once, say how each is, then stop
  --public-key          say the kiosk's public key, for enrolment; it is made where none is
  --new-officer NUMBER  ask an officer for a PIN, and say the entry for the officers file
  --new-badge ID        read the badge that is laid on the board's reader, and say the entry of
                        that person of the staff file for the badges file
  --version             say the version";

/// What is to be done.
pub enum Task {
    /// Run the kiosk.
    Serve(PathBuf),
    /// Read and check everything that is set, with these settings from afar.
    CheckConfig(PathBuf, Which),
    /// Open every device once.
    CheckDevices(PathBuf),
    /// Say the kiosk's public key.
    PublicKey(PathBuf),
    /// Make the key of an officer with this service number.
    NewOfficer(String),
    /// Read the badge of that person of the staff file.
    NewBadge(PathBuf, String),
    /// Only say something.
    Say(String),
}

/// Reads the command line.
pub fn read() -> Result<Task, Refusal> {
    let mut board = None;
    let mut task: fn(PathBuf) -> Task = Task::Serve;
    let mut candidate = false;
    let mut holder = None;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(wrong)? {
        match argument {
            Long("board") => board = Some(PathBuf::from(arguments.value().map_err(wrong)?)),
            Long("check-config") => task = |board| Task::CheckConfig(board, Which::Current),
            Long("candidate") => candidate = true,
            Long("check-devices") => task = Task::CheckDevices,
            Long("public-key") => task = Task::PublicKey,
            Long("new-officer") => {
                let number = arguments.value().and_then(ValueExt::string).map_err(wrong)?;
                return Ok(Task::NewOfficer(number));
            }
            Long("new-badge") => {
                holder = Some(arguments.value().and_then(ValueExt::string).map_err(wrong)?);
            }
            Long("version") => return Ok(Task::Say(format!("kioskd {}", env!("CARGO_PKG_VERSION")))),
            Short('h') | Long("help") => return Ok(Task::Say(HELP.to_owned())),
            other => return Err(wrong(other.unexpected())),
        }
    }
    let missing = || Refusal { fault: Fault::UsageWrong, what: "--board FILE is missing".into() };
    let board = board.ok_or_else(missing)?;
    if let Some(holder) = holder {
        return Ok(Task::NewBadge(board, holder));
    }
    match (task(board), candidate) {
        (task, false) => Ok(task),
        (Task::CheckConfig(board, _), true) => Ok(Task::CheckConfig(board, Which::Candidate)),
        _ => Err(Refusal { fault: Fault::UsageWrong, what: "--candidate goes with --check-config".into() }),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn wrong(error: lexopt::Error) -> Refusal {
    Refusal { fault: Fault::UsageWrong, what: error.to_string() }
}
