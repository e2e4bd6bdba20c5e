//! `kiosk-face`: compares faces, measures pictures, and evaluates how well faces are told
//! apart, for people who tune and test. It prints measures and scores, never a template;
//! it decides nothing for a kiosk.

mod curves;
mod evaluate;
mod groups;
mod lfw;
mod look;
mod order;
mod pairs;
mod report;
mod trials;

use std::{env, path::Path, process::ExitCode, time::Instant};

use face::Engine;
use order::{Order, Task};

fn main() -> ExitCode {
    let order = match Order::parse(env::args_os().skip(1)) {
        Ok(order) => order,
        Err(reason) => {
            eprintln!("kiosk-face: {reason}; try kiosk-face --help");
            return ExitCode::from(2);
        }
    };
    match carry_out(&order) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("kiosk-face: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(order: &Order) -> Result<ExitCode, String> {
    match &order.task {
        Task::Help => {
            println!("{}", order::HELP);
            Ok(ExitCode::SUCCESS)
        }
        Task::Compare(files) => look::compare(&engine(&order.models)?, files),
        Task::Quality(file) => look::quality(&engine(&order.models)?, file),
        Task::Evaluate(asked) => evaluate::evaluate(&order.models, asked).map(|()| ExitCode::SUCCESS),
    }
}

fn engine(models: &Path) -> Result<Engine, String> {
    let began = Instant::now();
    let engine = Engine::load(models).map_err(|error| format!("{}: {error}", error.fault().code()))?;
    println!("models loaded in {}", look::ms(began.elapsed()));
    Ok(engine)
}
