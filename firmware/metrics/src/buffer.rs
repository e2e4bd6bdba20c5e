//! Samples that an engine has not taken yet: numbered segments on the disk, one a sample, the
//! oldest first. A segment goes only when the engine took it, or to make room for newer ones.
//!
//! Each is written under another name, synced, renamed, and the folder synced: at any cut a
//! segment is whole or not there. Its last line is a comment with the SHA-256 of what stands
//! before; one that is damaged or cannot be read is thrown away and counted. A cut between the engine's answer and the
//! removal sends a segment twice: its samples have the same times again, which an engine that
//! joins equal times keeps once.

use std::{collections::BTreeMap, io, num::NonZeroU64};

use sha2::{Digest as _, Sha256};
use tuf::store::Disk;

/// The buffer.
#[derive(Debug)]
pub struct Buffer<D> {
    disk: D,
    most: NonZeroU64,
    /// Bytes of each segment that waits.
    waiting: BTreeMap<u64, u64>,
    /// Bytes of each that the engine refused.
    aside: BTreeMap<u64, u64>,
    newest: u64,
    lost: Lost,
}

/// Segments that no engine will have, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// The buffer was full, and they were the oldest.
    pub full: u64,
    /// The disk did not take them.
    pub disk: u64,
    /// Their files were damaged, or could not be read.
    pub damaged: u64,
    /// The engine refused them.
    pub refused: u64,
}

/// Segments that go out together, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Their text.
    pub text: String,
    numbers: Vec<u64>,
}

impl Batch {
    /// How many segments.
    pub fn segments(&self) -> usize {
        self.numbers.len()
    }
}

/// The disk failed.
#[derive(Debug, thiserror::Error)]
#[error("a sample cannot be {act}")]
pub struct BufferError {
    /// `kept`, `removed` …
    act: &'static str,
    #[source]
    source: io::Error,
}

/// More than any segment has, in bytes.
const LONGEST: u64 = 256 * 1024;
/// So many refused segments are kept for people to look at.
const MOST_ASIDE: usize = 4;
/// The name of a segment that is being written.
const NEW: &str = "new";

impl<D: Disk> Buffer<D> {
    /// Opens what lies on a disk; at most `most` bytes are kept there.
    pub fn open(disk: D, most: NonZeroU64) -> Result<Self, BufferError> {
        let (waiting, aside) = (BTreeMap::new(), BTreeMap::new());
        let mut buffer = Self { disk, most, waiting, aside, newest: 0, lost: Lost::default() };
        for name in buffer.disk.names().map_err(failed("read"))? {
            let Some((number, kind)) = parsed(&name) else {
                if name == NEW {
                    buffer.remove(NEW)?;
                }
                continue;
            };
            buffer.newest = buffer.newest.max(number);
            match buffer.length(&name) {
                Some(length) => _ = buffer.of(kind).insert(number, length),
                None => buffer.throw_away(&name)?,
            }
        }
        buffer.make_room(0)?;
        Ok(buffer)
    }

