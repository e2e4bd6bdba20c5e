//! Where settings stand, and what is remembered beside it. This is what lies on the disk.

use std::time::Duration;

use jiff::Timestamp;
use release::Sha256Digest;
use serde::{Deserialize, Serialize};

use super::Ages;
use crate::update::{ActionId, Before};

/// A set of settings that lies on the shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its digest.
    pub set: Sha256Digest,
    /// The layers in a few words.
    pub line: String,
    /// The layers' ages.
    pub ages: Ages,
}

/// A set that is not tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Its digest.
    pub set: Sha256Digest,
    /// Why.
    pub why: String,
}

/// Where settings stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "at", rename_all = "kebab-case")]
pub enum State {
    /// Nothing is to be done.
    #[default]
    Resting,
    /// The kiosk's own checks run on the candidate.
    Checking {
        /// It.
        candidate: Candidate,
    },
    /// It waits for its time.
    Waiting {
        /// It.
        candidate: Candidate,
        /// When the machine closes by its own clock, once that is announced.
        closes: Option<Timestamp>,
    },
    /// Nobody is served; it is being put in force. From here on there is no way back but through
    /// the trial.
    Switching {
        /// It.
        candidate: Candidate,
        /// How the kiosk was before.
        before: Before,
    },
    /// It is in force, and has to be well for a while.
    Trial {
        /// It.
        candidate: Candidate,
        /// How the kiosk was before.
        before: Before,
        /// How long it has been well without a break.
        #[serde(skip)]
        well_for: Duration,
        /// How long it has not been well without a break.
        #[serde(skip)]
        ill_for: Duration,
    },
    /// It was well for long enough.
    Committing {
        /// It.
        candidate: Candidate,
    },
    /// It was not.
    GoingBack {
        /// It.
        candidate: Candidate,
        /// Why.
        why: String,
    },
}

impl State {
    /// One word for logs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Resting => "resting",
            Self::Checking { .. } => "checking",
            Self::Waiting { .. } => "waiting",
            Self::Switching { .. } => "switching",
            Self::Trial { .. } => "trial",
            Self::Committing { .. } => "committing",
            Self::GoingBack { .. } => "going-back",
        }
    }

    /// Whether the machine is closed for settings, or about to be: an update waits then.
    pub fn disturbs(&self) -> bool {
        match self {
            Self::Resting | Self::Checking { .. } => false,
            Self::Waiting { closes, .. } => closes.is_some(),
            Self::Switching { .. }
            | Self::Trial { .. }
            | Self::Committing { .. }
            | Self::GoingBack { .. } => true,
        }
    }

    /// The candidate, if there is one.
    pub fn candidate(&self) -> Option<&Candidate> {
        match self {
            Self::Resting => None,
            Self::Checking { candidate }
            | Self::Waiting { candidate, .. }
            | Self::Switching { candidate, .. }
            | Self::Trial { candidate, .. }
            | Self::Committing { candidate }
            | Self::GoingBack { candidate, .. } => Some(candidate),
        }
    }
}

/// Everything that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Where it stands.
    pub state: State,
    /// What is in force and good; none: what is built in.
    pub good: Option<Candidate>,
    /// The newest version of each layer that ever was in force and good.
    pub ages: Ages,
    /// Sets that failed here, the newest last.
    pub refused: Vec<Refused>,
    /// The line that was said last.
    pub said: Option<String>,
    /// The server's action that is to be told of, and whether it is forced.
    pub asked: Option<(ActionId, bool)>,
}
