//! `fleetd`: updates, settings and heartbeat of a kiosk.

use std::{path::PathBuf, process::ExitCode};

use faults::chain;
use fleetd::{daemon, settings::Settings};
use lexopt::prelude::*;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

const USAGE: &str = "\
fleetd: updates, settings and heartbeat of a kiosk

  --config FILE   the settings (/etc/kiosk/fleetd.toml)
  --check-config  read them, say what is wrong, and end
  --help          this text

Logs go to standard error; KIOSK_LOG sets what is logged (info).";

struct Asked {
    config: PathBuf,
    check_only: bool,
}

fn main() -> ExitCode {
    let asked = match asked(lexopt::Parser::from_env()) {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("fleetd: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    start_log();
    match run(&asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleetd: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn asked(mut parser: lexopt::Parser) -> Result<Option<Asked>, lexopt::Error> {
    let mut asked = Asked { config: PathBuf::from("/etc/kiosk/fleetd.toml"), check_only: false };
    while let Some(arg) = parser.next()? {
        match arg {
            Long("config") => asked.config = PathBuf::from(parser.value()?),
            Long("check-config") => asked.check_only = true,
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(asked))
}

fn run(asked: &Asked) -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::read(&asked.config)?;
    if settings.rehearse.is_none() {
        tracing::warn!("no visit is rehearsed before a release runs ([update] rehearse)");
    }
    if asked.check_only {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let stopped = stop_signal()?;
        Ok(daemon::start(settings)?.run(stopped).await?)
    })
}

fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("KIOSK_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
}

fn stop_signal() -> std::io::Result<oneshot::Receiver<()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // The loop may have ended by itself.
        _ = stop.send(());
    });
    Ok(stopped)
}
