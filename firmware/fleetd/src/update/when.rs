//! When the slot may be changed: never while somebody is served, and else when it suits the
//! site, unless the fleet or a hole in the software cannot wait.

use std::time::Duration;

use jiff::Timestamp;

use super::{Approved, Handling, MaintenanceWindow, Moment, Order};

/// The site's wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long nobody must have been served before the machine closes.
    pub idle: Duration,
    /// The same for what is forced.
    pub idle_forced: Duration,
    /// How long before it closes that is announced.
    pub announce: Duration,
    /// How long a release on trial has to be well.
    pub well_for: Duration,
    /// How long it may be ill before it is rolled back: devices take a while to come up.
    pub ill_for: Duration,
    /// How long a release on trial may have no way to the platform until it is rolled back. Long:
    /// most often it is not the release.
    pub cut_off_for: Duration,
}

/// Why it is not time yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The server said not to install it now.
    Server,
    /// The turn of this kiosk has not come.
    Turn,
    /// The site's window is shut.
    Window,
    /// Somebody was served a moment ago.
    Idle,
}

impl Hold {
    /// One line for the fleet team.
    pub fn line(self) -> &'static str {
        match self {
            Self::Server => "downloaded; the server has not let it be installed",
            Self::Turn => "downloaded; waits for the turn of this kiosk",
            Self::Window => "downloaded; waits for the site's window",
            Self::Idle => "downloaded; waits until nobody is served",
        }
    }
}

/// Whether the machine may be closed now for this release.
pub(super) fn hold(order: &Order, release: &Approved, policy: &Policy, moment: &Moment) -> Option<Hold> {
    if order.install == Handling::Skip || order.window == MaintenanceWindow::Unavailable {
        return Some(Hold::Server);
    }
    let overdue = is_overdue(release, moment.now);
    // Waves spare the network and the fleet; a permit names its kiosks itself.
    let has_turn = !order.action.is_of_stick();
    if has_turn && !overdue && release.turn.is_some_and(|turn| moment.now < turn) {
        return Some(Hold::Turn);
    }
    // A maintenance window of the server is one that the fleet team chose for this site.
    let any_time =
        overdue || order.install == Handling::Forced || order.window == MaintenanceWindow::Available;
    if !any_time && !moment.window {
        return Some(Hold::Window);
    }
    let idle = match (overdue, order.install) {
        (true, _) => Duration::ZERO,
        (false, Handling::Forced) => policy.idle_forced,
        (false, _) => policy.idle,
    };
    (moment.idle() < idle).then_some(Hold::Idle)
}

/// Past its deadline a release that closes a hole waits for nothing but the visit under way.
fn is_overdue(release: &Approved, now: Timestamp) -> bool {
    release.deadline().is_some_and(|deadline| deadline <= now)
}
