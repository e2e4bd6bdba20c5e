//! The state in one line of plain English.

use crate::{
    boot::{Boot, starts},
    slots::Slot,
};

/// As `slot b, release 7, on trial, 2 starts left; slot a, release 6, is good`.
pub(crate) fn line(boot: &Boot) -> String {
    let file = boot.fields();
    let good = match file.good {
        Some(slot) => format!("slot {slot}, {}, is good", release(boot, slot)),
        None => "no slot is good".to_owned(),
    };
    match (file.trial, &file.writing) {
        (Some(trial), _) => {
            let what = format!("slot {}, {}, on trial", trial.slot, release(boot, trial.slot));
            let left = match trial.tries_left {
                0 if file.running == Some(trial.slot) => "on its last start".to_owned(),
                left => format!("{} left", starts(left)),
            };
            let data = if trial.data_migrated { ", has changed the data" } else { "" };
            format!("{what}, {left}{data}; {good}")
        }
        (None, Some(writing)) => {
            let (seq, slot) = (writing.content.release_seq, boot.spare());
            let (written, length) = (writing.checkpoint.written, writing.content.image.length);
            format!("{good}; release {seq} is being written to slot {slot}, {written} of {length} bytes")
        }
        (None, None) => format!("{good}; slot {} {}", boot.spare(), spare(boot)),
    }
}

fn spare(boot: &Boot) -> String {
    let Some(content) = boot.content(boot.spare()) else { return "holds nothing".to_owned() };
    let seq = content.release_seq;
    match boot.rejected(content) {
        Some(rejected) => format!("holds release {seq}, rejected: {}", rejected.why),
        None if seq.get() < boot.fields().floor => format!("holds release {seq}, the one before"),
        None => format!("holds release {seq}, not tried yet"),
    }
}

fn release(boot: &Boot, slot: Slot) -> String {
    match boot.content(slot) {
        Some(content) => format!("release {}", content.release_seq),
        None => "an unlisted release".to_owned(),
    }
}
