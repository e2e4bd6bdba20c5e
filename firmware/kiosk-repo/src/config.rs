//! Layers of settings: read as kiosks read them before anybody is asked to sign.

use std::path::{Path, PathBuf};

use configuration::{
    Configuration, Layer, MOST_FILE_BYTES, MOST_LAYER_BYTES, WantedFile, Whose, digest, hexadecimal,
};
use jiff::Timestamp as Time;
use tuf::{
    TargetPath,
    metadata::{Role as _, Targets},
};

use crate::{
    Mistake, Repository,
    changes::{list, role_of, target},
    layer_text,
    repository::read_file,
};

/// Lists a layer and the files that it names, of which those that are not listed yet are given.
/// Returns the role that lists them.
pub fn add_config(
    repository: &Repository,
    now: Time,
    whose: &Whose,
    file: &Path,
    with: &[PathBuf],
) -> Result<String, Mistake> {
    let bytes = read_file(file, MOST_LAYER_BYTES)?;
    let refused = |source| Mistake::Layer { path: file.to_owned(), source: Box::new(source) };
    let layer = Layer::parse(whose, &bytes).map_err(refused)?;
    let set = Configuration::merge(std::slice::from_ref(&layer));
    let set = set.map_err(|source| Mistake::LayerFiles { path: file.to_owned(), source })?;
    let (path, area) = target(&whose.target())?;
    let role = role_of(repository, &area)?;
    grows(repository, &role, &layer)?;

    let wanted = set.wanted_files();
    let mut given = Vec::new();
    for path in with {
        let bytes = read_file(path, MOST_FILE_BYTES)?;
        let wanted = wanted.iter().find(|it| it.sha256 == digest(&bytes));
        let wanted = wanted.ok_or_else(|| Mistake::NotNamed { path: path.clone(), layer: whose.clone() })?;
        given.push((wanted, path, bytes));
    }
    for file in &wanted {
        complete(repository, &role, file, &given)?;
    }
    for (wanted, from, bytes) in given {
        let (path, _) = target(&wanted.target)?;
        list(repository, now, &role, &path, from, &mut bytes.as_slice(), None)?;
    }
    list(repository, now, &role, &path, file, &mut bytes.as_slice(), None)?;
    Ok(role)
}

/// Each file is given or listed, and as long as the layer says.
fn complete(
    repository: &Repository,
    role: &str,
    file: &WantedFile,
    given: &[(&WantedFile, &PathBuf, Vec<u8>)],
) -> Result<(), Mistake> {
    let length = if let Some((.., bytes)) = given.iter().find(|(wanted, ..)| wanted.sha256 == file.sha256) {
        Some(bytes.len() as u64)
    } else {
        let body = repository.coming_role(role)?;
        body.and_then(|body| Some(body.signed().targets.get(&file.target)?.length))
    };
    match length {
        Some(length) if length == file.length => Ok(()),
        Some(length) => Err(Mistake::OtherLength { file: file.path.clone(), says: file.length, length }),
        None => Err(Mistake::NotGiven { file: file.path.clone(), sha256: hexadecimal(file.sha256) }),
    }
}

/// Refuses a version that is not above every one that this layer ever had: kiosks that had the
/// other in force would not take it.
fn grows(repository: &Repository, role: &str, layer: &Layer) -> Result<(), Mistake> {
    for role in if role == Targets::TYPE { vec![role] } else { vec![role, Targets::TYPE] } {
        let last = repository.role(role)?.map_or(0, |it| it.signed().version.get());
        let mut versions = Vec::new();
        for version in 1..=last {
            versions.extend(repository.role_version(role, version)?);
        }
        versions.extend(repository.draft::<Targets>(role)?);
        for body in versions {
            let Some(before) = kept(repository, &layer.whose, body.signed())? else { continue };
            if before.version >= layer.version {
                let (layer, version) = (layer.whose.clone(), layer.version);
                return Err(Mistake::VersionDoesNotGrow { layer, version, newest: before.version });
            }
        }
    }
    Ok(())
}

/// The layer as a role listed it. What was no layer then counts for nothing.
fn kept(repository: &Repository, whose: &Whose, role: &Targets) -> Result<Option<Layer>, Mistake> {
    let path = whose.target();
    let Some(listed) = role.targets.get(&path) else { return Ok(None) };
    Ok(Layer::parse(whose, &layer_text::kept(repository, &path, listed)?).ok())
}

/// Whether a path is one of a layer, which `add_config` alone lists.
pub(crate) fn is_of_a_layer(path: &TargetPath) -> bool {
    Whose::of_target(path.as_str()).is_some()
}
