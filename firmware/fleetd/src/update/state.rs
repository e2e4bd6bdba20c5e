//! Where an update stands, and what is remembered beside it. This is what lies on the disk.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ActionId, Approved, Before, Order, Outcome, Outgoing};

/// Where an update stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "at", rename_all = "kebab-case")]
pub enum State {
    /// Nothing is to be done.
    #[default]
    Idle,
    /// The repository is asked what the target is, and whether it may be installed here.
    Asking {
        /// What the server wants.
        order: Order,
    },
    /// It is being written into the spare slot.
    Fetching {
        /// What the server wants.
        order: Order,
        /// What is signed of it.
        release: Approved,
    },
    /// It lies whole in the spare slot, and a visit is rehearsed with it.
    Rehearsing {
        /// What the server wants.
        order: Order,
        /// What is signed of it.
        release: Approved,
    },
    /// The rehearsed visit did not go through: the release is never to be tried.
    Refusing {
        /// What the server wants.
        order: Order,
        /// What is signed of it.
        release: Approved,
        /// What went wrong.
        why: String,
    },
    /// It waits for its time.
    Waiting {
        /// What the server wants.
        order: Order,
        /// What is signed of it.
        release: Approved,
        /// When the machine closes by its own clock, once that is announced.
        closes: Option<Timestamp>,
    },
    /// Nobody is served; the slot is being changed. From here on there is no way back but
    /// through the trial.
    Activating {
        /// What the server wants.
        order: Order,
        /// What is signed of it.
        release: Approved,
        /// How the kiosk was before.
        before: Before,
    },
    /// It runs, closed until it is up, then open. It has to be well for a while.
    Trial {
        /// What the server wants.
        order: Order,
        /// What is signed of it.
        release: Approved,
        /// How the kiosk was before.
        before: Before,
        /// How it has been so far. Begins anew after a restart.
        #[serde(skip)]
        watched: Watched,
    },
    /// It was well for long enough.
    Committing {
        /// What the server wants.
        order: Order,
        /// What is signed of it.
        release: Approved,
    },
    /// It was not.
    RollingBack {
        /// What the server wants.
        order: Order,
        /// What is signed of it.
        release: Approved,
        /// Why.
        why: String,
    },
}

/// How a release on trial has been so far: each without a break.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// How long it has been well.
    pub well: Duration,
    /// How long it has not been well.
    pub ill: Duration,
    /// How long only the way to the platform has been missing.
    pub cut_off: Duration,
}

impl State {
    /// One word for logs and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Asking { .. } => "asking",
            Self::Fetching { .. } => "fetching",
            Self::Rehearsing { .. } => "rehearsing",
            Self::Refusing { .. } => "refusing",
            Self::Waiting { .. } => "waiting",
            Self::Activating { .. } => "activating",
            Self::Trial { .. } => "trial",
            Self::Committing { .. } => "committing",
            Self::RollingBack { .. } => "rolling-back",
        }
    }

    /// The order under way.
    pub fn order(&self) -> Option<&Order> {
        match self {
            Self::Idle => None,
            Self::Asking { order }
            | Self::Fetching { order, .. }
            | Self::Rehearsing { order, .. }
            | Self::Refusing { order, .. }
            | Self::Waiting { order, .. }
            | Self::Activating { order, .. }
            | Self::Trial { order, .. }
            | Self::Committing { order, .. }
            | Self::RollingBack { order, .. } => Some(order),
        }
    }

    /// Whether the machine is closed for the update, or about to be: settings wait then.
    pub fn disturbs(&self) -> bool {
        match self {
            Self::Waiting { closes, .. } => closes.is_some(),
            Self::Activating { .. }
            | Self::Trial { .. }
            | Self::Committing { .. }
            | Self::RollingBack { .. } => true,
            _ => false,
        }
    }

    /// Whether it can still be called off.
    pub fn can_be_called_off(&self) -> bool {
        matches!(
            self,
            Self::Asking { .. } | Self::Fetching { .. } | Self::Rehearsing { .. } | Self::Waiting { .. }
        )
    }
}

/// Everything that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Where the update stands.
    pub state: State,
    /// The last line that the server was told, or will be.
    pub said: Option<String>,
    /// What the server has yet to hear.
    pub outgoing: Outgoing,
    /// How the newest action ended. A server that asks for it again is told again.
    pub last: Option<(ActionId, Outcome)>,
    /// How what a stick ordered ended, until that is taken note of.
    #[serde(default)]
    pub of_stick: Option<(ActionId, Outcome)>,
}
