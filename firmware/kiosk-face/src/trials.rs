//! Error rates of a comparison over labelled pairs, in the terms of ISO/IEC 19795-1. A pair
//! without a score, because a picture showed no face, is never accepted: it counts as a
//! false non-match of one person, and as a right refusal of two.

use serde::Serialize;

/// How often the persons are drawn anew for an interval, and the seed: the same list gives
/// the same figures.
const RESAMPLES: usize = 1000;
const SEED: u64 = 0x6D6F_7463_6861_6D01;
/// Draws that leave no pair of one person, or none of two, are drawn anew so often at most.
const MOST_DRAWS: usize = 20 * RESAMPLES;

/// One pair as a program saw it.
#[derive(Clone, Copy)]
pub struct Scored {
    /// None: a picture showed no face.
    pub score: Option<f64>,
    pub same: bool,
    /// Who is on either picture, counted from 0.
    pub persons: [u32; 2],
}

/// The scores of one program over one list.
pub struct Trials {
    /// Ascending; pairs without a score first.
    scored: Vec<Scored>,
    persons: usize,
    /// Pairs of one person, pairs of two.
    pairs: [usize; 2],
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

/// Everything that is told of a program, with its bounds.
pub struct Figures {
    pub equal_error: Estimate,
    /// The chance that a pair of one person scores higher than a pair of two.
    pub area_under_roc: Estimate,
    /// False non-matches at each of the shares of false matches that were asked for.
    pub at: Vec<Estimate>,
}

impl Trials {
    pub fn of(scored: &[Scored]) -> Self {
        let mut scored = scored.to_vec();
        scored.sort_by(|one, other| order(one).total_cmp(&order(other)));
        let genuine = scored.iter().filter(|pair| pair.same).count();
        let persons = scored.iter().flat_map(|pair| pair.persons).max().map_or(0, |last| last as usize + 1);
        Self { persons, pairs: [genuine, scored.len() - genuine], scored }
    }

    /// Pairs of one person, pairs of two.
    pub fn pairs(&self) -> [usize; 2] {
        self.pairs
    }

    /// Pairs of either kind that have no score.
    pub fn missing(&self) -> [usize; 2] {
        let without = self.scored.iter().take_while(|pair| pair.score.is_none());
        let genuine = without.clone().filter(|pair| pair.same).count();
        [genuine, without.count() - genuine]
    }

    /// Pairs of two persons taken for one.
    pub fn false_matches(&self, threshold: f64) -> Rate {
        let [_, pairs] = self.pairs;
        Rate { errors: self.accepted(threshold, false), pairs }
    }

    /// Pairs of one person taken for two.
    pub fn false_non_matches(&self, threshold: f64) -> Rate {
        let [pairs, _] = self.pairs;
        Rate { errors: pairs - self.accepted(threshold, true), pairs }
    }

    fn accepted(&self, threshold: f64, same: bool) -> usize {
        let matches = |pair: &&Scored| pair.same == same && pair.score.is_some_and(|it| it >= threshold);
        self.scored.iter().filter(matches).count()
    }

    /// The share of false matches and of false non-matches at a threshold, with their bounds;
    /// none where the list has no such pair.
    pub fn rates(&self, threshold: f64) -> [Option<Estimate>; 2] {
        let shares = |weights: &[u32]| {
            let (mut errors, mut pairs) = ([0; 2], [0; 2]);
            for pair in &self.scored {
                let kind = usize::from(pair.same);
                let weight = weight(pair, weights);
                pairs[kind] += weight;
                let wrong = pair.score.is_some_and(|score| score >= threshold) != pair.same;
                errors[kind] += if wrong { weight } else { 0 };
            }
            [0, 1].map(|kind| (pairs[kind] > 0).then(|| errors[kind] as f64 / pairs[kind] as f64))
        };
        let drawn: Vec<_> = self.draws().take(RESAMPLES).map(|weights| shares(&weights)).collect();
        let value = shares(&vec![1; self.persons]);
        [0, 1].map(|kind| {
            let estimate = bounded(value[kind]?, drawn.iter().filter_map(|it| it[kind]).collect());
            Some(unless_none(estimate, self.pairs[1 - kind]))
        })
    }

