//! What an evaluation comes to, for people and for programs.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use crate::{
    curves::Curve,
    groups::{self, InGroup},
    pairs::Pair,
    trials::{Estimate, Rate, Scored, Trials, cross_validated},
};

/// The shares of false matches at which false non-matches are told.
const FALSE_MATCH_RATES: [f64; 3] = [1e-2, 1e-3, 1e-4];
/// Those at which the bounds of a curve are drawn: each decade in eight steps.
const DECADES: [f64; 5] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4];
const STEPS: [f64; 8] = [1.0, 0.75, 0.56, 0.42, 0.32, 0.24, 0.18, 0.13];

#[derive(Serialize)]
pub struct Report {
    pictures: usize,
    /// As far as the pairs of one person tell.
    persons: usize,
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
    area_under_roc: Estimate,
    at: Vec<AtRate>,
    /// Share of pairs told rightly, and its deviation over the folds.
    cross_validated: Option<(f64, f64)>,
    /// How many folds there are.
    folds: usize,
    /// False matches and false non-matches at the kiosk's threshold; ours only.
    at_the_kiosk: Option<[Rate; 2]>,
    /// The same for each group, at the threshold for one false match in a thousand.
    groups: Vec<InGroup>,
    #[serde(skip)]
    trials: Trials,
    #[serde(skip)]
    scored: Vec<Scored>,
    #[serde(skip)]
    band: Vec<(f64, Estimate)>,
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
        let scored: Vec<Scored> = pairs
            .iter()
            .zip(scores)
            .map(|(pair, score)| Scored { score: *score, same: pair.same, persons: pair.persons })
            .collect();
        let trials = Trials::of(&scored);
        let folded: Option<Vec<_>> =
            scored.iter().zip(pairs).map(|(scored, pair)| Some((*scored, pair.fold?))).collect();
        let mut folds: Vec<_> = pairs.iter().filter_map(|pair| pair.fold).collect();
        folds.sort_unstable();
        folds.dedup();
        let shares: Vec<f64> = DECADES.iter().flat_map(|decade| STEPS.map(|step| decade * step)).collect();
        let figures = trials.figures(&shares);
        let band: Vec<_> = shares.into_iter().zip(figures.at).collect();
        let at =
            band.iter().filter(|(rate, _)| FALSE_MATCH_RATES.contains(rate)).map(|(rate, found)| AtRate {
                false_match_rate: *rate,
                threshold: trials.threshold_for(*rate),
                false_non_match_rate: *found,
                shown: trials.pairs()[1] as f64 * rate >= 1.0,
            });
        let threshold = trials.threshold_for(groups::FALSE_MATCH);
        Self {
            without_a_score: trials.missing(),
            equal_error_rate: figures.equal_error,
            area_under_roc: figures.area_under_roc,
            at: at.collect(),
            cross_validated: folded.and_then(|folded| cross_validated(&folded)),
            folds: folds.len(),
            at_the_kiosk: None,
            groups: groups::of(&name, threshold, pairs, &scored),
            name,
            trials,
            scored,
            band,
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
            let at_the_kiosk =
                groups::of(&format!("{} at the kiosk", ours.name), accept, pairs, &ours.scored);
            ours.groups.splice(0..0, at_the_kiosk);
        }
        let genuine = pairs.iter().filter(|pair| pair.same).count();
        let persons = pairs.iter().flat_map(|pair| pair.persons).collect::<BTreeSet<_>>().len();
        Self {
            pictures,
            persons,
            genuine,
            impostor: pairs.len() - genuine,
            kiosk_accepts_from: accept,
            programs,
        }
    }

    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is plain data") + "\n"
    }

    /// What was compared.
    pub fn title(&self) -> String {
        format!(
            "{} pictures of {} persons: {} pairs of one person, {} of two",
            self.pictures,
            self.persons,
            thousands(self.genuine),
            thousands(self.impostor)
        )
    }

    /// Each program's name, its points and their bounds.
    pub fn curves(&self) -> Vec<Curve<'_>> {
        let curves = self.programs.iter().map(|it| Curve {
            name: &it.name,
            points: it.trials.points(),
            band: it.band.clone(),
        });
        curves.collect()
    }
}

/// A number as people read it: 77,221.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut parts: Vec<&str> = Vec::new();
    if first > 0 {
        parts.push(&digits[..first]);
    }
    parts.extend((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    parts.join(",")
}

/// A share in per cent.
pub fn percent(value: f64) -> String {
    format!("{:.2}", value * 100.0)
}

pub fn estimate(of: &Estimate) -> String {
    format!("{} ({} to {})", percent(of.value), percent(of.low), percent(of.high))
}

impl fmt::Display for Report {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(text, "{}", self.title())?;
        writeln!(
            text,
            "Figures in per cent, with their bounds of 95 per cent confidence; a pair without a face"
        )?;
        writeln!(text, "in a picture counts as refused.\n")?;
        writeln!(
            text,
            "| program | pairs without a face | AUC | EER | FNMR at FMR 1 % | 0.1 % | 0.01 % | told rightly, by folds |"
        )?;
        writeln!(text, "|---|--:|--:|--:|--:|--:|--:|--:|")?;
        for it in &self.programs {
            let [genuine, impostor] = it.without_a_score;
            let [area, equal] = [&it.area_under_roc, &it.equal_error_rate].map(estimate);
            write!(text, "| {} | {} | {area} | {equal} |", it.name, genuine + impostor)?;
            for at in &it.at {
                let mark = if at.shown { "" } else { " *" };
                write!(text, " {} at {:.4}{mark} |", estimate(&at.false_non_match_rate), at.threshold)?;
            }
            match it.cross_validated {
                Some((mean, deviation)) => {
                    let standard_error = percent(deviation / (it.folds as f64).sqrt());
                    let [mean, deviation] = [mean, deviation].map(percent);
                    writeln!(text, " {mean} ± {deviation} (standard error {standard_error}) |")?;
                }
                None => writeln!(text, " |")?,
            }
        }
        if self.programs.iter().any(|it| it.at.iter().any(|at| !at.shown)) {
            writeln!(
                text,
                "\n* too few pairs of two persons to show so low a rate: the threshold lies above all of them."
            )?;
        }
        groups::tell(text, self.programs.iter().flat_map(|it| &it.groups))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_parted_by_thousands() {
        assert_eq!(
            [7, 278, 1433, 77_221, 1_000_000].map(thousands),
            ["7", "278", "1,433", "77,221", "1,000,000"]
        );
    }
}
