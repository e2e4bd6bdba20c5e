//! Measures in one run: the card reader next to two peers on the same virtual card, the
//! face engine next to two peers on the same frames, the memory of each. Prints tables and
//! writes `bench.json`. It fails where a peer reads the chip with less of anything that is
//! counted; of times it says so, and what else is good enough is decided elsewhere.

mod attacks;
mod chip;
mod counting;
mod faces;
mod machine;
mod numbers;
mod options;
mod peers;
mod preview;
mod report;
mod stages;
mod touchscreen;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use chip::Failure;
use face::Tempo;
use machine::Machine;
use options::{HELP, Options, Part, Wanted};
use report::Report;

const MODEL: &str = "projected seconds: 9 bits a byte, 6 ms turn-around for each command, frames of 256 \
    bytes, 0.5 ms for each chained block, no CPU time of either side";

fn main() -> ExitCode {
    let outcome = match options::read() {
        Ok(Wanted::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Ok(Wanted::All(options)) => run(&options),
        Ok(Wanted::Attacks { tries, tempo, pack }) => run_attacks((tries, tempo), pack.as_ref()),
        Ok(Wanted::Numbers { models, pack, out, python }) => {
            run_numbers(&models, pack.as_ref(), &out, &python)
        }
        Ok(Wanted::Part(part)) => run_part(&part),
        Err(error) => {
            eprintln!("bench: {error}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let out = &options.out;
    // Before the long part: a file that cannot be read is said at once.
    let pages = options.pages.as_deref().map(touchscreen::read).transpose()?;
    let visit = options.visit.as_deref().map(touchscreen::read).transpose()?;
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let people = firmware.join("simulators/people");
    let mut machine = Machine::look();
    let chip = chip::measure(&people)?;
    let peers = options.peers_python.as_deref();
    let face = faces::measure(&firmware.join("face/models"), &people, out, peers)?;
    machine.note_end();
    let report = Report {
        machine,
        model: MODEL,
        file_bytes: chip.file_bytes,
        portrait_bytes: chip.portrait_bytes,
        chip: chip.rows,
        face,
        pages,
        visit,
    };
    print!("{}", report.tables()?);
    fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    let path = out.join("bench.json");
    let text = serde_json::to_string_pretty(&report)? + "\n";
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("written: {}", path.display());
    for line in chip::behind(&report.chip, &chip::TIMED) {
        println!("not first in this run: {line}");
    }
    let behind = chip::behind(&report.chip, &chip::COUNTED);
    if behind.is_empty() { Ok(()) } else { Err(format!("not first: {}", behind.join("; ")).into()) }
}

fn run_attacks(asked: (u8, Tempo), pack: Option<&(PathBuf, String)>) -> Result<(), Failure> {
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (models, people) = (firmware.join("face/models"), firmware.join("simulators/people"));
    let pack = pack.map(|(folder, sha256)| (folder.as_path(), sha256.as_str()));
    let rows = attacks::measure(&models, pack, &people, asked)?;
    print!("{}", attacks::table(&rows)?);
    Ok(())
}

/// Fails where a number of ours is not theirs.
fn run_numbers(
    models: &Path,
    pack: Option<&(PathBuf, String)>,
    out: &Path,
    python: &Path,
) -> Result<(), Failure> {
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulators/people");
    let pack = pack.map(|(folder, sha256)| (folder.as_path(), sha256.as_str()));
    let found = faces::numbers(models, pack, &people, out, python)?;
    let mut text = String::new();
    report::on_numbers(&mut text, &found)?;
    print!("{text}");
    match found.iter().find(|one| one.worst > numbers::MOST) {
        None => Ok(()),
        Some(one) => Err(format!("{} gives other numbers than {}", one.model, one.runtime).into()),
    }
}

/// One measurement alone in this process; the process that started it reads what it prints.
fn run_part(part: &Part) -> Result<(), Failure> {
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let models = firmware.join("face/models");
    let holder = chip::holder_of(&firmware.join("simulators/people"), "khue")?;
    let text = match part {
        Part::Stages { threads, frames } => {
            serde_json::to_string(&stages::take_turn(&models, frames, *threads, &holder)?)?
        }
        Part::Preview { threads, frames, one_core } => {
            if *one_core {
                preview::keep_to_one_core()?;
            }
            let cores = one_core.then_some(1);
            serde_json::to_string(&preview::watch(&models, frames, *threads, cores, &holder)?)?
        }
    };
    println!("{text}");
    Ok(())
}
