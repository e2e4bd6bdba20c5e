//! What can happen to an update, and what is then to be done. Both closed.

use std::time::Duration;

use jiff::Timestamp;
use release::Sha256Digest;
use upkeep::Vitals;

use super::{ActionId, Approved, Before, NotAllowed, Order};

/// Something happened.
#[expect(clippy::large_enum_variant, reason = "one lives at a time, for one step")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server wants this installed.
    Ordered(Order),
    /// The server wants an action called off; the cancellation has the same number.
    CalledOff(ActionId),
    /// The server wants nothing of this kiosk.
    NothingWanted,
    /// What the repository says of the target.
    Resolved(Result<Box<Approved>, NotAllowed>),
    /// The repository or the image could not be fetched now; it goes on later.
    NotNow(String),
    /// What changed since the release that runs cannot be used; the release comes whole.
    DeltaRefused(String),
    /// The release lies whole in the spare slot, or never will: what came is not what was
    /// signed, or it does not fit.
    Written(Result<(), String>),
    /// What came of the rehearsed visit.
    Rehearsed(Result<(), String>),
    /// This kiosk rehearses no visits.
    NotRehearsed,
    /// The lease was asked for. We have it, and this is how the kiosk is; or somebody is served.
    Leased(Option<Before>),
    /// The release is on the list of those that failed.
    Refused,
    /// The slot was changed and its programs started, or why not.
    Activated(Result<(), NotActivated>),
    /// Time passed.
    Tick(Moment),
    /// The release on trial is the good one now.
    Committed,
    /// The release before runs again, or why it cannot.
    RolledBack(Result<(), String>),
}

/// Why a release is not on trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotActivated {
    /// The launcher tried it in vain and went back by itself.
    NeverCameUp,
    /// The slot or the programs would not.
    Failed(String),
}

/// What is known at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time, as far as it can be trusted.
    pub now: Timestamp,
    /// What the machine's clock says, right or wrong: the one that `kioskd` goes by too.
    pub clock: Timestamp,
    /// How long since the tick before, by a clock that nobody sets.
    pub passed: Duration,
    /// Whether the site's window for upkeep is open.
    pub window: bool,
    /// What the slots say; none: they cannot be read at the moment.
    pub glance: Option<Glance>,
    /// How the kiosk is.
    pub vitals: Option<Vitals>,
}

impl Moment {
    /// How long nobody has been served.
    pub(crate) fn idle(&self) -> Duration {
        idle(self.vitals.as_ref(), self.clock)
    }
}

/// How long nobody has been served by the machine's clock. A kiosk that does not run serves
/// nobody.
pub(crate) fn idle(vitals: Option<&Vitals>, clock: Timestamp) -> Duration {
    match vitals.filter(|vitals| vitals.are_fresh(clock)) {
        None => Duration::MAX,
        Some(Vitals { idle_since: None, .. }) => Duration::ZERO,
        Some(Vitals { idle_since: Some(since), .. }) => {
            Duration::try_from(clock.duration_since(*since)).unwrap_or(Duration::ZERO)
        }
    }
}

/// What the slots say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// What is good.
    pub good: Option<Sha256Digest>,
    /// What is on trial.
    pub trial: Option<Sha256Digest>,
    /// Whether what is on trial is what was started last.
    pub trial_runs: bool,
}

/// Something to do. Doing it twice does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the repository about the target.
    Ask(String),
    /// Write the release into the spare slot, from where it broke off.
    Fetch(Box<Approved>),
    /// Stop what is under way for an order that is dropped: its answer must not be taken for the
    /// next one's.
    Stop,
    /// Rehearse a visit with what lies in the spare slot.
    Rehearse(Box<Approved>),
    /// Announce that the machine closes then, by the machine's clock.
    Announce(Timestamp),
    /// Open again, or take the announcement back: nothing is going to happen.
    Open,
    /// Ask for the lease.
    Lease,
    /// Put the spare slot on trial, if it is not, and start what lies in it. The lease is held.
    Activate(Box<Approved>),
    /// What is on trial becomes good.
    Commit(Box<Approved>),
    /// Go back to what was good, and never try this release again. The lease is held.
    RollBack {
        /// From what.
        release: Box<Approved>,
        /// Why.
        why: String,
    },
    /// Never try this release, which has not run.
    Refuse {
        /// Which.
        release: Box<Approved>,
        /// Why.
        why: String,
    },
}
