//! `kiosk-face evaluate`: every picture of the list is looked at once, every pair is
//! compared, and what came of it is told beside the scores of other programs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use face::{Engine, FaceConfig, Sample};

use crate::{
    curves, look,
    order::Evaluation,
    pairs::{Pair, Pairs},
    report::{Evaluated, Report},
};

/// What our own scores are called.
const OURS: &str = "mot-cham";

/// The pictures looked at between two words to whoever waits.
const PICTURES_A_LINE: usize = 500;

pub fn evaluate(engine: &Engine, asked: &Evaluation) -> Result<(), String> {
    let read = Pairs::read(&asked.pairs).map_err(|error| format!("{}: {error}", asked.pairs.display()))?;
    let samples = samples(engine, &read.pairs)?;
    let ours = read.pairs.iter().map(|pair| likeness(&samples, pair)).collect();
    let contenders = [(OURS.to_owned(), ours)].into_iter().chain(read.others);
    let evaluated = contenders.map(|(name, scores)| Evaluated::of(name, &read.pairs, &scores)).collect();
    let report = Report::new(&read.pairs, samples.len(), FaceConfig::documented().accept, evaluated);
    print!("{report}");
    if let Some(path) = &asked.json {
        write(path, report.json().as_bytes())?;
    }
    if let Some(path) = &asked.plot {
        write(path, &curves::png(&report.curves()))?;
    }
    Ok(())
}

type Samples = BTreeMap<PathBuf, Option<Sample>>;

/// The face of every picture; none where it shows none.
fn samples(engine: &Engine, pairs: &[Pair]) -> Result<Samples, String> {
    let mut samples = Samples::new();
    for file in pairs.iter().flat_map(|pair| &pair.files) {
        if samples.contains_key(file) {
            continue;
        }
        let sample =
            engine.sample(&look::picture(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
        samples.insert(file.clone(), sample);
        if samples.len().is_multiple_of(PICTURES_A_LINE) {
            eprintln!("{} pictures looked at", samples.len());
        }
    }
    Ok(samples)
}

fn likeness(samples: &Samples, pair: &Pair) -> Option<f64> {
    let [one, other] = [&pair.files[0], &pair.files[1]].map(|file| samples[file].as_ref());
    Some(f64::from(one?.likeness(other?).ten_thousandths()) / 10_000.0)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    println!("written: {}", path.display());
    Ok(())
}
