//! The machine's own copy of what was on a stick. What comes after reads this and nothing else:
//! a stick can show other bytes at every reading.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use nix::sys::statvfs::statvfs;
use tuf::transport::FolderTransport;

use crate::StickError;

/// A folder of ours with `metadata/` and `targets/` in it.
#[derive(Clone, Debug)]
pub struct Staging {
    folder: PathBuf,
    keep_free: u64,
}

impl Staging {
    /// An empty one, in place of whatever was staged before. So many bytes of the disk stay free.
    pub fn begin(folder: &Path, keep_free: u64) -> Result<Self, StickError> {
        let staging = Self { folder: folder.to_owned(), keep_free };
        let made = staging.wipe().and_then(|()| make_folder(folder));
        let made = made.and_then(|()| make_folder(&folder.join("metadata")));
        made.and_then(|()| make_folder(&folder.join("targets"))).map_err(not_staged("the folder"))?;
        Ok(staging)
    }

    /// What is staged already.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), keep_free: 0 }
    }

    /// The way to it.
    pub fn transport(&self) -> FolderTransport {
        FolderTransport::new(&self.folder)
    }

    /// Takes everything away.
    pub fn wipe(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// A new file; `name` has been looked at, and `length` is what it may come to.
    pub(crate) fn file(&self, name: &str, length: u64) -> Result<StagedFile, StickError> {
        self.has_room(length)?;
        let path = self.folder.join(name);
        let failed = not_staged(name);
        let mut folder = self.folder.clone();
        let steps = name.rsplit_once('/').map_or("", |(folders, _)| folders).split('/');
        let made = steps.filter(|step| !step.is_empty()).try_for_each(|step| {
            folder.push(step);
            make_folder(&folder)
        });
        let file =
            made.and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path));
        Ok(StagedFile { name: name.to_owned(), file: file.map_err(failed)? })
    }

    fn has_room(&self, needed: u64) -> Result<(), StickError> {
        let about = statvfs(&self.folder).map_err(|error| not_staged("the folder")(error.into()))?;
        let free = about.blocks_available().saturating_mul(about.fragment_size());
        let free = free.saturating_sub(self.keep_free);
        if needed <= free { Ok(()) } else { Err(StickError::DiskFull { needed, free }) }
    }

    /// When this returns, a power cut takes nothing of it away.
    pub(crate) fn settle(&self) -> Result<(), StickError> {
        settle(&self.folder).map_err(not_staged("the folder"))
    }
}

/// The folders of a staging; its files are on the disk already.
fn settle(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            settle(&entry.path())?;
        }
    }
    File::open(folder)?.sync_all()?;
    folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}

fn make_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// A file under way.
pub(crate) struct StagedFile {
    name: String,
    file: File,
}

impl StagedFile {
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<(), StickError> {
        self.file.write_all(piece).map_err(not_staged(&self.name))
    }

    pub(crate) fn finish(self) -> Result<(), StickError> {
        self.file.sync_all().map_err(not_staged(&self.name))
    }
}

pub(crate) fn not_staged(name: &str) -> impl FnOnce(io::Error) -> StickError + use<> {
    let name = name.to_owned();
    move |source| StickError::NotStaged { name, source }
}
