//! Settings from afar, in two phases: what the layers come to is tried on a copy of the kiosk's
//! own checks, then put in force outside a visit, watched, and kept or taken back. One pure
//! state machine, as the update is: what it remembers is on the disk before anything is done.
//!
//! - `state`, `step`: what is decided.
//! - `gather`: from the signed repository to a set of settings.
//! - `shelf`: sets on the disk, and which is in force.

mod event;
mod gather;
mod shelf;
mod state;
mod step;

pub use self::{
    event::{Effect, Event, Found},
    gather::{Wanted, gather},
    shelf::{Shelf, ShelfError},
    state::{Candidate, Memory, Refused, State},
    step::Patience,
};

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use configuration::{Place, Whose, Word};
use serde::Deserialize;

use crate::settings::{SettingsError, program};

/// The newest version of each layer that was in force.
pub type Ages = BTreeMap<Whose, configuration::Age>;

/// Where settings from afar come from and go to.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which layers are this kiosk's.
    pub place: Place,
    /// Where sets lie; `kioskd` reads there.
    pub folder: PathBuf,
    /// How long between looks into the repository.
    pub every: Duration,
    /// How long settings have to be well.
    pub well_for: Duration,
    /// How long they may be ill before they are taken back.
    pub ill_for: Duration,
    /// Checks what `FOLDER/candidate` points to.
    pub check: Vec<String>,
    /// Starts the kiosk's programs anew.
    pub restart: Vec<String>,
}

/// It in the settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PartFile {
    province: Word,
    site: Word,
    folder: PathBuf,
    every_seconds: std::num::NonZeroU32,
    well_seconds: std::num::NonZeroU32,
    ill_seconds: std::num::NonZeroU32,
    check: Vec<String>,
    restart: Option<Vec<String>>,
}

impl PartFile {
    /// Checked, for the kiosk of this name. `programs`: what starts the kiosk's programs anew for
    /// updates too, if that is what updates need.
    pub(crate) fn part(self, controller: &str, programs: Option<&[String]>) -> Result<Part, SettingsError> {
        let restart = match (self.restart, programs) {
            (Some(own), _) => program(own, "[configuration] restart")?,
            (None, Some(programs)) => programs.to_vec(),
            (None, None) => return Err(SettingsError::RestartsTheMachine),
        };
        let seconds = |number: std::num::NonZeroU32| Duration::from_secs(number.get().into());
        let device = Word::try_from(controller.to_owned());
        let device = device.map_err(SettingsError::Configuration)?;
        Ok(Part {
            place: Place { province: self.province, site: self.site, device },
            folder: self.folder,
            every: seconds(self.every_seconds),
            well_for: seconds(self.well_seconds),
            ill_for: seconds(self.ill_seconds),
            check: program(self.check, "[configuration] check")?,
            restart,
        })
    }
}
