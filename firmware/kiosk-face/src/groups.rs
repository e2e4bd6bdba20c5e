//! Error rates of each group of a list, at one threshold for all: whether some people are
//! taken for others, or not recognised, more often than the rest (ISO/IEC 19795-10).

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use crate::{
    pairs::Pair,
    report::estimate,
    trials::{Estimate, Scored, Trials},
};

/// The share of false matches over the whole list that sets the threshold.
pub const FALSE_MATCH: f64 = 1e-3;
/// With fewer persons, or fewer pairs of either kind, a group is too small to be told from
/// another: no error in 300 pairs still leaves room for one in a hundred.
const LEAST_PERSONS: usize = 30;
const LEAST_PAIRS: usize = 300;

/// How a program does with one group.
#[derive(Serialize)]
pub struct InGroup {
    program: String,
    group: String,
    persons: usize,
    /// Pairs of one person, pairs of two.
    pairs: [usize; 2],
    threshold: f64,
    /// None where the group has no such pair.
    false_match_rate: Option<Estimate>,
    false_non_match_rate: Option<Estimate>,
    /// Whether the group is large enough to be told from another.
    enough: bool,
}

/// Every group of the list, by name; none where the list has no groups.
pub fn of(program: &str, threshold: f64, pairs: &[Pair], scored: &[Scored]) -> Vec<InGroup> {
    let names: BTreeSet<&str> = pairs.iter().filter_map(|pair| pair.group.as_deref()).collect();
    let rates = |name: &str| {
        let members = pairs.iter().zip(scored).filter(|(pair, _)| pair.group.as_deref() == Some(name));
        let members: Vec<Scored> = members.map(|(_, scored)| *scored).collect();
        let persons = members.iter().flat_map(|pair| pair.persons).collect::<BTreeSet<_>>().len();
        let trials = Trials::of(&members);
        let pairs = trials.pairs();
        let [false_match_rate, false_non_match_rate] = trials.rates(threshold);
        let enough = persons >= LEAST_PERSONS && pairs.iter().all(|count| *count >= LEAST_PAIRS);
        let (program, group) = (program.to_owned(), name.to_owned());
        InGroup { program, group, persons, pairs, threshold, false_match_rate, false_non_match_rate, enough }
    };
    names.into_iter().map(rates).collect()
}

/// The table of all programs' groups, if there are any.
pub fn tell<'a>(text: &mut fmt::Formatter<'_>, groups: impl Iterator<Item = &'a InGroup>) -> fmt::Result {
    let groups: Vec<_> = groups.collect();
    if groups.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\nBy groups, at the threshold for {} % false matches in the whole list:\n",
        FALSE_MATCH * 100.0
    )?;
    writeln!(text, "| program | group | persons | pairs of one | of two | threshold | FMR | FNMR |")?;
    writeln!(text, "|---|---|--:|--:|--:|--:|--:|--:|")?;
    for it in &groups {
        let mark = if it.enough { "" } else { " †" };
        let [of_one, of_two] = it.pairs;
        let [matches, misses] = [&it.false_match_rate, &it.false_non_match_rate]
            .map(|rate| rate.as_ref().map_or("no pairs".to_owned(), estimate));
        writeln!(
            text,
            "| {} | {}{mark} | {} | {of_one} | {of_two} | {:.4} | {matches} | {misses} |",
            it.program, it.group, it.persons, it.threshold
        )?;
    }
    if groups.iter().any(|it| !it.enough) {
        writeln!(
            text,
            "\n† fewer than {LEAST_PERSONS} persons or {LEAST_PAIRS} pairs of a kind: too small to be told from another group."
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(group: Option<&str>, same: bool, first: u32, score: f64) -> (Pair, Scored) {
        let persons = [first, if same { first } else { first + 1 }];
        let pair =
            Pair { files: Default::default(), same, fold: None, group: group.map(str::to_owned), persons };
        (pair, Scored { score: Some(score), same, persons })
    }

    #[test]
    fn each_group_has_its_own_rates_at_the_same_threshold() {
        let mut all = Vec::new();
        for person in 0..40 {
            for _ in 0..10 {
                let score = if person % 4 == 0 { 0.4 } else { 0.9 };
                all.push(pair(Some("large"), true, person, score));
                all.push(pair(Some("large"), false, person, 0.1));
            }
        }
        all.push(pair(Some("small"), false, 100, 0.6));
        all.push(pair(None, true, 200, 0.0));
        let (pairs, scored): (Vec<Pair>, Vec<Scored>) = all.into_iter().unzip();
        let groups = of("ours", 0.5, &pairs, &scored);
        let [large, small] = groups.as_slice() else { panic!("{} groups", groups.len()) };
        assert_eq!((large.group.as_str(), large.persons, large.pairs), ("large", 41, [400, 400]));
        let missed = large.false_non_match_rate.unwrap();
        assert!((missed.value - 0.25).abs() < 1e-12 && missed.low < 0.2 && missed.high > 0.3, "{missed:?}");
        let matched = large.false_match_rate.unwrap();
        assert!(matched.value == 0.0 && matched.high > 0.009, "{matched:?}");
        assert!(large.enough && !small.enough);
        assert_eq!(small.false_match_rate.map(|rate| (rate.value, rate.low)), Some((1.0, 1.0)));
        assert_eq!(small.false_non_match_rate, None);
    }
}
