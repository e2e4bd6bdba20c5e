//! The log file: opened by one program at a time, appended to, never rewritten.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use faults::Fault;
use jiff::Timestamp;
use keys::{DeviceKey, SigningContext};

use crate::{
    Event, Head, VisitId,
    line::{self, GENESIS},
};

/// How much of the end is checked at opening; the whole is `verify`'s work.
const TAIL: u64 = 64 * 1024;

/// Why the log cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Another program writes it.
    #[error("another program holds the audit log {path}")]
    Busy {
        /// Which file.
        path: PathBuf,
    },
    /// Reading or writing failed. What was asked for is not in the log.
    #[error("the audit log {path} cannot be {act}")]
    File {
        /// Which file.
        path: PathBuf,
        /// `opened`, `read` or `written`.
        act: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Its end is no chain of ours. It is left as it is.
    #[error("the audit log {path} is damaged near its end")]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
}

impl LogError {
    /// One code for the screen, the audit log and the help book.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Busy { .. } => Fault::SocketBusy,
            Self::File { .. } => Fault::StoreFailed,
            Self::Damaged { .. } => Fault::StoreDamaged,
        }
    }
}

/// The open log.
pub struct Log {
    path: PathBuf,
    file: File,
    length: u64,
    head: Head,
}

impl Log {
    /// Opens the log, or begins one. A last line that a power cut tore is removed, which
    /// the log then says itself (`log-repaired`); any other damage is refused.
    pub fn open(path: &Path, at: Timestamp) -> Result<Self, LogError> {
        let failed = |source| LogError::File { path: path.into(), act: "opened", source };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o640);
        let file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LogError::Busy { path: path.into() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        sync_folder(path).map_err(failed)?;
        let mut log = Self { path: path.into(), file, length: 0, head: Head { lines: 0, hash: GENESIS } };
        let torn = log.find_end()?;
        if torn > 0 {
            log.cut_back().map_err(|source| log.failed("written", source))?;
            let bytes = u16::try_from(torn).unwrap_or(u16::MAX);
            log.append(at, None, &Event::LogRepaired { bytes })?;
        }
        Ok(log)
    }

    /// Adds one event. When this returns, a power cut cannot lose it.
    pub fn append(&mut self, at: Timestamp, visit: Option<VisitId>, event: &Event) -> Result<Head, LogError> {
        let (bytes, hash) = line::write(self.head.lines + 1, self.head.hash, at, visit, event);
        if let Err(source) = self.file.write_all(&bytes).and_then(|()| self.file.sync_data()) {
            // Half a line must not stand before the next one.
            let _already_failing = self.cut_back();
            return Err(self.failed("written", source));
        }
        self.length += bytes.len() as u64;
        self.head = Head { lines: self.head.lines + 1, hash };
        Ok(self.head)
    }

    /// Signs every line so far: who holds the disk but not the key cannot write another
    /// history.
    pub fn checkpoint(&mut self, key: &DeviceKey, at: Timestamp) -> Result<Head, LogError> {
        let above = line::checkpoint(self.head.lines, &self.head.hash);
        let signature = Box::new(key.sign(SigningContext::AuditCheckpoint, &above));
        self.append(at, None, &Event::Checkpoint { key: Box::new(key.public()), signature })
    }

    /// How far the log goes. Told to the platform, it also shows a cut-off end.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Checks the end of the file; says how many torn bytes stand after the last line.
    fn find_end(&mut self) -> Result<u64, LogError> {
        let (whole, first_is_whole, bytes) =
            self.read_tail().map_err(|source| self.failed("read", source))?;
        // A power cut can leave zeros where the last line should be.
        let text_end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let lines_end = bytes[..text_end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn = (bytes.len() - lines_end) as u64;
        self.length = whole - torn;
        let mut lines: Vec<_> = bytes[..lines_end].split_inclusive(|byte| *byte == b'\n').collect();
        if !first_is_whole {
            lines.remove(0);
        }
        let damaged = || LogError::Damaged { path: self.path.clone() };
        if lines.is_empty() && self.length > 0 {
            return Err(damaged());
        }
        let mut above = first_is_whole.then_some(self.head);
        for bytes in lines {
            let line = line::read(&bytes[..bytes.len() - 1]).ok_or_else(damaged)?;
            let follows = |above: Head| above.lines + 1 == line.seq && above.hash == line.previous;
            if !above.is_none_or(follows) {
                return Err(damaged());
            }
            above = Some(Head { lines: line.seq, hash: line.hash });
        }
        self.head = above.unwrap_or(self.head);
        Ok(torn)
    }

    fn read_tail(&mut self) -> io::Result<(u64, bool, Vec<u8>)> {
        let whole = self.file.metadata()?.len();
        let from = whole.saturating_sub(TAIL);
        self.file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        (&self.file).take(TAIL).read_to_end(&mut bytes)?;
        Ok((whole, from == 0, bytes))
    }

    fn cut_back(&self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_all()
    }

    fn failed(&self, act: &'static str, source: io::Error) -> LogError {
        LogError::File { path: self.path.clone(), act, source }
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
