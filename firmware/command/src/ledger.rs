//! What was accepted before. It lies on the disk; whoever loses it begins with an empty one,
//! which takes nothing that was signed before that.

use std::collections::BTreeMap;

use ed25519_dalek::VerifyingKey;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Command, CommandId, Refusal};

/// How long a command is remembered after it expired: a clock that is set back by less brings
/// none again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most commands that are remembered.
const MOST: usize = 512;

/// What was accepted before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// When it was begun, once the time was known. What is good from before that may have been
    /// carried out by whoever lost the ledger before this one.
    since: Option<Timestamp>,
    /// The last number of each key, in hexadecimal.
    numbers: BTreeMap<String, u64>,
    /// What was accepted, and when it expires. Of two signers who both signed, one's signature
    /// can be cut off: then their numbers alone would not do.
    accepted: BTreeMap<CommandId, Timestamp>,
}

impl Ledger {
    /// It begins now, unless it has begun before; whether anything changed. One that began in the
    /// future began by a wrong clock, and would take nothing until then.
    pub fn begin(&mut self, now: Timestamp) -> bool {
        let begins = self.since.is_none_or(|since| since > now);
        if begins {
            self.since = Some(now);
        }
        begins
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.since.is_some()
    }

    /// Whether this command, by these keys, is newer than all before.
    pub(crate) fn is_new(&self, command: &Command, keys: &[&VerifyingKey]) -> bool {
        let number = |key: &VerifyingKey| self.numbers.get(&hex::encode(key.as_bytes())).copied();
        self.since.is_some_and(|since| command.not_before >= since)
            && !self.accepted.contains_key(&command.id)
            && keys.iter().all(|key| number(key).is_none_or(|last| command.sequence > last))
    }

    /// The ledger with this command in it.
    pub(crate) fn with(
        &self,
        command: &Command,
        keys: &[&VerifyingKey],
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let mut next = self.clone();
        next.accepted.retain(|_, expires| now.duration_since(*expires) < REMEMBERED);
        if next.accepted.len() >= MOST {
            return Err(Refusal::TooMany);
        }
        next.accepted.insert(command.id.clone(), command.not_after);
        for key in keys {
            next.numbers.insert(hex::encode(key.as_bytes()), command.sequence);
        }
        Ok(next)
    }
}
