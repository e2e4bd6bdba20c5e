//! `cargo xtask`: everything that a person or a build server does with the
//! project. Each command sets up what it needs by itself.

mod layers;
mod licences;
mod packages;
mod project;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  test             format, lints, layers, licences, all tests
  layers           only the layers: who may depend on whom
  licences         only the licences of all dependencies
  packages         only install the missing Debian packages

Each command says what it does before it does it.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = lexopt::Parser::from_env();
    let Some(first) = arguments.next()? else {
        println!("{HELP}");
        return Ok(());
    };
    match first {
        Value(word) => match word.to_str() {
            Some("test") => {
                nothing_more(arguments)?;
                test::run()
            }
            Some("layers") => {
                nothing_more(arguments)?;
                layers::run()
            }
            Some("licences") => {
                nothing_more(arguments)?;
                licences::run()
            }
            Some("packages") => {
                nothing_more(arguments)?;
                packages::install_missing()
            }
            _ => bail!("CONF-03: no command '{}'; see cargo xtask --help", word.to_string_lossy()),
        },
        Short('h') | Long("help") => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("CONF-03: {}; see cargo xtask --help", other.unexpected()),
    }
}

fn nothing_more(mut arguments: lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        None => Ok(()),
        Some(other) => bail!("CONF-03: {}; see cargo xtask --help", other.unexpected()),
    }
}
