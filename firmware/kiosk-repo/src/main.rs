//! `kiosk-repo`: keys, signed releases and the repository that kiosks update from. What it does
//! is in the library; here are the command line, the clock, chance and the terminal.

mod arguments;
mod commands;
mod help;
mod key_commands;
mod orders;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(lexopt::Parser::from_env(), jiff::Timestamp::now()) {
        Ok(code) => ExitCode::from(code),
        Err(mistake) => {
            eprintln!("kiosk-repo: {}", faults::chain(&mistake));
            ExitCode::from(mistake.code())
        }
    }
}
