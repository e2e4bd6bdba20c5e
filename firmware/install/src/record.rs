//! A small value that survives power cuts and one damaged file.
//!
//! It lies in two files, `NAME-a` and `NAME-b`: a line of JSON with its generation, and a line
//! with the SHA-256 of the first. Each write goes over the older one: another name, sync, rename,
//! sync of the folder. At any cut one of the two is whole, the value before or the new one.
//!
//! It never says "nothing kept" of a value that it cannot read.

use std::io;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use tuf::store::Disk;

/// More than any record has, in bytes.
const MOST_BYTES: u64 = 256 * 1024;

/// Why a record cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The system refused.
    #[error("{name} cannot be {act}")]
    Io {
        /// `read`, `written` …
        act: &'static str,
        /// The file's name within the folder.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Something is there, and none of it is whole.
    #[error("the record {name} is damaged")]
    Damaged {
        /// The record's name.
        name: String,
    },
    /// Whole, but not what this program writes: of a newer one, or of another.
    #[error("the record {name} is of another version of this program")]
    Foreign {
        /// The record's name.
        name: String,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
}

/// A value and where it stands on the disk. The disk stays its caller's, who may keep other
/// files there.
#[derive(Clone, Debug)]
pub struct Record<T> {
    name: String,
    generation: u64,
    value: Option<T>,
    /// Which of the two files the next write goes over.
    older: usize,
    /// A write failed midway: which value stands there is looked up before the next one.
    unsettled: bool,
}

/// As it is written.
#[derive(Serialize)]
struct Line<'a, T> {
    generation: u64,
    value: &'a T,
}

/// As it is read: first only its generation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    generation: u64,
    value: serde_json::Value,
}

enum Found {
    Nothing,
    Torn,
    Whole { generation: u64, bytes: Vec<u8> },
}

impl<T: Serialize + DeserializeOwned> Record<T> {
    /// Reads the newest whole generation. Where only one of the files is whole, the other is
    /// written again. `name` is safe as the beginning of a file's name.
    pub fn open(disk: &mut impl Disk, name: &str) -> Result<Self, RecordError> {
        let mut record =
            Self { name: name.to_owned(), generation: 0, value: None, older: 0, unsettled: true };
        record.settle(disk)?;
        Ok(record)
    }

    /// Puts a value in the place of a record that cannot be read. At any cut, what stands there
    /// still cannot be read, or it is this value.
    pub fn replace(disk: &mut impl Disk, name: &str, value: &T) -> Result<(), RecordError> {
        let record = Self { name: name.to_owned(), generation: 1, value: None, older: 0, unsettled: true };
        let second = record.file(1);
        if disk.names().map_err(failed("listed", "the folder"))?.contains(&second) {
            // It may hold a generation of any height, and would stand before this one. Were it
            // removed instead, nothing might be there for a while.
            disk.write(&second, b"replaced\n").map_err(failed("written", &second))?;
            disk.sync(&second).map_err(failed("synced", &second))?;
        }
        let bytes = written(1, value);
        record.write_durably(disk, 0, &bytes)?;
        record.write_durably(disk, 1, &bytes)
    }

    /// The value as it was kept last; `None`: none ever was.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// Rises by one with every `put`; 0: nothing was kept yet.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Keeps a value. When this returns, a power cut cannot undo it. After an error either the
    /// value before or this one is kept; `settle` finds out which.
    pub fn put(&mut self, disk: &mut impl Disk, value: T) -> Result<(), RecordError> {
        self.settle(disk)?;
        let generation = self.generation + 1;
        let bytes = written(generation, &value);
        self.unsettled = true;
        self.write_durably(disk, self.older, &bytes)?;
        (self.generation, self.value, self.older) = (generation, Some(value), 1 - self.older);
        self.unsettled = false;
        Ok(())
    }

    /// Keeps a value in both files, so that not even a damaged file brings the one before back.
    pub fn put_twice(&mut self, disk: &mut impl Disk, value: T) -> Result<(), RecordError> {
        self.put(disk, value)?;
        let Some(value) = &self.value else { return Ok(()) };
        let bytes = written(self.generation, value);
        self.write_durably(disk, self.older, &bytes)
    }

