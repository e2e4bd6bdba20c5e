//! Error rates of a comparison over labelled pairs, in the terms of ISO/IEC 19795-1. A pair
//! without a score, because a picture showed no face, is never accepted: it counts as a
//! false non-match of one person, and as a right refusal of two.

use serde::Serialize;

/// How often the pairs are drawn anew for an interval, and the seed: the same list gives
/// the same figures.
const RESAMPLES: usize = 1000;
const SEED: u64 = 0x6D6F_7463_6861_6D01;

/// The scores of one program over one list.
pub struct Trials {
    genuine: Scores,
    impostor: Scores,
}

/// Scores of pairs of one kind.
#[derive(Clone)]
struct Scores {
    ascending: Vec<f64>,
    /// How many pairs have none.
    missing: usize,
}

/// So many errors in so many pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    pub errors: usize,
    pub pairs: usize,
}

/// A figure between its bounds of 95 per cent confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// A threshold and what it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    pub threshold: f64,
    pub false_match: f64,
    pub false_non_match: f64,
}

impl Rate {
    pub fn value(self) -> f64 {
        self.errors as f64 / self.pairs as f64
    }
}

impl Scores {
    fn of(scores: impl Iterator<Item = Option<f64>>) -> Self {
        let (mut ascending, mut missing) = (Vec::new(), 0);
        for score in scores {
            match score {
                Some(score) => ascending.push(score),
                None => missing += 1,
            }
        }
        ascending.sort_by(f64::total_cmp);
        Self { ascending, missing }
    }

    fn pairs(&self) -> usize {
        self.ascending.len() + self.missing
    }

    fn accepted(&self, threshold: f64) -> usize {
        self.ascending.len() - self.ascending.partition_point(|score| *score < threshold)
    }

    /// As many pairs, drawn from these with replacement.
    fn resampled(&self, chance: &mut Chance) -> Self {
        let mut drawn = vec![0_u32; self.ascending.len()];
        let mut missing = 0;
        for _ in 0..self.pairs() {
            match drawn.get_mut(chance.below(self.pairs())) {
                Some(count) => *count += 1,
                None => missing += 1,
            }
        }
        let repeated = self.ascending.iter().zip(drawn);
        let ascending =
            repeated.flat_map(|(score, count)| std::iter::repeat_n(*score, count as usize)).collect();
        Self { ascending, missing }
    }
}

impl Trials {
    /// Scores with their labels: whether the pair shows one person.
    pub fn of(scored: &[(Option<f64>, bool)]) -> Self {
        let kind = |same| Scores::of(scored.iter().filter(|it| it.1 == same).map(|it| it.0));
        Self { genuine: kind(true), impostor: kind(false) }
    }

    /// Pairs of one person, pairs of two.
    pub fn pairs(&self) -> [usize; 2] {
        [self.genuine.pairs(), self.impostor.pairs()]
    }

    /// Pairs of either kind that have no score.
    pub fn missing(&self) -> [usize; 2] {
        [self.genuine.missing, self.impostor.missing]
    }

    /// Pairs of two persons taken for one.
    pub fn false_matches(&self, threshold: f64) -> Rate {
        Rate { errors: self.impostor.accepted(threshold), pairs: self.impostor.pairs() }
    }

    /// Pairs of one person taken for two.
    pub fn false_non_matches(&self, threshold: f64) -> Rate {
        let pairs = self.genuine.pairs();
        Rate { errors: pairs - self.genuine.accepted(threshold), pairs }
    }

    /// The lowest threshold at which no more than this share of two persons' pairs matches.
    pub fn threshold_for(&self, false_match: f64) -> f64 {
        let allowed = (false_match * self.impostor.pairs() as f64).floor() as usize;
        match self.impostor.ascending.iter().rev().nth(allowed) {
            Some(first_refused) => first_refused.next_up(),
            None => f64::MIN,
        }
    }

    fn false_non_match_at(&self, false_match: f64) -> f64 {
        self.false_non_matches(self.threshold_for(false_match)).value()
    }

    /// False non-matches at that share of false matches.
    pub fn at(&self, false_match: f64) -> Estimate {
        let estimate = self.estimate(|trials| trials.false_non_match_at(false_match));
        if estimate.value > 0.0 {
            return estimate;
        }
        // No error in so many: drawing them anew shows none either (Clopper and Pearson).
        let high = 1.0 - 0.025_f64.powf(1.0 / self.genuine.pairs() as f64);
        Estimate { high: estimate.high.max(high), ..estimate }
    }

