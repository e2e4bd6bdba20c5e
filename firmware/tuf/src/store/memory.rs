//! State that lives as long as the program: for simulations and tests.

use std::collections::BTreeMap;

use super::{Change, Floors, Store, StoreError};
use crate::metadata::{Role as _, Root, Snapshot, Targets, Timestamp};

/// Keeps everything, until it is dropped.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    files: BTreeMap<String, Vec<u8>>,
    floors: Floors,
}

impl MemoryStore {
    /// What another store remembers, to try out what would come of it. Nothing goes back there.
    pub fn copy_of(store: &impl Store) -> Result<Self, StoreError> {
        let floors = store.floors().clone();
        let top = [Root::TYPE, Timestamp::TYPE, Snapshot::TYPE, Targets::TYPE];
        let mut files = BTreeMap::new();
        for role in top.into_iter().chain(floors.targets.keys().map(String::as_str)) {
            if let Some(bytes) = store.read(role)? {
                files.insert(role.to_owned(), bytes);
            }
        }
        Ok(Self { files, floors })
    }
}

impl Store for MemoryStore {
    fn read(&self, role: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.files.get(role).cloned())
    }

    fn floors(&self) -> &Floors {
        &self.floors
    }

    fn commit(&mut self, change: Change) -> Result<(), StoreError> {
        self.files.retain(|role, _| !change.drop.contains(role));
        self.files.extend(change.put);
        self.floors = change.floors;
        Ok(())
    }
}
