//! What was measured, as tables for people.

use std::fmt::{Result, Write as _};

use serde::Serialize;

use crate::{
    chip,
    faces::Faces,
    machine::Machine,
    numbers::{self, Difference},
    preview,
    touchscreen::{self, Pages, Visit},
};

/// All of it, as `bench.json` has it.
#[derive(Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// How seconds of a reading are projected.
    pub model: &'static str,
    /// Bytes of the card's files.
    pub file_bytes: usize,
    /// Bytes of the portrait's among them.
    pub portrait_bytes: usize,
    /// The readers.
    pub chip: Vec<chip::Row>,
    /// The face engine.
    pub face: Faces,
    /// The touchscreen's pages.
    pub pages: Option<Pages>,
    /// A headless visit.
    pub visit: Option<Visit>,
}

impl Report {
    /// As tables.
    pub fn tables(&self) -> std::result::Result<String, std::fmt::Error> {
        let mut text = String::new();
        self.on_machine(&mut text)?;
        self.on_chip(&mut text)?;
        on_stages(&mut text, &self.face)?;
        on_numbers(&mut text, &self.face.numbers)?;
        on_preview(&mut text, &self.face)?;
        text.push_str(&touchscreen::tables(self.pages.as_ref(), self.visit.as_ref())?);
        Ok(text)
    }

    fn on_machine(&self, text: &mut String) -> Result {
        let machine = &self.machine;
        let load = |load: Option<f64>| load.map_or("unknown".to_owned(), |load| format!("{load:.2}"));
        writeln!(
            text,
            "Machine: {}, {} threads, load {} at the beginning and {} at the end\n",
            machine.processor,
            machine.threads,
            load(machine.load_before),
            load(machine.load_after)
        )
    }

    fn on_chip(&self, text: &mut String) -> Result {
        writeln!(
            text,
            "Chip: {} bytes in 7 files, {} of them the portrait's; {}\n",
            self.file_bytes, self.portrait_bytes, self.model
        )?;
        writeln!(
            text,
            "| reader | access | APDUs | bytes up | bytes down | own CPU ms | s at 106 | s at 424 | s at 848 | note |"
        )?;
        writeln!(text, "|---|---|--:|--:|--:|--:|--:|--:|--:|---|")?;
        let mut notes = Vec::new();
        for row in &self.chip {
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
        Ok(())
    }
}

fn on_stages(text: &mut String, face: &Faces) -> Result {
    let [width, height] = face.frame_size;
    writeln!(
        text,
        "\nFace: the same JPEG frames of {width}x{height}, the same model files; medians, ms of wall clock; \
         every row is a process of its own, MiB at most (VmHWM) and of them before the models; quality, pattern and \
         the rest (movement, comparison, passive model) are ours only, and in its frame in all\n"
    )?;
    writeln!(
        text,
        "| runtime | threads | decode | detect | align | template | landmarks | quality | pattern | rest | frame in all | CPU | models loaded | MiB |"
    )?;
    writeln!(text, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    let mib = |mib: Option<f64>| mib.map_or("unknown".to_owned(), |mib| format!("{mib:.0}"));
    for row in &face.stages {
        let Some(found) = &row.measured else {
            writeln!(text, "| {} | {} | not measured: no --peers-python |", row.runtime, row.threads)?;
            continue;
        };
        let stages = &found.stages;
        writeln!(
            text,
            "| {} | {} | {:.1} | {:.1} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.1} | {:.1} | {:.0} | {}, {} |",
            row.runtime,
            row.threads,
            stages.decode,
            stages.detect,
            stages.align,
            stages.template,
            stages.landmarks,
            stages.quality,
            stages.pattern,
            stages.rest(),
            found.total_ms,
            stages.cpu,
            found.load_ms,
            mib(found.peak_mib),
            mib(found.before_models_mib)
        )?;
    }
    on_estimate(text, face)
}

fn on_estimate(text: &mut String, face: &Faces) -> Result {
    let pi4 = &face.pi4;
    writeln!(
        text,
        "\nOne frame on a Raspberry Pi 4, estimated: one thread here x {} = {:.0} ms (budget 1000); three frames, \
         the fewest of a try: {:.0} ms. Not measured on one.\n",
        pi4.factor, pi4.frame_ms, pi4.try_ms
    )
}

/// The models' numbers beside those of other runtimes, as a table.
pub fn on_numbers(text: &mut String, numbers: &[Difference]) -> Result {
    if numbers.is_empty() {
        return writeln!(text, "Numbers beside other runtimes: not measured: no --peers-python\n");
    }
    writeln!(
        text,
        "Numbers of our runtime beside others, same file, same input; at most {} may differ\n",
        numbers::MOST
    )?;
    writeln!(text, "| model | beside | inputs | numbers | largest number | worst difference | within |")?;
    writeln!(text, "|---|---|--:|--:|--:|--:|---|")?;
    for found in numbers {
        let within = if found.worst <= numbers::MOST { "yes" } else { "NO" };
        writeln!(
            text,
            "| {} | {} | {} | {} | {:.1} | {:.1e} | {within} |",
            found.model, found.runtime, found.inputs, found.numbers, found.largest, found.worst
        )?;
    }
    writeln!(text)
}

fn on_preview(text: &mut String, face: &Faces) -> Result {
    writeln!(
        text,
        "Preview while the models run: a camera of 30 frames a second, {} s each; drawing not included; never \
         below {} a second\n",
        preview::SECONDS,
        preview::LEAST_RATE
    )?;
    writeln!(
        text,
        "| cores | threads of the models | previews a second | in the worst second | kept | looks a second | \
         frame to answer ms, worst | try ms |"
    )?;
    writeln!(text, "|---|--:|--:|--:|---|--:|--:|--:|")?;
    for seen in &face.previews {
        let kept = if seen.fewest_in_a_second >= preview::LEAST_RATE { "yes" } else { "NO" };
        writeln!(
            text,
            "| {} | {} | {:.1} | {} | {kept} | {:.1} | {:.0}, {:.0} | {:.0} |",
            seen.cores.map_or("all".to_owned(), |cores| cores.to_string()),
            seen.threads,
            seen.previews_per_second,
            seen.fewest_in_a_second,
            seen.looks_per_second,
            seen.frame_to_answer_ms,
            seen.frame_to_answer_worst_ms,
            seen.try_ms
        )?;
    }
    writeln!(text)
}