    /// How often each person is drawn, again and again.
    fn draws(&self) -> impl Iterator<Item = Vec<u32>> + '_ {
        let mut chance = Chance(SEED);
        std::iter::repeat_with(move || {
            let mut weights = vec![0; self.persons];
            (0..self.persons).for_each(|_| weights[chance.below(self.persons)] += 1);
            weights
        })
    }

    /// The lowest threshold at which no more than this share of two persons' pairs matches.
    pub fn threshold_for(&self, false_match: f64) -> f64 {
        let allowed = (false_match * self.pairs[1] as f64).floor() as usize;
        let impostors = self.scored.iter().rev().filter(|pair| !pair.same);
        match impostors.filter_map(|pair| pair.score).nth(allowed) {
            Some(first_refused) => first_refused.next_up(),
            None => f64::MIN,
        }
    }

    /// Every threshold at which something changes, ascending.
    pub fn points(&self) -> Vec<Point> {
        let mut points = Vec::new();
        self.walk(&vec![1; self.persons], |point| points.push(point));
        points
    }

    /// What is told of these pairs, and where it lies in 95 of 100 lists drawn from their
    /// persons (bootstrap, percentiles). Persons are drawn, with all their pairs, because
    /// pairs that share a person are not independent; where persons hardly recur among the
    /// pairs of two, the bounds are somewhat too wide. The shares are descending.
    pub fn figures(&self, false_match: &[f64]) -> Figures {
        let row = |weights: Vec<u32>| self.row(&weights, false_match);
        let value = row(vec![1; self.persons]).unwrap_or_else(|| vec![f64::NAN; 2 + false_match.len()]);
        let drawn: Vec<_> = self.draws().take(MOST_DRAWS).filter_map(row).take(RESAMPLES).collect();
        let figure = |place: usize| bounded(value[place], drawn.iter().map(|row| row[place]).collect());
        let at = (2..value.len()).map(|place| unless_none(figure(place), self.pairs[0]));
        Figures { equal_error: figure(0), area_under_roc: figure(1), at: at.collect() }
    }

    /// The equal error rate, the area, and the false non-matches at each share of false
    /// matches, each person counted so many times. None where a kind of pair is left out.
    fn row(&self, weights: &[u32], false_match: &[f64]) -> Option<Vec<f64>> {
        let (mut nearest, mut equal_error, mut area) = (f64::INFINITY, 0.5, 0.0);
        let mut before = [1.0, 0.0];
        let mut at = Vec::with_capacity(false_match.len());
        let total = self.walk(weights, |point| {
            let apart = (point.false_match - point.false_non_match).abs();
            if apart < nearest {
                nearest = apart;
                equal_error = f64::midpoint(point.false_match, point.false_non_match);
            }
            // A strip of the ROC: so many false matches fewer, at the mean of both heights.
            let height = 1.0 - f64::midpoint(before[1], point.false_non_match);
            area += (before[0] - point.false_match) * height;
            before = [point.false_match, point.false_non_match];
            while false_match.get(at.len()).is_some_and(|wanted| point.false_match <= *wanted) {
                at.push(point.false_non_match);
            }
        });
        if total.contains(&0) {
            return None;
        }
        at.resize(false_match.len(), 1.0);
        Some([equal_error, area].into_iter().chain(at).collect())
    }

