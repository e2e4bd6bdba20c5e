//! How much the outbox may hold, and how much it holds.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// When the outbox refuses more. No default: the board's settings say it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// At most so many transactions wait.
    pub count: u64,
    /// At most so many sealed bytes wait.
    pub bytes: u64,
    /// None may have waited so many hours: a kiosk cut off for longer takes nothing new.
    pub age_hours: u32,
    /// So many days an acknowledged id is remembered.
    pub remember_days: u32,
}

impl Limits {
    pub(crate) fn age(&self) -> SignedDuration {
        SignedDuration::from_hours(self.age_hours.into())
    }

    pub(crate) fn remember(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.remember_days))
    }
}

/// What the outbox holds; for the staff page and the heartbeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Transactions without a receipt.
    pub waiting: u64,
    /// Their sealed bytes.
    pub bytes: u64,
    /// How many of them were sent at least once without an answer.
    pub tried: u64,
    /// When the oldest of them was put in.
    pub oldest: Option<Timestamp>,
    /// Acknowledged ids still remembered.
    pub acknowledged: u64,
}
