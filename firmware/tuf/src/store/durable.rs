//! State that survives power cuts and one damaged file.
//!
//! | File | What |
//! |---|---|
//! | `ROLE.json` | the metadata, exactly as received |
//! | `ROLE.json.spare` | the same again |
//! | `record-a`, `record-b` | the two newest generations of the record: digests and floors, with a checksum |
//! | `new` | a file under way |
//! | `lock` | locked while the state is open |
//!
//! A commit writes the spare files, then the record over its older generation — from there on
//! the change is made —, then the files themselves, then the other record. Each of them is
//! written under another name, synced, renamed, and the folder synced. At any cut, either the
//! old record fits the old files or the new record fits the spare ones.

use std::{collections::BTreeSet, io};

use super::{
    Change, Disk, Floors, Store, StoreError,
    record::{self, Record},
};
use crate::name::quoted;

const RECORDS: [&str; 2] = ["record-a", "record-b"];
const UNDER_WAY: &str = "new";
/// More than any file here has, in bytes.
const MOST_BYTES: u64 = 16_000_000;

/// A store on a disk.
#[derive(Debug)]
pub struct DurableStore<D> {
    disk: D,
    record: Record,
    /// A commit failed midway: what is on the disk is looked at again before the next one.
    unsettled: bool,
}

/// What to do with metadata of which both copies are damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    /// Refuse the state.
    Refuse,
    /// Forget the metadata that is lost, keep its floors. A root that is lost must be given anew.
    KeepFloors,
}

impl<D: Disk> DurableStore<D> {
    /// Opens the state and brings it in order: what a cut or a damaged file left single is
    /// doubled again. State of which both copies are damaged is refused.
    pub fn open(disk: D) -> Result<Self, StoreError> {
        Self::open_with(disk, Damage::Refuse)
    }

    /// The same for a technician, who has seen that `open` refuses: metadata of which both
    /// copies are damaged is forgotten, its floors are not. Where the record itself is lost,
    /// floors are too, and this refuses as well.
    pub fn salvage(disk: D) -> Result<Self, StoreError> {
        Self::open_with(disk, Damage::KeepFloors)
    }

    fn open_with(disk: D, damage: Damage) -> Result<Self, StoreError> {
        let mut store = Self { disk, record: Record::default(), unsettled: false };
        store.settle(damage)?;
        Ok(store)
    }

    /// Reads the newest record and brings everything in line with it.
    fn settle(&mut self, damage: Damage) -> Result<(), StoreError> {
        let names = self.names()?;
        let mut records = Vec::new();
        for slot in RECORDS {
            records.extend(self.bytes(slot)?.and_then(|bytes| Record::read(&bytes)));
        }
        match records.into_iter().max_by_key(|record| record.generation) {
            Some(record) => self.record = record,
            // Something of ours is there, but not what says how it belongs together.
            None if names.iter().any(|name| is_ours(name)) => {
                return Err(StoreError::Damaged { what: "the record".to_owned() });
            }
            // A new folder gets its empty record now: from here on a record is missed.
            None => {}
        }
        self.mend_files(damage)?;
        self.mend_records()?;
        self.sweep()?;
        self.unsettled = false;
        Ok(())
    }

    /// Makes both copies of each role's metadata what the record says.
    fn mend_files(&mut self, damage: Damage) -> Result<(), StoreError> {
        let roles: Vec<String> = self.record.files.keys().cloned().collect();
        for role in roles {
            let [file, spare] = copies(&role);
            let own = self.bytes(&file)?.filter(|bytes| self.record.fits(&role, bytes));
            let other = self.bytes(&spare)?.filter(|bytes| self.record.fits(&role, bytes));
            match (own, other) {
                (Some(_), Some(_)) => {}
                (Some(bytes), None) => self.write_durably(&spare, &bytes)?,
                (None, Some(bytes)) => self.write_durably(&file, &bytes)?,
                (None, None) if damage == Damage::KeepFloors => {
                    self.record.files.remove(&role);
                    self.record.generation += 1;
                }
                (None, None) => return Err(StoreError::Damaged { what: role }),
            }
        }
        Ok(())
    }

    /// Makes both slots the record.
    fn mend_records(&mut self) -> Result<(), StoreError> {
        let bytes = self.record.write();
        for slot in RECORDS {
            if self.bytes(slot)?.as_ref() != Some(&bytes) {
                self.write_durably(slot, &bytes)?;
            }
        }
        Ok(())
    }

