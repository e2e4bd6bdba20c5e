//! What `fleetd` keeps over a restart, in two generations with a checksum.

use std::path::Path;

use install::record::{Record, RecordError};
use serde::{Deserialize, Serialize};
use tuf::{
    clock::ClockFloor,
    store::{Folder, StoreError},
};

use crate::{stick::Ledger, update::Memory};

const NAME: &str = "fleetd";

/// Everything that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Where the update stands.
    pub memory: Memory,
    /// What is known of the time.
    pub clock: Option<ClockFloor>,
    /// What was done by hand.
    #[serde(default)]
    pub stick: Ledger,
    /// The highest floor that was ever seen in the slots, in case their record is lost.
    pub floor: u64,
}

/// It on the disk.
pub struct Keeper {
    folder: Folder,
    record: Record<Kept>,
}

/// Why it cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// The folder.
    #[error("the folder of what is remembered")]
    Folder(#[from] StoreError),
    /// The record.
    #[error("what is remembered")]
    Record(#[from] RecordError),
}

impl Keeper {
    /// Reads what is kept in a folder, which is made where it is missing.
    pub fn open(folder: &Path) -> Result<(Self, Kept), KeepError> {
        let mut folder = Folder::open(folder)?;
        let record = Record::open(&mut folder, NAME)?;
        let kept = record.value().cloned().unwrap_or_default();
        Ok((Self { folder, record }, kept))
    }

    /// Keeps this, unless it is kept already. When this returns, it is on the disk.
    pub fn keep(&mut self, kept: &Kept) -> Result<(), KeepError> {
        // Some fields count seconds and are not kept: what is written decides.
        let written = |kept: &Kept| serde_json::to_vec(kept).expect("text keys only");
        if self.record.value().is_some_and(|old| written(old) == written(kept)) {
            return Ok(());
        }
        Ok(self.record.put(&mut self.folder, kept.clone())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_there_after_a_restart_and_is_not_written_twice() {
        let place = tempfile::tempdir().unwrap();
        let (mut keeper, kept) = Keeper::open(place.path()).unwrap();
        assert_eq!(kept, Kept::default());
        let kept = Kept { floor: 7, ..Kept::default() };
        keeper.keep(&kept).unwrap();
        let generation = keeper.record.generation();
        keeper.keep(&kept).unwrap();
        assert_eq!(keeper.record.generation(), generation);
        drop(keeper);
        assert_eq!(Keeper::open(place.path()).unwrap().1, kept);
    }

    #[test]
    fn a_torn_record_falls_back_to_the_one_before_and_a_lost_one_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let (mut keeper, _) = Keeper::open(place.path()).unwrap();
        for floor in [1, 2] {
            keeper.keep(&Kept { floor, ..Kept::default() }).unwrap();
        }
        drop(keeper);
        let newest = ["fleetd-a", "fleetd-b"]
            .map(|name| place.path().join(name))
            .into_iter()
            .find(|path| std::fs::read_to_string(path).unwrap().contains(r#""floor":2"#))
            .unwrap();
        std::fs::write(&newest, "torn").unwrap();
        assert_eq!(Keeper::open(place.path()).unwrap().1.floor, 1);
        for name in ["fleetd-a", "fleetd-b"] {
            std::fs::write(place.path().join(name), "torn").unwrap();
        }
        assert!(matches!(Keeper::open(place.path()), Err(KeepError::Record(RecordError::Damaged { .. }))));
    }
}
