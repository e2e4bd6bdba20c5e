//! How much a repository may ask of a client.

use crate::metadata::{Role as _, Root, Snapshot, Targets, Timestamp};

/// Caps, each in bytes where nothing else is said. What a signed announcement allows is capped
/// by these as well: one stolen key shall not fill a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A root file.
    pub root: u64,
    /// A timestamp file.
    pub timestamp: u64,
    /// A snapshot file.
    pub snapshot: u64,
    /// A targets file.
    pub targets: u64,
    /// New roots in one refresh; more are taken by the next one.
    pub new_roots: u32,
    /// Delegated roles that one search visits, `targets` itself not counted.
    pub delegations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            root: Root::MOST_BYTES,
            timestamp: Timestamp::MOST_BYTES,
            snapshot: Snapshot::MOST_BYTES,
            targets: Targets::MOST_BYTES,
            new_roots: 256,
            delegations: 32,
        }
    }
}
