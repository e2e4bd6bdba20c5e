//! `kioskd`: devices, card, face, visits, outbox, printing. It draws nothing itself;
//! the touchscreen is a program of its own behind a socket.

mod arguments;
mod audited;
mod card_desk;
mod chance;
mod clock;
mod counting;
mod effects;
mod face_desk;
mod from_afar;
mod happened;
mod hardware;
mod issuers;
mod kiosk;
mod new_badge;
mod new_officer;
mod officer_desk;
mod paper_desk;
mod platform_desk;
#[cfg(feature = "simulators")]
mod pretend;
mod record_desk;
mod scanner_desk;
mod screen_link;
mod settings;
mod start;
mod upkeep_desk;
mod wrong_pins;

use std::process::ExitCode;

use arguments::Task;
use faults::Fault;
use settings::{Settings, SettingsError};

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

fn run() -> Result<(), Refusal> {
    let refused = |error: SettingsError| Refusal { fault: error.fault(), what: faults::chain(&error) };
    match arguments::read()? {
        Task::Serve(board) => start::start(Settings::load_to_serve(&board).map_err(refused)?)?,
        Task::CheckConfig(board, which) => {
            println!("kioskd: {} is in order", Settings::load(&board, which).map_err(refused)?.kiosk);
        }
        Task::CheckDevices(board) => {
            let board = settings::board(&board).map_err(refused)?;
            // Ports are opened in the runtime that would serve them.
            let runtime = start::runtime()?;
            let _entered = runtime.enter();
            hardware::check(&board)
                .map_err(|fault| Refusal { fault, what: "a device does not work".into() })?;
        }
        Task::PublicKey(board) => println!("{}", settings::public_key(&board).map_err(refused)?),
        Task::NewOfficer(number) => print!("{}", new_officer::make(&number)?),
        Task::NewBadge(board, holder) => {
            let board = settings::board(&board).map_err(refused)?;
            print!("{}", new_badge::make(&board, &holder)?);
        }
        Task::Say(words) => println!("{words}"),
    }
    Ok(())
}
