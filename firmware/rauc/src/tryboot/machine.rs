//! The boot chooser on a machine: its settings, the folder that the firmware reads, and what the
//! firmware says of the start.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    num::NonZeroU8,
    path::{Path, PathBuf},
};

use install::{
    SlotFolder,
    folder::{LockedFolder, Place as _},
};
use serde::Deserialize;
use tuf::store::{Disk, StoreError};

use super::{
    chooser::Chooser,
    state::{Booted, Partitions},
};

/// The settings, `/etc/kiosk/tryboot.toml`. RAUC names none to its back end.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Where the first partition is mounted.
    pub firmware: PathBuf,
    /// Where trials are remembered.
    pub state: PathBuf,
    /// What the firmware says of the start: `/proc/device-tree/chosen/bootloader`.
    pub device_tree: PathBuf,
    /// The partition of slot a, the first bootable one.
    pub partition_a: u8,
    /// The partition of slot b.
    pub partition_b: u8,
    /// How many restarts a slot on trial is given.
    pub tries: NonZeroU8,
}

/// Why the boot chooser cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MachineFault {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The settings break their format.
    #[error("{}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Both slots on one partition, or on the one of `autoboot.txt`.
    #[error("partition-a and partition-b are two partitions above 1")]
    Partitions,
    /// The firmware says nothing that is understood.
    #[error("{} has no number of 4 bytes", path.display())]
    DeviceTree {
        /// The property.
        path: PathBuf,
    },
    /// What runs lies in neither slot.
    #[error("partition {partition} was started, and holds no slot")]
    OtherPartition {
        /// Which was started.
        partition: u32,
    },
    /// Somebody else is at it for too long.
    #[error("what is remembered of trials cannot be locked")]
    Lock(#[source] StoreError),
}

impl Settings {
    /// Reads the settings.
    pub fn read(path: &Path) -> Result<Self, MachineFault> {
        let failed = |source| MachineFault::File { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(failed)?;
        let format = |source| MachineFault::Format { path: path.to_owned(), source: Box::new(source) };
        let settings: Self = toml::from_str(&text).map_err(format)?;
        let (a, b) = (settings.partition_a, settings.partition_b);
        if a > 1 && b > 1 && a != b { Ok(settings) } else { Err(MachineFault::Partitions) }
    }

    /// The boot chooser, until it is dropped for us alone.
    pub fn chooser(&self) -> Result<Chooser<FirmwareFolder, LockedFolder>, MachineFault> {
        let partitions = Partitions { a: self.partition_a, b: self.partition_b };
        let booted = self.booted(partitions)?;
        let record = SlotFolder::new(&self.state).lock().map_err(MachineFault::Lock)?;
        let firmware = FirmwareFolder { path: self.firmware.clone() };
        Ok(Chooser::new(firmware, record, partitions, booted))
    }

    fn booted(&self, partitions: Partitions) -> Result<Booted, MachineFault> {
        let number = |name: &str| {
            let path = self.device_tree.join(name);
            let bytes = fs::read(&path);
            let bytes = bytes.map_err(|source| MachineFault::File { path: path.clone(), source })?;
            let bytes = <[u8; 4]>::try_from(bytes).map_err(|_| MachineFault::DeviceTree { path })?;
            Ok::<_, MachineFault>(u32::from_be_bytes(bytes))
        };
        let partition = number("partition")?;
        let slot = u8::try_from(partition).ok().and_then(|partition| partitions.slot(partition));
        let slot = slot.ok_or(MachineFault::OtherPartition { partition })?;
        Ok(Booted { slot, tryboot: number("tryboot")? != 0 })
    }
}

/// The folder that the firmware reads. Nothing but `autoboot.txt` comes into it: no lock.
#[derive(Clone, Debug)]
pub struct FirmwareFolder {
    path: PathBuf,
}

impl FirmwareFolder {
    /// The folder at this path.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }
}

impl Disk for FirmwareFolder {
    fn read(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(Some(bytes)) }
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        File::create(self.path.join(name))?.write_all(bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        File::open(self.path.join(name))?.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}
