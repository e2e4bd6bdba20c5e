//! What installs here: slots of our own, or RAUC. Chosen in the settings (`[install]`).

use std::{num::NonZeroU8, path::PathBuf};

use install::{AppSlots, BootRecord, Content, InstallBackend, InstallError, SlotFolder, Source, Status};
use rauc::{Bus, Installer, Rauc};
use release::Kind;
use serde::Deserialize;

use crate::machine;

/// `[install]`: which back end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chosen {
    /// Two images of the kiosk's programs.
    #[default]
    AppSlots,
    /// The whole system, by RAUC on the machine's bus.
    Rauc,
}

impl Chosen {
    /// The kind of release that it takes.
    pub fn kind(self) -> Kind {
        match self {
            Self::AppSlots => Kind::App,
            Self::Rauc => Kind::Os,
        }
    }

    /// Opens it. Where its record is damaged, it is made anew of what is left, with the floor that
    /// the caller remembers.
    pub fn open(self, place: &SlotFolder, floor: u64) -> Result<Backend, InstallError> {
        let opened = self.try_open(place);
        let Err(InstallError::Record(error)) = opened else { return opened };
        // The kiosk runs on from its good slot; we know no more of the slots than our own floor.
        tracing::error!(%error, floor, "the slots' record is made anew");
        match self {
            Self::AppSlots => BootRecord::new(place.clone()).rebuild(floor).map(drop)?,
            Self::Rauc => Rauc::rebuild(place, &Installer::new(Bus::System), floor)?,
        }
        self.try_open(place)
    }

    fn try_open(self, place: &SlotFolder) -> Result<Backend, InstallError> {
        match self {
            Self::AppSlots => Ok(Backend::AppSlots(AppSlots::open(place.clone())?)),
            Self::Rauc => {
                let failed = |source| InstallError::Io { act: "read", what: "the kernel's boot id", source };
                let boot_id = machine::boot_id().map_err(failed)?;
                let rauc = Rauc::open(place.clone(), Installer::new(Bus::System), &boot_id)?;
                Ok(Backend::Rauc(Box::new(rauc)))
            }
        }
    }
}

/// The back end of this machine.
pub enum Backend {
    /// Two images of the kiosk's programs.
    AppSlots(AppSlots),
    /// The whole system.
    Rauc(Box<Rauc<Installer, SlotFolder>>),
}

impl Backend {
    /// `Boot::lower_floor`.
    pub fn lower_floor(&mut self, to: u64, why: &str) -> Result<(), InstallError> {
        match self {
            Self::AppSlots(slots) => slots.lower_floor(to, why),
            Self::Rauc(rauc) => rauc.lower_floor(to, why),
        }
    }

    /// Whether what the slots say does not run yet. Of the kiosk's programs that is not known: their
    /// restart may have failed after their start was counted, and a second one harms nobody. A machine
    /// is restarted once for each change: by the restart `fleetd` is gone, mostly before it could
    /// remember it.
    pub fn wants_restart(&self) -> Result<bool, InstallError> {
        match self {
            Self::AppSlots(_) => Ok(true),
            Self::Rauc(rauc) => rauc.wants_restart(),
        }
    }

    /// Slots of our own.
    pub fn app_slots(&mut self) -> Option<&mut AppSlots> {
        match self {
            Self::AppSlots(slots) => Some(slots),
            Self::Rauc(_) => None,
        }
    }

    /// The image of the spare slot, where it is a file.
    pub fn spare_image(&self) -> Result<Option<PathBuf>, InstallError> {
        match self {
            Self::AppSlots(slots) => slots.spare_image().map(Some),
            Self::Rauc(_) => Ok(None),
        }
    }
}

impl InstallBackend for Backend {
    fn status(&self) -> Result<Status, InstallError> {
        match self {
            Self::AppSlots(slots) => slots.status(),
            Self::Rauc(rauc) => rauc.status(),
        }
    }

    async fn write<S: Source>(&mut self, content: &Content, source: &mut S) -> Result<(), InstallError> {
        match self {
            Self::AppSlots(slots) => slots.write(content, source).await,
            Self::Rauc(rauc) => {
                rauc.write(content, source).await?;
                tracing::info!(bound = ?rauc.bound(), "RAUC has written a release");
                Ok(())
            }
        }
    }

    fn try_out(&mut self, tries: NonZeroU8) -> Result<(), InstallError> {
        match self {
            Self::AppSlots(slots) => slots.try_out(tries),
            Self::Rauc(rauc) => rauc.try_out(tries),
        }
    }

    fn data_migrating(&mut self) -> Result<(), InstallError> {
        match self {
            Self::AppSlots(slots) => slots.data_migrating(),
            Self::Rauc(rauc) => rauc.data_migrating(),
        }
    }

    fn data_restored(&mut self) -> Result<(), InstallError> {
        match self {
            Self::AppSlots(slots) => slots.data_restored(),
            Self::Rauc(rauc) => rauc.data_restored(),
        }
    }

    fn refuse(&mut self, content: &Content, why: &str) -> Result<(), InstallError> {
        match self {
            Self::AppSlots(slots) => slots.refuse(content, why),
            Self::Rauc(rauc) => rauc.refuse(content, why),
        }
    }

    fn commit(&mut self) -> Result<(), InstallError> {
        match self {
            Self::AppSlots(slots) => slots.commit(),
            Self::Rauc(rauc) => rauc.commit(),
        }
    }

    fn roll_back(&mut self, why: &str) -> Result<(), InstallError> {
        match self {
            Self::AppSlots(slots) => slots.roll_back(why),
            Self::Rauc(rauc) => rauc.roll_back(why),
        }
    }
}
