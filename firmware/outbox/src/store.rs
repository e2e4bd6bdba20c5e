//! The file of what waits.

use std::path::Path;

use jiff::Timestamp;
use rand_core::CryptoRng;
use transaction::{Sealed, TransactionId};

use crate::{Counts, Limits, OutboxError, Receipt, Standing};

/// Everything that waits for a receipt.
pub struct Outbox {}

/// What `put` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is on the disk now.
    New,
    /// It was there already; the first one stays.
    Already,
    /// The platform has acknowledged it before; it is not stored again.
    Acknowledged(Standing),
}

/// One sealed transaction to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which transaction; also the idempotency key towards the platform.
    pub id: TransactionId,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
    /// How often it was handed out, this time included.
    pub attempt: u32,
    /// When it was put in.
    pub put_at: Timestamp,
}

/// What `acknowledge` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// It waited; now only its id and standing are remembered.
    First,
    /// It was acknowledged before.
    Again,
}

impl Outbox {
    /// Opens the file, or makes it where there is none.
    pub fn open(_path: &Path, _limits: Limits) -> Result<Self, OutboxError> {
        unimplemented!("the first commit is the signatures only")
    }

    /// Keeps one transaction. When this returns, a power cut cannot lose it.
    pub fn put(&mut self, _sealed: &Sealed, _now: Timestamp) -> Result<Stored, OutboxError> {
        unimplemented!("the first commit is the signatures only")
    }

    /// The one that has been due longest. Handing it out makes it due again only after a
    /// minute, so one that hangs or crashes its sender never holds up the rest.
    pub fn due(&mut self, _now: Timestamp) -> Result<Option<Item>, OutboxError> {
        unimplemented!("the first commit is the signatures only")
    }

    /// When the next one is due.
    pub fn next_due(&self) -> Result<Option<Timestamp>, OutboxError> {
        unimplemented!("the first commit is the signatures only")
    }

    /// Sending failed: waits longer each time, up to a ceiling, with chance in it.
    /// Says when it is due again.
    pub fn retry_later(
        &mut self,
        _id: TransactionId,
        _now: Timestamp,
        _chance: &mut dyn CryptoRng,
    ) -> Result<Timestamp, OutboxError> {
        unimplemented!("the first commit is the signatures only")
    }

    /// The platform has it: forgets the sealed bytes, remembers the id.
    pub fn acknowledge(&mut self, _receipt: &Receipt, _now: Timestamp) -> Result<Acknowledged, OutboxError> {
        unimplemented!("the first commit is the signatures only")
    }

    /// How far an acknowledged transaction is, while it is remembered.
    pub fn standing(&self, _id: TransactionId) -> Result<Option<Standing>, OutboxError> {
        unimplemented!("the first commit is the signatures only")
    }

    /// What it holds.
    pub fn counts(&self) -> Result<Counts, OutboxError> {
        unimplemented!("the first commit is the signatures only")
    }
}
