//! A repository in a folder: a USB stick, a mounted share. The medium is hostile: it may hold
//! links out of it, pipes that never answer, files without end, names of any length, and may
//! change between two reads. Only plain files below the folder are opened, each step without
//! following a link; lengths are the client's to cap.

use std::{
    fs::File,
    io::{self, SeekFrom},
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat},
    sys::stat::Mode,
};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::{Body, Resource, Transport, TransportError};
use crate::name::TargetPath;

const PIECE: usize = 64 * 1024;

/// Reads a repository that lies in a folder, `metadata/` and `targets/` in it.
#[derive(Clone, Debug)]
pub struct FolderTransport {
    folder: PathBuf,
}

impl FolderTransport {
    /// The folder that `metadata` and `targets` lie in.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }
}

impl Transport for FolderTransport {
    type Body = FolderBody;

    async fn fetch(&self, resource: Resource<'_>, from: u64) -> Result<Option<FolderBody>, TransportError> {
        let path = match resource {
            Resource::Metadata(file) => format!("metadata/{file}"),
            Resource::Target(path) => format!("targets/{path}"),
        };
        // The same rules as for paths of targets: no step up, no empty step, no endless name.
        let path = TargetPath::new(path).map_err(|_| TransportError::UnusableName)?;
        let folder = self.folder.clone();
        let opened = tokio::task::spawn_blocking(move || open_below(&folder, path.as_str())).await;
        let opened = opened.map_err(|error| TransportError::Medium(io::Error::other(error)))??;
        let Some(file) = opened else { return Ok(None) };
        let mut file = tokio::fs::File::from_std(file);
        file.seek(SeekFrom::Start(from)).await.map_err(TransportError::Medium)?;
        Ok(Some(FolderBody { file, starts_at: from }))
    }
}

/// Opens a plain file, folder by folder, and never through a link.
fn open_below(folder: &Path, path: &str) -> Result<Option<File>, TransportError> {
    // The folder itself is the caller's; it may be reached through links.
    let directory = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut at = open(folder, OFlag::O_RDONLY | directory, Mode::empty()).map_err(medium)?;
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    for step in folders.split('/').filter(|step| !step.is_empty()) {
        match step_into(&at, step, OFlag::O_RDONLY | directory)? {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    // Not blocking: a pipe would wait for its other end, a device for whatever it waits for.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let Some(file) = step_into(&at, name, flags)? else { return Ok(None) };
    let file = File::from(file);
    let plain = file.metadata().map_err(TransportError::Medium)?.is_file();
    if plain { Ok(Some(file)) } else { Err(TransportError::NotAFile) }
}

fn step_into(at: &OwnedFd, step: &str, flags: OFlag) -> Result<Option<OwnedFd>, TransportError> {
    match openat(at.as_fd(), step, flags | OFlag::O_NOFOLLOW, Mode::empty()) {
        Ok(opened) => Ok(Some(opened)),
        Err(Errno::ENOENT) => Ok(None),
        // A link, or a file where a folder should be; a socket.
        Err(Errno::ELOOP | Errno::ENOTDIR | Errno::ENXIO) => Err(TransportError::NotAFile),
        Err(error) => Err(medium(error)),
    }
}

fn medium(error: Errno) -> TransportError {
    TransportError::Medium(error.into())
}

/// A file being read.
#[derive(Debug)]
pub struct FolderBody {
    file: tokio::fs::File,
    starts_at: u64,
}

impl Body for FolderBody {
    fn starts_at(&self) -> u64 {
        self.starts_at
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = self.file.read_buf(&mut piece).await.map_err(TransportError::Medium)?;
        Ok((read > 0).then(|| piece.freeze()))
    }
}
