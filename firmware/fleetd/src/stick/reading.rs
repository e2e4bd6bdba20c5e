//! One reading of a stick: from what lies there to a permit and an image in staging, of which
//! this kiosk may install the one by the other.

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use faults::Fault;
use install::Status;
use stick::{
    Elapsed, Limits, Reader, Staged, Staging, StickError,
    logs::{Carried, LogsError},
};
use tuf::{clock::Reading, store::MemoryStore};

use super::{Desk, Installed, StickPart};
use crate::{
    daemon::Facts,
    ddi::DdiError,
    repository::least_of,
    update::{self, NotAllowed},
};

/// What came of a job with sticks.
#[derive(Debug)]
pub enum Came {
    /// Whether a stick with updates is in, and one for logs.
    Looked {
        /// With updates.
        update: bool,
        /// For logs.
        logs: bool,
    },
    /// What one holds.
    Read(Result<Box<Staged>, Refused>),
    /// What was carried out.
    Carried(Result<Carried, LogsError>),
    /// Whether the fleet server heard of it.
    Told(Installed, Result<(), DdiError>),
}

/// Why a stick is not acted on.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The stick, its permit, this disk.
    #[error("the stick is not acted on")]
    Stick(#[from] StickError),
    /// Nothing that the permit is for may be installed here.
    #[error("nothing on the stick may be installed here")]
    NothingHere(#[source] NotAllowed),
    /// What is remembered cannot be read.
    #[error("what is remembered of the repository cannot be read")]
    Memory(#[from] tuf::store::StoreError),
    /// The slots.
    #[error("the slots cannot be read")]
    Slots(#[from] install::InstallError),
    /// Another update is under way.
    #[error("another update is under way, and cannot be called off")]
    Busy,
}

impl Refused {
    /// One code for staff.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Stick(error) => error.fault(),
            Self::NothingHere(_) => Fault::StickNothingHere,
            Self::Memory(_) | Self::Slots(_) => Fault::StoreFailed,
            Self::Busy => Fault::StickBusy,
        }
    }
}

/// What a reading goes by.
pub struct Wanted {
    /// `[stick]`.
    pub part: StickPart,
    /// Where it is staged.
    pub staging: PathBuf,
    /// How often each permit was used here.
    pub uses: BTreeMap<String, u16>,
    /// The time.
    pub now: Reading,
}

impl Wanted {
    /// This kiosk, as permits name it.
    pub fn kiosk(part: &StickPart, facts: &Facts) -> stick::Kiosk {
        stick::Kiosk { device: facts.id.clone(), site: part.site.clone() }
    }

    /// Reads the stick.
    pub(crate) async fn read(
        self,
        facts: &Facts,
        memory: MemoryStore,
        status: &Status,
    ) -> Result<Box<Staged>, Refused> {
        let limits =
            Limits { file: self.part.most, total: self.part.most + (256 << 20), ..Limits::default() };
        let began = Instant::now();
        let elapsed: Elapsed = Box::new(move || began.elapsed());
        let bound = limits.time + Desk::GRACE;
        // A device that answers nothing keeps its thread; we go on without it.
        tokio::time::timeout(bound, self.follow(limits, elapsed, facts, memory, status))
            .await
            .unwrap_or_else(|_| Err(StickError::TooSlow { seconds: bound.as_secs() }.into()))
    }

    async fn follow(
        self,
        limits: Limits,
        elapsed: Elapsed,
        facts: &Facts,
        memory: MemoryStore,
        status: &Status,
    ) -> Result<Box<Staged>, Refused> {
        let staging = Staging::begin(&self.staging, self.part.keep_free)?;
        let path = &self.part.path;
        let mut reader = Reader::open(path, staging, (limits, elapsed), memory, self.now.time).await?;
        let permit = reader.permit().clone();
        let used = self.uses.get(&permit.permit().fields().id).copied().unwrap_or(0);
        permit.fits(&Self::kiosk(&self.part, facts), self.now, used)?;
        let back_to = match &status.good {
            Some(good) => least_of(good, reader.find(&good.target).await?),
            None => None,
        };
        let kiosk = crate::daemon::kiosk(facts, status, back_to);
        let mut why = NotAllowed::NotListed;
        for release in &permit.permit().fields().releases {
            let Some(target) = reader.find(&release.target).await? else { continue };
            match update::allow(&target, &kiosk) {
                Ok(_) => return Ok(Box::new(reader.stage(target, release.clone()).await?)),
                Err(not) => why = not,
            }
        }
        Err(Refused::NothingHere(why))
    }
}
