//! The machine closes soon: said beforehand, so that nobody begins what they cannot end.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Folder, FolderError, LockReason};

const NAME: &str = "closing.json";

/// When the machine closes for upkeep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// From then on no visit begins. One that is under way goes on to its end.
    pub from: Timestamp,
    /// How long it will be closed, in minutes; a guess.
    pub minutes: u16,
}

/// What a notice means at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Open, and nothing announced.
    Open,
    /// Open; closes in that many minutes, at least 1.
    ClosesIn(u16),
    /// Closed, for about that many minutes more, at least 1.
    ClosedFor(u16),
    /// Locked by the operator.
    Locked {
        /// For how many minutes more, at least 1, where that can be read.
        minutes: Option<u16>,
        /// Why.
        reason: LockReason,
    },
}

/// How much longer than said a notice counts. `fleetd` renews it while it works; one that
/// nobody renews must not close a machine for good.
const OVERTIME_MINUTES: i64 = 15;

impl Opening {
    /// Whether no visit may begin.
    pub fn is_shut(self) -> bool {
        matches!(self, Self::ClosedFor(_) | Self::Locked { .. })
    }
}

impl Closing {
    /// What it means at that moment.
    pub fn at(self, now: Timestamp) -> Opening {
        if now < self.from {
            return Opening::ClosesIn(minutes(self.from.duration_since(now)));
        }
        let open_again = self.from + SignedDuration::from_mins(i64::from(self.minutes));
        if now < open_again {
            return Opening::ClosedFor(minutes(open_again.duration_since(now)));
        }
        if now < open_again + SignedDuration::from_mins(OVERTIME_MINUTES) {
            return Opening::ClosedFor(1);
        }
        Opening::Open
    }
}

/// Whole minutes, begun ones counted.
pub(crate) fn minutes(span: SignedDuration) -> u16 {
    u16::try_from((span.as_secs() + 59) / 60).unwrap_or(u16::MAX).max(1)
}

impl Folder {
    /// Announces, or renews what was announced.
    pub fn announce(&self, closing: Closing) -> Result<(), FolderError> {
        self.put(NAME, &closing)
    }

    /// Takes the announcement back.
    pub fn withdraw(&self) -> Result<(), FolderError> {
        self.take_away(NAME)
    }

    /// What is announced, if anything is.
    pub fn closing(&self) -> Option<Closing> {
        self.get(NAME)
    }

    /// Whether the machine is open at that moment. A lock goes before a notice.
    pub fn opening(&self, now: Timestamp) -> Opening {
        let closing = || self.closing().map_or(Opening::Open, |closing| closing.at(now));
        self.locked(now).unwrap_or_else(closing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_notice_counts_down_closes_and_runs_out() {
        let closing = Closing { from: at(0), minutes: 5 };
        for (second, expected) in [
            (-61, Opening::ClosesIn(2)),
            (-60, Opening::ClosesIn(1)),
            (-1, Opening::ClosesIn(1)),
            (0, Opening::ClosedFor(5)),
            (241, Opening::ClosedFor(1)),
            (300, Opening::ClosedFor(1)),
            (300 + 14 * 60, Opening::ClosedFor(1)),
            (300 + 15 * 60, Opening::Open),
        ] {
            assert_eq!(closing.at(at(second)), expected, "{second}");
        }
    }

    #[test]
    fn a_notice_can_be_read_renewed_and_withdrawn() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        assert_eq!(folder.opening(at(0)), Opening::Open);
        folder.withdraw().unwrap();
        folder.announce(Closing { from: at(60), minutes: 5 }).unwrap();
        assert_eq!(folder.opening(at(0)), Opening::ClosesIn(1));
        folder.announce(Closing { from: at(0), minutes: 3 }).unwrap();
        assert_eq!(folder.opening(at(1)), Opening::ClosedFor(3));
        folder.withdraw().unwrap();
        assert_eq!(folder.opening(at(1)), Opening::Open);
    }

    #[test]
    fn what_is_no_notice_closes_nothing() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join(NAME), r#"{"from":"2027-01-01T00:00:00Z"}"#).unwrap();
        assert_eq!(Folder::new(place.path()).opening(at(0)), Opening::Open);
    }
}