    /// Tells what every threshold comes to, ascending: first one that all scores pass, then
    /// one just above each score. Gives the number of pairs of either kind.
    fn walk(&self, weights: &[u32], mut told: impl FnMut(Point)) -> [u64; 2] {
        let mut total = [0, 0];
        self.scored.iter().for_each(|pair| total[usize::from(!pair.same)] += weight(pair, weights));
        let mut refused = [0, 0];
        let mut at = 0;
        while at < self.scored.len() {
            let score = self.scored[at].score;
            if at == 0 && score.is_some() {
                told(Point { threshold: f64::MIN, false_match: 1.0, false_non_match: 0.0 });
            }
            while let Some(pair) = self.scored.get(at).filter(|pair| pair.score == score) {
                refused[usize::from(!pair.same)] += weight(pair, weights);
                at += 1;
            }
            let share = |count: u64, kind: usize| count as f64 / total[kind] as f64;
            told(Point {
                threshold: score.map_or(f64::MIN, f64::next_up),
                false_match: share(total[1] - refused[1], 1),
                false_non_match: share(refused[0], 0),
            });
        }
        total
    }
}

fn order(pair: &Scored) -> f64 {
    pair.score.unwrap_or(f64::NEG_INFINITY)
}

/// How often a pair is among the drawn ones: as often as its persons meet.
fn weight(pair: &Scored, weights: &[u32]) -> u64 {
    let [one, other] = pair.persons.map(|person| u64::from(weights[person as usize]));
    if pair.same { one } else { one * other }
}

/// A figure and where the middle 95 of 100 drawn ones lie.
fn bounded(value: f64, mut drawn: Vec<f64>) -> Estimate {
    drawn.sort_by(f64::total_cmp);
    let cut = drawn.len() / 40;
    let low = drawn.get(cut).copied().unwrap_or(value);
    let high = drawn.iter().rev().nth(cut).copied().unwrap_or(value);
    Estimate { value, low, high }
}

/// No error in so many pairs: drawing them anew shows none either.
fn unless_none(estimate: Estimate, pairs: usize) -> Estimate {
    if estimate.value > 0.0 {
        return estimate;
    }
    Estimate { high: estimate.high.max(bound_of_none(pairs)), ..estimate }
}

/// The highest rate that shows no error in so many trials once in forty (Clopper and Pearson).
fn bound_of_none(trials: usize) -> f64 {
    1.0 - 0.025_f64.powf(1.0 / trials as f64)
}

/// The share of pairs told rightly, fold by fold, each at the threshold that is best for
/// all others: the mean, and the standard deviation over the folds. At least two folds.
pub fn cross_validated(scored: &[(Scored, u32)]) -> Option<(f64, f64)> {
    let mut folds: Vec<u32> = scored.iter().map(|it| it.1).collect();
    folds.sort_unstable();
    folds.dedup();
    if folds.len() < 2 {
        return None;
    }
    let told = |of: &[&(Scored, u32)], threshold: f64| {
        let right = of.iter().filter(|it| it.0.score.is_some_and(|score| score >= threshold) == it.0.same);
        right.count() as f64 / of.len() as f64
    };
    let shares: Vec<f64> = folds
        .iter()
        .map(|fold| {
            let (of_it, others): (Vec<_>, Vec<_>) = scored.iter().partition(|it| it.1 == *fold);
            told(&of_it, best_threshold(&others))
        })
        .collect();
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let squares: f64 = shares.iter().map(|share| (share - mean).powi(2)).sum();
    Some((mean, (squares / (shares.len() - 1) as f64).sqrt()))
}

