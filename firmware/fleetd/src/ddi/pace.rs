//! When to poll next. Pure; chance comes in as a number.
//!
//! Thousands of kiosks must not call at once, neither when the power of a town comes back nor
//! when the server does: every wait is drawn from a range, and the first one after a start from
//! a whole interval.

use std::time::Duration;

/// What kept a poll from going through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer, or one of a server in trouble.
    Trouble,
    /// The server asked to wait that long (`Retry-After`).
    Busy(Duration),
}

/// How it has gone so far.
#[derive(Clone, Debug)]
pub struct Pace {
    sleep: Duration,
    failures: u32,
}

/// The longest wait for a server in trouble.
const LONGEST: Duration = Duration::from_mins(30);
/// The first wait for it.
const FIRST: Duration = Duration::from_secs(15);

impl Default for Pace {
    fn default() -> Self {
        Self::new(Duration::from_mins(5))
    }
}

impl Pace {
    /// Until the server has said how long to sleep, it is this.
    pub fn new(sleep: Duration) -> Self {
        Self { sleep, failures: 0 }
    }

    /// How long to wait after a start: anything up to one interval. `chance` is evenly drawn
    /// from all 32-bit numbers.
    pub fn after_start(&self, chance: u32) -> Duration {
        share(self.sleep, chance)
    }

    /// The server answered, and said how long to wait: that, give or take a tenth.
    pub fn after_answer(&mut self, sleep: Duration, chance: u32) -> Duration {
        (self.sleep, self.failures) = (sleep, 0);
        sleep * 9 / 10 + share(sleep / 5, chance)
    }

    /// It did not: twice as long each time, half of it drawn, up to half an hour. What the
    /// server asks for is waited at least, up to a day.
    pub fn after_failure(&mut self, failure: Failure, chance: u32) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let longest = (FIRST * 2_u32.saturating_pow(self.failures.min(16) - 1)).min(LONGEST);
        let drawn = longest / 2 + share(longest / 2, chance);
        match failure {
            Failure::Trouble => drawn,
            Failure::Busy(least) => least.min(Duration::from_hours(24)) + share(longest, chance),
        }
    }
}

/// That share of a time that a number is of all 32-bit numbers.
fn share(time: Duration, chance: u32) -> Duration {
    let nanos = time.as_nanos() * u128::from(chance) / (1 << 32);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: u32 = 0;
    const ALL: u32 = u32::MAX;

    #[test]
    fn a_wait_is_the_servers_give_or_take_a_tenth() {
        let mut pace = Pace::default();
        assert_eq!(pace.after_answer(Duration::from_mins(5), NONE).as_secs(), 270);
        assert_eq!(pace.after_answer(Duration::from_mins(5), ALL).as_secs(), 329);
        assert_eq!(pace.after_start(NONE).as_secs(), 0);
        assert_eq!(pace.after_start(ALL).as_secs(), 299);
    }

    #[test]
    fn a_server_in_trouble_is_left_alone_for_longer_and_longer() {
        let mut pace = Pace::default();
        let waits: Vec<_> = (0..10).map(|_| pace.after_failure(Failure::Trouble, NONE).as_secs()).collect();
        assert_eq!(waits, [7, 15, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(pace.after_failure(Failure::Trouble, ALL).as_secs(), 1_799);
        pace.after_answer(Duration::from_mins(5), NONE);
        assert_eq!(pace.after_failure(Failure::Trouble, NONE).as_secs(), 7);
    }

    #[test]
    fn a_busy_server_is_left_alone_for_as_long_as_it_asks_and_not_for_ever() {
        let mut pace = Pace::default();
        let busy = |seconds| Failure::Busy(Duration::from_secs(seconds));
        assert_eq!(pace.after_failure(busy(120), NONE).as_secs(), 120);
        assert_eq!(pace.after_failure(busy(u64::MAX), NONE).as_secs(), 86_400);
    }
}
