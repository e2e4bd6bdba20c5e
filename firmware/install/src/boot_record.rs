//! The boot record on the disk: each change is one durable write, made under the folder's lock.
//! Nothing is remembered between two changes, so fleetd and the launcher may take turns.

use tuf::store::Disk as _;

use crate::{
    boot::{Boot, Start},
    error::InstallError,
    folder::{Place, SlotDisk},
    record::{Record, RecordError},
    slots::{Content, Slot},
    write,
};

const RECORD: &str = "boot";
/// The link to the good slot's image.
pub(crate) const CURRENT: &str = "current";

/// In how many of the record's files a change must stand before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copies {
    One,
    /// Also if one file is damaged later, the change before does not come back.
    Both,
}

/// The boot record of a folder.
#[derive(Clone, Debug)]
pub struct BootRecord<P> {
    place: P,
}

impl<P: Place> BootRecord<P> {
    /// The record at this place. Nothing is read yet.
    pub fn new(place: P) -> Self {
        Self { place }
    }

    /// The place.
    pub fn place(&self) -> &P {
        &self.place
    }

    /// The record as it is.
    pub fn read(&self) -> Result<Boot, InstallError> {
        self.change(Copies::One, |boot| Ok::<_, InstallError>(boot.clone()))
    }

    /// What `current` stands for: all that is left where the record is damaged.
    pub fn linked(&self) -> Result<Option<Slot>, InstallError> {
        let name = self.place.pointed(CURRENT).map_err(failed("read"))?;
        Ok(name.as_deref().and_then(Slot::of_image))
    }

    /// `Boot::count_start`, for the launcher: before it starts anything.
    pub fn count_start(&self) -> Result<Start, InstallError> {
        self.change(Copies::One, Boot::count_start)
    }

    /// `Boot::roll_back`.
    pub fn roll_back(&self, why: &str) -> Result<(), InstallError> {
        self.change(Copies::One, |boot| boot.roll_back(why))
    }

    /// Whether the spare slot holds this release, read from the disk once more. Blocks for as long
    /// as that takes.
    pub fn spare_holds(&self, content: &Content) -> Result<bool, InstallError> {
        let boot = self.read()?;
        if boot.content(boot.spare()) != Some(content) {
            return Ok(false);
        }
        write::holds(&self.place, boot.spare(), content)
    }

    /// `Boot::empty_spare`; then its image goes.
    pub(crate) fn empty_spare(&self) -> Result<(), InstallError> {
        let slot = self.change(Copies::Both, |boot| {
            boot.empty_spare()?;
            Ok::<_, InstallError>(boot.spare())
        })?;
        // An image that is left by a cut here is cut off by the next write.
        let mut disk = self.place.lock().map_err(InstallError::Lock)?;
        let failed = |source| InstallError::Io { act: "removed", what: "the spare slot's image", source };
        if disk.names().map_err(failed)?.iter().any(|name| name == slot.image()) {
            disk.remove(slot.image()).map_err(failed)?;
        }
        Ok(())
    }

    /// Puts a new record where the one that is there is damaged or of another version: the slot
    /// that `current` stands for is good, nothing else is known. `floor` is what the caller
    /// remembers of it. A record that can be read is left as it is.
    pub fn rebuild(&self, floor: u64) -> Result<Boot, InstallError> {
        let mut disk = self.place.lock().map_err(InstallError::Lock)?;
        match Record::<Boot>::open(&mut disk, RECORD) {
            Err(RecordError::Damaged { .. } | RecordError::Foreign { .. }) => {}
            record => {
                let boot = record?.value().cloned();
                return Ok(boot.unwrap_or(Boot::with_image(self.linked()?)));
            }
        }
        let boot = Boot::rebuilt(self.linked()?, floor);
        Record::replace(&mut disk, RECORD, &boot)?;
        Ok(boot)
    }

    /// Reads the record, changes it and keeps it. `current` is brought in line before and after:
    /// a cut may have come between the two.
    pub(crate) fn change<R, E: Into<InstallError>>(
        &self,
        copies: Copies,
        step: impl FnOnce(&mut Boot) -> Result<R, E>,
    ) -> Result<R, InstallError> {
        let mut disk = self.place.lock().map_err(InstallError::Lock)?;
        let mut record = Record::<Boot>::open(&mut disk, RECORD)?;
        let before = match record.value() {
            Some(boot) => boot.clone(),
            None => Boot::with_image(self.linked()?),
        };
        self.follow(&mut disk, &before)?;
        let mut boot = before.clone();
        let done = step(&mut boot).map_err(Into::into)?;
        if boot != before {
            match copies {
                Copies::One => record.put(&mut disk, boot.clone())?,
                Copies::Both => record.put_twice(&mut disk, boot.clone())?,
            }
            self.follow(&mut disk, &boot)?;
        }
        Ok(done)
    }

    /// Makes `current` stand for the good slot.
    fn follow(&self, disk: &mut P::Disk, boot: &Boot) -> Result<(), InstallError> {
        let Some(good) = boot.fields().good else { return Ok(()) };
        if self.linked()? == Some(good) {
            return Ok(());
        }
        disk.point(CURRENT, good.image()).map_err(failed("written"))
    }
}

fn failed(act: &'static str) -> impl FnOnce(std::io::Error) -> InstallError {
    move |source| InstallError::Io { act, what: "the link to the good slot", source }
}
