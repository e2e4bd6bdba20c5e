//! Sets on the disk. Each lies whole in a folder that is named by its digest; a link says which
//! is in force. At any cut of the power a link points to a whole set, the one before or the new
//! one.
//!
//! ```text
//! FOLDER/sets/DIGEST/configuration.toml, trust-list.pem, catalogue/…
//! FOLDER/candidate   for the kiosk's own checks
//! FOLDER/current     what kioskd goes by
//! FOLDER/good        what it goes by if it cannot read that
//! ```

use std::{
    fs::{self, File, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use configuration::{Configuration, WantedFile, digest, hexadecimal};
use release::Sha256Digest;

/// The shelf.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// Why the shelf does not do.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be {act}", path.display())]
pub struct ShelfError {
    path: PathBuf,
    act: &'static str,
    #[source]
    source: io::Error,
}

type Done = Result<(), ShelfError>;

impl Shelf {
    /// What the kiosk's own checks look at.
    pub const CANDIDATE: &str = "candidate";
    /// What is in force.
    pub const CURRENT: &str = "current";
    /// What was in force and good.
    pub const GOOD: &str = "good";

    /// The shelf in a folder that is there.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn sets(&self) -> PathBuf {
        self.folder.join("sets")
    }

    fn set(&self, set: Sha256Digest) -> PathBuf {
        self.sets().join(hexadecimal(set))
    }

    /// A set, if it lies there whole.
    pub fn read(&self, set: Sha256Digest) -> Option<Configuration> {
        let folder = self.set(set);
        let bytes = read(&folder.join(Configuration::FILE), Configuration::MOST_BYTES)?;
        let configuration = Configuration::read(&bytes, set).ok()?;
        let whole = |file: &WantedFile| {
            read(&folder.join(&file.path), file.length).is_some_and(|bytes| digest(&bytes) == file.sha256)
        };
        configuration.wanted_files().iter().all(whole).then_some(configuration)
    }

    /// Lays a set down, with its files in the order in which it wants them. When this returns it is
    /// on the disk.
    pub fn put(&self, configuration: &Configuration, files: &[Vec<u8>]) -> Result<Sha256Digest, ShelfError> {
        let bytes = configuration.bytes();
        let (name, sets) = (digest(&bytes), self.sets());
        let place = self.set(name);
        let new = sets.join(".new");
        take_away(&new)?;
        make(&sets)?;
        make(&new)?;
        for folder in configuration.folders() {
            make(&new.join(folder))?;
        }
        write(&new.join(Configuration::FILE), &bytes)?;
        for (file, bytes) in configuration.wanted_files().iter().zip(files) {
            write(&new.join(&file.path), bytes)?;
        }
        for folder in configuration.folders() {
            sync(&new.join(folder))?;
        }
        sync(&new)?;
        // One that is there and was not whole.
        take_away(&place)?;
        fs::rename(&new, &place).map_err(failed(&place, "renamed"))?;
        sync(&sets)?;
        sync(&self.folder)?;
        Ok(name)
    }

    /// Lets a link point to a set.
    pub fn point(&self, link: &str, set: Sha256Digest) -> Done {
        let (path, new) = (self.folder.join(link), self.folder.join(format!(".{link}.new")));
        remove(&new)?;
        symlink(Path::new("sets").join(hexadecimal(set)), &new).map_err(failed(&new, "made"))?;
        fs::rename(&new, &path).map_err(failed(&path, "renamed"))?;
        sync(&self.folder)
    }

    /// Lets a link point to nothing: what is built in.
    pub fn unpoint(&self, link: &str) -> Done {
        remove(&self.folder.join(link))?;
        sync(&self.folder)
    }

    /// Throws every other set away.
    pub fn keep_only(&self, set: Sha256Digest) -> Done {
        let sets = self.sets();
        let name = hexadecimal(set);
        for entry in fs::read_dir(&sets).map_err(failed(&sets, "listed"))? {
            let entry = entry.map_err(failed(&sets, "listed"))?;
            if entry.file_name() != name.as_str() {
                take_away(&entry.path())?;
            }
        }
        sync(&sets)
    }
}

fn failed(path: &Path, act: &'static str) -> impl FnOnce(io::Error) -> ShelfError + use<> {
    let path = path.to_owned();
    move |source| ShelfError { path, act, source }
}

fn read(path: &Path, most: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most).then_some(bytes)
}

/// `kioskd`, of another user and the same group, reads what lies here.
fn make(folder: &Path) -> Done {
    fs::create_dir_all(folder).map_err(failed(folder, "made"))?;
    let mode = fs::metadata(folder).map_err(failed(folder, "made"))?.permissions().mode();
    // What tmpfiles.d set for the group goes on downwards.
    let shared = Permissions::from_mode(0o750 | (mode & 0o2000));
    fs::set_permissions(folder, shared).map_err(failed(folder, "shared"))
}

fn write(path: &Path, bytes: &[u8]) -> Done {
    let mut file = File::create(path).map_err(failed(path, "made"))?;
    file.write_all(bytes).map_err(failed(path, "written"))?;
    file.set_permissions(Permissions::from_mode(0o640)).map_err(failed(path, "shared"))?;
    file.sync_all().map_err(failed(path, "synced"))
}

fn sync(folder: &Path) -> Done {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder, "synced"))
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn remove(path: &Path) -> Done {
    gone(fs::remove_file(path)).map_err(failed(path, "removed"))
}

fn take_away(folder: &Path) -> Done {
    gone(fs::remove_dir_all(folder)).map_err(failed(folder, "removed"))
}
