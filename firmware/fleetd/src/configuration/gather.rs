//! From the signed repository to a set of settings on the shelf.

use configuration::{Configuration, Layer, MOST_LAYER_BYTES, Place, digest};
use faults::chain;
use jiff::Timestamp;
use release::Sha256Digest;
use tuf::Refreshed;

use super::{Ages, Candidate, Event, Found, Shelf};
use crate::repository::{ReadError, Repository};

/// What is looked for, and what is there.
pub struct Wanted {
    /// Which layers.
    pub place: Place,
    /// The newest versions that were in force.
    pub ages: Ages,
    /// What is in force.
    pub good: Option<Sha256Digest>,
    /// Where sets lie.
    pub shelf: Shelf,
}

/// Why there is no set.
enum Hindrance {
    /// It may pass.
    NotNow(String),
    /// Somebody must change what is signed.
    Refused(String),
}

impl From<ReadError> for Hindrance {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Repository(_) => Self::NotNow(format!("repository: {}", chain(&error))),
            ReadError::NoName { .. } | ReadError::TooLong { .. } => Self::Refused(chain(&error)),
        }
    }
}

fn refused(error: &dyn std::error::Error) -> Hindrance {
    Hindrance::Refused(chain(error))
}

/// Looks all layers up anew: together they make one set or none.
pub async fn gather(
    repository: &mut Repository,
    wanted: &Wanted,
    now: Timestamp,
) -> (Event, Option<Refreshed>) {
    let refreshed = match repository.refresh(now).await {
        Ok(refreshed) => refreshed,
        Err(error) => return (Event::NotNow(format!("repository: {}", chain(&error))), None),
    };
    let event = match found(repository, wanted).await {
        Ok(found) => Event::Gathered(Ok(found)),
        Err(Hindrance::Refused(why)) => Event::Gathered(Err(why)),
        Err(Hindrance::NotNow(why)) => Event::NotNow(why),
    };
    (event, Some(refreshed))
}

async fn found(repository: &mut Repository, wanted: &Wanted) -> Result<Found, Hindrance> {
    let mut layers = Vec::new();
    for whose in wanted.place.layers() {
        let Some(bytes) = repository.read(&whose.target(), MOST_LAYER_BYTES).await? else { continue };
        let layer = Layer::parse(&whose, &bytes).map_err(|error| refused(&error))?;
        layer.check_age(wanted.ages.get(&whose).copied()).map_err(|error| refused(&error))?;
        layers.push(layer);
    }
    let set = Configuration::merge(&layers).map_err(|error| refused(&error))?;
    let name = digest(&set.bytes());
    let in_force = match wanted.good {
        None => set.is_built_in(),
        Some(good) => good == name && wanted.shelf.read(good).is_some(),
    };
    if in_force {
        return Ok(Found::Same);
    }
    if wanted.shelf.read(name).is_none() {
        let files = files(repository, &set).await?;
        wanted.shelf.put(&set, &files).map_err(|error| Hindrance::NotNow(chain(&error)))?;
    }
    if wanted.good == Some(name) {
        // It was damaged, and is whole again; kioskd reads it when it starts next.
        return Ok(Found::Same);
    }
    let ages = layers.iter().map(|layer| (layer.whose.clone(), layer.age())).collect();
    Ok(Found::New(Candidate { set: name, line: set.line(), ages }))
}

async fn files(repository: &mut Repository, set: &Configuration) -> Result<Vec<Vec<u8>>, Hindrance> {
    let mut files = Vec::new();
    for file in set.wanted_files() {
        let bytes = repository.read(&file.target, file.length).await?;
        match bytes {
            Some(bytes) if digest(&bytes) == file.sha256 && bytes.len() as u64 == file.length => {
                files.push(bytes);
            }
            Some(_) => {
                return Err(Hindrance::Refused(format!("{}: not the bytes that the layer names", file.path)));
            }
            None => {
                return Err(Hindrance::Refused(format!("{}: nobody who may has signed for it", file.path)));
            }
        }
    }
    Ok(files)
}
