//! Whether this kiosk may act on a stick. [`Admitted`] has no other constructor than the check of
//! everything: signed, for this kiosk, in time, not used up, and with a technician beside the
//! machine where one is needed.

use std::fmt;

use badge::Present;
use jiff::Timestamp;
use tuf::{
    StaleTimestamp,
    clock::{ClockLevel, Reading},
};

use crate::{
    PermittedRelease, SignedPermit, Staged, StickError,
    permit::{PermitFile, StaffCard},
};

/// This kiosk, as permits name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kiosk {
    /// Its name in the fleet.
    pub device: String,
    /// Its site, if it was told.
    pub site: Option<String>,
}

/// Why a technician is needed. The first reason that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardNeeded {
    /// The permit says so.
    ByPermit,
    /// The timestamp on the stick has run out: nothing signed says that it is fresh.
    StaleTimestamp,
    /// The machine does not know what time it is, so dates say little.
    ClockUnknown,
}

impl fmt::Display for CardNeeded {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::ByPermit => "the permit says so",
            Self::StaleTimestamp => "the timestamp on the stick has run out",
            Self::ClockUnknown => "the machine does not know the time",
        })
    }
}

/// A stick that this kiosk may act on, once.
#[derive(Debug)]
pub struct Admitted {
    permit: String,
    not_after: Timestamp,
    used: u16,
    release: PermittedRelease,
    stale: StaleTimestamp,
    technician: Option<Present>,
}

impl Admitted {
    /// The permit's name, and how often it has been used here with this time. To be kept before
    /// anything is done.
    pub fn use_to_count(&self) -> (&str, u16) {
        (&self.permit, self.used)
    }

    /// Until when the permit is good: its uses are not to be forgotten before.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// What is to be installed.
    pub fn release(&self) -> &PermittedRelease {
        &self.release
    }

    /// Whether a timestamp that ran out is to be taken with it.
    pub fn stale(&self) -> StaleTimestamp {
        self.stale
    }

    /// Who was at the machine, where somebody had to be.
    pub fn technician(&self) -> Option<&Present> {
        self.technician.as_ref()
    }
}

impl SignedPermit {
    /// Everything but the technician: for this kiosk, in time, not used up.
    pub fn fits(&self, kiosk: &Kiosk, now: Reading, used: u16) -> Result<(), StickError> {
        let permit = self.permit().fields();
        if !is_for(permit, kiosk) {
            return Err(StickError::Elsewhere);
        }
        if now.time >= permit.not_after {
            return Err(StickError::PermitExpired { not_after: permit.not_after, now: now.time });
        }
        if used >= permit.uses.get() {
            return Err(StickError::UsedUp { uses: permit.uses.get() });
        }
        Ok(())
    }
}

impl Staged {
    /// Decides. `used` is how often this permit was used here before, as it is kept; `now` is the
    /// time that expiry is judged by, and may be later than when the stick was read.
    pub fn admit(
        &self,
        kiosk: &Kiosk,
        now: Reading,
        used: u16,
        technician: Option<Present>,
    ) -> Result<Admitted, StickError> {
        self.permit().fits(kiosk, now, used)?;
        let stale = now.time >= self.permit().timestamp_expires();
        let technician = match (self.card_needed(stale, now.level), technician) {
            (Some(why), None) => return Err(StickError::TechnicianNeeded(why)),
            (Some(_), technician) => technician,
            (None, _) => None,
        };
        Ok(Admitted {
            permit: self.permit().permit().fields().id.clone(),
            not_after: self.permit().permit().fields().not_after,
            // `fits`: it was used less often than a number of this kind.
            used: used.saturating_add(1),
            release: self.release().clone(),
            stale: if technician.is_some() { StaleTimestamp::Tolerated } else { StaleTimestamp::Refused },
            technician,
        })
    }

    fn card_needed(&self, stale: bool, level: ClockLevel) -> Option<CardNeeded> {
        if self.permit().permit().fields().staff_card == StaffCard::Required {
            return Some(CardNeeded::ByPermit);
        }
        if stale {
            return Some(CardNeeded::StaleTimestamp);
        }
        (level == ClockLevel::Unknown).then_some(CardNeeded::ClockUnknown)
    }
}

fn is_for(permit: &PermitFile, kiosk: &Kiosk) -> bool {
    permit.devices.contains(&kiosk.device)
        || kiosk.site.as_ref().is_some_and(|site| permit.sites.contains(site))
}