    /// Reads again what is there, if a `put` failed.
    pub fn settle(&mut self, disk: &mut impl Disk) -> Result<(), RecordError> {
        if !self.unsettled {
            return Ok(());
        }
        let [a, b] = [self.find(disk, 0)?, self.find(disk, 1)?];
        let damaged = || RecordError::Damaged { name: self.name.clone() };
        let (newest, generation, bytes, single) = match (a, b) {
            (Found::Nothing, Found::Nothing) => {
                (self.generation, self.value, self.older) = (0, None, 0);
                self.unsettled = false;
                return self.sweep(disk);
            }
            (
                Found::Whole { generation: a, bytes: a_bytes },
                Found::Whole { generation: b, bytes: b_bytes },
            ) => {
                if a == b && a_bytes != b_bytes {
                    return Err(damaged());
                }
                if a >= b { (0, a, a_bytes, false) } else { (1, b, b_bytes, false) }
            }
            (Found::Whole { generation, bytes }, _) => (0, generation, bytes, true),
            (_, Found::Whole { generation, bytes }) => (1, generation, bytes, true),
            _ => return Err(damaged()),
        };
        let foreign = |source| RecordError::Foreign { name: self.name.clone(), source };
        let kept: Kept = serde_json::from_slice(line(&bytes).unwrap_or_default()).map_err(foreign)?;
        self.value = Some(serde_json::from_value(kept.value).map_err(foreign)?);
        (self.generation, self.older) = (generation, 1 - newest);
        if single {
            self.write_durably(disk, self.older, &bytes)?;
        }
        self.unsettled = false;
        self.sweep(disk)
    }

    fn find(&self, disk: &impl Disk, which: usize) -> Result<Found, RecordError> {
        let name = self.file(which);
        let bytes = match disk.read(&name, MOST_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Ok(Found::Torn),
            read => read.map_err(failed("read", &name))?,
        };
        let Some(bytes) = bytes else { return Ok(Found::Nothing) };
        let Some(line) = line(&bytes) else { return Ok(Found::Torn) };
        let foreign = |source| RecordError::Foreign { name: self.name.clone(), source };
        let kept: Kept = serde_json::from_slice(line).map_err(foreign)?;
        Ok(Found::Whole { generation: kept.generation, bytes })
    }

    fn write_durably(&self, disk: &mut impl Disk, which: usize, bytes: &[u8]) -> Result<(), RecordError> {
        let (name, new) = (self.file(which), self.under_way());
        disk.write(&new, bytes).map_err(failed("written", &name))?;
        disk.sync(&new).map_err(failed("synced", &name))?;
        disk.rename(&new, &name).map_err(failed("renamed", &name))?;
        disk.sync_folder().map_err(failed("synced", &name))
    }

    /// Removes what a cut write left.
    fn sweep(&self, disk: &mut impl Disk) -> Result<(), RecordError> {
        let new = self.under_way();
        let names = disk.names().map_err(failed("listed", "the folder"))?;
        if names.contains(&new) { disk.remove(&new).map_err(failed("removed", &new)) } else { Ok(()) }
    }

    fn file(&self, which: usize) -> String {
        format!("{}-{}", self.name, ["a", "b"][which])
    }

    fn under_way(&self) -> String {
        format!("{}-new", self.name)
    }
}

fn written<T: Serialize>(generation: u64, value: &T) -> Vec<u8> {
    let line = serde_json::to_vec(&Line { generation, value });
    let mut bytes = line.expect("a record's value has text as keys and no code that fails");
    bytes.push(b'\n');
    let digest = hex::encode(Sha256::digest(&bytes));
    bytes.extend(digest.as_bytes());
    bytes.push(b'\n');
    bytes
}

/// The first line, if the second is its digest and there is no third.
fn line(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == b'\n')? + 1;
    let (line, digest) = bytes.split_at(end);
    let whole = digest == format!("{}\n", hex::encode(Sha256::digest(line))).as_bytes();
    whole.then_some(line)
}

fn failed(act: &'static str, name: &str) -> impl FnOnce(io::Error) -> RecordError {
    let name = name.to_owned();
    move |source| RecordError::Io { act, name, source }
}
