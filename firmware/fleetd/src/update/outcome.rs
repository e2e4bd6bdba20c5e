//! How an update ended. Each word is stable: the fleet team sorts kiosks by it.

use serde::{Deserialize, Serialize};

use super::release::NotAllowed;

/// How an update ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It runs, and passed its trial.
    Committed,
    /// It was there already.
    AlreadyThere,
    /// What the server named may not be installed here.
    NotAllowed(NotAllowed),
    /// It could not be written.
    NotWritten(String),
    /// It failed before it ran: the rehearsed visit did not go through.
    RehearsalFailed(String),
    /// It ran and was not as well as the release before.
    RolledBack(String),
    /// It did not even come up; the launcher went back by itself.
    NeverCameUp,
    /// It cannot be rolled back without the data of before. Somebody must come.
    Stuck(String),
}

impl Outcome {
    /// Whether the fleet got what it asked for.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Committed | Self::AlreadyThere)
    }

    /// One line for the fleet team, beginning with a stable word.
    pub fn line(&self) -> String {
        match self {
            Self::Committed => "committed: it runs and passed its trial".to_owned(),
            Self::AlreadyThere => "already-there: this release runs already".to_owned(),
            Self::NotAllowed(why) => format!("not-allowed: {why}"),
            Self::NotWritten(why) => format!("not-written: {why}"),
            Self::RehearsalFailed(why) => format!("rehearsal-failed: {why}"),
            Self::RolledBack(why) => format!("rolled-back: {why}"),
            Self::NeverCameUp => "never-came-up: the launcher went back to the release before".to_owned(),
            Self::Stuck(why) => format!("stuck: {why}"),
        }
    }
}
