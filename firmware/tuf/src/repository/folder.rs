//! The folder that a web server or a stick carries: `metadata/` and `targets/`.
//!
//! Files are written under another name, synced and renamed, and the timestamp last: whoever
//! reads while somebody writes sees the old state or the new one. No file with a version or a
//! digest in its name is ever written over with other bytes.

use std::{
    fs::{self, File},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};

use super::Release;
use crate::{
    error::MetadataError,
    metadata::{Digests, Extra, Metadata, Role, Root, Running, Snapshot, TargetFile, Timestamp},
    name::TargetPath,
};

/// A repository on disk, with consistent snapshots.
#[derive(Clone, Debug)]
pub struct RepositoryFolder {
    folder: PathBuf,
}

/// Why something was not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The system refused.
    #[error("{path} cannot be written")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What should be published is no metadata of its kind.
    #[error("not {role} metadata")]
    Metadata {
        /// Of which role.
        role: &'static str,
        /// Why.
        #[source]
        source: MetadataError,
    },
    /// A version is published once. Another file of the same version is a new version.
    #[error("{path} is published already, with other bytes")]
    Published {
        /// Which file.
        path: PathBuf,
    },
}

impl RepositoryFolder {
    /// A folder; what is missing is made when it is written to.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Publishes a root under its version.
    pub fn publish_root(&self, file: &[u8]) -> Result<(), PublishError> {
        let version = version::<Root>(file)?;
        self.write_once(&format!("metadata/{version}.root.json"), file)
    }

    /// Copies a target in, under each of its digests, and says how it is to be listed.
    pub fn add_target(&self, path: &TargetPath, from: &mut impl Read) -> Result<TargetFile, PublishError> {
        let under_way = self.folder.join("targets/.new");
        let (length, hashes) = copy(from, &under_way).map_err(failed(&under_way))?;
        for (_, digest) in hashes.iter() {
            let name = self.folder.join("targets").join(path.with_digest(digest));
            let parent = name.parent().unwrap_or(&self.folder);
            fs::create_dir_all(parent).map_err(failed(parent))?;
            if !name.exists() {
                place(&under_way, &name).map_err(failed(&name))?;
                sync_folder(parent)?;
            }
        }
        fs::remove_file(&under_way).map_err(failed(&under_way))?;
        Ok(TargetFile { length, hashes, custom: None, extra: Extra::new() })
    }

    /// Where the file of a listed target lies.
    pub fn target(&self, path: &TargetPath, file: &TargetFile) -> PathBuf {
        self.folder.join("targets").join(path.with_digest(file.hashes.preferred()))
    }

    /// Publishes a release: targets roles, snapshot, and at the very end the timestamp.
    pub fn publish(&self, release: &Release, snapshot: &[u8], timestamp: &[u8]) -> Result<(), PublishError> {
        for (role, file) in release.roles() {
            let version = version::<crate::metadata::Targets>(file)?;
            self.write_once(&format!("metadata/{version}.{role}.json"), file)?;
        }
        let version_of_snapshot = version::<Snapshot>(snapshot)?;
        self.write_once(&format!("metadata/{version_of_snapshot}.snapshot.json"), snapshot)?;
        version::<Timestamp>(timestamp)?;
        self.write("metadata/timestamp.json", timestamp)
    }

    fn write_once(&self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.folder.join(name);
        match fs::read(&path) {
            Ok(there) if there == bytes => Ok(()),
            Ok(_) => Err(PublishError::Published { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.write(name, bytes),
            Err(source) => Err(PublishError::Io { path, source }),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.folder.join(name);
        let under_way = path.with_extension("new");
        let parent = path.parent().unwrap_or(&self.folder);
        let write = || {
            fs::create_dir_all(parent)?;
            let mut file = File::create(&under_way)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&under_way, &path)
        };
        write().map_err(failed(&path))?;
        sync_folder(parent)
    }
}

fn version<T: Role>(file: &[u8]) -> Result<u64, PublishError> {
    let metadata = Metadata::<T>::parse(file);
    let metadata = metadata.map_err(|source| PublishError::Metadata { role: T::TYPE, source })?;
    Ok(metadata.signed().version().get())
}

/// Copies and counts; the copy is durable.
fn copy(from: &mut impl Read, to: &Path) -> io::Result<(u64, Digests)> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    let mut out = File::create(to)?;
    let (mut running, mut length) = (Running::all(), 0);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            break;
        }
        running.update(&piece[..read]);
        out.write_all(&piece[..read])?;
        length += read as u64;
    }
    out.sync_all()?;
    Ok((length, running.digests()))
}

/// One file under one more name where the file system can do that, else a copy. The name
/// comes into being with all bytes behind it.
fn place(from: &Path, name: &Path) -> io::Result<()> {
    let under_way = name.with_extension("new");
    if under_way.exists() {
        fs::remove_file(&under_way)?;
    }
    fs::hard_link(from, &under_way).or_else(|_| fs::copy(from, &under_way).map(drop))?;
    File::open(&under_way)?.sync_all()?;
    fs::rename(under_way, name)
}

fn sync_folder(folder: &Path) -> Result<(), PublishError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> PublishError {
    let path = path.to_owned();
    move |source| PublishError::Io { path, source }
}
