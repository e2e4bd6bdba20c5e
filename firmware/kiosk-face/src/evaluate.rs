//! `kiosk-face evaluate`: every picture of the list is looked at once, every pair is
//! compared, and what came of it is told beside the scores of other programs.

use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use face::{Engine, FaceConfig, Sample};

use crate::{
    curves, lfw, look,
    order::{Evaluation, List},
    pairs::{Pair, Pairs},
    report::{Evaluated, Report},
};

/// What our own scores are called.
const OURS: &str = "mot-cham";

/// The pictures looked at between two words to whoever waits.
const PICTURES_A_LINE: usize = 500;

pub fn evaluate(models: &Path, asked: &Evaluation) -> Result<(), String> {
    let read = match &asked.list {
        List::Table(path) => Pairs::read(path).map_err(|error| format!("{}: {error}", path.display()))?,
        List::Lfw { folder, pairs } => {
            lfw::read(folder, pairs).map_err(|error| format!("{}: {error}", pairs.display()))?
        }
    };
    let samples = samples(models, &read.pairs)?;
    let ours = read.pairs.iter().map(|pair| likeness(&samples, pair)).collect();
    let contenders = [(OURS.to_owned(), ours)].into_iter().chain(read.others);
    let evaluated = contenders.map(|(name, scores)| Evaluated::of(name, &read.pairs, &scores)).collect();
    let report = Report::new(&read.pairs, samples.len(), FaceConfig::documented().accept, evaluated);
    print!("{report}");
    if let Some(path) = &asked.json {
        write(path, report.json().as_bytes())?;
    }
    if let Some(path) = &asked.plot {
        write(path, &curves::png(&(report.title() + "; shaded: 95 % bounds"), &report.curves()))?;
    }
    Ok(())
}

type Samples<'a> = BTreeMap<&'a Path, Option<Sample>>;

/// The face of every picture; none where it shows none. Every core looks at pictures of its
/// own, with models of its own: threads within a model are worth less.
fn samples<'a>(models: &Path, pairs: &'a [Pair]) -> Result<Samples<'a>, String> {
    let mut files: Vec<&Path> = pairs.iter().flat_map(|pair| &pair.files).map(PathBuf::as_path).collect();
    files.sort_unstable();
    files.dedup();
    let (next, seen) = (AtomicUsize::new(0), Mutex::new(Samples::new()));
    let began = Instant::now();
    let look = || {
        let engine = Engine::load_with_threads(models, NonZeroUsize::MIN)
            .map_err(|error| format!("{}: {error}", error.fault().code()))?;
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let picture = look::picture(file).inspect_err(|_| stop(&next, files.len()))?;
            let sample = engine.sample(&picture).map_err(|error| format!("{}: {error}", file.display()))?;
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.insert(file, sample);
            if seen.len().is_multiple_of(PICTURES_A_LINE) {
                eprintln!("{}", progress(seen.len(), files.len(), began));
            }
        }
        Ok::<(), String>(())
    };
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(files.len().max(1));
    thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(look)).collect();
        started.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a thread broke down")?)
    })?;
    eprintln!("{}", progress(files.len(), files.len(), began));
    Ok(seen.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The other cores need not look at the rest.
fn stop(next: &AtomicUsize, end: usize) {
    next.store(end, Ordering::Relaxed);
}

fn progress(seen: usize, all: usize, began: Instant) -> String {
    let a_second = seen as f64 / began.elapsed().as_secs_f64();
    format!("{seen} of {all} pictures looked at, {a_second:.1} a second")
}

fn likeness(samples: &Samples<'_>, pair: &Pair) -> Option<f64> {
    let [one, other] = [&pair.files[0], &pair.files[1]].map(|file| samples[file.as_path()].as_ref());
    Some(f64::from(one?.likeness(other?).ten_thousandths()) / 10_000.0)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    println!("written: {}", path.display());
    Ok(())
}
