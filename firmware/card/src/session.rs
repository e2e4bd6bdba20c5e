//! One reading of one card, from the first command to the files' bytes.

use std::{collections::BTreeMap, marker::PhantomData};

use devices::CardReader;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{AccessKey, AccessPolicy, FileId, Protocol, ReadError};

/// What the citizen's progress bar shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The chip answers.
    Opening,
    /// The secure channel stands.
    Secured(Protocol),
    /// Bytes of a file have come.
    Reading {
        /// Which.
        file: FileId,
        /// How many.
        done: usize,
        /// Of how many.
        total: usize,
    },
}

/// What the reading cost: counts only, nothing personal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadLog {
    /// Commands sent.
    pub apdus: u32,
    /// Bytes sent.
    pub bytes_up: u64,
    /// Bytes received, status bytes included.
    pub bytes_down: u64,
    /// The files read, in order.
    pub files: Vec<FileId>,
}

/// An open secure channel to a card's chip.
pub struct Session<'r>(PhantomData<&'r mut dyn CardReader>);

/// The bytes of the files as they came through the secure channel; wiped on drop.
/// There is no other way to make one than [`Session::finish`].
pub struct CardFiles {
    files: BTreeMap<FileId, Zeroizing<Vec<u8>>>,
    access: Protocol,
    log: ReadLog,
}

/// Powers the card afresh, opens the secure channel and chooses the identity
/// application.
pub fn open<'r>(
    _reader: &'r mut dyn CardReader,
    _key: &AccessKey,
    _policy: AccessPolicy,
    _chance: &mut dyn CryptoRng,
    _progress: &mut dyn FnMut(Progress),
) -> Result<Session<'r>, ReadError> {
    unimplemented!()
}

impl Session<'_> {
    /// Reads one file and keeps its bytes; a file already read is not read again.
    pub fn read(&mut self, _file: FileId, _progress: &mut dyn FnMut(Progress)) -> Result<(), ReadError> {
        unimplemented!()
    }

    /// The bytes of a file that was read.
    pub fn file(&self, _file: FileId) -> Option<&[u8]> {
        unimplemented!()
    }

    /// How the channel was made.
    pub fn access(&self) -> Protocol {
        unimplemented!()
    }

    /// Ends the reading and hands over what was read.
    pub fn finish(self) -> CardFiles {
        unimplemented!()
    }
}

impl CardFiles {
    /// The bytes of a file that was read.
    pub fn file(&self, file: FileId) -> Option<&[u8]> {
        self.files.get(&file).map(|bytes| bytes.as_slice())
    }

    /// How the channel was made.
    pub fn access(&self) -> Protocol {
        self.access
    }

    /// What the reading cost.
    pub fn log(&self) -> &ReadLog {
        &self.log
    }
}
