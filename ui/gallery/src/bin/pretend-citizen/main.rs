//! `pretend-citizen`: somebody at the touchscreen, for the headless demo. It draws
//! what `kioskd` sends with the very pages of `kiosk-ui`, keeps a picture of each,
//! and presses their buttons as the scenario's `[citizen]` says, or as a technician
//! where there is a `[technician]`. A button that is not there stops it, with a line
//! that says where.

#![allow(missing_docs)] // a program; its items are nobody's library

mod arguments;
mod labels;
mod officers;
mod robot;
mod script;
mod technician;
mod visit;
mod walk;

use std::{fs, process::ExitCode};

use arguments::Arguments;
use robot::{Person, Robot, Somebody};
use screen::Fault;
use script::Script;
use technician::Technician;
use visit::Visit;

fn main() -> ExitCode {
    let arguments = match Arguments::read(lexopt::Parser::from_env()) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Err(reason) => {
            eprintln!("pretend-citizen: {}: {reason}; see --help", Fault::UsageWrong.code());
            return ExitCode::from(2);
        }
    };
    match walk(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("pretend-citizen: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn walk(arguments: &Arguments) -> Result<(), String> {
    let script = Script::load(&arguments.scenario).map_err(|error| error.to_string())?;
    fs::create_dir_all(&arguments.out)
        .map_err(|error| format!("cannot write to {}: {error}", arguments.out.display()))?;
    let somebody: Box<dyn Somebody> = match script.technician {
        Some(technician) => Box::new(Technician::new(technician, arguments.language)),
        None => Box::new(Robot::new(script.citizen, script.officers, person(arguments))),
    };
    let (visit, told) = Visit::new(arguments, somebody).map_err(|error| error.to_string())?;
    let (walk, ended) = visit.walk(&told);
    walk.save(&arguments.out).map_err(|error| format!("cannot write walk.json: {error}"))?;
    ended.map_err(|error| error.to_string())
}

fn person(arguments: &Arguments) -> Person {
    Person {
        language: arguments.language,
        service: arguments.service.clone(),
        phone: arguments.phone.clone(),
        otp: arguments.otp.clone(),
        card_digits: arguments.card_digits.clone(),
        scanner: arguments.control_scanner.is_some(),
    }
}
