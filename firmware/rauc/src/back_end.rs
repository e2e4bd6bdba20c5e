//! The back end over RAUC.
//!
//! A bundle is fetched into a file by the machinery of `AppSlots`: resumed, and held against what
//! was signed. Then RAUC writes it. What is on trial, what was rolled back and how low kiosks may
//! go stands in a record of ours by the rules of `install::Boot`; which slot is started stands
//! with the boot loader. Neither is changed without the other: what is to be done is kept first,
//! then the boot loader is told, then it is done in the record. Everything of it can be done twice.

use std::num::NonZeroU8;

use install::{
    AppSlots, Boot, Content, InstallBackend, InstallError, Record, Slot, Source, Status, UpdaterFault,
    folder::Place,
};
use serde::{Deserialize, Serialize};
use tokio::task;

use crate::updater::{Bound, Mark, Seen, Updater};

const RECORD: &str = "rauc";

/// The back end over RAUC. One program holds it at a time.
///
/// `write` does not block its caller's thread; the other calls block for as long as RAUC takes to
/// call the boot loader.
pub struct Rauc<U, P: Place> {
    updater: U,
    place: P,
    /// The bundle on its way lies where `AppSlots` has a slot.
    bundle: AppSlots<P>,
    bound: Option<Bound>,
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    boot: Boot,
    /// The boot that was counted last.
    boot_id: String,
    /// What is under way between the boot loader and us.
    due: Option<Due>,
}

/// A change of which the boot loader is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Due {
    TryOut { tries: u8 },
    Commit,
    RollBack { why: String },
}

impl Due {
    /// What it changes of the record.
    fn change(&self, boot: &mut Boot) -> Result<(), InstallError> {
        match self {
            Self::TryOut { tries } => boot.try_out(*tries)?,
            Self::Commit => boot.commit()?,
            Self::RollBack { why } => boot.roll_back(why)?,
        }
        Ok(())
    }
}

impl<U: Updater, P: Place> Rauc<U, P> {
    /// Opens the record of a place, and finishes what a power cut has interrupted. `boot_id` is
    /// another one after each start of the machine (`/proc/sys/kernel/random/boot_id`).
    ///
    /// A place without a record is a machine as it came: what runs is good.
    pub fn open(place: P, updater: U, boot_id: &str) -> Result<Self, InstallError> {
        let bundle = AppSlots::open(place.clone())?;
        let rauc = Self { updater, place, bundle, bound: None };
        let seen = rauc.updater.look()?;
        let new = || Kept { boot: Boot::with_image(Some(seen.booted)), boot_id: String::new(), due: None };
        let before = rauc.stored()?;
        let first = before.is_none();
        let mut kept = before.unwrap_or_else(new);
        if first {
            rauc.keep(&kept)?;
        }
        rauc.finish_due(&mut kept, &seen)?;
        rauc.count_start(&mut kept, boot_id)?;
        rauc.align(&kept)?;
        Ok(rauc)
    }

    /// How RAUC has bound the last bundle that it wrote to what was signed; `None`: it has written
    /// none since this was opened.
    pub fn bound(&self) -> Option<Bound> {
        self.bound
    }

    /// Whether another slot runs than the one that is on trial or good, so that the machine is to be
    /// restarted. Whoever restarts it may be gone before it hears that this was done.
    pub fn wants_restart(&self) -> Result<bool, InstallError> {
        let boot = self.kept()?.boot;
        let (trial, good) = (boot.fields().trial, boot.fields().good);
        let wanted = trial.map(|trial| trial.slot).or(good);
        Ok(wanted.is_some() && wanted != boot.fields().running)
    }

    /// `Boot::lower_floor`.
    pub fn lower_floor(&mut self, to: u64, why: &str) -> Result<(), InstallError> {
        self.change(|boot| {
            boot.lower_floor(to, why);
            Ok(())
        })
    }

    /// Puts a new record where the one that is there cannot be read: what runs is good, nothing
    /// else is known. `floor` is what the caller remembers of it.
    pub fn rebuild(place: &P, updater: &U, floor: u64) -> Result<(), InstallError> {
        let boot = Boot::rebuilt(Some(updater.look()?.booted), floor);
        let mut disk = place.lock().map_err(InstallError::Lock)?;
        let kept = Kept { boot, boot_id: String::new(), due: None };
        Ok(Record::replace(&mut disk, RECORD, &kept)?)
    }

