//! How often attacks are taken for living people, and living people for attacks: APCER and
//! BPCER after ISO/IEC 30107-3, for each kind of presentation that the simulators can draw.
//!
//! All pictures are of our own making, of three people: the figures show what the checks
//! cannot see, not how well they do against real attackers.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, sync::Mutex, thread, time::Duration};

use devices::{FrameSource as _, Pixels};
use face::{Attempt, Engine, FaceConfig, FaceEvidence, NoMatch, Reference, Skin, Tempo, Why};
use serde::Serialize;
use simulators::{
    face_camera::{CameraSetup, FaceCamera, Pace},
    people::People,
    presentation::{Presentation, Prompter},
};

use crate::{chip, chip::Failure};

const PEOPLE: [&str; 3] = ["khue", "dat", "hieu"];
/// What a slow board looks at.
const FRAMES_PER_SECOND: u32 = 6;

/// One kind of presentation, over all people and tries.
#[derive(Serialize)]
pub struct Row {
    /// What was presented.
    pub presentation: String,
    /// Tries.
    pub tries: u32,
    /// Tries that were taken for a living person.
    pub accepted: u32,
    /// Of these, tries whose skin answered to the kiosk's own light: all that pass where it must.
    pub answered: u32,
    /// What the others were refused for, and how often.
    pub refused: BTreeMap<String, u32>,
}

/// Presents everything to the engine, so often for each person.
pub fn measure(
    models: &Path,
    pack: Option<(&Path, &str)>,
    people: &Path,
    asked: (u8, Tempo),
) -> Result<Vec<Row>, Failure> {
    let mut engine = Engine::load(models)?;
    if let Some((folder, sha256)) = pack {
        engine = engine.with_passive_model(folder, sha256)?;
    }
    let references = PEOPLE
        .iter()
        .map(|name| Ok((*name, engine.reference(&chip::holder_of(people, name)?)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let kinds: Vec<Presentation> = [Presentation::Living].into_iter().chain(Presentation::ATTACKS).collect();
    let waiting = Mutex::new(kinds.into_iter().rev().collect::<Vec<_>>());
    let rows = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let work = || -> Result<(), String> {
            loop {
                let Some(kind) = waiting.lock().expect("no thread panics").pop() else { return Ok(()) };
                let row =
                    present(kind, &engine, &references, people, asked).map_err(|error| error.to_string())?;
                eprintln!("{}: {} of {} taken for living", row.presentation, row.accepted, row.tries);
                rows.lock().expect("no thread panics").push((kind as u8, row));
            }
        };
        let workers = [scope.spawn(work), scope.spawn(work)];
        workers.into_iter().try_for_each(|worker| worker.join().expect("no thread panics"))
    })?;
    let mut rows = rows.into_inner()?;
    rows.sort_by_key(|(place, _)| *place);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

fn present(
    kind: Presentation,
    engine: &Engine,
    references: &[(&str, Reference)],
    people: &Path,
    (tries, tempo): (u8, Tempo),
) -> Result<Row, Failure> {
    let known = People::load(people)?;
    let mut row = Row {
        presentation: format!("{kind:?}"),
        tries: 0,
        accepted: 0,
        answered: 0,
        refused: BTreeMap::new(),
    };
    for (name, reference) in references {
        let person = known.person(name)?;
        for seed in 1..=tries {
            let prompter = Prompter::default();
            let setup = CameraSetup {
                frames_per_second: FRAMES_PER_SECOND,
                pixels: Pixels::Mjpg,
                pace: Pace::Instant,
                ..CameraSetup::default()
            };
            let live = people.join(&person.live);
            let camera = FaceCamera::presenting(&live, person.live_features, kind, prompter.clone(), setup)?;
            row.tries += 1;
            match tried(engine, reference, camera, &prompter, (tempo, seed))? {
                Ok(skin) => {
                    row.accepted += 1;
                    row.answered += u32::from(skin == Skin::Answered);
                }
                Err(why) => *row.refused.entry(why).or_default() += 1,
            }
        }
    }
    Ok(row)
}

/// One try: what skin did in the kiosk's light, or why it was refused.
fn tried(
    engine: &Engine,
    reference: &Reference,
    mut camera: FaceCamera,
    prompter: &Prompter,
    (tempo, seed): (Tempo, u8),
) -> Result<Result<Skin, String>, Failure> {
    let config = FaceConfig::documented();
    let mut attempt = Attempt::new(engine, reference, &config, 1, (tempo, [seed; 32]));
    camera.start()?;
    // A film is not always at its beginning.
    for _ in 0..usize::from(seed) * 7 {
        camera.next_frame(Duration::ZERO)?;
    }
    loop {
        let look = attempt.look(&camera.next_frame(Duration::ZERO)?)?;
        prompter.show(look.hint, look.glow);
        if look.finished {
            return Ok(match attempt.decide() {
                Ok(matched) => match matched.evidence() {
                    FaceEvidence::Camera(seen) => Ok(seen.liveness.light.skin),
                    _ => return Err("the camera's match has other evidence".into()),
                },
                Err(NoMatch { why: Why::NotLive(why), .. }) => Err(why.to_string()),
                Err(no) => Err(no.why.to_string()),
            });
        }
    }
}

/// As a table, with the 95 per cent bounds of Clopper and Pearson.
pub fn table(rows: &[Row]) -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        "| presentation | tries | taken for living | 95 % bounds | and lit as asked | refused because |\n|---|--:|--:|--:|--:|---|\n",
    );
    for row in rows {
        let [low, high] = bounds(row.accepted, row.tries);
        let why: Vec<String> = row.refused.iter().map(|(why, count)| format!("{why} ({count})")).collect();
        writeln!(
            text,
            "| {} | {} | {:.0} % | {:.0} to {:.0} % | {} | {} |",
            row.presentation,
            row.tries,
            100.0 * f64::from(row.accepted) / f64::from(row.tries),
            100.0 * low,
            100.0 * high,
            row.answered,
            why.join("; ")
        )?;
    }
    Ok(text)
}

/// Bounds of a share: where so few, or so many, would be seen in one of forty such lists.
fn bounds(seen: u32, of: u32) -> [f64; 2] {
    // The chance of at most `count` of `of`, each with `share`.
    let at_most = |count: u32, share: f64| -> f64 {
        let mut term = (1.0 - share).powi(of.cast_signed());
        let mut sum = term;
        for number in 1..=count {
            term *= f64::from(of - number + 1) / f64::from(number) * share / (1.0 - share);
            sum += term;
        }
        sum
    };
    let crossing = |falls_below: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 1.0 - 1e-9);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if falls_below(middle) { high = middle } else { low = middle }
        }
        low
    };
    let lower = if seen == 0 { 0.0 } else { crossing(&|share| 1.0 - at_most(seen - 1, share) > 0.025) };
    let upper = if seen == of { 1.0 } else { crossing(&|share| at_most(seen, share) < 0.025) };
    [lower, upper]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_clopper_and_pearson() {
        let near = |found: [f64; 2], expected: [f64; 2]| {
            assert!(
                found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.0005),
                "{found:?} {expected:?}"
            );
        };
        // Out of tables of the binomial distribution.
        near(bounds(0, 10), [0.0, 0.3085]);
        near(bounds(10, 10), [0.6915, 1.0]);
        near(bounds(2, 20), [0.0123, 0.3170]);
    }
}
