//! `kiosk-tryboot`: RAUC's boot loader back end for the Raspberry Pi's `tryboot`.

use std::{env, error::Error, path::PathBuf, process::ExitCode};

use install::Slot;
use lexopt::prelude::*;
use rauc::tryboot::Settings;

const USAGE: &str = "\
kiosk-tryboot: which slot a Raspberry Pi starts; RAUC calls it (bootloader-custom-backend)

  kiosk-tryboot get-primary              the slot that is meant to be started, A or B
  kiosk-tryboot set-primary A|B          try a slot; the committed one: end the trial
  kiosk-tryboot get-state A|B            good or bad
  kiosk-tryboot set-state A|B good|bad   good: commit what runs; bad: do not start it
  kiosk-tryboot get-current              the slot that runs
  kiosk-tryboot restart                  count the restart that comes next, and print the argument
                                         of reboot that makes it: \"0 tryboot\", or nothing
  kiosk-tryboot --help                   this text

Its settings are /etc/kiosk/tryboot.toml, or what KIOSK_TRYBOOT names.";

enum Asked {
    Primary,
    Try(Slot),
    State(Slot),
    Good(Slot),
    Bad(Slot),
    Current,
    Restart,
    Help,
}

fn main() -> ExitCode {
    let asked = match asked(lexopt::Parser::from_env()) {
        Ok(asked) => asked,
        Err(error) => {
            eprintln!("kiosk-tryboot: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    match answer(&asked) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("kiosk-tryboot: {}", faults::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn asked(mut parser: lexopt::Parser) -> Result<Asked, lexopt::Error> {
    let mut words = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("help") => return Ok(Asked::Help),
            Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(match words[..] {
        ["get-primary"] => Asked::Primary,
        ["set-primary", name] => Asked::Try(slot(name)?),
        ["get-state", name] => Asked::State(slot(name)?),
        ["set-state", name, "good"] => Asked::Good(slot(name)?),
        ["set-state", name, "bad"] => Asked::Bad(slot(name)?),
        ["get-current"] => Asked::Current,
        ["restart"] => Asked::Restart,
        _ => return Err(lexopt::Error::Custom("not a command".into())),
    })
}

fn slot(name: &str) -> Result<Slot, lexopt::Error> {
    match name {
        "A" => Ok(Slot::A),
        "B" => Ok(Slot::B),
        _ => Err(lexopt::Error::Custom("a slot is A or B".into())),
    }
}

fn name(slot: Slot) -> String {
    match slot {
        Slot::A => "A".to_owned(),
        Slot::B => "B".to_owned(),
    }
}

fn answer(asked: &Asked) -> Result<String, Box<dyn Error>> {
    if let Asked::Help = asked {
        return Ok(USAGE.to_owned());
    }
    let path = env::var_os("KIOSK_TRYBOOT").unwrap_or_else(|| "/etc/kiosk/tryboot.toml".into());
    let settings = Settings::read(&PathBuf::from(path))?;
    let mut chooser = settings.chooser()?;
    let done = |()| String::new();
    Ok(match *asked {
        Asked::Primary => name(chooser.primary()?),
        Asked::Try(slot) => chooser.set_primary(slot, settings.tries).map(done)?,
        Asked::State(slot) => if chooser.is_good(slot)? { "good" } else { "bad" }.to_owned(),
        Asked::Good(slot) => chooser.set_good(slot).map(done)?,
        Asked::Bad(slot) => chooser.set_bad(slot).map(done)?,
        Asked::Current => name(chooser.booted().slot),
        Asked::Restart => chooser.restart()?.argument().to_owned(),
        Asked::Help => USAGE.to_owned(),
    })
}
