//! `recapture`: draws what a kiosk's camera sees when somebody holds up a picture instead of a
//! face, as frames in a folder. For tests of liveness only.

mod options;

use std::{error::Error, fs, path::Path, process::ExitCode};

use getrandom::rand_core::UnwrapErr;
use rand_core::Rng;
use simulators::recorded::{Drawing, MANIFEST};

use self::options::Asked;

fn main() -> ExitCode {
    let seed = || UnwrapErr(getrandom::SysRng).next_u64() >> 32;
    let (drawing, out) = match options::parse(lexopt::Parser::from_env(), seed) {
        Ok(Asked::Draw(drawing, out)) => (drawing, out),
        Ok(Asked::Help) => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("recapture: {error}; see recapture --help");
            return ExitCode::from(2);
        }
    };
    match draw(&drawing, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            eprintln!("recapture: {error}{why}");
            ExitCode::FAILURE
        }
    }
}

fn draw(drawing: &Drawing, out: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    if fs::read_dir(out)?.next().is_some() {
        return Err(format!("{} is not empty", out.display()).into());
    }
    println!("seed {}", drawing.setup.seed);
    let manifest = drawing.write(out)?;
    println!("{} frames and {MANIFEST} are in {}", manifest.frames, out.display());
    Ok(())
}