    /// Carries out what was interrupted.
    fn finish_due(&self, kept: &mut Kept, seen: &Seen) -> Result<(), InstallError> {
        let Some(due) = kept.due.clone() else { return Ok(()) };
        let trial = kept.boot.fields().trial;
        // Good is only what runs. The machine went down before the boot loader knew of it.
        let lost = due == Due::Commit && trial.is_none_or(|trial| trial.slot != seen.booted);
        if !lost {
            self.tell(&due, &kept.boot)?;
            due.change(&mut kept.boot)?;
        }
        kept.due = None;
        self.keep(kept)
    }

    /// Counts this start of the machine, once.
    fn count_start(&self, kept: &mut Kept, boot_id: &str) -> Result<(), InstallError> {
        let seen = self.updater.look()?;
        if kept.boot_id == boot_id && kept.boot.fields().running == Some(seen.booted) {
            return Ok(());
        }
        boot_id.clone_into(&mut kept.boot_id);
        kept.boot.was_started(seen.booted, seen.primary);
        self.keep(kept)
    }

    /// Without a trial the boot loader starts the good slot.
    fn align(&self, kept: &Kept) -> Result<(), InstallError> {
        let (boot, seen) = (&kept.boot, self.updater.look()?);
        let Some(good) = boot.fields().good.filter(|_| boot.fields().trial.is_none()) else { return Ok(()) };
        if seen.primary != good {
            tracing::warn!(slot = seen.name(good), "the boot loader would start the other slot");
            self.updater.mark(Mark::Active, good)?;
            self.updater.mark(Mark::Bad, good.other())?;
        }
        Ok(())
    }

    /// Tells the boot loader of a change.
    fn tell(&self, due: &Due, boot: &Boot) -> Result<(), UpdaterFault> {
        let on_trial = boot.fields().trial.map_or_else(|| boot.spare(), |trial| trial.slot);
        match due {
            Due::TryOut { .. } => self.updater.mark(Mark::Active, on_trial),
            Due::Commit => self.updater.mark(Mark::Good, on_trial),
            Due::RollBack { .. } => {
                self.updater.mark(Mark::Active, on_trial.other())?;
                self.updater.mark(Mark::Bad, on_trial)
            }
        }
    }

    /// A change of which the boot loader is told.
    fn carry_out(&mut self, due: &Due) -> Result<(), InstallError> {
        let mut kept = self.kept()?;
        // Legal before anything is kept of it.
        due.change(&mut kept.boot.clone())?;
        kept.due = Some(due.clone());
        self.keep(&kept)?;
        if let Err(fault) = self.tell(due, &kept.boot) {
            if let Due::TryOut { .. } = due {
                // Its caller gives it up: it must not come true at the next start.
                kept.due = None;
                self.keep(&kept)?;
                // If not now, then at the next start.
                _ = self.align(&kept);
            }
            return Err(fault.into());
        }
        due.change(&mut kept.boot)?;
        kept.due = None;
        self.keep(&kept)
    }

    /// A change of the record alone.
    fn change(&self, change: impl FnOnce(&mut Boot) -> Result<(), InstallError>) -> Result<(), InstallError> {
        let before = self.kept()?;
        let mut kept = before.clone();
        change(&mut kept.boot)?;
        if kept == before { Ok(()) } else { self.keep(&kept) }
    }

    fn stored(&self) -> Result<Option<Kept>, InstallError> {
        let mut disk = self.place.lock().map_err(InstallError::Lock)?;
        Ok(Record::<Kept>::open(&mut disk, RECORD)?.value().cloned())
    }

    fn kept(&self) -> Result<Kept, InstallError> {
        let lost = || UpdaterFault::Failed { said: "the record of the slots is gone".to_owned() };
        Ok(self.stored()?.ok_or_else(lost)?)
    }

