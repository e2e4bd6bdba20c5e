//! What time it is, on a machine that may not know: no clock chip, a flat battery, a network
//! that lies. A pure type: every time is given in.
//!
//! There is a **floor** that time has certainly passed: when this software was built, when the
//! newest verified timestamp claims to have been signed, what an authenticated source said. It
//! only rises, only by what was authenticated, and never past the newest verified expiry; so
//! no clock, however wrong, can make the next good metadata look expired for ever. The system
//! clock is used as far as it is above the floor, and moves nothing.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What the machine's two clocks say at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The system's clock, right or wrong.
    pub system: Timestamp,
    /// Time since the machine was started. Nobody sets this one.
    pub uptime: SignedDuration,
}

/// How well the time is known. Later ones are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClockLevel {
    /// It is later than the floor; that is all. The system clock is certainly wrong.
    Unknown,
    /// The system clock is past the floor, and nobody vouches for it.
    Floor,
    /// An authenticated source gave the time since the machine was started.
    Authenticated,
}

/// A time, and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The time to judge expiry by.
    pub time: Timestamp,
    /// How well it is known.
    pub level: ClockLevel,
}

/// What is kept over a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFloor {
    /// Time has passed this.
    pub floor: Timestamp,
    /// The latest expiry of timestamp metadata that was verified; the floor stays below it.
    pub newest_expiry: Option<Timestamp>,
}

/// The clock.
#[derive(Clone, Copy, Debug)]
pub struct TrustedClock {
    kept: ClockFloor,
    /// Time at start of the machine, as an authenticated source has it.
    started_at: Option<Timestamp>,
}

impl TrustedClock {
    /// A clock that knows when this software was built, and what was kept of an earlier start.
    pub fn new(built: Timestamp, kept: Option<ClockFloor>) -> Self {
        let kept = kept.unwrap_or(ClockFloor { floor: built, newest_expiry: None });
        Self { kept: ClockFloor { floor: kept.floor.max(built), ..kept }, started_at: None }
    }

    /// What to keep over a restart.
    pub fn kept(&self) -> ClockFloor {
        self.kept
    }

    /// What time it is. Depends on nothing that an earlier reading saw.
    pub fn read(&self, now: Sources) -> Reading {
        let authenticated = self.started_at.and_then(|start| start.checked_add(now.uptime).ok());
        let (time, level) = match authenticated {
            Some(time) => (time, ClockLevel::Authenticated),
            None => (now.system, ClockLevel::Floor),
        };
        if time < self.kept.floor {
            return Reading { time: self.kept.floor, level: ClockLevel::Unknown };
        }
        Reading { time, level }
    }

    /// An authenticated source (NTS, a TLS server whose certificate was verified) said that it
    /// is `time`. Counts until the machine is started anew.
    pub fn authenticated(&mut self, time: Timestamp, now: Sources) {
        self.started_at = time.checked_sub(now.uptime).ok();
        self.raise(time);
    }

    /// Timestamp metadata was verified and is not expired. `signed_at` is when it claims to
    /// have been signed, if it does.
    pub fn verified_timestamp(&mut self, signed_at: Option<Timestamp>, expires: Timestamp) {
        self.kept.newest_expiry = self.kept.newest_expiry.max(Some(expires));
        if let Some(claimed) = signed_at {
            self.raise(claimed);
        }
    }

    fn raise(&mut self, time: Timestamp) {
        // Without any verified expiry nothing bounds a source, so it is not kept.
        if let Some(bound) = self.kept.newest_expiry {
            self.kept.floor = self.kept.floor.max(time.min(bound));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: i64 = 1_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sources(system: i64, uptime: i64) -> Sources {
        Sources { system: at(system), uptime: SignedDuration::from_secs(uptime) }
    }

    fn clock() -> TrustedClock {
        TrustedClock::new(at(BUILT), None)
    }

    #[test]
    fn a_clock_at_1970_reads_the_floor_and_says_that_it_knows_no_more() {
        let reading = clock().read(sources(0, 5));
        assert_eq!(reading, Reading { time: at(BUILT), level: ClockLevel::Unknown });
    }

    #[test]
    fn a_clock_that_was_years_ahead_leaves_nothing_behind() {
        let clock = clock();
        assert_eq!(clock.read(sources(9_000_000, 5)).time, at(9_000_000));
        let after = clock.read(sources(BUILT + 60, 65));
        assert_eq!(after, Reading { time: at(BUILT + 60), level: ClockLevel::Floor });
        assert_eq!(clock.kept().floor, at(BUILT));
    }

    #[test]
    fn the_floor_rises_by_signed_claims_and_never_past_the_newest_expiry() {
        let mut clock = clock();
        clock.verified_timestamp(Some(at(BUILT + 100)), at(BUILT + 700));
        assert_eq!(clock.kept().floor, at(BUILT + 100));
        // A signer whose own clock is years ahead.
        clock.verified_timestamp(Some(at(9_000_000)), at(BUILT + 800));
        assert_eq!(clock.kept().floor, at(BUILT + 800));
        // Older metadata lowers nothing.
        clock.verified_timestamp(Some(at(BUILT + 5)), at(BUILT + 10));
        assert_eq!(clock.kept().floor, at(BUILT + 800));
        assert_eq!(clock.kept().newest_expiry, Some(at(BUILT + 800)));
    }

    #[test]
    fn an_authenticated_time_counts_by_uptime_whatever_the_system_clock_does() {
        let mut clock = clock();
        clock.verified_timestamp(None, at(BUILT + 10_000));
        clock.authenticated(at(BUILT + 500), sources(0, 10));
        let reading = clock.read(sources(9_000_000, 70));
        assert_eq!(reading, Reading { time: at(BUILT + 560), level: ClockLevel::Authenticated });
        // After a restart only the floor is left of it.
        let again = TrustedClock::new(at(BUILT), Some(clock.kept()));
        assert_eq!(again.read(sources(0, 1)), Reading { time: at(BUILT + 500), level: ClockLevel::Unknown });
    }

    #[test]
    fn an_authenticated_source_that_is_years_ahead_is_forgotten_with_the_next_start() {
        let mut clock = clock();
        clock.authenticated(at(9_000_000), sources(0, 10));
        assert_eq!(clock.kept().floor, at(BUILT));
        clock.verified_timestamp(None, at(BUILT + 700));
        clock.authenticated(at(9_000_000), sources(0, 10));
        assert_eq!(clock.kept().floor, at(BUILT + 700));
    }

    #[test]
    fn an_authenticated_time_below_the_floor_lowers_the_level_only() {
        let mut clock = clock();
        clock.authenticated(at(5), sources(0, 0));
        assert_eq!(clock.read(sources(0, 1)), Reading { time: at(BUILT), level: ClockLevel::Unknown });
    }

    #[test]
    fn newer_software_raises_a_kept_floor() {
        let kept = ClockFloor { floor: at(5), newest_expiry: None };
        assert_eq!(TrustedClock::new(at(BUILT), Some(kept)).kept().floor, at(BUILT));
    }
}
