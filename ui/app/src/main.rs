//! `kiosk-ui`: the touchscreen's program. No keys, no network, no personal data
//! after a page changes; all it has is a window and the socket to `kioskd`.

mod arguments;
mod window;

use std::process::ExitCode;

use arguments::{Arguments, Asked};
use screen::Fault;

fn main() -> ExitCode {
    let asked = match Arguments::read(lexopt::Parser::from_env()) {
        Ok(asked) => asked,
        Err(error) => {
            eprintln!("kiosk-ui: {}: {error}", Fault::UsageWrong.code());
            return ExitCode::from(2);
        }
    };
    let arguments = match asked {
        Asked::Help => {
            println!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Asked::Version => {
            println!("kiosk-ui {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Asked::Run(arguments) => arguments,
    };
    match window::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.lines().next().unwrap_or_default();
            eprintln!("kiosk-ui: {}: no screen can be opened here: {reason}", Fault::ScreenLost.code());
            ExitCode::FAILURE
        }
    }
}
