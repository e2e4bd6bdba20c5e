//! Settings from afar, as `fleetd` lays them down: read, held against their digests, and laid
//! over the board. A kiosk whose settings are damaged goes by the last good ones, else by the
//! board alone; it always starts, and says by which it goes.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use boards::Board;
use configuration::{Configuration, Looser, NotASet, digest};
use jiff::Timestamp;
use release::Sha256Digest;
use services::Catalogue;
use upkeep::Words;

/// Which settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are to be checked. They must be there.
    Candidate,
    /// Those in force, if any are.
    Current,
    /// Those that were in force and good, if any were.
    Good,
    /// None: the board alone.
    BuiltIn,
}

/// Settings over the board.
pub struct FromAfar {
    /// Their digest, in hexadecimal digits.
    pub set: String,
    configuration: Configuration,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FromAfarError {
    /// The board names no folder for them.
    #[error("the board has no [configuration]")]
    NoFolder,
    /// A link or file.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A link that leads to no set.
    #[error("{} leads to no set of settings", path.display())]
    NoSet {
        /// Which.
        path: PathBuf,
    },
    /// The set.
    #[error("the settings from afar")]
    Set(#[source] NotASet),
    /// A file of the set is not what it was signed as.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// A safety value.
    #[error(transparent)]
    Looser(Looser),
    /// A service that is to be closed is none of the catalogue: a typo would leave it open.
    #[error("services.closed: the catalogue has no {id}")]
    NoService {
        /// Which.
        id: String,
    },
}

impl FromAfar {
    /// As if `fleetd` had laid them down.
    #[cfg(test)]
    pub fn of(configuration: Configuration) -> Self {
        Self { set: configuration::hexadecimal(digest(&configuration.bytes())), configuration }
    }

    /// Reads settings and lays them over the board; `None`: there are none.
    pub fn lay(board: &mut Board, which: Which) -> Result<Option<Self>, FromAfarError> {
        let name = match which {
            Which::Candidate => "candidate",
            Which::Current => "current",
            Which::Good => "good",
            Which::BuiltIn => return Ok(None),
        };
        let Some(part) = &board.configuration else {
            return if which == Which::Candidate { Err(FromAfarError::NoFolder) } else { Ok(None) };
        };
        let link = part.folder.path().join(name);
        let target = match fs::read_link(&link) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && which != Which::Candidate => {
                return Ok(None);
            }
            target => target.map_err(unread(&link))?,
        };
        let set = target.file_name().and_then(|name| name.to_str()).unwrap_or("").to_owned();
        let digest = Sha256Digest::try_from(set.clone()).map_err(|_| FromAfarError::NoSet { path: link })?;
        let folder = part.folder.path().join(target);
        let bytes = read(&folder.join(Configuration::FILE), Configuration::MOST_BYTES)?;
        let configuration = Configuration::read(&bytes, digest).map_err(FromAfarError::Set)?;
        check_files(&configuration, &folder)?;
        configuration.lay_over(board, &folder).map_err(FromAfarError::Looser)?;
        Ok(Some(Self { set, configuration }))
    }

    /// What the first page says at that moment, if anything.
    pub fn notice(&self, now: Timestamp) -> Option<&Words> {
        self.configuration.notice(now)
    }

    /// Closes what is to be closed.
    pub fn close(&self, catalogue: &mut Catalogue) -> Result<(), FromAfarError> {
        for id in self.configuration.closed_services.keys() {
            if !catalogue.close(id.as_str()) {
                return Err(FromAfarError::NoService { id: id.to_string() });
            }
        }
        Ok(())
    }
}

fn check_files(configuration: &Configuration, folder: &Path) -> Result<(), FromAfarError> {
    for file in configuration.wanted_files() {
        let path = folder.join(&file.path);
        if digest(&read(&path, file.length)?) != file.sha256 {
            return Err(FromAfarError::Damaged { path });
        }
    }
    Ok(())
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, FromAfarError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unread(path))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(unread(path))?;
    Ok(bytes)
}

fn unread(path: &Path) -> impl FnOnce(io::Error) -> FromAfarError + use<> {
    let path = path.to_owned();
    move |source| FromAfarError::Read { path, source }
}
