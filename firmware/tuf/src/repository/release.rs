//! One state of a repository: a version of every targets role, and the snapshot and timestamp
//! that bind them together.

use std::collections::BTreeMap;

use jiff::Timestamp as Time;

use super::{Draft, SignError, Signer};
use crate::{
    error::MetadataError,
    metadata::{MetaFile, Metadata, Role, Snapshot, Targets, Timestamp, Version},
};

/// How much snapshot and timestamp say of the files that they announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announce {
    /// Versions. Enough, since files carry signatures of their own; metadata stays small.
    Versions,
    /// Versions, lengths and digests: a stolen online key cannot pass off another file of the
    /// same version.
    Digests,
}

/// The targets roles of a release, each as its signed file.
#[derive(Clone, Debug, Default)]
pub struct Release {
    roles: BTreeMap<String, Vec<u8>>,
    versions: BTreeMap<String, Version>,
}

impl Release {
    /// Takes a signed targets file in, `targets` or a delegated role.
    pub fn add(&mut self, role: &str, file: Vec<u8>) -> Result<(), MetadataError> {
        let version = Metadata::<Targets>::parse(&file)?.signed().version;
        self.versions.insert(role.to_owned(), version);
        self.roles.insert(role.to_owned(), file);
        Ok(())
    }

    /// The signed files by role.
    pub fn roles(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.roles.iter().map(|(role, file)| (role.as_str(), file.as_slice()))
    }

    /// The snapshot of these roles.
    pub fn snapshot(&self, version: Version, expires: Time, announce: Announce) -> Snapshot {
        let roles =
            self.roles.iter().map(|(role, file)| (role.clone(), meta(self.versions[role], file, announce)));
        Snapshot::of(version, expires, roles)
    }

    /// The timestamp of a signed snapshot.
    pub fn timestamp(
        snapshot: (Version, &[u8]),
        version: Version,
        expires: Time,
        signed_at: Time,
        announce: Announce,
    ) -> Timestamp {
        Timestamp::of(version, expires, signed_at, meta(snapshot.0, snapshot.1, announce))
    }
}

fn meta(version: Version, file: &[u8], announce: Announce) -> MetaFile {
    match announce {
        Announce::Versions => MetaFile::of_version(version),
        Announce::Digests => MetaFile::of_bytes(version, file),
    }
}

impl Draft {
    /// A body with the signatures of all of these.
    pub fn signed_by<T: Role>(body: &T, signers: &[&dyn Signer]) -> Result<Self, SignError> {
        let mut draft = Self::new(body);
        for signer in signers {
            draft.sign(*signer)?;
        }
        Ok(draft)
    }
}
