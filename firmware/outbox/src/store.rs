//! What waits, and what was acknowledged.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};
use sha2::{Digest, Sha256};
use transaction::{Sealed, TransactionId};

use crate::{
    Counts, Limits, OutboxError, Receipt, Standing,
    backoff::{self, CEILING, LEASE},
    file::{self, classify, damaged, digest_fits},
};

/// Everything that waits for a receipt.
pub struct Outbox {
    path: PathBuf,
    limits: Limits,
    file: Connection,
    made: bool,
    // Counted along, so that nothing becomes slower with each row. `oldest` is looked up.
    held: Counts,
}

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
    /// It was acknowledged before; a higher standing is remembered.
    Again,
    /// It never waited here, or was forgotten long ago. It is remembered now, so it
    /// can never be put in any more.
    Unknown,
}

impl Outbox {
    /// Opens the file, or makes it where there is none. The whole file is looked
    /// through first; a damaged one is refused and left as it is.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, OutboxError> {
        let (file, made) = file::open(path)?;
        let held = count(&file).map_err(|error| classify(path, "be counted", error))?;
        Ok(Self { path: path.into(), limits, file, made, held })
    }

    /// There was no file, so an empty one was made: right on the first start, and worth a
    /// line in the audit log on any other.
    pub fn was_made(&self) -> bool {
        self.made
    }

    /// Keeps one transaction. When this returns, a power cut cannot lose it.
    pub fn put(&mut self, sealed: &Sealed, now: Timestamp) -> Result<Stored, OutboxError> {
        let id = sealed.id();
        if let Some(standing) = self.standing(id)? {
            return Ok(Stored::Acknowledged(standing));
        }
        if self.waits(id)? {
            return Ok(Stored::Already);
        }
        let length = sealed.bytes().len() as u64;
        self.check_limits(length, now)?;
        let digest = Sha256::digest(sealed.bytes());
        let time = now.as_millisecond();
        // One statement, one commit: it returns after the disk has it.
        self.file
            .prepare_cached(
                "INSERT INTO waiting (id, sealed, digest, put_at, due_at, attempt) VALUES (?, ?, ?, ?, ?, 0)",
            )
            .and_then(|mut insert| {
                insert.execute(params![id.as_bytes(), sealed.bytes(), digest.as_slice(), time, time])
            })
            .map_err(|error| self.failed("keep a transaction", error))?;
        self.held.waiting += 1;
        self.held.bytes += length;
        Ok(Stored::New)
    }

    /// The one that has been due longest. Handing it out makes it due again only after
    /// a minute, so one that hangs or crashes its sender never holds up the rest.
    pub fn due(&mut self, now: Timestamp) -> Result<Option<Item>, OutboxError> {
        let Some(number) = self.next_number(now).map_err(|error| self.failed("find what is due", error))?
        else {
            return Ok(None);
        };
        let (id, bytes, digest, put_at, attempt): ([u8; 16], Vec<u8>, [u8; 32], i64, u32) = self
            .file
            .prepare_cached(
                "UPDATE waiting SET attempt = attempt + 1, due_at = ? WHERE number = ?
                 RETURNING id, sealed, digest, put_at, attempt",
            )
            .and_then(|mut lend| {
                lend.query_row(params![(now + LEASE).as_millisecond(), number], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
                })
            })
            .map_err(|error| self.failed("hand out a transaction", error))?;
        self.held.tried += u64::from(attempt == 1);
        if !digest_fits(&bytes, &digest) {
            return Err(damaged(&self.path, format!("row {number} is not what was put in")));
        }
        let id = TransactionId::from_bytes(&id)
            .map_err(|_| damaged(&self.path, format!("row {number} has no id of ours")))?;
        Ok(Some(Item { id, bytes, attempt, put_at: time(put_at) }))
    }

    /// When the next one is due; `None` where nothing waits.
    pub fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, OutboxError> {
        let (first, last): (Option<i64>, Option<i64>) = self
            .file
            .query_row("SELECT min(due_at), max(due_at) FROM waiting", (), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .map_err(|error| self.failed("find what is due", error))?;
        let misdated = last.is_some_and(|last| last > latest(now));
        Ok(first.map(|first| if misdated { now.min(time(first)) } else { time(first) }))
    }

    /// Sending failed: waits longer each time, up to a ceiling, with chance in it. Says
    /// when it is due again.
    pub fn retry_later(
        &mut self,
        id: TransactionId,
        now: Timestamp,
        chance: &mut dyn CryptoRng,
    ) -> Result<Timestamp, OutboxError> {
        let attempt: Option<u32> = self
            .file
            .query_row("SELECT attempt FROM waiting WHERE id = ?", [id.as_bytes()], |row| row.get(0))
            .optional()
            .map_err(|error| self.failed("find a transaction", error))?;
        let due = now + backoff::wait(attempt.ok_or(OutboxError::NotHere { id })?, chance);
        self.file
            .prepare_cached("UPDATE waiting SET due_at = ? WHERE id = ?")
            .and_then(|mut put_off| put_off.execute(params![due.as_millisecond(), id.as_bytes()]))
            .map_err(|error| self.failed("put off a transaction", error))?;
        Ok(due)
    }

    /// The platform has it: forgets the sealed bytes, remembers the id and the standing,
    /// so that a late duplicate is never stored, sent or counted again.
    pub fn acknowledge(&mut self, receipt: &Receipt, now: Timestamp) -> Result<Acknowledged, OutboxError> {
        let before = self.standing(receipt.transaction())?;
        let standing = before.unwrap_or(receipt.standing()).max(receipt.standing());
        let removed = self
            .exchange_for_tombstone(receipt.transaction(), standing, now)
            .map_err(|error| self.failed("acknowledge a transaction", error))?;
        if removed {
            // Nothing of it stays in the write-ahead log either; what fails now is done
            // by the next checkpoint.
            let _later = self.file.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()));
        }
        Ok(match (removed, before) {
            (_, Some(_)) => Acknowledged::Again,
            (true, None) => Acknowledged::First,
            (false, None) => Acknowledged::Unknown,
        })
    }

    /// How far an acknowledged transaction is, while it is remembered.
    pub fn standing(&self, id: TransactionId) -> Result<Option<Standing>, OutboxError> {
        let word: Option<String> = self
            .file
            .prepare_cached("SELECT standing FROM acknowledged WHERE id = ?")
            .and_then(|mut find| find.query_row([id.as_bytes()], |row| row.get(0)).optional())
            .map_err(|error| self.failed("find a transaction", error))?;
        let Some(word) = word else { return Ok(None) };
        let standing = Standing::from_word(&word);
        standing.map(Some).ok_or_else(|| damaged(&self.path, "a standing that is none"))
    }

    /// Does this transaction wait for its receipt?
    pub fn waits(&self, id: TransactionId) -> Result<bool, OutboxError> {
        self.file
            .prepare_cached("SELECT 1 FROM waiting WHERE id = ?")
            .and_then(|mut find| find.exists([id.as_bytes()]))
            .map_err(|error| self.failed("find a transaction", error))
    }

    /// What it holds.
    pub fn counts(&self) -> Result<Counts, OutboxError> {
        let oldest = self.oldest()?;
        Ok(Counts { oldest, ..self.held })
    }

    fn check_limits(&self, more: u64, now: Timestamp) -> Result<(), OutboxError> {
        let full = |limit| Err(OutboxError::Full { limit });
        if self.held.waiting >= self.limits.count {
            return full("as many transactions wait as may");
        }
        if self.held.bytes + more > self.limits.bytes {
            return full("as many bytes wait as may");
        }
        if self.oldest()?.is_some_and(|oldest| now.duration_since(oldest) > self.limits.age()) {
            return full("one has waited longer than any may");
        }
        Ok(())
    }

    fn oldest(&self) -> Result<Option<Timestamp>, OutboxError> {
        let oldest: Option<i64> = self
            .file
            .prepare_cached("SELECT min(put_at) FROM waiting")
            .and_then(|mut find| find.query_row((), |row| row.get(0)))
            .map_err(|error| self.failed("find the oldest transaction", error))?;
        Ok(oldest.map(time))
    }

    /// The row that is due: the one that has been so longest. A due time further away
    /// than any wait can be was written under a wrong clock, so it is due as well.
    fn next_number(&self, now: Timestamp) -> rusqlite::Result<Option<i64>> {
        let first = |sql: &str, limit: i64| {
            self.file.prepare_cached(sql)?.query_row([limit], |row| row.get(0)).optional()
        };
        let due = "SELECT number FROM waiting WHERE due_at <= ? ORDER BY due_at, number LIMIT 1";
        let misdated = "SELECT number FROM waiting WHERE due_at > ? ORDER BY due_at, number LIMIT 1";
        match first(due, now.as_millisecond())? {
            Some(number) => Ok(Some(number)),
            None => first(misdated, latest(now)),
        }
    }

    /// In one commit: the row goes, the tombstone comes, and tombstones that are too old
    /// go. Says whether there was a row.
    fn exchange_for_tombstone(
        &mut self,
        id: TransactionId,
        standing: Standing,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        let forget = now.as_millisecond() - millis(self.limits.remember());
        let all = self.file.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let forgotten = all.execute("DELETE FROM acknowledged WHERE at < ?", [forget])?;
        let removed: Option<(u64, u64)> = all
            .query_row(
                "DELETE FROM waiting WHERE id = ? RETURNING length(sealed), attempt > 0",
                [id.as_bytes()],
                |row| Ok((whole(row, 0)?, whole(row, 1)?)),
            )
            .optional()?;
        let risen = all.execute(
            "UPDATE acknowledged SET standing = ?2 WHERE id = ?1",
            params![id.as_bytes(), standing.word()],
        )?;
        if risen == 0 {
            all.execute(
                "INSERT INTO acknowledged (id, standing, at) VALUES (?, ?, ?)",
                params![id.as_bytes(), standing.word(), now.as_millisecond()],
            )?;
        }
        all.commit()?;
        self.held.acknowledged = self.held.acknowledged + u64::from(risen == 0) - forgotten as u64;
        let (length, tried) = removed.unwrap_or_default();
        self.held.waiting -= u64::from(removed.is_some());
        self.held.bytes -= length;
        self.held.tried -= tried;
        Ok(removed.is_some())
    }

    fn failed(&self, act: &'static str, error: rusqlite::Error) -> OutboxError {
        classify(&self.path, act, error)
    }
}

fn count(file: &Connection) -> rusqlite::Result<Counts> {
    file.query_row(
        "SELECT count(*), coalesce(sum(length(sealed)), 0), coalesce(sum(attempt > 0), 0),
                (SELECT count(*) FROM acknowledged) FROM waiting",
        (),
        |row| {
            let (waiting, bytes) = (whole(row, 0)?, whole(row, 1)?);
            let (tried, acknowledged) = (whole(row, 2)?, whole(row, 3)?);
            Ok(Counts { waiting, bytes, tried, oldest: None, acknowledged })
        },
    )
}

/// The latest time at which anything put in or put off by `now` can be due.
fn latest(now: Timestamp) -> i64 {
    (now + CEILING).as_millisecond()
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A number of the file that is never below zero.
fn whole(row: &Row, at: usize) -> rusqlite::Result<u64> {
    row.get(at).map(i64::cast_unsigned)
}

/// Times come out of a file: one that no calendar has is the calendar's end.
fn time(millis: i64) -> Timestamp {
    let end = if millis < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(millis).unwrap_or(end)
}
