//! Whose signature counts for what. It comes from the kiosk's settings and nowhere else.

use std::collections::BTreeSet;

use ed25519_dalek::VerifyingKey;

use crate::{Kind, Name};

/// Somebody who may give commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// What they are called in logs.
    pub name: Name,
    /// Their key.
    pub key: VerifyingKey,
    /// What they may order.
    pub may: BTreeSet<Kind>,
}

/// Everybody who may give commands here. An empty one refuses all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    signers: Vec<Signer>,
    by_two: BTreeSet<Kind>,
}

/// Why signers make no list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowFault {
    /// One name or one key twice.
    #[error("{0} stands there twice, by name or by key")]
    Twice(Name),
    /// A key with which one signature fits many messages.
    #[error("the key of {0} is weak")]
    Weak(Name),
    /// More signers than are tried.
    #[error("more than {0} signers")]
    TooMany(usize),
    /// Two must sign, and fewer may.
    #[error("two must sign {0}, and fewer than two may")]
    Nobody(Kind),
}

/// The most signers of a kiosk.
const MOST: usize = 32;

impl AllowList {
    /// These signers; two of them must sign what is of these kinds, one the others.
    pub fn new(signers: Vec<Signer>, by_two: BTreeSet<Kind>) -> Result<Self, AllowFault> {
        if signers.len() > MOST {
            return Err(AllowFault::TooMany(MOST));
        }
        for (at, signer) in signers.iter().enumerate() {
            if signer.key.is_weak() {
                return Err(AllowFault::Weak(signer.name.clone()));
            }
            if signers[..at].iter().any(|other| other.name == signer.name || other.key == signer.key) {
                return Err(AllowFault::Twice(signer.name.clone()));
            }
        }
        let may = |kind: Kind| signers.iter().filter(|signer| signer.may.contains(&kind)).count();
        if let Some(kind) = by_two.iter().find(|kind| may(**kind) < 2) {
            return Err(AllowFault::Nobody(*kind));
        }
        Ok(Self { signers, by_two })
    }

    /// Those who may order this.
    pub(crate) fn who_may(&self, kind: Kind) -> impl Iterator<Item = &Signer> {
        self.signers.iter().filter(move |signer| signer.may.contains(&kind))
    }

    /// How many of them must sign it.
    pub fn needed(&self, kind: Kind) -> usize {
        if self.by_two.contains(&kind) { 2 } else { 1 }
    }
}
