//! Measures in one run: the card reader next to two peers on the same virtual card,
//! the stages of the face comparison, the memory of the process. Prints tables and
//! writes `bench.json`. It measures; what is good enough is decided elsewhere.

mod chip;
mod counting;
mod faces;
mod machine;
mod peers;
mod touchscreen;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use chip::{Failure, Row};
use faces::Faces;
use lexopt::Arg;
use machine::{Machine, peak_memory_mib};
use serde::Serialize;
use touchscreen::{Pages, Visit};

/// All of it, as `bench.json` has it.
#[derive(Serialize)]
struct Report {
    machine: Machine,
    model: &'static str,
    file_bytes: usize,
    portrait_bytes: usize,
    chip: Vec<Row>,
    face: Faces,
    peak_memory_before_face_mib: Option<f64>,
    peak_memory_mib: Option<f64>,
    pages: Option<Pages>,
    visit: Option<Visit>,
}

const MODEL: &str =
    "projected seconds: 9 bits a byte, 6 ms turn-around for each command, no CPU time of either side";
const HELP: &str = "\
bench [--out DIR] [--pages FILE] [--visit FILE]
  --out DIR     folder that bench.json is written to (default: the current one)
  --pages FILE  what page-times of ui/ wrote
  --visit FILE  result.json of a headless demo";

/// What the command line asks for.
struct Options {
    out: PathBuf,
    pages: Option<PathBuf>,
    visit: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = match arguments() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("bench: {error}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `None`: only help is wanted.
fn arguments() -> Result<Option<Options>, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut options = Options { out: PathBuf::from("."), pages: None, visit: None };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("out") => options.out = parser.value()?.into(),
            Arg::Long("pages") => options.pages = Some(parser.value()?.into()),
            Arg::Long("visit") => options.visit = Some(parser.value()?.into()),
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
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
    let before_face = peak_memory_mib();
    let face = faces::measure(&firmware.join("face/models"), &people, &chip.holder)?;
    machine.note_end();
    let report = Report {
        machine,
        model: MODEL,
        file_bytes: chip.file_bytes,
        portrait_bytes: chip.portrait_bytes,
        chip: chip.rows,
        face,
        peak_memory_before_face_mib: before_face,
        peak_memory_mib: peak_memory_mib(),
        pages,
        visit,
    };
    print!("{}", tables(&report)?);
    fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    let path = out.join("bench.json");
    let text = serde_json::to_string_pretty(&report)? + "\n";
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("written: {}", path.display());
    Ok(())
}

fn tables(report: &Report) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let machine = &report.machine;
    let load = |load: Option<f64>| load.map_or("unknown".to_owned(), |load| format!("{load:.2}"));
    writeln!(
        text,
        "Machine: {}, {} threads, load {} at the beginning and {} at the end\n",
        machine.processor,
        machine.threads,
        load(machine.load_before),
        load(machine.load_after)
    )?;
    writeln!(
        text,
        "Chip: {} bytes in 7 files, {} of them the portrait's; {}\n",
        report.file_bytes, report.portrait_bytes, report.model
    )?;
    writeln!(
        text,
        "| reader | access | APDUs | bytes up | bytes down | own CPU ms | s at 106 | s at 424 | s at 848 | note |"
    )?;
    writeln!(text, "|---|---|--:|--:|--:|--:|--:|--:|--:|---|")?;
    let mut notes = Vec::new();
    for row in &report.chip {
        let mut mark = String::new();
        if !row.note.is_empty() {
            notes.push(&row.note);
            mark = format!("({})", notes.len());
        }
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {:.1} | {:.2} | {:.2} | {:.2} | {mark} |",
            row.reader,
            row.access,
            row.apdus,
            row.bytes_up,
            row.bytes_down,
            row.own_cpu_ms,
            row.seconds_at_106,
            row.seconds_at_424,
            row.seconds_at_848
        )?;
    }
    text.push('\n');
    for (number, note) in notes.iter().enumerate() {
        writeln!(text, "({}) {note}.", number + 1)?;
    }
    let face = &report.face;
    writeln!(
        text,
        "\nFace: median of {} frames of {}x{} that went through all stages, ms of wall clock\n",
        face.frames, face.frame_size[0], face.frame_size[1]
    )?;
    writeln!(
        text,
        "| decode | detect | align | template | landmarks | frame in all | models loaded (once) | portrait's template (once a visit) |"
    )?;
    writeln!(text, "|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    writeln!(
        text,
        "| {:.1} | {:.1} | {:.2} | {:.1} | {:.1} | {:.1} | {:.0} | {:.0} |",
        face.decode_ms,
        face.detect_ms,
        face.align_ms,
        face.template_ms,
        face.landmarks_ms,
        face.total_ms,
        face.load_ms,
        face.reference_ms
    )?;
    writeln!(
        text,
        "\nMemory of this process at most (VmHWM): {} MiB, {} MiB before the face stages\n",
        load(report.peak_memory_mib),
        load(report.peak_memory_before_face_mib)
    )?;
    text.push_str(&touchscreen::tables(report.pages.as_ref(), report.visit.as_ref())?);
    Ok(text)
}
