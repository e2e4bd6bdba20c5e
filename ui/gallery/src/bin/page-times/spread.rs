//! Times of one kind, summed up.

use std::time::{Duration, Instant};

use serde::Serialize;

/// Milliseconds of wall clock.
#[derive(Clone, Copy, Serialize)]
pub struct Spread {
    /// Half took no longer.
    pub median_ms: f64,
    /// Of a hundred, five took longer.
    pub p95_ms: f64,
}

impl Spread {
    /// Times two acts in turn, again and again.
    pub fn in_turn(times: usize, mut one: impl FnMut(), mut other: impl FnMut()) -> (Self, Self) {
        let (ones, others) = (0..times).map(|_| (timed(&mut one), timed(&mut other))).unzip();
        (Self::sum_up(ones), Self::sum_up(others))
    }

    /// Times an act, each time after something that is not timed.
    pub fn after(times: usize, mut before: impl FnMut(), mut act: impl FnMut()) -> Self {
        let taken = (0..times).map(|_| {
            before();
            timed(&mut act)
        });
        Self::sum_up(taken.collect())
    }

    fn sum_up(mut taken: Vec<Duration>) -> Self {
        taken.sort();
        let at = |share: f64| {
            let place = (share * taken.len() as f64).ceil() as usize;
            taken[place.clamp(1, taken.len()) - 1].as_secs_f64() * 1000.0
        };
        Self { median_ms: at(0.5), p95_ms: at(0.95) }
    }
}

fn timed(act: &mut impl FnMut()) -> Duration {
    let begun = Instant::now();
    act();
    begun.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_tail_are_times_that_were_taken() {
        let spread = Spread::sum_up((1..=20).rev().map(Duration::from_millis).collect());
        assert!((spread.median_ms - 10.0).abs() < 1e-9 && (spread.p95_ms - 19.0).abs() < 1e-9);
        let one = Spread::sum_up(vec![Duration::from_millis(7)]);
        assert!((one.median_ms - 7.0).abs() < 1e-9 && (one.p95_ms - 7.0).abs() < 1e-9);
    }
}
