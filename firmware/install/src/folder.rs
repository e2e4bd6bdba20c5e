//! The folder of the slots, as the rest of this crate needs it, so that tests can cut its power.
//!
//! | File | What |
//! |---|---|
//! | `app-a.img`, `app-b.img` | the slots |
//! | `boot-a`, `boot-b` | the boot record |
//! | `current` | a link to the good slot's image, for a kiosk whose record is damaged |
//! | `lock` | locked for one change of the record |
//! | `installer` | locked for as long as a program may write slots |

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _, symlink},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use tuf::store::{Disk, Folder, StoreError};

use crate::slots::Slot;

const INSTALLER: &str = "installer";
/// A change of the record takes milliseconds; who holds the lock for longer is broken.
const LOCK_TRIES: u32 = 500;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Where slots and record are.
pub trait Place: Clone + Send + Sync + 'static {
    /// The small files, while they are locked.
    type Disk: SlotDisk;
    /// One slot's image.
    type Image: Image;
    /// Held by the one program that writes slots.
    type Installer: Send + Sync;

    /// Locks the small files. Waits for a program that is just changing them.
    fn lock(&self) -> Result<Self::Disk, StoreError>;
    /// Keeps every other program from writing slots.
    fn hold(&self) -> Result<Self::Installer, StoreError>;
    /// Opens a slot's image for reading and writing, and makes it where there is none.
    fn image(&self, slot: Slot) -> io::Result<Self::Image>;
    /// Opens a slot's image for reading only.
    fn image_to_read(&self, slot: Slot) -> io::Result<Self::Image>;
    /// Where other programs find a slot's image.
    fn path_of(&self, slot: Slot) -> PathBuf;
    /// The length of a slot's image in bytes; 0 where there is none.
    fn image_length(&self, slot: Slot) -> io::Result<u64>;
    /// How many bytes more fit.
    fn free(&self) -> io::Result<u64>;
    /// What a link of the folder stands for; `None`: no such name, or no link. Needs no lock: a
    /// link is replaced in one step.
    fn pointed(&self, name: &str) -> io::Result<Option<String>>;
}

/// The small files of the folder.
pub trait SlotDisk: Disk {
    /// Makes the name a link to another file of the folder, in one step whatever it was before.
    /// When this returns it is on the disk.
    fn point(&mut self, name: &str, to: &str) -> io::Result<()>;
}

/// One slot's image, open.
pub trait Image: Send + 'static {
    /// Its length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Cuts it off behind so many bytes.
    fn cut_to(&mut self, length: u64) -> io::Result<()>;
    /// Writes bytes from this one on.
    fn write_at(&mut self, from: u64, bytes: &[u8]) -> io::Result<()>;
    /// Reads bytes from this one on; 0: the end.
    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Lets the disk begin with these bytes, and waits for nothing.
    fn begin_sync(&mut self, from: u64, length: u64) -> io::Result<()>;
    /// Returns when all bytes are on the disk.
    fn sync(&mut self) -> io::Result<()>;
    /// What is read next comes from the disk and not from memory, as far as the system can.
    fn forget(&mut self) -> io::Result<()>;
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct SlotFolder {
    path: Arc<Path>,
}

impl SlotFolder {
    /// The folder at this path. It is made with the first lock.
    pub fn new(path: &Path) -> Self {
        Self { path: path.into() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Place for SlotFolder {
    type Disk = LockedFolder;
    type Image = ImageFile;
    type Installer = Arc<File>;

    fn lock(&self) -> Result<LockedFolder, StoreError> {
        let mut tries = 0;
        loop {
            match Folder::open(&self.path) {
                Err(StoreError::Busy) if tries < LOCK_TRIES => tries += 1,
                folder => return Ok(LockedFolder { folder: folder?, path: self.path.to_path_buf() }),
            }
            thread::sleep(LOCK_PAUSE);
        }
    }

    fn hold(&self) -> Result<Arc<File>, StoreError> {
        let failed = |act| move |source| StoreError::Io { act, name: INSTALLER.to_owned(), source };
        fs::create_dir_all(&self.path).map_err(failed("made"))?;
        let file = File::options().create(true).truncate(false).write(true).open(self.path.join(INSTALLER));
        let file = file.map_err(failed("opened"))?;
        match file.try_lock() {
            Ok(()) => Ok(Arc::new(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy),
            Err(TryLockError::Error(source)) => Err(failed("locked")(source)),
        }
    }

    fn image(&self, slot: Slot) -> io::Result<ImageFile> {
        let mut options = File::options();
        // A plain image is a program.
        options.create(true).truncate(false).read(true).write(true).mode(0o755);
        Ok(ImageFile { file: options.open(self.path.join(slot.image()))? })
    }

    fn image_to_read(&self, slot: Slot) -> io::Result<ImageFile> {
        Ok(ImageFile { file: File::open(self.path.join(slot.image()))? })
    }

    fn path_of(&self, slot: Slot) -> PathBuf {
        self.path.join(slot.image())
    }

    fn image_length(&self, slot: Slot) -> io::Result<u64> {
        match fs::metadata(self.path.join(slot.image())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            metadata => Ok(metadata?.len()),
        }
    }

    #[allow(clippy::useless_conversion, reason = "the number of blocks has 32 bits on 32-bit boards")]
    fn free(&self) -> io::Result<u64> {
        let free = nix::sys::statvfs::statvfs(&*self.path)?;
        Ok(u64::from(free.blocks_available()).saturating_mul(free.fragment_size()))
    }

    fn pointed(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read_link(self.path.join(name)) {
            Ok(path) => Ok(path.into_os_string().into_string().ok()),
            // No such file; a file that is no link.
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::InvalidInput].contains(&error.kind()) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// The folder while its record is locked.
#[derive(Debug)]
pub struct LockedFolder {
    folder: Folder,
    path: PathBuf,
}

impl SlotDisk for LockedFolder {
    fn point(&mut self, name: &str, to: &str) -> io::Result<()> {
        let new = self.path.join(format!("{name}-new"));
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => symlink(to, &new)?,
        }
        fs::rename(&new, self.path.join(name))?;
        self.folder.sync_folder()
    }
}

impl Disk for LockedFolder {
    fn read(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        self.folder.read(name, most)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.folder.names()
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.folder.write(name, bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.folder.sync(name)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.folder.remove(name)
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.folder.sync_folder()
    }
}

/// An image that is a file.
#[derive(Debug)]
pub struct ImageFile {
    file: File,
}

impl Image for ImageFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn write_at(&mut self, from: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, from)
    }

    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(into, from)
    }

    fn begin_sync(&mut self, from: u64, length: u64) -> io::Result<()> {
        // Pages that are not needed any more are written first; Linux begins at once.
        advise_unneeded(&self.file, from, length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn forget(&mut self) -> io::Result<()> {
        advise_unneeded(&self.file, 0, 0)
    }
}

/// From this byte on; a length of 0: to the end.
fn advise_unneeded(file: &File, from: u64, length: u64) -> io::Result<()> {
    let number = |number: u64| number.try_into().map_err(io::Error::other);
    posix_fadvise(file, number(from)?, number(length)?, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
    Ok(())
}
