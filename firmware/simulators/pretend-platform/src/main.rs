//! `pretend-platform`: runs until it is ended. Prints one JSON line with both ports
//! when it listens.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use lexopt::prelude::*;
use pretend_platform::{Options, Platform, PlatformError, Seeds};

const USAGE: &str = "\
pretend-platform: a pretend gateway for demo and tests (invented citizens only)

  --dir DIR         keys, certificates and state.json; made where it is missing
  --scenario FILE   the situation; without it only the citizens of the tests are known
  --people DIR      the folder of people.toml; needed with --scenario
  --listen ADDRESS  where kiosks connect (127.0.0.1:0)
  --kiosk NAME      the one kiosk that is known (demo-kiosk)
  --help            this text";

struct Asked {
    options: Options,
    scenario: Option<(PathBuf, PathBuf)>,
}

fn main() -> ExitCode {
    let asked = match asked(lexopt::Parser::from_env()) {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("pretend-platform: {error} (CONF-03; see --help)");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("pretend-platform: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pretend-platform: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

fn asked(mut parser: lexopt::Parser) -> Result<Option<Asked>, lexopt::Error> {
    let (mut dir, mut scenario, mut people) = (None, None, None);
    let (mut listen, mut kiosk) = (None, None);
    while let Some(arg) = parser.next()? {
        match arg {
            Long("dir") => dir = Some(PathBuf::from(parser.value()?)),
            Long("scenario") => scenario = Some(PathBuf::from(parser.value()?)),
            Long("people") => people = Some(PathBuf::from(parser.value()?)),
            Long("listen") => listen = Some(parser.value()?.parse()?),
            Long("kiosk") => kiosk = Some(parser.value()?.string()?),
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    let mut options = Options::new(dir.ok_or("--dir is missing")?);
    options.listen = listen.unwrap_or(options.listen);
    options.kiosk = kiosk.unwrap_or(options.kiosk);
    let scenario = match (scenario, people) {
        (Some(scenario), Some(people)) => Some((scenario, people)),
        (None, None) => None,
        _ => return Err("--scenario and --people belong together".into()),
    };
    Ok(Some(Asked { options, scenario }))
}

async fn run(Asked { options, scenario }: Asked) -> Result<(), PlatformError> {
    let seeds = match scenario {
        Some((scenario, people)) => Seeds::from_scenario(&scenario, &people)?,
        None => Seeds::usual(),
    };
    let platform = Arc::new(Platform::start(options, seeds).await?);
    println!(r#"{{"port":{},"control":{}}}"#, platform.address().port(), platform.control().port());
    ended().await;
    Ok(())
}

/// Until somebody ends us.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