    /// The equal error rate: half of both kinds' errors where they are most alike.
    pub fn equal_error(&self) -> Estimate {
        self.estimate(Self::equal_error_rate)
    }

    fn equal_error_rate(&self) -> f64 {
        let apart = |point: &Point| (point.false_match - point.false_non_match).abs();
        let nearest = self.points().min_by(|one, other| apart(one).total_cmp(&apart(other)));
        nearest.map_or(0.5, |point| f64::midpoint(point.false_match, point.false_non_match))
    }

    /// Every threshold at which something changes, ascending.
    pub fn points(&self) -> impl Iterator<Item = Point> + '_ {
        let all = merged(&self.genuine.ascending, &self.impostor.ascending);
        let (mut below, mut refused) = (0, 0);
        all.into_iter().map(move |threshold| {
            below += self.genuine.ascending[below..].iter().take_while(|it| **it < threshold).count();
            refused += self.impostor.ascending[refused..].iter().take_while(|it| **it < threshold).count();
            let share = |count: usize, of: &Scores| count as f64 / of.pairs() as f64;
            Point {
                threshold,
                false_match: share(self.impostor.ascending.len() - refused, &self.impostor),
                false_non_match: share(self.genuine.missing + below, &self.genuine),
            }
        })
    }

    /// A figure of these pairs, and where it lies in 95 of 100 lists drawn from them
    /// (bootstrap, percentiles). Pairs are drawn one by one, though pairs that share a
    /// picture are not independent: the bounds are somewhat too narrow.
    fn estimate(&self, figure: impl Fn(&Self) -> f64) -> Estimate {
        let mut chance = Chance(SEED);
        let mut drawn: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let genuine = self.genuine.resampled(&mut chance);
                figure(&Self { genuine, impostor: self.impostor.resampled(&mut chance) })
            })
            .collect();
        drawn.sort_by(f64::total_cmp);
        let low = drawn[RESAMPLES / 40];
        Estimate { value: figure(self), low, high: drawn[RESAMPLES - 1 - RESAMPLES / 40] }
    }
}