    /// Removes what a cut commit left and no record names.
    fn sweep(&mut self) -> Result<(), StoreError> {
        let named: BTreeSet<String> = self
            .record
            .files
            .keys()
            .flat_map(|role| copies(role))
            .chain(RECORDS.map(str::to_owned))
            .collect();
        let left: Vec<_> =
            self.names()?.into_iter().filter(|name| is_ours(name) || name == UNDER_WAY).collect();
        let left: Vec<_> = left.into_iter().filter(|name| !named.contains(name)).collect();
        for name in &left {
            self.disk.remove(name).map_err(failed("removed", name))?;
        }
        if left.is_empty() { Ok(()) } else { self.disk.sync_folder().map_err(failed("synced", "the folder")) }
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        self.disk.names().map_err(failed("listed", "the folder"))
    }

    fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.disk.read(name, MOST_BYTES) {
            // Grown past anything that was written here: damaged, like any other change.
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(None),
            read => read.map_err(failed("read", name)),
        }
    }

    fn write_durably(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.disk.write(UNDER_WAY, bytes).map_err(failed("written", name))?;
        self.disk.sync(UNDER_WAY).map_err(failed("synced", name))?;
        self.disk.rename(UNDER_WAY, name).map_err(failed("renamed", name))?;
        self.disk.sync_folder().map_err(failed("synced", name))
    }

    fn apply(&mut self, next: Record, change: &Change) -> Result<(), StoreError> {
        for (role, bytes) in &change.put {
            let [_, spare] = copies(role);
            self.write_durably(&spare, bytes)?;
        }
        let record = next.write();
        let [older, newer] = self.slots()?;
        self.write_durably(older, &record)?;
        self.record = next;
        for (role, bytes) in &change.put {
            let [file, _] = copies(role);
            self.write_durably(&file, bytes)?;
        }
        self.write_durably(newer, &record)?;
        if change.drop.is_empty() { Ok(()) } else { self.sweep() }
    }

    /// The slots of the record, the older or damaged one first.
    fn slots(&self) -> Result<[&'static str; 2], StoreError> {
        let [a, b] = RECORDS;
        let generation = |slot| {
            let record = self.bytes(slot)?.and_then(|bytes| Record::read(&bytes));
            Ok::<_, StoreError>(record.map(|record| record.generation))
        };
        Ok(if generation(a)? <= generation(b)? { [a, b] } else { [b, a] })
    }
}

impl<D: Disk> Store for DurableStore<D> {
    fn read(&self, role: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if !self.record.files.contains_key(role) {
            return Ok(None);
        }
        for copy in copies(role) {
            if let Some(bytes) = self.bytes(&copy)?.filter(|bytes| self.record.fits(role, bytes)) {
                return Ok(Some(bytes));
            }
        }
        Err(StoreError::Damaged { what: role.to_owned() })
    }

    fn floors(&self) -> &Floors {
        &self.record.floors
    }

    fn commit(&mut self, change: Change) -> Result<(), StoreError> {
        if self.unsettled {
            self.settle(Damage::Refuse)?;
        }
        let mut next = self.record.clone();
        next.generation += 1;
        next.files.retain(|role, _| !change.drop.contains(role));
        next.files.extend(change.put.iter().map(|(role, bytes)| (role.clone(), record::digest(bytes))));
        next.floors = change.floors.clone();
        if next.files == self.record.files && next.floors == self.record.floors {
            return Ok(());
        }
        self.unsettled = true;
        self.apply(next, &change)?;
        self.unsettled = false;
        Ok(())
    }
}

/// The file of a role, and its copy.
fn copies(role: &str) -> [String; 2] {
    let file = format!("{}.json", quoted(role));
    let spare = format!("{file}.spare");
    [file, spare]
}

fn is_ours(name: &str) -> bool {
    let ends = |end| name.len() > str::len(end) && name.ends_with(end);
    ends(".json") || ends(".json.spare") || RECORDS.contains(&name)
}

fn failed(act: &'static str, name: &str) -> impl FnOnce(io::Error) -> StoreError {
    let name = name.to_owned();
    move |source| StoreError::Io { act, name, source }
}
