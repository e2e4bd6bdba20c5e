//! State that lives as long as the program: for simulations and tests.

use std::collections::BTreeMap;

use super::{Change, Floors, Store, StoreError};

/// Keeps everything, until it is dropped.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    files: BTreeMap<String, Vec<u8>>,
    floors: Floors,
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
