//! `cargo xtask`: everything that a person or a build server does with the
//! project. Each command sets up what it needs by itself.

mod bench;
mod demo;
mod fuzz;
mod layers;
mod licences;
mod packages;
mod production;
mod project;
mod published;
mod suites;
mod test;
mod update;
mod window;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  demo             the main job on pretend hardware, in a window
      --headless         no window: a robot citizen walks the visit
      --out FOLDER       where the report goes (out/demo)
      --scenario NAME    a situation, by name or file (happy); --list shows them
      --every            all situations, one after the other, without a window
      --update           releases come while citizens are served, one is rolled back, and
                         10,000 records wait (the --out before it; out/update)
      --service ID       what is asked for (eid.activate)
      --lang vi|en       the citizen's language
      --size WxH         the screen (1080x1920 headless, 1280x800 in a window)
      --reader pcsc:NAME, --camera /dev/videoN   real hardware
  gallery          every page × language × text size × contrast as pictures, and their faults
      --out FOLDER       where they go (out/gallery); further options: see the program's --help
  bench            counts and times beside the peers; a table and bench.json
      --out FOLDER       where bench.json goes (out/bench)
      --updates          only what an update and a fleet cost, beside rauc and python-tuf
      --delta OLD NEW    two builds of a program, or two images: also what changed, as a delta
      --peers-python PYTHON   one with onnxruntime and OpenCV: the face's peers too (bench's README)
  fuzz             hostile bytes for every parser of card and file bytes; findings in out/fuzz
      --minutes N        for all targets together (5)
      --target NAME      only one; firmware/fuzz/README.md lists them
      --seeds            write the seeds of the kept inputs anew instead
  test             format, lints, layers, licences, published crates, all tests
  layers           only the layers: who may depend on whom
  licences         only the licences of all dependencies
  published        only the crates that are for others: each built alone, out of its package
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
            Some("demo") => demo(arguments),
            Some("gallery") => pass_on(
                arguments,
                &["run", "--quiet", "--locked", "-p", "kiosk-ui", "-p", "gallery", "--bin", "gallery"],
                "out/gallery",
            ),
            Some("bench") => bench(arguments),
            Some("fuzz") => fuzz(arguments),
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
            Some("published") => {
                nothing_more(arguments)?;
                published::build()
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

fn demo(mut arguments: lexopt::Parser) -> Result<()> {
    let mut asked = demo::Asked { headless: false, ..demo::Asked::headless() };
    asked.options.size.clear();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("headless") => asked.headless = true,
            Long("out") => asked.out = Some(arguments.value()?.into()),
            Long("scenario") => asked.scenario = arguments.value()?.string()?,
            Long("service") => asked.options.service = arguments.value()?.string()?,
            Long("lang") => match arguments.value()?.string()?.as_str() {
                language @ ("vi" | "en") => language.clone_into(&mut asked.options.language),
                other => bail!("CONF-03: no language '{other}'; there are vi and en"),
            },
            Long("size") => asked.options.size = arguments.value()?.string()?,
            Long("reader") => {
                let reader = arguments.value()?.string()?;
                let name = reader.strip_prefix("pcsc:");
                asked.options.reader = Some(name.context("CONF-03: --reader is pcsc:NAME")?.to_owned());
            }
            Long("camera") => asked.options.camera = Some(arguments.value()?.into()),
            Long("list") => return demo::list(),
            Long("every") => return demo::run_every(),
            Long("update") => return update::run(asked.out),
            other => bail!("CONF-03: {}; see cargo xtask --help", other.unexpected()),
        }
    }
    if asked.options.size.is_empty() {
        if asked.headless { "1080x1920" } else { "1280x800" }.clone_into(&mut asked.options.size);
    }
    demo::run(&asked)
}

fn bench(mut arguments: lexopt::Parser) -> Result<()> {
    let mut out = project::root().join("out/bench");
    let (mut peers, mut updates, mut deltas) = (None, false, Vec::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            // The bench runs elsewhere.
            Long("out") => out = std::path::absolute(arguments.value()?)?,
            Long("updates") => updates = true,
            Long("delta") => {
                let mut file = || -> Result<_> { Ok(std::path::absolute(arguments.value()?)?) };
                deltas.push((file()?, file()?));
            }
            Long("peers-python") => peers = Some(std::path::absolute(arguments.value()?)?),
            other => bail!("CONF-03: {}; see cargo xtask --help", other.unexpected()),
        }
    }
    if !updates {
        bench::run(&out, peers.as_deref())?;
    }
    bench::run_updates(&out, &deltas)
}

fn fuzz(mut arguments: lexopt::Parser) -> Result<()> {
    let mut options = fuzz::Options { minutes: 5.0, target: None };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("minutes") => {
                let minutes = arguments.value()?.string()?;
                let number = minutes.parse().ok().filter(|it: &f64| it.is_finite() && *it > 0.0);
                options.minutes = number.context("CONF-03: --minutes is a number above 0")?;
            }
            Long("target") => options.target = Some(arguments.value()?.string()?),
            Long("seeds") => {
                nothing_more(arguments)?;
                return fuzz::write_seeds();
            }
            other => bail!("CONF-03: {}; see cargo xtask --help", other.unexpected()),
        }
    }
    fuzz::run(&options)
}

/// Runs one of the project's programs with the options as they were given.
pub(crate) fn pass_on(mut arguments: lexopt::Parser, cargo: &[&str], out: &str) -> Result<()> {
    packages::install_missing()?;
    let mut given: Vec<_> = arguments.raw_args()?.collect();
    if !given.iter().any(|word| word == "--out") {
        given.extend(["--out".into(), project::root().join(out).into()]);
    }
    project::run(project::cargo().args(cargo).arg("--").args(given))
}

fn nothing_more(mut arguments: lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        None => Ok(()),
        Some(other) => bail!("CONF-03: {}; see cargo xtask --help", other.unexpected()),
    }
}
