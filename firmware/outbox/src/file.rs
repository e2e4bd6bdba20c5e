//! The outbox's file: made whole or not at all, opened by one program, believed only
//! after it was looked through.
//!
//! SQLite in WAL mode with `synchronous=FULL`: a commit is on the disk when it returns
//! (`NORMAL` was seen to lose acknowledged rows in power cuts). `secure_delete` leaves
//! nothing in freed pages. An independent program can read it: any SQLite.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE as NO_CKPT_ON_CLOSE,
};
use sha2::{Digest, Sha256};

use crate::OutboxError;

/// "MCob": this file is an outbox and no other database.
const APPLICATION: u32 = 0x4D43_6F62;
const VERSION: u32 = 1;

const TABLES: &str = "
CREATE TABLE waiting (
    number  INTEGER PRIMARY KEY,
    id      BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    sealed  BLOB NOT NULL,
    digest  BLOB NOT NULL CHECK (length(digest) = 32), -- SHA-256 of sealed
    put_at  INTEGER NOT NULL,                          -- milliseconds since 1970
    due_at  INTEGER NOT NULL,
    attempt INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_by_due ON waiting (due_at, number);
CREATE INDEX waiting_by_put ON waiting (put_at);
CREATE TABLE acknowledged (
    id       BLOB PRIMARY KEY CHECK (length(id) = 16),
    standing TEXT NOT NULL CHECK (standing IN ('received', 'registered')),
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX acknowledged_by_time ON acknowledged (at);
";

/// Opens the file, or makes it (then `true`). Whatever is wrong with it, it is left as
/// it is.
pub(crate) fn open(path: &Path) -> Result<(Connection, bool), OutboxError> {
    let there = fs::exists(path).map_err(|source| folder(path, source))?;
    if there {
        check_header(path)?;
    } else {
        if fs::exists(beside(path, "-wal")).map_err(|source| folder(path, source))? {
            return Err(damaged(path, "the file is gone, its write-ahead log is still there"));
        }
        create(path)?;
    }
    let file = connect(path, OpenFlags::empty()).map_err(|error| classify(path, "be opened", error))?;
    check(path, &file)?;
    file.set_db_config(NO_CKPT_ON_CLOSE, false).map_err(|error| classify(path, "be opened", error))?;
    Ok((file, !there))
}

/// Says what a database error means for the people at the kiosk.
pub(crate) fn classify(path: &Path, act: &'static str, error: rusqlite::Error) -> OutboxError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OutboxError::Busy { path: path.into() },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            damaged(path, "the database says so itself")
        }
        Some(ErrorCode::DiskFull) => OutboxError::Full { limit: "no space is left on the disk" },
        _ => OutboxError::Failed { act, source: error },
    }
}

pub(crate) fn damaged(path: &Path, why: impl Into<String>) -> OutboxError {
    OutboxError::Damaged { path: path.into(), why: why.into() }
}

/// An empty or foreign file must never be taken for an empty outbox, which is what
/// SQLite by itself would do with one of no length. Looked at before SQLite touches it;
/// the places are those of its file format, section 1.3.
fn check_header(path: &Path) -> Result<(), OutboxError> {
    let mut header = [0; 100];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(damaged(path, "it is cut off at its beginning"));
        }
        Err(source) => return Err(folder(path, source)),
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    match () {
        () if header[..16] != *b"SQLite format 3\0" => {
            Err(damaged(path, "it does not begin as a database does"))
        }
        () if number(68) != APPLICATION => Err(damaged(path, "it is another program's database")),
        () if number(60) != VERSION => Err(damaged(path, "it is of another version")),
        () => Ok(()),
    }
}

/// Makes the file under another name and gives it its own when it is complete, so a
/// half-made one is never there.
fn create(path: &Path) -> Result<(), OutboxError> {
    let new = beside(path, "-new");
    for left in [new.clone(), beside(&new, "-wal"), beside(&new, "-journal")] {
        let _left_by_a_power_cut = fs::remove_file(left);
    }
    let fill = || {
        let file = connect(&new, OpenFlags::SQLITE_OPEN_CREATE)?;
        file.set_db_config(NO_CKPT_ON_CLOSE, false)?;
        file.execute_batch(TABLES)?;
        file.pragma_update(None, "application_id", APPLICATION)?;
        file.pragma_update(None, "user_version", VERSION)?;
        file.close().map_err(|(_, error)| error)
    };
    fill().map_err(|error| classify(&new, "be made", error))?;
    let keep = || {
        File::open(&new)?.sync_all()?;
        fs::rename(&new, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    keep().map_err(|source| folder(path, source))
}

fn connect(path: &Path, more: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let file = Connection::open_with_flags(path, flags)?;
    file.busy_timeout(std::time::Duration::ZERO)?;
    // Until it is believed, closing it moves nothing out of the write-ahead log.
    file.set_db_config(NO_CKPT_ON_CLOSE, true)?;
    // One program, one connection: the second one is told at once.
    file.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    file.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    file.pragma_update(None, "synchronous", "FULL")?;
    file.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    file.pragma_update_and_check(None, "wal_autocheckpoint", 100, |_| Ok(()))?;
    file.pragma_update_and_check(None, "journal_size_limit", 1 << 20, |_| Ok(()))?;
    file.pragma_update(None, "temp_store", "MEMORY")?;
    file.pragma_update(None, "cell_size_check", "ON")?;
    file.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    Ok(file)
}

/// Looks through the whole file: its structure, and every row's digest.
fn check(path: &Path, file: &Connection) -> Result<(), OutboxError> {
    let failed = |error| classify(path, "be looked through", error);
    let found: String = file.pragma_query_value(None, "integrity_check", |row| row.get(0)).map_err(failed)?;
    if found != "ok" {
        return Err(damaged(path, found));
    }
    check_rows(path, file).map_err(failed)?
}

fn check_rows(path: &Path, file: &Connection) -> rusqlite::Result<Result<(), OutboxError>> {
    let mut rows = file.prepare("SELECT number, sealed, digest FROM waiting")?;
    let mut rows = rows.query(())?;
    while let Some(row) = rows.next()? {
        if !digest_fits(row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?) {
            let number: i64 = row.get(0)?;
            return Ok(Err(damaged(path, format!("row {number} is not what was put in"))));
        }
    }
    Ok(Ok(()))
}

/// Is this row what was put in?
pub(crate) fn digest_fits(sealed: &[u8], digest: &[u8]) -> bool {
    Sha256::digest(sealed)[..] == *digest
}

fn folder(path: &Path, source: io::Error) -> OutboxError {
    OutboxError::Folder { path: path.into(), source }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
