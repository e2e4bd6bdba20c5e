//! `kiosk-rehearsal`: walks a visit with the programs of a release, and says whether it went well.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;
use rehearsal::{Options, Places, Stage};

const USAGE: &str = "\
kiosk-rehearsal: a visit with the programs of a release, every device and the platform pretended

  --image FOLDER   the release, as it is mounted (the one that this program lies in)
  --out FOLDER     where the report goes; without it no report is left
  --help           this text

It ends with 0 if the visit went as it must. Keys, cards and citizens are made for this one run:
it needs no right of the kiosk, and gets none.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kiosk-rehearsal: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let (mut image, mut out) = (None, None);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("image") => image = Some(PathBuf::from(arguments.value()?)),
            Long("out") => out = Some(PathBuf::from(arguments.value()?)),
            Long("help") => {
                println!("{USAGE}");
                return Ok(());
            }
            other => bail!("CONF-03: {}; see --help", other.unexpected()),
        }
    }
    let places = Places::of_image(&image.map_or_else(own_image, Ok)?);
    let scenario = places.scenarios.join("happy.toml");
    let (kept, out) = match out {
        Some(out) => (true, out),
        None => (false, std::env::temp_dir().join(format!("kiosk-rehearsal-{}", std::process::id()))),
    };
    let walked = Stage::set(&places, &Options::usual(), &scenario, &out, None).and_then(Stage::walk);
    if !kept {
        _ = std::fs::remove_dir_all(&out);
    }
    walked
}

/// The image that this program lies in: `IMAGE/bin/kiosk-rehearsal`.
fn own_image() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let image = here.ancestors().nth(2).context("this program lies in no image; name one by --image")?;
    Ok(image.to_owned())
}