    fn keep(&self, kept: &Kept) -> Result<(), InstallError> {
        let mut disk = self.place.lock().map_err(InstallError::Lock)?;
        let mut record = Record::<Kept>::open(&mut disk, RECORD)?;
        // Also if one file is damaged later, the state before does not come back.
        Ok(record.put_twice(&mut disk, kept.clone())?)
    }

    /// Whether the bundle lies here whole, read from the disk once more. RAUC may take a bundle's file
    /// over; after a cut we may not be able to read it any more, and it comes anew.
    async fn has_bundle(&self, content: &Content) -> Result<bool, InstallError> {
        let (boots, wanted) = (self.bundle.boots().clone(), content.clone());
        match task::spawn_blocking(move || boots.spare_holds(&wanted)).await {
            Ok(Err(InstallError::Io { .. })) => Ok(false),
            Ok(read) => read,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Ok(false),
        }
    }

    async fn fetch<S: Source>(&mut self, content: &Content, source: &mut S) -> Result<(), InstallError> {
        if self.has_bundle(content).await? {
            return Ok(());
        }
        let under_way = self.bundle.status()?.writing.is_some_and(|writing| writing.content == *content);
        if !under_way {
            self.bundle.empty_spare()?;
        }
        self.bundle.write(content, source).await
    }

    /// Lets RAUC write the spare slot.
    async fn let_rauc_write(&mut self, content: &Content, spare: Slot) -> Result<(), InstallError> {
        let bundle = self.bundle.spare_image()?;
        let written = self.updater.install(&bundle, content.rauc_manifest_hash).await;
        let written = written.and_then(|bound| {
            let seen = self.updater.look()?;
            let whole = seen.is_whole(spare);
            whole.then_some(bound).ok_or_else(|| UpdaterFault::NotWhole { name: seen.name(spare).to_owned() })
        });
        match written {
            Ok(bound) => {
                self.bound = Some(bound);
                Ok(())
            }
            Err(fault) => {
                if !fault.passes() {
                    self.change(|boot| Ok(boot.start_over(content, &fault.to_string())?))?;
                    self.bundle.empty_spare()?;
                }
                Err(fault.into())
            }
        }
    }
}

impl<U: Updater, P: Place> InstallBackend for Rauc<U, P> {
    fn status(&self) -> Result<Status, InstallError> {
        let mut status = Status::of(&self.kept()?.boot);
        if let Some(writing) = &mut status.writing {
            let fetched = self.bundle.status()?;
            let taken = fetched.writing.filter(|fetched| fetched.content == writing.content);
            let whole = fetched.whole.filter(|whole| *whole == writing.content);
            let length = |content: Content| content.listed.length;
            writing.taken = taken.map_or_else(|| whole.map_or(0, length), |fetched| fetched.taken);
        }
        Ok(status)
    }

    async fn write<S: Source>(&mut self, content: &Content, source: &mut S) -> Result<(), InstallError> {
        let boot = self.kept()?.boot;
        if Status::of(&boot).whole.as_ref() == Some(content) {
            return Ok(());
        }
        let spare = boot.spare();
        self.change(|boot| Ok(boot.begin(content).map(drop)?))?;
        self.fetch(content, source).await?;
        self.let_rauc_write(content, spare).await?;
        self.change(|boot| Ok(boot.finish(content)?))?;
        self.bundle.empty_spare()?;
        // Where its settings let RAUC activate what it writes.
        self.align(&self.kept()?)
    }

    fn try_out(&mut self, tries: NonZeroU8) -> Result<(), InstallError> {
        self.carry_out(&Due::TryOut { tries: tries.get() })
    }

    fn data_migrating(&mut self) -> Result<(), InstallError> {
        self.change(|boot| Ok(boot.data_migrating()?))
    }

    fn data_restored(&mut self) -> Result<(), InstallError> {
        self.change(|boot| Ok(boot.data_restored()?))
    }

    fn refuse(&mut self, content: &Content, why: &str) -> Result<(), InstallError> {
        self.change(|boot| Ok(boot.refuse(content, why)?))
    }

    fn commit(&mut self) -> Result<(), InstallError> {
        self.carry_out(&Due::Commit)
    }

    fn roll_back(&mut self, why: &str) -> Result<(), InstallError> {
        self.carry_out(&Due::RollBack { why: why.to_owned() })
    }
}
