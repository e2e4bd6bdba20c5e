//! A file that must not change while it is read.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use nix::fcntl::OFlag;

/// Reads a plain file; its end is an error if the file is not what it was at the beginning.
pub(crate) struct Steady {
    file: File,
    before: State,
    taken: u64,
}

#[derive(PartialEq, Eq)]
struct State {
    length: u64,
    changed: (i64, i64),
    modified: (i64, i64),
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl Steady {
    /// Opens a plain file; a pipe is not waited for.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a plain file"));
        }
        Ok(Self { file, before: State::of(&metadata), taken: 0 })
    }
}

impl Read for Steady {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.taken += read as u64;
        if read == 0 && !into.is_empty() {
            let after = State::of(&self.file.metadata()?);
            if after != self.before || self.taken != after.length {
                return Err(io::Error::other("it changed while it was read; wait until it is whole"));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::*;

    #[test]
    fn a_file_that_grows_or_is_overwritten_while_it_is_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        fs::write(&path, b"one").unwrap();
        let mut whole = Vec::new();
        Steady::open(&path).unwrap().read_to_end(&mut whole).unwrap();
        assert_eq!(whole, b"one");
        for append in [true, false] {
            let mut steady = Steady::open(&path).unwrap();
            steady.read_exact(&mut [0; 2]).unwrap();
            // The kernel's clock of files is a few milliseconds coarse.
            std::thread::sleep(std::time::Duration::from_millis(50));
            let mut writer = OpenOptions::new().write(true).append(append).open(&path).unwrap();
            writer.write_all(b"two").unwrap();
            let error = steady.read_to_end(&mut Vec::new()).unwrap_err();
            assert!(error.to_string().contains("changed while"), "{error}");
        }
        assert!(Steady::open(folder.path()).is_err());
    }
}