fn best_threshold(scored: &[&(Scored, u32)]) -> f64 {
    let trials = Trials::of(&scored.iter().map(|it| it.0).collect::<Vec<_>>());
    let [genuine, impostor] = trials.pairs().map(|pairs| pairs as f64);
    let errors = |point: &Point| point.false_match * impostor + point.false_non_match * genuine;
    let points = trials.points();
    let best =
        (0..points.len()).min_by(|one, other| errors(&points[*one]).total_cmp(&errors(&points[*other])));
    let Some(best) = best else { return 0.0 };
    // All thresholds up to the next score are as good: the middle is fairest to the fold.
    let next = points.get(best + 1).map_or(points[best].threshold, |point| point.threshold);
    f64::midpoint(points[best].threshold, next)
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
        Trials::of(&scored(genuine, impostor))
    }

    /// Every pair has persons of its own.
    fn scored(genuine: &[f64], impostor: &[f64]) -> Vec<Scored> {
        let mut persons = 0..;
        let mut next = || persons.next().unwrap();
        let of_one = genuine.iter().map(|score| (Some(*score), true)).collect::<Vec<_>>();
        let of_two = impostor.iter().map(|score| (Some(*score), false));
        let all = of_one.into_iter().chain(of_two);
        all.map(|(score, same)| {
            let one = next();
            Scored { score, same, persons: [one, if same { one } else { next() }] }
        })
        .collect()
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
        let trials = {
            let mut pairs = scored(&[0.0, 0.9], &[0.0, 0.1]);
            (pairs[0].score, pairs[2].score) = (None, None);
            Trials::of(&pairs)
        };
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
        let found = overlapping().figures(&[]).equal_error;
        assert!((found.value - 0.2).abs() < 1e-12 && found.low <= 0.2 && found.high >= 0.2, "{found:?}");
        assert!(found.low < found.high);
        let apart = trials(&[0.9, 0.8], &[0.1, 0.2]).figures(&[]).equal_error;
        assert_eq!((apart.value, apart.low, apart.high), (0.0, 0.0, 0.0));
    }

    #[test]
    fn no_error_among_few_is_no_proof_that_there_are_none() {
        let genuine: Vec<f64> = (0..100).map(|it| 0.9 + f64::from(it) / 10_000.0).collect();
        let impostor: Vec<f64> = (0..100).map(|it| f64::from(it) / 10_000.0).collect();
        let found = trials(&genuine, &impostor).figures(&[1e-2]).at[0];
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
            let found = trials(&genuine, &impostor).figures(&[0.1]).at[0];
            (found.low..=found.high).contains(&0.4)
        });
        let covered = covered.count();
        assert!((52..=60).contains(&covered), "{covered} of 60");
    }

    #[test]
    fn every_fold_is_told_by_what_the_others_taught() {
        let mut folded = Vec::new();
        for fold in 0..4 {
            // One impostor of the last fold looks like anybody.
            let impostors: &[f64] = if fold == 3 { &[0.2, 0.9] } else { &[0.2] };
            folded.extend(scored(&[0.8, 0.7], impostors).into_iter().map(|pair| (pair, fold)));
        }
        let (mean, deviation) = cross_validated(&folded).unwrap();
        assert!(
            (mean - (3.0 + 0.75) / 4.0).abs() < 1e-12 && (deviation - 0.125).abs() < 1e-12,
            "{mean} {deviation}"
        );
        assert!(cross_validated(&folded[..3]).is_none());
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_right_order() {
        // Of four times three, one is in wrong order and one equal.
        let found = trials(&[0.9, 0.8, 0.5, 0.3], &[0.5, 0.2, 0.1]).figures(&[]).area_under_roc;
        assert!((found.value - 10.5 / 12.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn many_pairs_of_few_persons_prove_less_than_as_many_of_many() {
        // One person in four is never recognised; the same scores, other persons.
        let genuine: Vec<f64> = (0..200).map(|it| if it % 4 == 0 { 0.1 } else { 0.9 }).collect();
        let many = scored(&genuine, &[0.5; 200]);
        let few = many.iter().enumerate().map(|(at, pair)| {
            let person = at as u32 % 8;
            Scored { persons: [person, if pair.same { person } else { (person + 1) % 8 }], ..*pair }
        });
        let width = |pairs: &[Scored]| {
            let found = Trials::of(pairs).figures(&[0.0]).at[0];
            assert!((found.value - 0.25).abs() < 1e-12, "{found:?}");
            found.high - found.low
        };
        let few: Vec<Scored> = few.collect();
        assert!(width(&few) > 2.0 * width(&many), "{} {}", width(&few), width(&many));
    }
}
