//! Why something was not taken. Expected failures only: what a repository, a network, a stick
//! or a disk can do.

use jiff::Timestamp;

use crate::{store::StoreError, transport::TransportError};

/// Why bytes are no metadata of the role that they should be (TUF 1.0.34, section 4).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// Not JSON, or a name stands twice, or a number is not whole.
    #[error("not strict JSON")]
    NotStrictJson {
        /// What the reader said.
        #[source]
        source: serde_json::Error,
    },
    /// JSON, but not an object with `signed` and `signatures`.
    #[error("not an envelope of signed metadata")]
    NotAnEnvelope {
        /// What the reader said.
        #[source]
        source: serde_json::Error,
    },
    /// Two signatures by one key id.
    #[error("two signatures by the key {key_id}")]
    DuplicateSignature {
        /// Whose.
        key_id: String,
    },
    /// Metadata of another role.
    #[error("_type is {found:?}, not {expected:?}")]
    WrongType {
        /// What was asked for.
        expected: &'static str,
        /// What `_type` says; empty if it is no text.
        found: String,
    },
    /// The body does not have the form of the role.
    #[error("not {expected} metadata as the specification has it")]
    WrongForm {
        /// What was asked for.
        expected: &'static str,
        /// What the reader said.
        #[source]
        source: serde_json::Error,
    },
}

/// Why a piece of metadata is not trusted. The role is named by whoever wraps this.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// It cannot be read.
    #[error("it cannot be read")]
    Malformed(#[source] MetadataError),
    /// Too few good signatures by different keys of the role (section 5.3.4 and its likes).
    #[error("{valid} good signatures by different keys of {signer}, {threshold} needed")]
    TooFewSignatures {
        /// Whose keys were asked: `root version 3`, or a delegating role.
        signer: String,
        /// How many there were.
        valid: usize,
        /// How many are needed.
        threshold: u64,
    },
    /// The version is not the one that was announced (5.3.5, 5.5.4, 5.6.4).
    #[error("version {found}, not {expected} as announced")]
    WrongVersion {
        /// As announced.
        expected: u64,
        /// As found.
        found: u64,
    },
    /// The version is below one seen before: a rollback (5.4.3, 5.5.5).
    #[error("version {found} of {role} is below {least}, which was seen before")]
    Rollback {
        /// Whose version; not always the role whose file was read.
        role: String,
        /// As found.
        found: u64,
        /// The least that is taken.
        least: u64,
    },
    /// A role that was listed is listed no more (5.5.5).
    #[error("{role} was listed before and is no more")]
    RoleVanished {
        /// Which role.
        role: String,
    },
    /// Not as long as announced (5.5.2, 5.6.2).
    #[error("{found} bytes, not {expected} as announced")]
    WrongLength {
        /// As announced.
        expected: u64,
        /// As found.
        found: u64,
    },
    /// Not the bytes that were announced (5.5.2, 5.6.2).
    #[error("its {algorithm} digest is not the announced one")]
    WrongHash {
        /// Which algorithm.
        algorithm: String,
    },
    /// Digests are announced, none by an algorithm that we have.
    #[error("announced by digests of unknown kinds only")]
    UnknownHashes,
    /// Too old: an indefinite freeze, or a repository that nobody tends (5.3.10, 5.4.4, 5.5.6, 5.6.5).
    #[error("expired at {expires}; it is {now}")]
    Expired {
        /// Until when it was good.
        expires: Timestamp,
        /// The time that was given.
        now: Timestamp,
    },
    /// The snapshot does not list a role that is delegated to (5.6.1).
    #[error("the snapshot does not list it")]
    NotInSnapshot,
}

/// Why the client could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No root of trust was ever given.
    #[error("no trusted root; initialise first")]
    NoTrustedRoot,
    /// A root of trust is there already; a second one is not taken over it.
    #[error("there is a trusted root already")]
    RootAlreadyThere,
    /// Targets are looked for only after a refresh that went to its end.
    #[error("no refresh has succeeded yet")]
    NotRefreshed,
    /// The role's metadata is not trusted; what was trusted before stays.
    #[error("{role} is not trusted")]
    Untrusted {
        /// Which role.
        role: String,
        /// Why.
        #[source]
        why: Distrust,
    },
    /// A file that must be there is not.
    #[error("{file} is not there")]
    Missing {
        /// As it was asked for.
        file: String,
    },
    /// More bytes than this file may have: endless data (section 1.5.2).
    #[error("{file} is longer than {most} bytes")]
    TooLong {
        /// As it was asked for.
        file: String,
        /// What it may have.
        most: u64,
    },
    /// The file could not be fetched. Never the same as "not there".
    #[error("{file} cannot be fetched")]
    Transport {
        /// As it was asked for.
        file: String,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// Trusted state could not be read or kept.
    #[error("trusted state cannot be kept or read")]
    Store(#[from] StoreError),
    /// The search visited as many delegations as it may and has not found the target (5.6.7.1).
    #[error("{target} not found within {most} delegated roles")]
    SearchTooLong {
        /// What was looked for.
        target: String,
        /// How many roles are visited at most.
        most: usize,
    },
    /// A role's name is too long for a file name.
    #[error("the role name {role:.40}… is too long")]
    RoleNameTooLong {
        /// Which role.
        role: String,
    },
    /// The target is not what its metadata says.
    #[error("the target {target} is not as listed")]
    Target {
        /// Which target.
        target: String,
        /// Why.
        #[source]
        why: TargetFault,
    },
    /// The target's bytes could not be written down.
    #[error("the target {target} cannot be written")]
    Sink {
        /// Which target.
        target: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl ClientError {
    pub(crate) fn untrusted(role: &str, why: Distrust) -> Self {
        Self::Untrusted { role: role.to_owned(), why }
    }

    /// Why a role was not trusted, if that is the error.
    pub fn distrust(&self) -> Option<&Distrust> {
        if let Self::Untrusted { why, .. } = self { Some(why) } else { None }
    }
}

/// Why bytes are not the target that they should be (section 5.7).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetFault {
    /// More bytes than listed.
    #[error("longer than the listed {listed} bytes")]
    TooLong {
        /// The listed length in bytes.
        listed: u64,
    },
    /// The stream ended early. What came may be the beginning of the target; resume there.
    #[error("{taken} of {listed} bytes")]
    TooShort {
        /// The listed length in bytes.
        listed: u64,
        /// How many came.
        taken: u64,
    },
    /// Another digest than listed.
    #[error("its {algorithm} digest is not the listed one")]
    WrongHash {
        /// Which algorithm.
        algorithm: &'static str,
    },
    /// Listed by digests of unknown kinds only.
    #[error("listed by digests of unknown kinds only")]
    UnknownHashes,
}
