//! One distribution set for one target, and what the target said of it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ActionId, FleetRefusal, GroupId, RolloutId, SetId, TargetId, window::MaintenanceWindow};

/// Status entries of an action.
pub const MOST_STATUSES: usize = 1000;
/// Messages of one status entry.
pub const MOST_MESSAGES: usize = 50;
/// The weight of an action that was given none.
pub const USUAL_WEIGHT: u16 = 1000;
/// What the server puts before its own messages.
pub(super) const SERVER: &str = "Update Server: ";

/// One release for one kiosk.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Action {
    /// Its number.
    pub id: ActionId,
    /// For whom.
    pub target: TargetId,
    /// The name of whom.
    pub controller: Arc<str>,
    /// What is to be installed.
    pub set: SetId,
    /// How urgent it is.
    pub urgency: Urgency,
    /// When it may be installed; always, without one.
    pub window: Option<MaintenanceWindow>,
    /// The heaviest goes first.
    pub weight: u16,
    /// Of which rollout.
    pub rollout: Option<(RolloutId, GroupId)>,
    /// How far it is.
    pub status: Status,
    /// Whether it is still to be done.
    pub active: bool,
    /// The last code that the target said.
    pub code: Option<i32>,
    /// What happened, oldest first.
    pub history: Vec<Entry>,
    /// When it was made.
    pub created: Timestamp,
    /// When it changed last.
    pub modified: Timestamp,
}

/// How urgent an action is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Urgency {
    /// When it suits the kiosk.
    Soft,
    /// Now.
    #[default]
    Forced,
    /// Soft, and forced from a time on.
    TimeForced(Timestamp),
    /// Fetch, do not install.
    DownloadOnly,
}

impl Urgency {
    /// Whether the kiosk has no choice at that time.
    pub fn is_forced(self, now: Timestamp) -> bool {
        match self {
            Self::Soft => false,
            Self::Forced | Self::DownloadOnly => true,
            Self::TimeForced(from) => from <= now,
        }
    }

    /// hawkBit's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Forced => "forced",
            Self::TimeForced(_) => "timeforced",
            Self::DownloadOnly => "downloadonly",
        }
    }
}

/// How far an action is, and what a status entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "hawkBit's words")]
pub enum Status {
    WaitForConfirmation,
    Running,
    Retrieved,
    Download,
    Downloaded,
    Warning,
    Canceling,
    CancelRejected,
    Canceled,
    Error,
    Finished,
}

impl Status {
    /// Whether the target is asked to stop, or has stopped.
    pub fn is_cancel(self) -> bool {
        matches!(self, Self::Canceling | Self::Canceled)
    }
}

/// Something that happened to an action.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// What.
    pub status: Status,
    /// What was said about it.
    pub messages: Vec<String>,
    /// A code of the target.
    pub code: Option<i32>,
    /// When the server heard.
    pub at: Timestamp,
    /// When it was, by the target's clock.
    pub said_at: Option<Timestamp>,
}

/// Whether a target has more to say of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    OneOfMany,
    Last,
}

impl Action {
    /// Adds what the target says. Refused past the quotas; its last word always has room.
    pub(super) fn note(&mut self, entry: Entry, word: Word) -> Result<(), FleetRefusal> {
        if word == Word::OneOfMany && self.history.len() >= MOST_STATUSES {
            return Err(FleetRefusal::Quota { of: "status entries of an action", limit: MOST_STATUSES });
        }
        if entry.messages.len() > MOST_MESSAGES {
            return Err(FleetRefusal::Quota { of: "messages of a status entry", limit: MOST_MESSAGES });
        }
        self.modified = entry.at;
        self.code = entry.code.or(self.code);
        self.history.push(entry);
        Ok(())
    }

    /// Adds what the server itself says; no quota stops it.
    pub(super) fn note_own(&mut self, status: Status, message: &str, now: Timestamp) {
        let messages = vec![format!("{SERVER}{message}")];
        self.history.push(Entry { status, messages, code: None, at: now, said_at: None });
        self.modified = now;
    }
}
