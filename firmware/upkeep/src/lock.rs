//! The operator has locked the machine: nobody is served until then, or until they open it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Folder, FolderError, Opening, notice::minutes};

const NAME: &str = "lock.json";

/// A lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// When it ends by itself.
    pub until: Timestamp,
    /// Why.
    pub reason: LockReason,
}

/// Why a machine is locked. A closed list: the screen has words for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockReason {
    /// The operator does not say.
    Operator,
    /// It waits for a repair.
    Repair,
    /// It is being looked into.
    Check,
    /// The office is closed.
    OfficeClosed,
}

impl LockReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Operator, Self::Repair, Self::Check, Self::OfficeClosed];

    /// Its word, as in commands and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Repair => "repair",
            Self::Check => "check",
            Self::OfficeClosed => "office-closed",
        }
    }
}

impl Lock {
    /// The longest lock, in minutes: 7 days.
    pub const MOST_MINUTES: u16 = 7 * 24 * 60;

    /// What it means at that moment; `None`: it is over.
    pub fn at(self, now: Timestamp) -> Option<Opening> {
        let left = (now < self.until).then(|| minutes(self.until.duration_since(now)))?;
        Some(Opening::Locked { minutes: Some(left.min(Self::MOST_MINUTES)), reason: self.reason })
    }
}

impl Folder {
    /// Locks, in place of the lock before.
    pub fn lock(&self, lock: Lock) -> Result<(), FolderError> {
        self.put(NAME, &lock)
    }

    /// Opens.
    pub fn unlock(&self) -> Result<(), FolderError> {
        self.take_away(NAME)
    }

    /// The lock as it lies there, over or not; none where it cannot be read.
    pub fn current_lock(&self) -> Option<Lock> {
        self.get(NAME)
    }

    /// Whether it is locked at that moment. A lock that cannot be read locks, without a word
    /// why: who cannot read a lock must not open.
    pub(crate) fn locked(&self, now: Timestamp) -> Option<Opening> {
        match self.current_lock() {
            Some(lock) => lock.at(now),
            None if self.has(NAME) => Some(Opening::Locked { minutes: None, reason: LockReason::Operator }),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Closing;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn locked(minutes: u16, reason: LockReason) -> Opening {
        Opening::Locked { minutes: Some(minutes), reason }
    }

    #[test]
    fn a_lock_goes_before_a_notice_and_ends_by_itself() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        folder.announce(Closing { from: at(600), minutes: 5 }).unwrap();
        folder.lock(Lock { until: at(120), reason: LockReason::Check }).unwrap();
        for (second, expected) in [
            (0, locked(2, LockReason::Check)),
            (119, locked(1, LockReason::Check)),
            (120, Opening::ClosesIn(8)),
        ] {
            assert_eq!(folder.opening(at(second)), expected, "{second}");
        }
        folder.lock(Lock { until: at(600), reason: LockReason::Repair }).unwrap();
        assert_eq!(folder.opening(at(121)), locked(8, LockReason::Repair));
        folder.unlock().unwrap();
        folder.unlock().unwrap();
        assert_eq!(folder.opening(at(121)), Opening::ClosesIn(8));
    }

    #[test]
    fn a_lock_that_cannot_be_read_locks() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join(NAME), r#"{"until":"2027-01-01T00:00:00Z","reason":"mood"}"#)
            .unwrap();
        let opening = Folder::new(place.path()).opening(at(0));
        assert_eq!(opening, Opening::Locked { minutes: None, reason: LockReason::Operator });
    }

    #[test]
    fn reasons_are_written_by_their_words() {
        for reason in LockReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.word());
        }
    }
}
