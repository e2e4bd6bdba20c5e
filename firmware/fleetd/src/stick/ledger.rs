//! What is remembered of sticks. A use is counted in the same durable write that begins the order:
//! a power cut leaves both or neither, so none is given back and none is paid twice.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stick::Admitted;
use tuf::StaleTimestamp;

use crate::update::{ActionId, Handling, MaintenanceWindow, Order, Outcome};

/// More wait for no server; the oldest go.
const MOST_TO_TELL: usize = 16;

/// The ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// Uses by the permits' names.
    uses: BTreeMap<String, Uses>,
    /// The number of the newest order.
    newest: u32,
    /// What is under way.
    under_way: Option<UnderWay>,
    /// What the fleet server has yet to hear, the oldest first.
    to_tell: Vec<Installed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Uses {
    times: u16,
    not_after: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnderWay {
    action: ActionId,
    /// Whether a timestamp that ran out is taken: it was, with a technician at the machine.
    stale: bool,
    installs: Installed,
}

/// A distribution set of the fleet server that is installed here without its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    /// Its name there.
    pub name: String,
    /// Its version there.
    pub version: String,
}

impl Ledger {
    /// How often each permit was used here.
    pub fn uses(&self) -> BTreeMap<String, u16> {
        self.uses.iter().map(|(permit, uses)| (permit.clone(), uses.times)).collect()
    }

    /// How often this permit was.
    pub fn used(&self, permit: &str) -> u16 {
        self.uses.get(permit).map_or(0, |uses| uses.times)
    }

    /// Counts the use and begins the order. `floor` is what time has certainly passed: permits
    /// that ran out before it can never be used again, and are forgotten.
    pub fn begin(&mut self, admitted: &Admitted, floor: Timestamp) -> Order {
        let (permit, times) = admitted.use_to_count();
        self.uses.retain(|_, uses| uses.not_after >= floor);
        self.uses.insert(permit.to_owned(), Uses { times, not_after: admitted.not_after() });
        self.newest = self.newest.wrapping_add(1);
        let action = ActionId::of_stick(self.newest);
        let release = admitted.release();
        let installs = Installed { name: release.name.clone(), version: release.version.clone() };
        let stale = admitted.stale() == StaleTimestamp::Tolerated;
        self.under_way = Some(UnderWay { action, stale, installs });
        Order {
            action,
            target: release.target.clone(),
            // Somebody stands beside the machine: as soon as nobody is served.
            download: Handling::Forced,
            install: Handling::Forced,
            window: MaintenanceWindow::None,
        }
    }

    /// How the timestamp of what is under way is to be taken.
    pub fn stale(&self, action: ActionId) -> StaleTimestamp {
        match &self.under_way {
            Some(it) if it.action == action && it.stale => StaleTimestamp::Tolerated,
            _ => StaleTimestamp::Refused,
        }
    }

    /// It ended.
    pub fn end(&mut self, action: ActionId, outcome: &Outcome) {
        if let Some(it) = self.under_way.take_if(|it| it.action == action)
            && outcome.is_success()
        {
            self.to_tell.push(it.installs);
            if self.to_tell.len() > MOST_TO_TELL {
                self.to_tell.remove(0);
            }
        }
    }

    /// What the server is to hear next.
    pub fn to_tell(&self) -> Option<&Installed> {
        self.to_tell.first()
    }

    /// It heard.
    pub fn told(&mut self, installed: &Installed) {
        if self.to_tell() == Some(installed) {
            self.to_tell.remove(0);
        }
    }
}
