//! What is kept between updates: trusted metadata, byte for byte, and the version below which
//! each role is never taken again.
//!
//! A store that cannot say what it held refuses. It never says "nothing": a client that takes
//! a torn file for an absent one lets itself be rolled back.

mod disk;
mod durable;
mod folder;
mod memory;
mod record;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::{disk::Disk, durable::DurableStore, folder::Folder, memory::MemoryStore};

/// Where trusted state is kept. Calls block for as long as the disk takes: a few small
/// durable writes for each file that changed.
pub trait Store: Send {
    /// The metadata of this role as it was committed.
    fn read(&self, role: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The least version of each role.
    fn floors(&self) -> &Floors;

    /// Keeps a change, all of it or none. When this returns, a power cut cannot undo it.
    fn commit(&mut self, change: Change) -> Result<(), StoreError>;
}

/// The least version of each role, kept apart from the metadata itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floors {
    /// Of root.
    pub root: u64,
    /// Of timestamp.
    pub timestamp: u64,
    /// Of snapshot.
    pub snapshot: u64,
    /// Of targets and of every delegated role, as the newest snapshot had them.
    pub targets: BTreeMap<String, u64>,
}

/// One change of what is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// New metadata by role.
    pub put: BTreeMap<String, Vec<u8>>,
    /// Roles whose metadata goes. Floors go only with what `floors` leaves out.
    pub drop: BTreeSet<String>,
    /// The floors from now on.
    pub floors: Floors,
}

/// Why state cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system refused.
    #[error("{name} cannot be {act}")]
    Io {
        /// `read`, `written` …
        act: &'static str,
        /// The file's name within the folder.
        name: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Neither copy is what was kept. Nobody may take this for "nothing kept".
    #[error("both copies of {what} are damaged")]
    Damaged {
        /// The role, or `the record`.
        what: String,
    },
    /// Another program has this state open.
    #[error("the state is in use by another program")]
    Busy,
}
