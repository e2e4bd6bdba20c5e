//! What kiosks are to have: artifacts in software modules in distribution sets.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
};

use axum::body::Bytes;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{ArtifactId, ModuleId, SetId};

/// The most bytes of one artifact, as hawkBit's default quota: 1 GiB.
pub const LARGEST_ARTIFACT: u64 = 1 << 30;

/// Something that is installed as one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SoftwareModule {
    /// Its number.
    pub id: ModuleId,
    /// `os`, `application`, `runtime` or another word.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its files.
    pub artifacts: Vec<Artifact>,
    /// What is said of it beside that.
    pub metadata: Vec<Metadata>,
}

/// A word about a module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "hawkBit's words")]
pub struct Metadata {
    pub key: String,
    pub value: String,
    /// Whether kiosks are told it.
    pub target_visible: bool,
}

impl SoftwareModule {
    /// The file of that name.
    pub fn artifact(&self, filename: &str) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.filename == filename)
    }

    /// What the DDI calls its kind.
    pub fn part(&self) -> &str {
        match self.kind.as_str() {
            "application" => "bApp",
            "runtime" => "jvm",
            other => other,
        }
    }
}

/// One file of a module.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Artifact {
    /// Its number.
    pub id: ArtifactId,
    /// Its name in the DDI; no folder.
    pub filename: String,
    /// What is in it.
    pub content: Content,
}

/// Bytes with their hashes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Content {
    pub(super) size: u64,
    pub(super) hashes: Hashes,
    pub(super) held: Held,
}

/// Where the bytes are.
#[derive(Clone, Debug)]
pub(super) enum Held {
    InMemory(Bytes),
    InFile(Arc<PathBuf>),
}

/// Hexadecimal hashes of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "hashes")]
pub struct Hashes {
    pub sha1: String,
    pub md5: String,
    pub sha256: String,
}

impl Content {
    /// Bytes held in memory.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let mut hashing = Hashing::default();
        hashing.take(&bytes);
        hashing.finish(Held::InMemory(bytes))
    }

    /// A file that stays where it is and is read anew for each download. Reads it once now, in
    /// pieces, for its hashes.
    pub fn file(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let mut file = File::open(&path)?;
        let mut hashing = Hashing::default();
        let mut piece = vec![0; 64 * 1024];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(hashing.finish(Held::InFile(Arc::new(path)))),
                read => hashing.take(&piece[..read]),
            }
        }
    }

    /// How many bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Their hashes.
    pub fn hashes(&self) -> &Hashes {
        &self.hashes
    }
}

/// Hashes of what comes in pieces.
#[derive(Clone, Default)]
pub(super) struct Hashing {
    size: u64,
    sha1: Sha1,
    md5: Md5,
    sha256: Sha256,
}

impl Hashing {
    pub fn take(&mut self, piece: &[u8]) {
        self.size += piece.len() as u64;
        self.sha1.update(piece);
        self.md5.update(piece);
        self.sha256.update(piece);
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn finish(self, held: Held) -> Content {
        let hashes = Hashes {
            sha1: hex::encode(self.sha1.finalize()),
            md5: hex::encode(self.md5.finalize()),
            sha256: hex::encode(self.sha256.finalize()),
        };
        Content { size: self.size, hashes, held }
    }
}

/// What a kiosk gets at once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DistributionSet {
    /// Its number.
    pub id: SetId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its modules.
    pub modules: Vec<ModuleId>,
}
