//! `kiosk-card`: a card tool for engineers. Reads chips, judges their files, looks
//! into CSCA master lists and takes them into the trust list. It decides nothing of
//! its own: `card` reads and `identity` judges, as in a kiosk.

mod arguments;
mod chance;
mod files;
mod help;
mod mistake;
mod progress;
mod read;
mod refusal;
mod report;
mod timed_reader;
mod trust;
mod verify;

use std::process::ExitCode;

use arguments::{Command, Today};
use mistake::Mistake;

fn main() -> ExitCode {
    match arguments::parse(lexopt::Parser::from_env(), today()).and_then(run) {
        Ok(code) => ExitCode::from(code),
        Err(mistake) => {
            eprintln!("kiosk-card: {}", faults::chain(&mistake));
            ExitCode::from(mistake.code())
        }
    }
}

/// Does what was asked. The number is the program's exit code.
fn run(command: Command) -> Result<u8, Mistake> {
    match command {
        Command::Help(text) => {
            print!("{text}");
            Ok(0)
        }
        Command::Read(options) => read::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Inspect(options) => trust::inspect(&options),
        Command::Import(options) => trust::import(&options),
    }
}

/// The day in Viet Nam, which has one time and no summer time.
fn today() -> Today {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(7));
    Today(jiff::Timestamp::now().to_zoned(zone).date())
}
