//! How long metadata is good, and from when on we warn.

use jiff::{SignedDuration, Timestamp};

/// One period for each kind of role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Days from signing to expiry.
    pub days: i64,
    /// Warned when fewer days are left: time for people to meet and sign.
    pub warn: i64,
}

impl Period {
    /// Of a role by its name; delegated roles are as `targets`.
    pub fn of(role: &str) -> Self {
        match role {
            "root" => Self { days: 365, warn: 60 },
            "snapshot" => Self { days: 14, warn: 4 },
            "timestamp" => Self { days: 7, warn: 2 },
            _ => Self { days: 90, warn: 21 },
        }
    }

    /// When what is made now expires.
    pub fn end(self, now: Timestamp) -> Timestamp {
        now + SignedDuration::from_hours(24 * self.days)
    }
}

/// Whole days until then; negative when it is past.
pub fn days_left(expires: Timestamp, now: Timestamp) -> i64 {
    (expires.as_second() - now.as_second()).div_euclid(24 * 3600)
}
