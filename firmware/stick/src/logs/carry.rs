//! Named files onto a stick that is only written. Nothing on it is read but whether it is meant
//! for logs: a file [`MARKER`] in it, so that no folder of the machine and nobody's own stick is
//! written to.

use std::{
    fs::File,
    io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    os::fd::{AsFd as _, OwnedFd},
    path::{Path, PathBuf},
};

use faults::Fault;
use keys::ServerKey;
use nix::{
    errno::Errno,
    fcntl::{AtFlags, OFlag, open, openat},
    sys::stat::{Mode, fstatat, mkdirat},
    unistd::fsync,
};
use rand_core::CryptoRng;

use super::{Head, SealError, sealed};

/// A stick that holds a file of this name takes logs.
pub const MARKER: &str = "kiosk-logs";
const FOLDER: &str = "logs";

/// A file of the kiosk that may be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSource {
    /// What it is called on the stick: plain letters.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
}

/// What was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Names of what lies sealed on the stick.
    pub names: Vec<String>,
    /// Names of what is not there to be carried out.
    pub missing: Vec<String>,
}

/// Why logs were not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogsError {
    /// The stick does not take them.
    #[error("{name} cannot be written to the stick")]
    Stick {
        /// Which name.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A log cannot be read, or not be sealed.
    #[error("{name}")]
    Seal {
        /// Which log.
        name: String,
        /// Why.
        #[source]
        source: SealError,
    },
}

impl LogsError {
    /// One code for staff, the audit log and the help book.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Seal { source: SealError::Key(error), .. } => error.fault(),
            _ => Fault::StickLogsFailed,
        }
    }
}

/// Whether a stick lies there that takes logs.
pub fn wants_logs(mount: &Path) -> bool {
    folder_at(mount).is_ok_and(|folder| fstatat(folder.as_fd(), MARKER, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok())
}

/// Seals the newest part of each file, so many bytes of each at most, onto the stick, in a folder
/// of its own. When this returns, the stick may be pulled.
pub fn carry_out(
    mount: &Path,
    sources: &[LogSource],
    most: u64,
    (device, taken): (&str, jiff::Timestamp),
    to: &ServerKey,
    chance: &mut dyn CryptoRng,
) -> Result<Carried, LogsError> {
    let failed = |name: &str| {
        let name = name.to_owned();
        move |error: Errno| LogsError::Stick { name, source: error.into() }
    };
    let stick = folder_at(mount).map_err(failed("the folder"))?;
    let logs = folder_in(&stick, FOLDER, Existing::Taken).map_err(failed(FOLDER))?;
    // No colon: the file system of sticks has none.
    let own = format!("{device}-{}", taken.strftime("%Y%m%dT%H%M%SZ"));
    let own = folder_in(&logs, &own, Existing::Refused).map_err(failed(&own))?;
    let mut carried = Carried::default();
    for source in sources {
        let Some(log) = newest(&source.path, most) else {
            carried.missing.push(source.name.clone());
            continue;
        };
        let name = format!("{}.sealed", source.name);
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let out = openat(own.as_fd(), name.as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR);
        let mut out = BufWriter::new(File::from(out.map_err(failed(&name))?));
        let head = Head { device: device.to_owned(), taken, name: source.name.clone() };
        sealed::seal(to, &head, log, &mut out, chance).map_err(|error| match error {
            SealError::Write(source) => LogsError::Stick { name: name.clone(), source },
            source => LogsError::Seal { name: name.clone(), source },
        })?;
        let written = out.flush().and_then(|()| out.get_ref().sync_all());
        written.map_err(|source| LogsError::Stick { name, source })?;
        carried.names.push(source.name.clone());
    }
    for folder in [&own, &logs, &stick] {
        fsync(folder).map_err(failed("the folder"))?;
    }
    Ok(carried)
}

/// What may be in place of a folder that is to be made.
enum Existing {
    Taken,
    Refused,
}

fn folder_at(path: &Path) -> Result<OwnedFd, Errno> {
    open(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
}

fn folder_in(folder: &OwnedFd, name: &str, existing: Existing) -> Result<OwnedFd, Errno> {
    match (mkdirat(folder.as_fd(), name, Mode::S_IRWXU), existing) {
        (Ok(()), _) | (Err(Errno::EEXIST), Existing::Taken) => {}
        (Err(error), _) => return Err(error),
    }
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(folder.as_fd(), name, flags, Mode::empty())
}

/// The end of a plain file; none where there is none.
fn newest(path: &Path, most: u64) -> Option<impl io::Read> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let mut file = File::from(open(path, flags, Mode::empty()).ok()?);
    let about = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    file.seek(SeekFrom::Start(about.len().saturating_sub(most))).ok()?;
    // A log that grows meanwhile is carried out as far as it came.
    Some(file.take(most))
}
