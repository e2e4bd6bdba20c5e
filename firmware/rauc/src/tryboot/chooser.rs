//! The boot chooser on its disks: the file for the firmware, and the record.
//!
//! A commit writes the record first, without the trial and with the slot as good, then the file.
//! Cut between the two, the slot was not committed: it runs until the next start, and then the one
//! before does. All else is one write of the record.

use std::{io, num::NonZeroU8};

use install::{Record, Slot, record::RecordError};
use tuf::store::Disk;

use super::{
    autoboot::{Autoboot, LONGEST},
    state::{Booted, Next, NotNow, Partitions, State},
};

/// The file that the firmware reads.
pub const AUTOBOOT: &str = "autoboot.txt";
/// Eight letters, a dot and three: no long name on FAT.
const NEW: &str = "autoboot.new";
const RECORD: &str = "tryboot";

/// Why the boot chooser does not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrybootError {
    /// Not as things stand.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// The file of the firmware.
    #[error("{AUTOBOOT} cannot be {act}")]
    File {
        /// `read`, `written` …
        act: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What is remembered.
    #[error("what is remembered of trials")]
    Record(#[from] RecordError),
}

/// The boot chooser of a machine.
#[derive(Debug)]
pub struct Chooser<F, R> {
    firmware: F,
    record: R,
    partitions: Partitions,
    booted: Booted,
}

impl<F: Disk, R: Disk> Chooser<F, R> {
    /// `firmware` is the folder of `autoboot.txt`, `record` another one, on a file system that
    /// survives power cuts.
    pub fn new(firmware: F, record: R, partitions: Partitions, booted: Booted) -> Self {
        Self { firmware, record, partitions, booted }
    }

    /// The folder of `autoboot.txt`.
    pub fn into_firmware(self) -> F {
        self.firmware
    }

    /// The slot that the firmware starts when nothing is tried.
    pub fn committed(&self) -> Result<Slot, TrybootError> {
        Ok(self.partitions.committed(self.autoboot()?))
    }

    /// The slot that is meant to be started next.
    pub fn primary(&mut self) -> Result<Slot, TrybootError> {
        let (committed, state) = self.state()?;
        Ok(state.primary(committed, self.booted))
    }

    /// Puts a slot on trial for so many restarts; the committed one: ends the trial.
    pub fn set_primary(&mut self, slot: Slot, tries: NonZeroU8) -> Result<(), TrybootError> {
        let (committed, mut state) = self.state()?;
        state.set_primary(slot, committed, tries);
        self.repair(committed)?;
        self.keep(state)
    }

    /// Whether a slot is good.
    pub fn is_good(&mut self, slot: Slot) -> Result<bool, TrybootError> {
        let (_, state) = self.state()?;
        Ok(state.is_good(slot, self.booted))
    }

    /// Commits what runs.
    pub fn set_good(&mut self, slot: Slot) -> Result<(), TrybootError> {
        let (committed, mut state) = self.state()?;
        let commits = state.set_good(slot, committed, self.booted)?;
        self.keep(state)?;
        self.repair(commits)
    }

    /// Bars a slot.
    pub fn set_bad(&mut self, slot: Slot) -> Result<(), TrybootError> {
        let (committed, mut state) = self.state()?;
        state.set_bad(slot, committed)?;
        self.keep(state)
    }

    /// Counts the restart that comes next, and says how to make it. A restart that cannot be
    /// counted tries nothing.
    pub fn restart(&mut self) -> Result<Next, TrybootError> {
        let (committed, mut state) = self.state()?;
        let next = state.restart();
        if next == Next::Tryboot {
            // It must name the slot on trial.
            self.repair(committed)?;
        }
        self.keep(state)?;
        Ok(next)
    }

    /// How this machine was started.
    pub fn booted(&self) -> Booted {
        self.booted
    }

    /// The committed slot, and what is remembered beside it.
    fn state(&mut self) -> Result<(Slot, State), TrybootError> {
        let committed = self.committed()?;
        let record = Record::<State>::open(&mut self.record, RECORD)?;
        Ok((committed, record.value().copied().unwrap_or_default().beside(committed)))
    }

    fn keep(&mut self, state: State) -> Result<(), TrybootError> {
        let mut record = Record::<State>::open(&mut self.record, RECORD)?;
        if record.value() != Some(&state) {
            // Also if one file is damaged later, a used try does not come back.
            record.put_twice(&mut self.record, state)?;
        }
        Ok(())
    }

    fn autoboot(&self) -> Result<Option<Autoboot>, TrybootError> {
        let failed = |source| TrybootError::File { act: "read", source };
        match self.firmware.read(AUTOBOOT, LONGEST as u64) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(None),
            read => Ok(read.map_err(failed)?.and_then(|bytes| Autoboot::parse(&bytes))),
        }
    }

    /// Makes the file start this slot, unless it does.
    fn repair(&mut self, slot: Slot) -> Result<(), TrybootError> {
        let wanted = self.partitions.starting(slot);
        if self.autoboot()? == Some(wanted) {
            return Ok(());
        }
        let failed = |act| move |source| TrybootError::File { act, source };
        let disk = &mut self.firmware;
        disk.write(NEW, wanted.text().as_bytes()).map_err(failed("written"))?;
        disk.sync(NEW).map_err(failed("synced"))?;
        disk.rename(NEW, AUTOBOOT).map_err(failed("renamed"))?;
        disk.sync_folder().map_err(failed("synced"))
    }
}
