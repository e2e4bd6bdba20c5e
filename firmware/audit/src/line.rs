//! One line of the log: canonical JSON (RFC 8785) with `at`, `event`, `hash`,
//! `previous`, `seq`, perhaps `visit`, and the event's own fields.
//!
//! `hash` is the SHA-256 of the line's canonical JSON without `hash`; `previous` is the
//! `hash` of the line above (64 zeros above the first). So an auditor needs no program
//! of ours: take `hash` out, write the rest with sorted names and no spaces, hash it.

use jiff::Timestamp;
use keys::canonical::{self, Map, Value};
use sha2::{Digest, Sha256};

use crate::{Event, VisitId};

/// The hash above the first line.
pub(crate) const GENESIS: [u8; 32] = [0; 32];

/// A line with its place in the chain.
pub(crate) struct Written {
    pub seq: u64,
    pub hash: [u8; 32],
    pub previous: [u8; 32],
    pub content: Map,
}

/// Makes the next line, newline included.
pub(crate) fn write(
    seq: u64,
    previous: [u8; 32],
    at: Timestamp,
    visit: Option<VisitId>,
    event: &Event,
) -> (Vec<u8>, [u8; 32]) {
    let mut content = Map::new()
        .with("at", Value::text(at.to_string()))
        .with("previous", Value::text(hex::encode(previous)))
        .with("seq", Value::Whole(seq.cast_signed()));
    if let Some(visit) = visit {
        content.insert("visit", Value::text(visit.to_string()));
    }
    event.write(&mut content);
    let content = Value::Map(content);
    let hash: [u8; 32] = Sha256::digest(&*content.to_bytes()).into();
    let Value::Map(mut whole) = content else { unreachable!("it was a map") };
    whole.insert("hash", Value::text(hex::encode(hash)));
    let mut bytes = Value::Map(whole).to_bytes().to_vec();
    bytes.push(b'\n');
    (bytes, hash)
}

/// Reads one line without its newline; `None` where it is no line of ours or its hash
/// does not fit it.
pub(crate) fn read(bytes: &[u8]) -> Option<Written> {
    let Ok(Value::Map(mut content)) = canonical::parse(bytes) else { return None };
    let hash = hash_of(&content.remove("hash")?)?;
    let whole = Value::Map(content);
    if <[u8; 32]>::from(Sha256::digest(&*whole.to_bytes())) != hash {
        return None;
    }
    let previous = hash_of(whole.get("previous")?)?;
    let seq = u64::try_from(whole.get("seq")?.as_whole()?).ok()?;
    let Value::Map(content) = whole else { return None };
    Some(Written { seq, hash, previous, content })
}

fn hash_of(value: &Value) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    hex::decode_to_slice(value.as_text()?, &mut hash).ok()?;
    // Capitals would be a second spelling of the same hash.
    (value.as_text()? == hex::encode(hash)).then_some(hash)
}

/// What a checkpoint's signature is over: how many lines, and the hash of the last.
pub(crate) fn checkpoint(lines: u64, head: &[u8; 32]) -> Vec<u8> {
    format!("{lines} {}", hex::encode(head)).into_bytes()
}
