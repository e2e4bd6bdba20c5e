//! What changed since releases that are listed, as files beside a release (`install::delta`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read, Seek as _, Write as _},
    path::Path,
};

use install::{
    Content, ImageDigest,
    delta::{self, Spans},
    frames::Unpacker,
    slots::Packing,
};
use release::{Algorithm, Delta, Release, Sha256Digest};
use sha2::{Digest as _, Sha256};
use tuf::{
    TargetPath,
    metadata::{TargetFile, Targets},
    repository::RepositoryFolder,
};

use crate::{
    Mistake, Repository,
    changes::{copy_in, custom},
    steady::Steady,
};

/// What is read at once, in bytes.
const PIECE: usize = 256 * 1024;

/// The paths of all deltas that releases name.
pub(crate) fn names(targets: &BTreeMap<String, TargetFile>) -> BTreeSet<String> {
    let releases = targets.values().filter_map(|file| file.custom::<Release>()?.ok());
    releases.flat_map(|release| release.fields().delta.clone()).map(|delta| delta.name).collect()
}

/// Makes deltas to a release from those at these paths, copies them in and lists them. `target`
/// is the release's, `image` the file that it was made of.
pub(crate) fn add(
    repository: &Repository,
    body: &mut Targets,
    (target, listed): (&TargetPath, &TargetFile),
    image: &Path,
    from: &[&str],
    release: Release,
) -> Result<Release, Mistake> {
    let mut deltas = Vec::new();
    for path in from {
        let base = body.targets.get(*path).ok_or_else(|| Mistake::NotListed { path: (*path).to_owned() })?;
        let before = release_of(path, base)?;
        if !release.rivals(&before) || *path == target.as_str() {
            return Err(Mistake::NotABase { path: (*path).to_owned() });
        }
        let from = unpacked(repository, path, base)?;
        let from_sha256 = image_of(path, base, &before)?.sha256;
        let name = format!("{target}.from-{}", before.fields().release_seq);
        let name = TargetPath::new(name).map_err(|_| Mistake::NotATarget { text: target.to_string() })?;
        if body.targets.contains_key(name.as_str()) {
            return Err(Mistake::DeltaThere { path: name.to_string() });
        }
        let mut file = repository.nameless()?;
        let mut source = Steady::open(image).map_err(Mistake::file(image))?;
        let made = delta::make(from, &mut source, &mut file, Spans::PATCH_1).map_err(Mistake::file(image))?;
        if made != image_of(target.as_str(), listed, &release)? {
            let source = io::Error::other("it changed while it was read; wait until it is whole");
            return Err(Mistake::File { path: image.to_owned(), source });
        }
        file.rewind().map_err(Mistake::file(repository.folder()))?;
        let delta = file.metadata().map_err(Mistake::file(repository.folder()))?.len();
        if delta >= listed.length {
            let release = listed.length;
            return Err(Mistake::DeltaNotSmaller { path: (*path).to_owned(), delta, release });
        }
        let file = copy_in(repository, &name, image, &mut file)?;
        deltas.push(entry(&name, from_sha256, &file)?);
        body.list(&name, file);
    }
    Ok(release.with_deltas(deltas)?)
}

fn entry(name: &TargetPath, from_sha256: [u8; 32], file: &TargetFile) -> Result<Delta, Mistake> {
    // `copy_in` gives a SHA-256, and no delta is empty; a release says so if one is.
    let sha256 = file.hashes.get("sha256").unwrap_or_default().to_owned();
    let length = file.length.try_into().map_err(|_| release::ReleaseFault::Deltas)?;
    Ok(Delta {
        from_sha256: Sha256Digest::new(from_sha256),
        algo: Algorithm::ZstdPatch1,
        name: name.to_string(),
        length,
        sha256: sha256.try_into()?,
    })
}

/// Takes out deltas whose base is listed no more, and of `before` what no release names any
/// more.
pub(crate) fn prune(
    targets: &mut BTreeMap<String, TargetFile>,
    before: &BTreeSet<String>,
) -> Result<(), Mistake> {
    let mut changed = Vec::new();
    for (path, file) in &*targets {
        let Some(Ok(release)) = file.custom::<Release>() else { continue };
        let mut deltas = release.fields().delta.clone();
        let all = deltas.len();
        deltas.retain(|delta| {
            targets.contains_key(&delta.name) && listed_image([&*targets], delta.from_sha256).is_some()
        });
        if deltas.len() < all {
            changed.push((path.clone(), release.with_deltas(deltas)?));
        }
    }
    for (path, release) in changed {
        if let Some(file) = targets.get_mut(&path) {
            file.custom = Some(custom(release));
        }
    }
    let after = names(targets);
    targets.retain(|path, _| !before.contains(path) || after.contains(path));
    Ok(())
}

