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
    /// It did not even come up; the launcher, or the boot loader, went back by itself.
    NeverCameUp,
    /// It cannot be rolled back without the data of before. Somebody must come.
    Stuck(String),
}

impl Outcome {
    /// Whether the fleet got what it asked for.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Committed | Self::AlreadyThere)
    }

    /// One stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::AlreadyThere => "already-there",
            Self::NotAllowed(_) => "not-allowed",
            Self::NotWritten(_) => "not-written",
            Self::RehearsalFailed(_) => "rehearsal-failed",
            Self::RolledBack(_) => "rolled-back",
            Self::NeverCameUp => "never-came-up",
            Self::Stuck(_) => "stuck",
        }
    }

    /// One line for the fleet team, beginning with the stable word.
    pub fn line(&self) -> String {
        let word = self.word();
        match self {
            Self::Committed => format!("{word}: it runs and passed its trial"),
            Self::AlreadyThere => format!("{word}: this release runs already"),
            Self::NotAllowed(why) => format!("{word}: {why}"),
            Self::NeverCameUp => format!("{word}: the machine went back by itself to the release before"),
            Self::NotWritten(why) | Self::RehearsalFailed(why) | Self::RolledBack(why) | Self::Stuck(why) => {
                format!("{word}: {why}")
            }
        }
    }
}
