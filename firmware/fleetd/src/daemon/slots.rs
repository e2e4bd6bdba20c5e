//! The slots, as decisions about updates see them.

use std::num::NonZeroU8;

use faults::chain;
use install::{Content, InstallBackend, InstallError, Status};
use release::{Hardware, Kind, Sha256Digest};

use crate::update::{Approved, Glance, Kiosk, NotActivated};

/// What does not change of this kiosk.
#[derive(Clone)]
pub struct Facts {
    /// Its name in the fleet.
    pub id: String,
    /// Its board.
    pub hardware: Hardware,
    /// What is installed here.
    pub kind: Kind,
}

/// This kiosk, with what lies in its slots.
pub fn kiosk(facts: &Facts, status: &Status, back_to: Option<u64>) -> Kiosk {
    Kiosk {
        id: facts.id.clone(),
        hardware: facts.hardware.clone(),
        kind: facts.kind,
        floor: status.floor,
        back_to,
        data_schema: status.good.as_ref().and_then(|good| Some(good.data_schema?.to)),
        good: status.good.as_ref().map(digest),
        failed_before: status.rejected.iter().map(|rejected| Sha256Digest::new(rejected.sha256)).collect(),
    }
}

/// What decides about a trial.
pub fn glance(status: &Status) -> Glance {
    Glance {
        good: status.good.as_ref().map(digest),
        trial: status.trial.as_ref().map(|trial| digest(&trial.content)),
        trial_runs: status.trial.as_ref().is_some_and(|trial| trial.runs),
    }
}

/// What is to be written of a release.
pub fn content(release: &Approved) -> Content {
    Content::of(&release.target, release.length, release.digest.bytes(), &release.release)
}

/// Puts a release on trial, unless it is.
pub fn try_out(
    slots: &mut impl InstallBackend,
    release: &Approved,
    tries: NonZeroU8,
) -> Result<(), NotActivated> {
    let failed = |error: InstallError| NotActivated::Failed(chain(&error));
    let status = slots.status().map_err(failed)?;
    if glance(&status).trial == Some(release.digest) {
        return Ok(());
    }
    if status.rejected.iter().any(|rejected| rejected.sha256 == release.digest.bytes()) {
        return Err(NotActivated::NeverCameUp);
    }
    match status.whole {
        Some(whole) if digest(&whole) == release.digest => slots.try_out(tries).map_err(failed),
        _ => Err(NotActivated::Failed("the spare slot holds another release".to_owned())),
    }
}

/// Makes what is on trial good, unless it is.
pub fn commit(slots: &mut impl InstallBackend, release: &Approved) -> Result<(), InstallError> {
    if glance(&slots.status()?).good == Some(release.digest) {
        return Ok(());
    }
    slots.commit()
}

/// Goes back, unless that was done.
pub fn roll_back(slots: &mut impl InstallBackend, release: &Approved, why: &str) -> Result<(), InstallError> {
    if glance(&slots.status()?).trial != Some(release.digest) {
        return Ok(());
    }
    slots.roll_back(why)
}

fn digest(content: &Content) -> Sha256Digest {
    Sha256Digest::new(content.listed.sha256)
}