    /// Keeps a sample. When this returns, a power cut cannot undo it. A failure is counted.
    pub fn put(&mut self, text: &str) -> Result<(), BufferError> {
        let bytes = sealed(text);
        let kept = self.keep(&bytes);
        if kept.is_err() {
            self.lost.disk += 1;
        }
        kept
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), BufferError> {
        let length = bytes.len() as u64;
        if length > LONGEST.min(self.most.get()) {
            return Err(failed("kept")(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "longer than any may be",
            )));
        }
        self.make_room(length)?;
        let number = self.newest + 1;
        self.disk.write(NEW, bytes).map_err(failed("kept"))?;
        self.disk.sync(NEW).map_err(failed("kept"))?;
        self.disk.rename(NEW, &name(number, Kind::Waiting)).map_err(failed("kept"))?;
        // From here on it may be there.
        self.newest = number;
        self.waiting.insert(number, length);
        self.disk.sync_folder().map_err(failed("kept"))
    }

    /// The oldest segments, so many and so many bytes at most, but at least one; `None`: nothing
    /// waits.
    pub fn oldest(&mut self, most_segments: usize, most_bytes: u64) -> Result<Option<Batch>, BufferError> {
        let mut batch = Batch { text: String::new(), numbers: Vec::new() };
        let waiting: Vec<_> = self.waiting.iter().map(|(number, length)| (*number, *length)).collect();
        for (number, length) in waiting {
            let full = batch.numbers.len() >= most_segments || batch.text.len() as u64 + length > most_bytes;
            if full && !batch.numbers.is_empty() {
                break;
            }
            let name = name(number, Kind::Waiting);
            // One that cannot be read must not hold up the others for ever.
            let bytes = self.disk.read(&name, LONGEST).ok().flatten();
            match bytes.as_deref().and_then(text) {
                Some(text) => {
                    batch.text.push_str(text);
                    batch.numbers.push(number);
                }
                None => self.throw_away(&name)?,
            }
        }
        Ok((!batch.numbers.is_empty()).then_some(batch))
    }

    /// The engine took them: they go.
    pub fn taken(&mut self, batch: &Batch) -> Result<(), BufferError> {
        for number in &batch.numbers {
            self.remove(&name(*number, Kind::Waiting))?;
            self.waiting.remove(number);
        }
        self.disk.sync_folder().map_err(failed("removed"))
    }

    /// The engine will never take them: a few are kept aside for people to look at.
    pub fn refused(&mut self, batch: &Batch) -> Result<(), BufferError> {
        for number in &batch.numbers {
            let (from, to) = (name(*number, Kind::Waiting), name(*number, Kind::Aside));
            self.disk.rename(&from, &to).map_err(failed("set aside"))?;
            if let Some(length) = self.waiting.remove(number) {
                self.aside.insert(*number, length);
            }
            self.lost.refused += 1;
        }
        while self.aside.len() > MOST_ASIDE {
            self.drop_oldest(Kind::Aside)?;
        }
        self.disk.sync_folder().map_err(failed("set aside"))
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many bytes lie on the disk.
    pub fn bytes(&self) -> u64 {
        self.waiting.values().chain(self.aside.values()).sum()
    }

    /// What was lost since the start.
    pub fn lost(&self) -> Lost {
        self.lost
    }

    /// Of a segment that is whole.
    fn length(&self, name: &str) -> Option<u64> {
        let bytes = self.disk.read(name, LONGEST).ok().flatten()?;
        text(&bytes).map(|_| bytes.len() as u64)
    }

    fn make_room(&mut self, length: u64) -> Result<(), BufferError> {
        while self.bytes() + length > self.most.get() {
            if self.aside.is_empty() {
                self.drop_oldest(Kind::Waiting)?;
                self.lost.full += 1;
            } else {
                self.drop_oldest(Kind::Aside)?;
            }
        }
        Ok(())
    }

    fn drop_oldest(&mut self, kind: Kind) -> Result<(), BufferError> {
        let Some(number) = self.of(kind).first_key_value().map(|(number, _)| *number) else { return Ok(()) };
        self.remove(&name(number, kind))?;
        self.of(kind).remove(&number);
        Ok(())
    }

    fn throw_away(&mut self, damaged: &str) -> Result<(), BufferError> {
        self.remove(damaged)?;
        if let Some((number, kind)) = parsed(damaged) {
            self.of(kind).remove(&number);
        }
        self.lost.damaged += 1;
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), BufferError> {
        match self.disk.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("removed")(error)),
            _ => Ok(()),
        }
    }

    fn of(&mut self, kind: Kind) -> &mut BTreeMap<u64, u64> {
        match kind {
            Kind::Waiting => &mut self.waiting,
            Kind::Aside => &mut self.aside,
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Waiting,
    Aside,
}

fn name(number: u64, kind: Kind) -> String {
    match kind {
        Kind::Waiting => format!("{number:020}.prom"),
        Kind::Aside => format!("{number:020}.refused"),
    }
}

fn parsed(name: &str) -> Option<(u64, Kind)> {
    let (number, end) = name.split_once('.')?;
    let number = (number.len() == 20).then(|| number.parse().ok())??;
    match end {
        "prom" => Some((number, Kind::Waiting)),
        "refused" => Some((number, Kind::Aside)),
        _ => None,
    }
}

const MARK: &str = "# sha256 ";

fn sealed(text: &str) -> Vec<u8> {
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    format!("{text}{MARK}{digest}\n").into_bytes()
}

/// The text of a segment, if it is whole.
fn text(bytes: &[u8]) -> Option<&str> {
    let (text, digest) = str::from_utf8(bytes).ok()?.rsplit_once(MARK)?;
    let whole = digest == format!("{}\n", hex::encode(Sha256::digest(text.as_bytes())));
    whole.then_some(text)
}

fn failed(act: &'static str) -> impl FnOnce(io::Error) -> BufferError {
    move |source| BufferError { act, source }
}
