//! The visit: one pure state machine from "touch to start" to "thank you".
//!
//! [`Journey::step`] takes an event and gives the next state and what is to be
//! done; [`Journey::view`] says what the screen shows. No I/O, no clock and no
//! chance: what is known at the moment comes in as a [`World`]. The whole table
//! of states and events is a committed snapshot (`tests/table.txt`).

mod effect;
mod event;
mod page;
mod state;
mod step;
mod time_limits;
mod typing;

pub use effect::{CardKeys, Effect, Kept, OfficerTry, Request, Secrets, SignedIn, SlipOrder};
pub use event::{Event, PlatformStep};
pub use state::Journey;
pub use time_limits::TimeLimits;

use std::collections::BTreeMap;

use devices::{Device, State};
use face::OfficerKeys;
use jiff::{Timestamp, civil::Date};
use services::{Catalogue, IdentityPath, RulesOfDay, Service, ServiceId};
use upkeep::{Opening, Words};

/// What the kiosk knows at this moment.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The time.
    pub now: Timestamp,
    /// The day at the site.
    pub today: Date,
    /// The services of this site.
    pub catalogue: &'a Catalogue,
    /// The legal numbers of the day.
    pub rules: &'a RulesOfDay,
    /// Whether the machine is open, as `fleetd` announces it and the lease on it allows.
    pub opening: Opening,
    /// What the operator says on the first page, if anything.
    pub message: Option<&'a Words>,
    /// How each device is.
    pub devices: &'a BTreeMap<Device, State>,
    /// The officers who may confirm a person here.
    pub officers: &'a OfficerKeys,
    /// How long pages wait.
    pub limits: TimeLimits,
    /// A short code for this visit, which staff can look up; not the citizen's.
    pub reference: &'a str,
    /// What the staff page shows beside the devices.
    pub desk: &'a Desk,
}

impl<'a> World<'a> {
    /// The catalogue entry of the service under way. It cannot have gone: settings
    /// never change during a visit.
    pub(crate) fn service(&self, id: &ServiceId) -> &'a Service {
        self.catalogue.service(id.as_str()).expect("a visit's service stays in the catalogue")
    }

    /// Whether a code can be scanned here.
    pub(crate) fn scans(&self) -> bool {
        self.devices.get(&Device::CodeScanner).is_some_and(|state| state.works())
    }

    /// Whether two officers may confirm a person here, for that service.
    pub(crate) fn has_officers_for(&self, id: &ServiceId) -> bool {
        self.officers.are_enough() && self.service(id).identity.contains(&IdentityPath::ChipOfficers)
    }
}

/// What the staff page shows beside the devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desk {
    /// Transactions that wait to be sent.
    pub waiting: u32,
    /// Paper left, in per cent, if counted.
    pub paper_percent: Option<u8>,
    /// The USB stick that is in, if one is.
    pub stick: Option<screen::StickNote>,
    /// The version of the software.
    pub version: String,
}
