//! What the fleet server asks for. It is believed in nothing but "which" and "when": what may be
//! installed, signed metadata says.

use serde::{Deserialize, Serialize};

/// The number of an action at the fleet server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub u64);

/// The fleet server's numbers are signed ones of 64 bits, and positive: the other half is free.
const OF_STICKS: u64 = 1 << 63;

impl ActionId {
    /// The number of something that was ordered at the machine, by a stick.
    pub fn of_stick(number: u32) -> Self {
        Self(OF_STICKS | u64::from(number))
    }

    /// Whether it was; the fleet server knows nothing of it.
    pub fn is_of_stick(self) -> bool {
        self.0 & OF_STICKS != 0
    }
}

/// "Install this."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Under which number the server wants to hear of it.
    pub action: ActionId,
    /// The path of a target in the signed repository.
    pub target: String,
    /// Whether and how to fetch it.
    pub download: Handling,
    /// Whether and how to install it.
    pub install: Handling,
    /// What the server says of its own maintenance window.
    pub window: MaintenanceWindow,
}

/// How urgent the server is (DDI: `skip`, `attempt`, `forced`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Handling {
    /// Not now.
    Skip,
    /// When it suits the site.
    Attempt,
    /// As soon as nobody is served.
    Forced,
}

/// The server's maintenance window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MaintenanceWindow {
    /// It has none.
    None,
    /// It is open.
    Available,
    /// It is not: get ready, but do not install.
    Unavailable,
}

impl Order {
    /// Whether both ask for the same, however urgently.
    pub fn is_same(&self, other: &Self) -> bool {
        self.action == other.action && self.target == other.target
    }
}
