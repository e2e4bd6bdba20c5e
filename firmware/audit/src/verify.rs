//! The auditor's side: is the log whole, and is it the kiosk's?

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader},
    path::Path,
};

use keys::{PublicKey, SigningContext, canonical::Map, canonical::Value};

use crate::line::{self, GENESIS, Written};

/// How far a log goes: how many lines, and the hash of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Lines so far; also the `seq` of the last one.
    pub lines: u64,
    /// Its `hash`.
    pub hash: [u8; 32],
}

/// A log that was found whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How far it goes.
    pub head: Head,
    /// How many lines, from the first, are under a signature of the kiosk.
    pub signed: u64,
}

/// Where a log is not what was written.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the audit log: {why}")]
pub struct Broken {
    /// The first line that does not fit, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// Not a line of ours, or not the bytes that its hash was made of.
    #[error("it was changed, or is no line of this log")]
    Changed,
    /// The line above is not the one it was written under.
    #[error("a line before it is missing, added or in another place")]
    NotInPlace,
    /// The last line has no end.
    #[error("it is torn; the kiosk was cut off while writing it")]
    Torn,
    /// A checkpoint that the kiosk did not sign.
    #[error("its signature is not this kiosk's over the lines above")]
    Signature,
    /// The log ends before a place that the platform was told of.
    #[error("the log is cut off, or is not the one whose end was reported")]
    CutOff,
    /// Reading failed.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
}

/// One line, for programs that look for something.
#[derive(Clone)]
pub struct Line {
    /// Its number, from 1.
    pub seq: u64,
    /// The event's name.
    pub event: String,
    /// Everything in it but `hash`.
    pub content: Map,
}

/// Finds any changed, removed, added or reordered line. With `key`, every checkpoint
/// must be that kiosk's. With `reported`, an end that was reported once must still be
/// in it, which shows a log whose end was cut off.
pub fn verify(path: &Path, key: Option<&PublicKey>, reported: Option<&Head>) -> Result<Verified, Broken> {
    let mut found = reported.is_none_or(|head| head.lines == 0);
    let mut verified = Verified { head: Head { lines: 0, hash: GENESIS }, signed: 0 };
    walk(path, |above, line| {
        if is_checkpoint(&line.content) {
            check_signature(above, &line.content, key).ok_or(Why::Signature)?;
            verified.signed = line.seq;
        }
        verified.head = Head { lines: line.seq, hash: line.hash };
        found |= reported == Some(&verified.head);
        Ok(())
    })?;
    if found { Ok(verified) } else { Err(Broken { line: verified.head.lines, why: Why::CutOff }) }
}

/// Every line of a whole log.
pub fn read(path: &Path) -> Result<Vec<Line>, Broken> {
    let mut lines = Vec::new();
    walk(path, |_, line| {
        let event = line.content.get("event").and_then(Value::as_text).ok_or(Why::Changed)?;
        lines.push(Line { seq: line.seq, event: event.to_owned(), content: line.content });
        Ok(())
    })?;
    Ok(lines)
}

/// Goes down the chain and hands out each line with what stands above it.
fn walk(path: &Path, mut each: impl FnMut(Head, Written) -> Result<(), Why>) -> Result<(), Broken> {
    let mut above = Head { lines: 0, hash: GENESIS };
    let broken = |why| move |above: Head| Broken { line: above.lines + 1, why };
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) => return Err(broken(Why::Unreadable(error))(above)),
    };
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match file.read_until(b'\n', &mut bytes) {
            Ok(0) => return Ok(()),
            Ok(_) if bytes.pop() != Some(b'\n') => return Err(broken(Why::Torn)(above)),
            Ok(_) => {}
            Err(error) => return Err(broken(Why::Unreadable(error))(above)),
        }
        let line = line::read(&bytes).ok_or(Why::Changed).map_err(|why| broken(why)(above))?;
        if line.seq != above.lines + 1 || line.previous != above.hash {
            return Err(broken(Why::NotInPlace)(above));
        }
        let next = Head { lines: line.seq, hash: line.hash };
        each(above, line).map_err(|why| broken(why)(above))?;
        above = next;
    }
}

fn is_checkpoint(content: &Map) -> bool {
    content.get("event").and_then(Value::as_text) == Some("checkpoint")
}

fn check_signature(above: Head, content: &Map, expected: Option<&PublicKey>) -> Option<()> {
    let key: PublicKey = content.get("key")?.as_text()?.parse().ok()?;
    let signature = content.get("signature")?.as_text()?.parse().ok()?;
    let signed = line::checkpoint(above.lines, &above.hash);
    key.verify(SigningContext::AuditCheckpoint, &signed, &signature).ok()?;
    expected.is_none_or(|expected| *expected == key).then_some(())
}
