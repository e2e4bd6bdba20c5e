//! What kiosks show and are told, as plain data; `wire` makes JSON of it.

use std::{sync::Arc, time::Duration};

use crate::fleet::{ActionId, SoftwareModule, Status};

/// With what somebody says that it is a kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential<'a> {
    /// `TargetToken`: one target's own.
    Target(&'a str),
    /// `GatewayToken`: of all targets, and of those that are not known yet.
    Gateway(&'a str),
}

/// Whether a target confirms by itself what waits for confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "yes or no")]
pub enum AutoConfirm {
    On,
    Off,
}

/// The answer to a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poll {
    /// How long to sleep.
    pub sleep: Duration,
    /// What is to be done first, if anything.
    pub link: Option<Link>,
    /// The action that installed what the target has.
    pub installed: Option<ActionId>,
    /// Whether the target is to say something of itself.
    pub attributes_wanted: bool,
}

/// What a target is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the DDI's words; version changes when soft becomes forced")]
pub enum Link {
    Deployment { action: ActionId, version: u64 },
    Cancel { action: ActionId },
    Confirmation { action: ActionId, version: u64 },
}

/// What is to be installed, or was, or waits for confirmation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Deployment {
    /// Of which action.
    pub action: ActionId,
    /// Whether to fetch it.
    pub download: Handling,
    /// Whether to install it.
    pub update: Handling,
    /// Whether the maintenance window is open; `None` without one.
    pub window: Option<WindowState>,
    /// What it is.
    pub modules: Vec<Arc<SoftwareModule>>,
    /// How far the action is.
    pub status: Status,
    /// What was said of it, newest first.
    pub messages: Vec<String>,
}

/// Whether to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the DDI's words")]
pub enum Handling {
    Skip,
    Attempt,
    Forced,
}

/// Whether the maintenance window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the DDI's words")]
pub enum WindowState {
    Available,
    Unavailable,
}
