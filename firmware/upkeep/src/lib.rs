//! What `kioskd` and `fleetd` tell each other, in one folder in memory (`/run/kiosk-upkeep`):
//! who has the machine, when it closes, how it is. Neither program can make the other do
//! anything; no file holds a word about a citizen.
//!
//! | File | Written by | What |
//! |---|---|---|
//! | `lease` | whoever locks it | `kioskd` while somebody is served, `fleetd` while it changes the slot |
//! | `closing.json` | `fleetd` | the machine closes soon, or is closed |
//! | `lock.json` | `fleetd` | the operator has locked it |
//! | `message.json` | `fleetd` | what the operator says on the first page |
//! | `vitals.json` | `kioskd` | how the kiosk is |
//! | `figures.json` | `kioskd` | what it did since its start, in numbers |
//! | `metrics.prom` | `fleetd` | all figures, for who reads them on the spot |
//! | `stick.json` | `fleetd` | how far the USB stick has come that is in |
//! | `challenge.json` | `fleetd` | what a technician's badge is to sign for it |
//! | `technician.json` | `kioskd` | who is signed in on the staff page, and what their badge signed |
//!
//! It reads no clock: times are arguments.

mod figures;
mod lease;
mod lock;
mod message;
mod notice;
mod stick;
mod technician;
mod vitals;

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    figures::{Durations, Figures, VISIT_BOUNDS},
    lease::Lease,
    lock::{Lock, LockReason},
    message::{Line, LineFault, Message, Words},
    notice::{Closing, Opening},
    stick::StickState,
    technician::SignedIn,
    vitals::{DeviceHealth, Vitals},
};

/// The folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// Why the folder does not do.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be {act}", path.display())]
pub struct FolderError {
    path: PathBuf,
    act: &'static str,
    #[source]
    source: io::Error,
}

impl Folder {
    /// The folder at this path, which is there already.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Shows all figures as text to whoever reads them on the spot, as node_exporter does.
    pub fn show_metrics(&self, page: &str) -> Result<(), FolderError> {
        self.put_bytes("metrics.prom", page.as_bytes())
    }

    /// Puts a message in place of the one before, whole or not at all.
    fn put(&self, name: &str, message: &impl Serialize) -> Result<(), FolderError> {
        self.put_bytes(name, &serde_json::to_vec(message).expect("our messages have text keys"))
    }

    fn put_bytes(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let new = self.path.join(format!("{name}.new"));
        fs::write(&new, bytes).map_err(self.failed(name, "written"))?;
        // Whatever either program lets files be by default, the other must read this one.
        fs::set_permissions(&new, Permissions::from_mode(0o640)).map_err(self.failed(name, "shared"))?;
        fs::rename(&new, self.path.join(name)).map_err(self.failed(name, "renamed"))
    }

    /// The newest message. One that cannot be read as such is none: the other program may be of
    /// another version, and its word is needed for nothing that must not go wrong.
    fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&fs::read(self.path.join(name)).ok()?).ok()
    }

    /// Whether there is a message, readable or not.
    fn has(&self, name: &str) -> bool {
        !matches!(self.path.join(name).try_exists(), Ok(false))
    }

    fn take_away(&self, name: &str) -> Result<(), FolderError> {
        match fs::remove_file(self.path.join(name)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(self.failed(name, "removed")(source))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, name: &str, act: &'static str) -> impl FnOnce(io::Error) -> FolderError + use<> {
        let path = self.path.join(name);
        move |source| FolderError { path, act, source }
    }
}
