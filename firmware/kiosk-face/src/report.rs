//! What an evaluation comes to, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::{
    pairs::Pair,
    trials::{Estimate, Point, Rate, Trials, cross_validated},
};

/// The shares of false matches at which false non-matches are told.
const FALSE_MATCH_RATES: [f64; 3] = [1e-2, 1e-3, 1e-4];

#[derive(Serialize)]
pub struct Report {
    pictures: usize,
    /// Pairs of one person.
    genuine: usize,
    /// Pairs of two.
    impostor: usize,
    /// The score from which on a kiosk takes two faces for one person's.
    kiosk_accepts_from: f64,
    programs: Vec<Evaluated>,
}

/// One program's figures.
#[derive(Serialize)]
pub struct Evaluated {
    pub name: String,
    /// Pairs of one person, of two, without a score.
    without_a_score: [usize; 2],
    equal_error_rate: Estimate,
    at: Vec<AtRate>,
    /// Share of pairs told rightly, and its deviation over the folds.
    cross_validated: Option<(f64, f64)>,
    /// False matches and false non-matches at the kiosk's threshold; ours only.
    at_the_kiosk: Option<[Rate; 2]>,
    #[serde(skip)]
    trials: Trials,
}

#[derive(Serialize)]
struct AtRate {
    false_match_rate: f64,
    threshold: f64,
    false_non_match_rate: Estimate,
    /// Whether there are enough pairs to show so low a rate.
    shown: bool,
}

impl Evaluated {
    pub fn of(name: String, pairs: &[Pair], scores: &[Option<f64>]) -> Self {
        let scored: Vec<_> = scores.iter().zip(pairs).map(|(score, pair)| (*score, pair.same)).collect();
        let trials = Trials::of(&scored);
        let folded: Option<Vec<_>> =
            scored.iter().zip(pairs).map(|((score, same), pair)| Some((*score, *same, pair.fold?))).collect();
        let at = FALSE_MATCH_RATES.map(|rate| AtRate {
            false_match_rate: rate,
            threshold: trials.threshold_for(rate),
            false_non_match_rate: trials.at(rate),
            shown: trials.pairs()[1] as f64 * rate >= 1.0,
        });
        Self {
            name,
            without_a_score: trials.missing(),
            equal_error_rate: trials.equal_error(),
            at: at.into(),
            cross_validated: folded.and_then(|folded| cross_validated(&folded)),
            at_the_kiosk: None,
            trials,
        }
    }
}

impl Report {
    /// The first of the programs is ours.
    pub fn new(pairs: &[Pair], pictures: usize, accept: f32, mut programs: Vec<Evaluated>) -> Self {
        let accept = (f64::from(accept) * 10_000.0).round() / 10_000.0;
        if let Some(ours) = programs.first_mut() {
            ours.at_the_kiosk =
                Some([ours.trials.false_matches(accept), ours.trials.false_non_matches(accept)]);
        }
        let genuine = pairs.iter().filter(|pair| pair.same).count();
        Self { pictures, genuine, impostor: pairs.len() - genuine, kiosk_accepts_from: accept, programs }
    }

    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is plain data") + "\n"
    }

    /// Each program's name and its points.
    pub fn curves(&self) -> Vec<(&str, Vec<Point>)> {
        self.programs.iter().map(|it| (it.name.as_str(), it.trials.points().collect())).collect()
    }
}

/// A share in per cent.
fn percent(value: f64) -> String {
    format!("{:.2}", value * 100.0)
}

fn estimate(of: &Estimate) -> String {
    format!("{} ({} to {})", percent(of.value), percent(of.low), percent(of.high))
}

impl fmt::Display for Report {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pictures, genuine, impostor, .. } = self;
        writeln!(text, "{pictures} pictures, {genuine} pairs of one person, {impostor} of two")?;
        writeln!(
            text,
            "Rates in per cent, with their bounds of 95 per cent confidence; a pair without a face"
        )?;
        writeln!(text, "in a picture counts as refused.\n")?;
        writeln!(
            text,
            "| program | no face in a picture | EER | FNMR at FMR 1 % | 0.1 % | 0.01 % | told rightly, by folds |"
        )?;
        writeln!(text, "|---|--:|--:|--:|--:|--:|--:|")?;
        for it in &self.programs {
            let [genuine, impostor] = it.without_a_score;
            write!(text, "| {} | {} | {} |", it.name, genuine + impostor, estimate(&it.equal_error_rate))?;
            for at in &it.at {
                let mark = if at.shown { "" } else { " *" };
                write!(text, " {} at {:.4}{mark} |", estimate(&at.false_non_match_rate), at.threshold)?;
            }
            match it.cross_validated {
                Some((mean, deviation)) => writeln!(text, " {} ± {} |", percent(mean), percent(deviation))?,
                None => writeln!(text, " |")?,
            }
        }
        if self.programs.iter().any(|it| it.at.iter().any(|at| !at.shown)) {
            writeln!(
                text,
                "\n* too few pairs of two persons to show so low a rate: the threshold lies above all of them."
            )?;
        }
        let Some([matches, misses]) = self.programs.first().and_then(|it| it.at_the_kiosk) else {
            return Ok(());
        };
        writeln!(
            text,
            "\nA kiosk accepts from {}: {} of {} pairs of two persons matched, {} of {} of one did not.",
            self.kiosk_accepts_from, matches.errors, matches.pairs, misses.errors, misses.pairs
        )
    }
}
