//! `kioskd`: devices, card, face, visits, outbox, printing. It draws nothing itself;
//! the touchscreen is a program of its own behind a socket.

mod audited;
mod card_desk;
mod chance;
mod clock;
mod effects;
mod face_desk;
mod happened;
mod hardware;
mod issuers;
mod kiosk;
mod paper_desk;
mod platform_desk;
#[cfg(feature = "simulators")]
mod pretend;
mod record_desk;
mod scanner_desk;
mod screen_link;
mod settings;
mod start;

use std::{path::PathBuf, process::ExitCode};

use faults::Fault;
use lexopt::prelude::*;
use settings::{Settings, SettingsError};

const HELP: &str = "\
Usage: kioskd --board FILE [--check-config | --check-devices | --public-key]

  --board FILE       the machine: a file such as /etc/kiosk/boards/site.toml
  --check-config     read and check everything that is set, then stop
  --check-devices    open every device once, say how each is, then stop
  --public-key       say the kiosk's public key, for enrolment; it is made where none is
  --version          say the version";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            // One line: the code, what is wrong, what to do.
            eprintln!("kioskd: {}: {} ({})", refusal.fault.code(), refusal.what, refusal.fault.staff().en);
            ExitCode::from(if refusal.fault == Fault::UsageWrong { 2 } else { 1 })
        }
    }
}

/// Why the program stops, for one line.
struct Refusal {
    fault: Fault,
    what: String,
}

impl Refusal {
    fn usage(error: &lexopt::Error) -> Self {
        Self { fault: Fault::UsageWrong, what: error.to_string() }
    }
}

fn value(arguments: &mut lexopt::Parser) -> Result<std::ffi::OsString, Refusal> {
    arguments.value().map_err(|error| Refusal::usage(&error))
}

fn run() -> Result<(), Refusal> {
    let mut board = None;
    let mut check_only = false;
    let mut key_only = false;
    let mut devices_only = false;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(|error| Refusal::usage(&error))? {
        match argument {
            Long("board") => board = Some(PathBuf::from(value(&mut arguments)?)),
            Long("check-config") => check_only = true,
            Long("public-key") => key_only = true,
            Long("check-devices") => devices_only = true,
            Long("version") => {
                println!("kioskd {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            other => return Err(Refusal::usage(&other.unexpected())),
        }
    }
    let missing = || Refusal { fault: Fault::UsageWrong, what: "--board FILE is missing".into() };
    let board = board.ok_or_else(missing)?;
    let refused = |error: SettingsError| Refusal { fault: error.fault(), what: record_desk::report(&error) };
    if key_only {
        println!("{}", settings::public_key(&board).map_err(refused)?);
        return Ok(());
    }
    if devices_only {
        let board = settings::board(&board).map_err(refused)?;
        // Ports are opened in the runtime that would serve them.
        let runtime = start::runtime()?;
        let _entered = runtime.enter();
        return hardware::check(&board)
            .map_err(|fault| Refusal { fault, what: "a device does not work".into() });
    }
    let settings = Settings::load(&board).map_err(refused)?;
    if check_only {
        println!("kioskd: {} is in order", settings.kiosk);
        return Ok(());
    }
    start::start(settings)
}
