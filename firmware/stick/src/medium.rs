//! A mounted stick. It may hold links, pipes, endless files and names of any kind, in any number,
//! and may change while it is read. So it is never listed: files are asked for by names that we
//! or a signer chose, opened folder by folder without following a link, and read once.
//!
//! A device that does not answer at all keeps the thread that asks it; the kernel gives it back
//! when the stick is pulled. Whoever calls this does so beside its own work.

use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::{AsFd as _, OwnedFd},
    path::Path,
    time::Duration,
};

use nix::{
    errno::Errno,
    fcntl::{AtFlags, OFlag, open, openat},
    sys::stat::{Mode, fstatat},
};

use crate::{StickError, reading::POINTER};

const PIECE: usize = 64 * 1024;

/// How long reading has taken so far, by a clock that nobody sets.
pub type Elapsed = Box<dyn Fn() -> Duration + Send>;

/// Bounds of one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one name, in bytes.
    pub name: usize,
    /// Of folders, one in the other.
    pub depth: usize,
    /// How many files are looked for.
    pub files: u32,
    /// Of one file, in bytes; signed lengths are held to as well.
    pub file: u64,
    /// Of all files, in bytes.
    pub total: u64,
    /// For everything.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A SHA-512 in hexadecimal, a dot and a name.
            name: 240,
            depth: 4,
            files: 512,
            file: 2 << 30,
            total: 3 << 30,
            time: Duration::from_mins(15),
        }
    }
}

/// Whether a stick of ours lies there: the file that names its permit, or whatever stands in
/// its place.
pub fn is_there(mount: &Path) -> bool {
    let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_RDONLY;
    open(mount, flags, Mode::empty()).is_ok_and(|folder| has_pointer(&folder))
}

fn has_pointer(folder: &OwnedFd) -> bool {
    fstatat(folder.as_fd(), POINTER, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok()
}

/// The stick.
pub(crate) struct Medium {
    folder: OwnedFd,
    limits: Limits,
    elapsed: Elapsed,
    files: u32,
    total: u64,
}

/// A plain file on the stick, not read yet.
pub(crate) struct Opened {
    name: String,
    file: File,
    /// What the stick says its length is, in bytes: never more than it may be, and not believed.
    pub(crate) said: u64,
    most: u64,
}

impl Medium {
    pub(crate) fn open(mount: &Path, limits: Limits, elapsed: Elapsed) -> Result<Self, StickError> {
        // The folder itself is ours, named in the settings.
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_RDONLY;
        let folder = open(mount, flags, Mode::empty());
        let folder = folder.map_err(|error| unreadable("the folder")(error.into()))?;
        Ok(Self { folder, limits, elapsed, files: 0, total: 0 })
    }

    /// Opens a plain file of at most so many bytes; `None`: there is none, and the stick is there.
    pub(crate) fn find(&mut self, path: &str, most: u64) -> Result<Option<Opened>, StickError> {
        self.in_time()?;
        self.files += 1;
        if self.files > self.limits.files {
            return Err(StickError::TooMany { most: self.limits.files });
        }
        let most = most.min(self.limits.file);
        let Some(file) = self.step_to(path)? else {
            // Of a stick that was pulled out everything is missing.
            return if has_pointer(&self.folder) { Ok(None) } else { Err(StickError::Pulled) };
        };
        let about = file.metadata().map_err(unreadable(path))?;
        if !about.is_file() {
            return Err(StickError::NotPlain { name: path.to_owned() });
        }
        if about.len() > most {
            return Err(StickError::FileTooLong { name: path.to_owned(), most });
        }
        Ok(Some(Opened { name: path.to_owned(), file, said: about.len(), most }))
    }

    /// Reads a file to its end, in pieces. What came before an error is worth nothing.
    pub(crate) fn read(
        &mut self,
        opened: Opened,
        mut take: impl FnMut(&[u8]) -> Result<(), StickError>,
    ) -> Result<(), StickError> {
        let Opened { name, mut file, most, .. } = opened;
        let (mut piece, mut length) = (vec![0; PIECE], 0);
        loop {
            self.in_time()?;
            let read = match file.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(unreadable(&name)(source)),
            };
            length += read as u64;
            self.total += read as u64;
            if length > most {
                return Err(StickError::FileTooLong { name, most });
            }
            if self.total > self.limits.total {
                return Err(StickError::TooMuch { most: self.limits.total });
            }
            take(&piece[..read])?;
        }
    }

    fn in_time(&self) -> Result<(), StickError> {
        if (self.elapsed)() <= self.limits.time {
            return Ok(());
        }
        Err(StickError::TooSlow { seconds: self.limits.time.as_secs() })
    }

    /// Folder by folder, never through a link, and without waiting for a pipe's other end.
    fn step_to(&self, path: &str) -> Result<Option<File>, StickError> {
        let steps: Vec<&str> = path.split('/').collect();
        let usable = |step: &&str| !matches!(*step, "" | "." | "..") && step.len() <= self.limits.name;
        if steps.len() > self.limits.depth || !steps.iter().all(usable) || path.contains('\0') {
            return Err(StickError::UnusableName);
        }
        let file = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let mut at = None;
        for (place, step) in steps.iter().enumerate() {
            let flags = if place + 1 < steps.len() { OFlag::O_RDONLY | OFlag::O_DIRECTORY } else { file };
            let folder = at.as_ref().unwrap_or(&self.folder);
            let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            at = match openat(folder.as_fd(), *step, flags, Mode::empty()) {
                Ok(opened) => Some(opened),
                Err(Errno::ENOENT) => return Ok(None),
                // A link; a file where a folder should be; a socket.
                Err(Errno::ELOOP | Errno::ENOTDIR | Errno::ENXIO) => {
                    return Err(StickError::NotPlain { name: path.to_owned() });
                }
                Err(error) => return Err(unreadable(path)(error.into())),
            };
        }
        Ok(at.map(File::from))
    }
}

fn unreadable(name: &str) -> impl FnOnce(io::Error) -> StickError + use<> {
    let name = name.to_owned();
    move |source| StickError::Unreadable { name, source }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A stick with one file that is changed after it was found.
    fn changed(change: impl FnOnce(&File)) -> Result<Vec<u8>, StickError> {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("file"), "as it was").unwrap();
        let mut medium = Medium::open(place.path(), Limits::default(), Box::new(|| Duration::ZERO)).unwrap();
        let found = medium.find("file", 100).unwrap().unwrap();
        assert_eq!(found.said, 9);
        change(&File::options().write(true).open(place.path().join("file")).unwrap());
        let mut bytes = Vec::new();
        medium.read(found, |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(bytes)
    }

    #[test]
    fn a_file_that_grows_without_end_after_it_was_found_ends_at_its_bound() {
        let error = changed(|file| file.set_len(1 << 40).unwrap()).unwrap_err();
        assert!(matches!(error, StickError::FileTooLong { most: 100, .. }));
    }

    #[test]
    fn a_file_that_shrinks_is_read_as_it_is() {
        assert_eq!(changed(|file| file.set_len(5).unwrap()).unwrap(), b"as it");
    }
}
