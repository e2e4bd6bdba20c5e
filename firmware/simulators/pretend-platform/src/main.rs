//! `pretend-platform`: runs until it is ended. Prints one JSON line with its ports
//! when it listens.

mod arguments;

use std::process::ExitCode;

use arguments::{Asked, USAGE, asked};
use pretend_platform::{Platform, PlatformError, Seeds, fleet::Fleet};

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

async fn run(Asked { mut options, scenario, fleet }: Asked) -> Result<(), PlatformError> {
    let seeds = match scenario {
        Some((scenario, people)) => Seeds::from_scenario(&scenario, &people)?,
        None => Seeds::usual(),
    };
    let fleet = match fleet {
        Some(fleet) => Some(Fleet::start(fleet).await?),
        None => None,
    };
    if let Some(fleet) = &fleet {
        options.further_control = fleet.control();
    }
    let platform = Platform::start(options, seeds).await?;
    let (port, control) = (platform.address().port(), platform.control().port());
    match &fleet {
        Some(fleet) => {
            println!(r#"{{"port":{port},"control":{control},"fleet":{}}}"#, fleet.address().port());
        }
        None => println!(r#"{{"port":{port},"control":{control}}}"#),
    }
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