/// Different values of two ascending lists, ascending.
fn merged(one: &[f64], other: &[f64]) -> Vec<f64> {
    let mut all = [one, other].concat();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

/// The share of pairs told rightly, fold by fold, each at the threshold that is best for
/// all others: the mean, and the standard deviation over the folds. At least two folds.
pub fn cross_validated(scored: &[(Option<f64>, bool, u32)]) -> Option<(f64, f64)> {
    let mut folds: Vec<u32> = scored.iter().map(|it| it.2).collect();
    folds.sort_unstable();
    folds.dedup();
    if folds.len() < 2 {
        return None;
    }
    let told = |of: &[&(Option<f64>, bool, u32)], threshold: f64| {
        let right = of.iter().filter(|it| it.0.is_some_and(|score| score >= threshold) == it.1);
        right.count() as f64 / of.len() as f64
    };
    let shares: Vec<f64> = folds
        .iter()
        .map(|fold| {
            let (of_it, others): (Vec<_>, Vec<_>) = scored.iter().partition(|it| it.2 == *fold);
            told(&of_it, best_threshold(&others))
        })
        .collect();
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let squares: f64 = shares.iter().map(|share| (share - mean).powi(2)).sum();
    Some((mean, (squares / (shares.len() - 1) as f64).sqrt()))
}

fn best_threshold(scored: &[&(Option<f64>, bool, u32)]) -> f64 {
    let trials = Trials::of(&scored.iter().map(|it| (it.0, it.1)).collect::<Vec<_>>());
    let [genuine, impostor] = trials.pairs().map(|pairs| pairs as f64);
    let errors = |point: &Point| point.false_match * impostor + point.false_non_match * genuine;
    let best = trials.points().min_by(|one, other| errors(one).total_cmp(&errors(other)));
    best.map_or(0.0, |point| point.threshold)
}

/// `SplitMix64`: even enough to draw samples with, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        ((u128::from(mixed) * limit as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials(genuine: &[f64], impostor: &[f64]) -> Trials {
        let label = |scores: &[f64], same| scores.iter().map(|it| (Some(*it), same)).collect::<Vec<_>>();
        Trials::of(&[label(genuine, true), label(impostor, false)].concat())
    }

    /// Ten of each: four overlap.
    fn overlapping() -> Trials {
        let tenths = |from: i32| (from..from + 10).map(|it| f64::from(it) / 10.0).collect::<Vec<_>>();
        trials(&tenths(6), &tenths(0))
    }

    #[test]
    fn rates_are_counted_at_and_above_the_threshold() {
        let trials = overlapping();
        assert_eq!(trials.false_matches(0.6), Rate { errors: 4, pairs: 10 });
        assert_eq!(trials.false_non_matches(0.8), Rate { errors: 2, pairs: 10 });
        assert_eq!(trials.false_non_matches(0.6).errors, 0);
    }

    #[test]
    fn a_pair_without_a_score_is_never_accepted() {
        let trials = Trials::of(&[(None, true), (Some(0.9), true), (None, false), (Some(0.1), false)]);
        assert_eq!(trials.missing(), [1, 1]);
        assert_eq!(trials.false_non_matches(f64::MIN), Rate { errors: 1, pairs: 2 });
        assert_eq!(trials.false_matches(f64::MIN), Rate { errors: 1, pairs: 2 });
    }

    #[test]
    fn the_threshold_lets_through_no_more_than_is_allowed_and_not_less_than_it_could() {
        let trials = overlapping();
        for (allowed, matches) in [(0.0, 0), (0.05, 0), (0.1, 1), (0.25, 2), (1.0, 10)] {
            let threshold = trials.threshold_for(allowed);
            assert_eq!(trials.false_matches(threshold).errors, matches, "{allowed}");
        }
        // Equal scores are let through together or not at all.
        let equal = self::trials(&[1.0], &[0.5, 0.5, 0.5, 0.1]);
        assert_eq!(equal.false_matches(equal.threshold_for(0.5)).errors, 0);
    }

    #[test]
    fn equal_errors_lie_where_both_kinds_cross() {
        let found = overlapping().equal_error();
        assert!((found.value - 0.2).abs() < 1e-12 && found.low <= 0.2 && found.high >= 0.2, "{found:?}");
        assert!(found.low < found.high);
        let apart = trials(&[0.9, 0.8], &[0.1, 0.2]).equal_error();
        assert_eq!((apart.value, apart.low, apart.high), (0.0, 0.0, 0.0));
    }

    #[test]
    fn no_error_among_few_is_no_proof_that_there_are_none() {
        let genuine: Vec<f64> = (0..100).map(|it| 0.9 + f64::from(it) / 10_000.0).collect();
        let impostor: Vec<f64> = (0..100).map(|it| f64::from(it) / 10_000.0).collect();
        let found = trials(&genuine, &impostor).at(1e-2);
        assert_eq!((found.value, found.low), (0.0, 0.0));
        // Three in so many, roughly: the exact bound for 100 pairs is 3.62 per cent.
        assert!((found.high - 0.0362).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn intervals_cover_the_truth_about_as_often_as_they_say() {
        // Uniform scores whose error rate at one in ten is known: 0.4.
        let mut chance = Chance(7);
        let mut uniform = |from: f64| from + chance.below(1 << 30) as f64 / f64::from(1 << 30);
        let covered = (0..60).filter(|_| {
            let genuine: Vec<f64> = (0..200).map(|_| uniform(0.5)).collect();
            let impostor: Vec<f64> = (0..200).map(|_| uniform(0.0)).collect();
            let found = trials(&genuine, &impostor).at(0.1);
            (found.low..=found.high).contains(&0.4)
        });
        let covered = covered.count();
        assert!((52..=60).contains(&covered), "{covered} of 60");
    }

    #[test]
    fn every_fold_is_told_by_what_the_others_taught() {
        let mut scored = Vec::new();
        for fold in 0..4 {
            scored.extend([(Some(0.8), true, fold), (Some(0.7), true, fold), (Some(0.2), false, fold)]);
        }
        // One impostor of the last fold looks like anybody.
        scored.push((Some(0.9), false, 3));
        let (mean, deviation) = cross_validated(&scored).unwrap();
        assert!(
            (mean - (3.0 + 0.75) / 4.0).abs() < 1e-12 && (deviation - 0.125).abs() < 1e-12,
            "{mean} {deviation}"
        );
        assert!(cross_validated(&scored[..3]).is_none());
    }
}
