//! Starts the kiosk's program from its slot. Runs before everything that may be updated, so it
//! is itself never updated with it.

use std::{
    error::Error,
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use install::{
    BootRecord, SlotFolder,
    launch::{self, Chosen, Where, as_owner},
};
use lexopt::{Arg, Parser, ValueExt as _};

const HELP: &str = "\
kiosk-launch - starts the kiosk's program from its slot

USAGE
  kiosk-launch --slots DIR [--mount AT] [--runtime DIR] [--] PROGRAM [ARGUMENT…]
  kiosk-launch --slots DIR --mount AT --prepare FILE
  kiosk-launch --slots DIR --mount AT --spare
  kiosk-launch --slots DIR --status
  kiosk-launch --slots DIR --roll-back WHY

Takes the slot that is on trial, if there is one with starts left, and counts the start before it
makes it; else the good slot. A trial whose starts are used up is rolled back. Where the boot
record cannot be read or written, the slot that DIR/current stands for is started.

A squashfs image is mounted at AT, read-only, and AT/PROGRAM is started. Any other image is one
program: it is started itself, called PROGRAM; from a copy in --runtime DIR if the system starts
no programs where it lies. KIOSK_SLOT is a or b, KIOSK_TRIAL is 1 on trial, else 0.

  --prepare FILE    count and mount only, and write both variables to FILE, for a service that
                    starts the program itself
  --spare           mount what lies in the slot that does not run, for its rehearsal; counts nothing
  --status          say how things stand; changes nothing
  --roll-back WHY   end the trial; its release is not taken again

Exit code: 2 for a wrong command line, 1 if nothing could be started, else the program's.
";

enum Task {
    Start { program: OsString, words: Vec<OsString> },
    Prepare { file: PathBuf },
    Spare,
    Status,
    RollBack { why: String },
    Help,
}

fn main() -> ExitCode {
    let (slots, places, task) = match read(Parser::from_env()) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("kiosk-launch: {error}; see kiosk-launch --help");
            return ExitCode::from(2);
        }
    };
    if let Task::Help = task {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match run(&slots, &places, task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kiosk-launch: {}", faults::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run(slots: &Path, places: &Where, task: Task) -> Result<(), Box<dyn Error>> {
    // A misspelt folder is not made.
    if !slots.is_dir() {
        return Err(format!("{} is no folder", slots.display()).into());
    }
    let boots = BootRecord::new(SlotFolder::new(slots));
    let choose = || -> Result<(PathBuf, Chosen), Box<dyn Error>> {
        let chosen = as_owner(slots, || launch::choose(&boots))??;
        eprintln!("kiosk-launch: {}", chosen.said);
        Ok((slots.join(chosen.slot.image()), chosen))
    };
    match task {
        Task::Start { program, words } => {
            let (image, chosen) = choose()?;
            Err(launch::start(&image, places, &chosen, &program, &words).into())
        }
        Task::Prepare { file } => {
            let (image, chosen) = choose()?;
            Ok(launch::prepare(&image, places, &chosen, &file)?)
        }
        Task::Spare => {
            let boot = as_owner(slots, || boots.read())??;
            Ok(launch::mount_only(&slots.join(boot.spare().image()), places)?)
        }
        Task::Status => {
            println!("{}", as_owner(slots, || boots.read())??.line());
            Ok(())
        }
        Task::RollBack { why } => {
            as_owner(slots, || boots.roll_back(&why))??;
            println!("{}", as_owner(slots, || boots.read())??.line());
            Ok(())
        }
        Task::Help => Ok(()),
    }
}

fn read(mut parser: Parser) -> Result<(PathBuf, Where, Task), lexopt::Error> {
    let (mut slots, mut places, mut task) = (None, Where::default(), None);
    while let Some(argument) = parser.next()? {
        let other = match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok((PathBuf::new(), places, Task::Help)),
            Arg::Long("slots") => {
                slots = Some(PathBuf::from(parser.value()?));
                continue;
            }
            Arg::Long("mount") => {
                places.mount = Some(parser.value()?.into());
                continue;
            }
            Arg::Long("runtime") => {
                places.runtime = Some(parser.value()?.into());
                continue;
            }
            Arg::Long("prepare") => Task::Prepare { file: parser.value()?.into() },
            Arg::Long("spare") => Task::Spare,
            Arg::Long("status") => Task::Status,
            Arg::Long("roll-back") => Task::RollBack { why: parser.value()?.string()? },
            // What follows the program is its own.
            Arg::Value(program) => Task::Start { program, words: parser.raw_args()?.collect() },
            other => return Err(other.unexpected()),
        };
        if task.replace(other).is_some() {
            return Err("one thing at a time".into());
        }
    }
    let slots = slots.ok_or("--slots is missing")?;
    Ok((slots, places, task.ok_or("a program is missing")?))
}