/// The listed release whose image has this SHA-256: its path, and what is listed.
pub(crate) fn listed_image<'a>(
    all: impl IntoIterator<Item = &'a BTreeMap<String, TargetFile>>,
    sha256: Sha256Digest,
) -> Option<(&'a str, &'a TargetFile)> {
    let mut files = all.into_iter().flatten();
    let found = files.find(|(_, file)| {
        let release = file.custom::<Release>().and_then(Result::ok);
        release.and_then(|release| image(file, &release)).is_some_and(|image| image.sha256 == sha256.bytes())
    });
    found.map(|(path, file)| (path.as_str(), file))
}

/// Whether a target is the delta that a release lists.
pub(crate) fn is_of(delta: &Delta, file: &TargetFile) -> bool {
    let sha256 = String::from(delta.sha256);
    file.length == delta.length.get() && file.hashes.get("sha256") == Some(sha256.as_str())
}

/// What a release lies in the slot as. None: no SHA-256 is listed.
pub(crate) fn image(file: &TargetFile, release: &Release) -> Option<ImageDigest> {
    content("", file, release).map(|content| content.image)
}

fn content(path: &str, file: &TargetFile, release: &Release) -> Option<Content> {
    let sha256 = Sha256Digest::try_from(file.hashes.get("sha256")?.to_owned()).ok()?;
    Some(Content::of(path, file.length, sha256.bytes(), release))
}

fn image_of(path: &str, file: &TargetFile, release: &Release) -> Result<ImageDigest, Mistake> {
    image(file, release).ok_or_else(|| Mistake::NotARelease { path: path.to_owned() })
}

fn release_of(path: &str, file: &TargetFile) -> Result<Release, Mistake> {
    let release = file.custom::<Release>().and_then(Result::ok);
    release.ok_or_else(|| Mistake::NotARelease { path: path.to_owned() })
}

/// The image of a listed release, in a file without a name.
pub(crate) fn unpacked(repository: &Repository, path: &str, file: &TargetFile) -> Result<File, Mistake> {
    let no_release = || Mistake::NotARelease { path: path.to_owned() };
    let content = content(path, file, &release_of(path, file)?).ok_or_else(no_release)?;
    let target = TargetPath::new(path).map_err(|_| no_release())?;
    let packed = RepositoryFolder::new(repository.folder()).target(&target, file);
    let mut from = File::open(&packed).map_err(Mistake::file(&packed))?;
    let mut into = repository.nameless()?;
    let found = match content.packing {
        Packing::Plain => copy(&mut from, &mut into),
        Packing::Zstd => unpack(&mut from, &mut into, content.image.length),
    };
    if found.map_err(Mistake::file(&packed))? != content.image {
        return Err(Mistake::BaseDamaged { path: path.to_owned() });
    }
    Ok(into)
}

fn copy(from: &mut File, into: &mut File) -> io::Result<ImageDigest> {
    let (mut digest, mut length, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(ImageDigest { length, sha256: digest.finalize().into() }),
            read => {
                digest.update(&piece[..read]);
                into.write_all(&piece[..read])?;
                length += read as u64;
            }
        }
    }
}

/// `most`: no byte more is written, in whichever case it is another image.
fn unpack(from: &mut File, into: &mut File, most: u64) -> io::Result<ImageDigest> {
    let (mut unpacker, mut digest, mut length) = (Unpacker::new()?, Sha256::new(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece)?;
        let mut left = &piece[..read];
        if read == 0 || length > most {
            unpacker.finish().map_err(io::Error::other)?;
            return Ok(ImageDigest { length, sha256: digest.finalize().into() });
        }
        loop {
            let step = unpacker.step(left).map_err(io::Error::other)?;
            digest.update(step.bytes);
            length += step.bytes.len() as u64;
            if length <= most {
                into.write_all(step.bytes)?;
            }
            left = &left[step.used..];
            if left.is_empty() && (step.bytes.is_empty() || step.frame_ended) {
                break;
            }
        }
    }
}
