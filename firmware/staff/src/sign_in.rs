//! PINs at rest as argon2id (RFC 9106) and a lock that grows with every wrong one.

use faults::Fault;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Everybody who may sign in; the form of the staff file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Officers {
    /// `[[officer]]`
    #[serde(rename = "officer")]
    pub officers: Vec<Officer>,
}

/// One person.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Officer {
    /// What the audit log says, not a name.
    pub id: String,
    /// The PIN, hashed.
    pub pin: PinHash,
}

/// A PIN at rest: `$argon2id$v=19$m=...,t=...,p=...$salt$hash`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct PinHash(String);

impl TryFrom<String> for PinHash {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Ok(Self(text))
    }
}

/// Wrong PINs so far. The daemon keeps it on disk: a restart forgives nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lockout {
    /// Wrong PINs in a row.
    pub wrong: u32,
    /// Until when nobody may try.
    pub until: Option<Timestamp>,
}

/// Tries a PIN. Gives the officer's id; counts in `lockout` either way.
pub fn sign_in(
    officers: &Officers,
    pin: &str,
    lockout: &mut Lockout,
    now: Timestamp,
) -> Result<String, SignInError> {
    let _ = (officers, pin, lockout, now);
    unimplemented!()
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Nobody has this PIN.
    #[error("the PIN is wrong")]
    Wrong,
    /// Too many wrong ones.
    #[error("sign-in is locked for {seconds} seconds")]
    Locked {
        /// For how long still.
        seconds: u32,
    },
}

impl SignInError {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> Fault {
        match self {
            Self::Wrong => Fault::PinWrong,
            Self::Locked { .. } => Fault::PinLocked,
        }
    }
}
