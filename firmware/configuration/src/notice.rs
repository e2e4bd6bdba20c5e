//! What the first page says from one moment to another: an office that closes for a holiday, a
//! change of what a service needs. Signed long before, and gone by itself.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use upkeep::Words;

/// More than any layer has.
pub const MOST_NOTICES: usize = 16;
/// A notice that is shown for longer is forgotten, not meant.
const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 24);

/// A notice and its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Notice {
    words: Words,
    from: Timestamp,
    until: Timestamp,
}

/// As it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    words: Words,
    from: Timestamp,
    until: Timestamp,
}

impl Notice {
    /// What it says.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Whether it is shown at that moment.
    pub fn is_shown(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

impl TryFrom<Written> for Notice {
    type Error = &'static str;

    fn try_from(Written { words, from, until }: Written) -> Result<Self, Self::Error> {
        let time = until.duration_since(from);
        if time <= SignedDuration::ZERO {
            return Err("a notice ends after it begins");
        }
        if time > LONGEST {
            return Err("a notice is shown for 100 days at most");
        }
        Ok(Self { words, from, until })
    }
}

impl From<Notice> for Written {
    fn from(Notice { words, from, until }: Notice) -> Self {
        Self { words, from, until }
    }
}
