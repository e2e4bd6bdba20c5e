//! What can happen to settings, and what is then to be done. Both closed.

use jiff::Timestamp;
use release::Sha256Digest;

use super::Candidate;
use crate::update::{ActionId, Before, Moment};

/// What the layers in the repository come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// What is in force.
    Same,
    /// Something else, which lies whole on the shelf.
    New(Candidate),
}

/// Something happened.
#[expect(clippy::large_enum_variant, reason = "one lives at a time, for one step")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server wants the settings looked up now.
    Ordered {
        /// Under which number it wants to hear of it.
        action: ActionId,
        /// Whether they may not wait for the site's window.
        forced: bool,
    },
    /// What the layers come to, or why they are refused.
    Gathered(Result<Found, String>),
    /// They could not be fetched now; it goes on later.
    NotNow(String),
    /// The candidate does not lie whole on the shelf any more.
    Lost,
    /// What the kiosk's own checks said of the candidate.
    Checked(Result<(), String>),
    /// The lease was asked for. We have it, and this is how the kiosk is; or somebody is served.
    Leased(Option<Before>),
    /// The candidate is in force and the programs were started, or why not.
    Switched(Result<(), String>),
    /// Time passed. `free`: no update is about to close the machine.
    Tick {
        /// What is known.
        moment: Moment,
        /// Whether the machine may be closed for settings.
        free: bool,
    },
    /// The candidate is what is kept.
    Committed,
    /// What was good is in force again, and the programs were started.
    WentBack,
}

/// Something to do. Doing it twice does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Look the layers up now.
    Gather,
    /// Have the kiosk's own checks run on this set.
    Check(Sha256Digest),
    /// Announce that the machine closes then, by the machine's clock.
    Announce(Timestamp),
    /// Open again, or take the announcement back.
    Open,
    /// Ask for the lease.
    Lease,
    /// Put this set in force and start the programs. The lease is held.
    Switch(Sha256Digest),
    /// Keep this set, and no other.
    Commit(Sha256Digest),
    /// Put what was good in force, none: what is built in, and start the programs. The lease is
    /// held.
    GoBack(Option<Sha256Digest>),
    /// Say how it ended, in one line.
    Say(String),
    /// Tell the server how its action ended.
    Report {
        /// Which.
        action: ActionId,
        /// Whether the settings that it asked for are in force.
        success: bool,
        /// One line.
        line: String,
    },
}
