//! What a fleet team changes. Each change is a draft; signatures over the draft before go,
//! since they were over something else.

use std::{
    fs::File,
    io::{Read, Seek as _},
    num::NonZeroU64,
    path::Path,
};

use install::frames;
use jiff::Timestamp as Time;
use release::{Compression, Kind, PackedImage, Release, Sha256Digest, Waves};
use tuf::{
    TargetPath,
    key::{Key, KeyId},
    metadata::{Role as _, RoleKeys, Root, TargetFile, Targets, Threshold},
    repository::{RepositoryFolder, RoleName},
};

use crate::{Mistake, Repository, area::Area, bundle, config, deltas, repository::expiry, steady::Steady};

/// The keys of a new repository.
#[derive(Clone, Debug)]
pub struct FirstKeys {
    /// Of root, and how many must sign.
    pub root: (Threshold, Vec<Key>),
    /// Of targets, and how many must sign.
    pub targets: (Threshold, Vec<Key>),
    /// Of snapshot.
    pub snapshot: Vec<Key>,
    /// Of timestamp.
    pub timestamp: Vec<Key>,
}

/// A change of one top-level role's keys.
#[derive(Clone, Debug)]
pub enum Rotation {
    /// One more key.
    Add(Box<Key>),
    /// One key less.
    Drop(KeyId),
    /// Another number of signatures.
    Threshold(Threshold),
}

/// A role of root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the roles are")]
pub enum TopRole {
    Root,
    Targets,
    Snapshot,
    Timestamp,
}

impl TopRole {
    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Root, Self::Targets, Self::Snapshot, Self::Timestamp];
        all.into_iter().find(|role| role.as_str() == name)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
        }
    }

    fn of(self, root: &mut Root) -> &mut RoleKeys {
        match self {
            Self::Root => &mut root.roles.root,
            Self::Targets => &mut root.roles.targets,
            Self::Snapshot => &mut root.roles.snapshot,
            Self::Timestamp => &mut root.roles.timestamp,
        }
    }
}

/// Begins a repository: the first root and an empty targets, both in draft.
pub fn init(folder: &Path, now: Time, keys: &FirstKeys) -> Result<Repository, Mistake> {
    let roles = [
        ("root", keys.root.0, &keys.root.1),
        ("targets", keys.targets.0, &keys.targets.1),
        ("snapshot", Threshold::ONE, &keys.snapshot),
        ("timestamp", Threshold::ONE, &keys.timestamp),
    ];
    let mut lists = Vec::new();
    for (name, threshold, keys) in roles {
        let keys: Vec<&Key> = keys.iter().collect();
        can_give(name, threshold, &keys)?;
        lists.push((threshold, keys));
    }
    let repository = Repository::create(folder)?;
    let list = |at: usize| (lists[at].0, lists[at].1.as_slice());
    let root = Root::first(expiry(Root::TYPE, now).get(), list(0), list(1), list(2), list(3));
    // Targets first: with root there, the repository is there.
    repository.put_body(Targets::TYPE, &Targets::first(expiry(Targets::TYPE, now).get()))?;
    repository.put_body(Root::TYPE, &root)?;
    Ok(repository)
}

/// Refuses a threshold that these keys can never reach.
fn can_give(what: &str, threshold: Threshold, keys: &[&Key]) -> Result<(), Mistake> {
    let mut ids: Vec<KeyId> = keys.iter().map(|key| key.usual_id()).collect();
    ids.sort();
    ids.dedup();
    if ids.len() as u64 >= threshold.get() && ids.len() == keys.len() {
        return Ok(());
    }
    let what = what.to_owned();
    Err(Mistake::ThresholdTooHigh {
        what,
        keys: ids.len(),
        threshold: threshold.get().max(keys.len() as u64),
    })
}

/// How a release's file becomes its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    AsItIs,
    /// Packed in frames of zstd, as `install::frames` unpacks them.
    Zstd,
    /// As it is: a RAUC bundle, whose manifest is named.
    RaucBundle,
}

/// Lists a release, and copies its file in, packed or not, with deltas from these releases.
/// Returns the role that lists it.
pub fn add_release(
    repository: &Repository,
    now: Time,
    path: &str,
    file: &Path,
    packing: Packing,
    from: &[&str],
    release: Release,
) -> Result<String, Mistake> {
    let (target, area) = target(path)?;
    let kind = release.fields().kind;
    let fits = matches!((&area, kind), (Area::Os, Kind::Os) | (Area::App, Kind::App));
    if !fits {
        let (path, area) = (path.to_owned(), area.to_string());
        return Err(Mistake::WrongFolder { path, area, kind: kind.as_str() });
    }
    let role = role_of(repository, &area)?;
    grows(repository, &role, &release)?;
    let mut source = Steady::open(file).map_err(Mistake::file(file))?;
    let (mut listed, release) = match packing {
        Packing::RaucBundle => {
            // The source sees whether the file changes meanwhile.
            let release = release.with_rauc_manifest(bundle::manifest_hash(file)?)?;
            (copy_in(repository, &target, file, &mut source)?, release)
        }
        Packing::AsItIs => (copy_in(repository, &target, file, &mut source)?, release),
        Packing::Zstd => {
            let (mut packed, image) = pack(repository, file, &mut source)?;
            let release = release.with_image(Some(image))?;
            (copy_in(repository, &target, file, &mut packed)?, release)
        }
    };
    let mut body = repository.edit_role(&role, now)?;
    let before = deltas::names(&body.targets);
    let release = deltas::add(repository, &mut body, (&target, &listed), file, from, release)?;
    listed.custom = Some(custom(release));
    body.list(&target, listed);
    deltas::prune(&mut body.targets, &before)?;
    repository.put_body(&role, &body)?;
    Ok(role)
}

pub(crate) fn custom(release: Release) -> serde_json::Value {
    serde_json::to_value(release).expect("a release has string names and whole numbers")
}

/// Packs an image into a file without a name, and says what it was.
fn pack(repository: &Repository, file: &Path, image: &mut impl Read) -> Result<(File, PackedImage), Mistake> {
    let mut packed = repository.nameless()?;
    let image = frames::pack(image, &mut packed).map_err(Mistake::file(file))?;
    packed.rewind().map_err(Mistake::file(repository.folder()))?;
    let (length, sha256) = (image.length, Sha256Digest::new(image.sha256));
    Ok((packed, PackedImage { compression: Compression::Zstd, length, sha256 }))
}

/// Lists a file beside settings. Returns the role that lists it.
pub fn add_file(repository: &Repository, now: Time, path: &str, file: &Path) -> Result<String, Mistake> {
    let (target, area) = target(path)?;
    match area {
        Area::Os | Area::App => return Err(Mistake::Usage(format!("{path} is a release: use add-release"))),
        // Its signers would not be shown what it says.
        Area::Usb => return Err(Mistake::Usage(format!("{path} is a permit: use permit"))),
        Area::Config(_) | Area::Fleet => {}
    }
    if config::is_of_a_layer(&target) {
        return Err(Mistake::Usage(format!("{path} is a layer of settings: use add-config")));
    }
    let role = role_of(repository, &area)?;
    let mut source = Steady::open(file).map_err(Mistake::file(file))?;
    list(repository, now, &role, &target, file, &mut source, None)?;
    Ok(role)
}

pub(crate) fn list(
    repository: &Repository,
    now: Time,
    role: &str,
    target: &TargetPath,
    file: &Path,
    source: &mut impl Read,
    custom: Option<serde_json::Value>,
) -> Result<(), Mistake> {
    let mut body = repository.edit_role(role, now)?;
    let mut listed = copy_in(repository, target, file, source)?;
    listed.custom = custom;
    body.list(target, listed);
    repository.put_body(role, &body)
}

/// Copies a target into the folder. It is not listed yet.
pub(crate) fn copy_in(
    repository: &Repository,
    target: &TargetPath,
    file: &Path,
    source: &mut impl Read,
) -> Result<TargetFile, Mistake> {
    let folder = RepositoryFolder::new(repository.folder());
    let added = folder.add_target(target, source);
    // The repository names its own file; whoever reads this wants to know theirs.
    added.map_err(|error| match error {
        tuf::repository::PublishError::Io { source, .. } => Mistake::File { path: file.to_owned(), source },
        source => Mistake::Publish { source },
    })
}

/// Takes a target off the list, and the deltas that lead to it or from it. Files stay: kiosks
/// may be fetching them.
pub fn remove(repository: &Repository, now: Time, path: &str) -> Result<String, Mistake> {
    let (_, area) = target(path)?;
    let role = role_of(repository, &area)?;
    let mut body = repository.edit_role(&role, now)?;
    let deltas = deltas::names(&body.targets);
    if body.targets.remove(path).is_none() {
        return Err(Mistake::NotListed { path: path.to_owned() });
    }
    deltas::prune(&mut body.targets, &deltas)?;
    repository.put_body(&role, &body)?;
    Ok(role)
}

/// Says who takes a release when.
pub fn waves(
    repository: &Repository,
    now: Time,
    path: &str,
    waves: Option<Waves>,
) -> Result<String, Mistake> {
    edit_release(repository, now, path, |release| Ok(release.with_waves(waves)))
}

/// Says how far back kiosks that run a release may go. Returns the role.
pub fn least(repository: &Repository, now: Time, path: &str, least: NonZeroU64) -> Result<String, Mistake> {
    edit_release(repository, now, path, |release| Ok(release.with_least(least)?))
}

/// Says something else of a release that is listed. Returns the role.
fn edit_release(
    repository: &Repository,
    now: Time,
    path: &str,
    edit: impl FnOnce(Release) -> Result<Release, Mistake>,
) -> Result<String, Mistake> {
    let (_, area) = target(path)?;
    let role = role_of(repository, &area)?;
    let mut body = repository.edit_role(&role, now)?;
    let listed = body.targets.get_mut(path).ok_or_else(|| Mistake::NotListed { path: path.to_owned() })?;
    let Some(Ok(release)) = listed.custom::<Release>() else {
        return Err(Mistake::NotARelease { path: path.to_owned() });
    };
    listed.custom = Some(custom(edit(release)?));
    repository.put_body(&role, &body)?;
    Ok(role)
}

/// Gives a part to other signers, or other keys to those who have it. What `targets` lists of
/// it goes over to the new role: it would stand before it for ever. Returns the role.
pub fn delegate(
    repository: &Repository,
    now: Time,
    area: &Area,
    threshold: Threshold,
    keys: &[Key],
) -> Result<String, Mistake> {
    let role = area.role();
    let keys: Vec<&Key> = keys.iter().collect();
    if threshold.get() < area.least_threshold() {
        return Err(Mistake::ThresholdTooLow { least: area.least_threshold() });
    }
    can_give(&role, threshold, &keys)?;
    let name = RoleName::new(&role).map_err(|_| Mistake::NotAnArea { text: area.to_string() })?;
    let mut targets = repository.edit_role(Targets::TYPE, now)?;
    let is_new = repository.coming_role(&role)?.is_none();
    let mut body =
        if is_new { Targets::first(expiry(&role, now).get()) } else { repository.edit_role(&role, now)? };
    let paths = area.paths();
    let (theirs, ours) =
        std::mem::take(&mut targets.targets).into_iter().partition(|(path, _)| paths.covers(path));
    targets.targets = ours;
    body.targets.extend::<std::collections::BTreeMap<_, _>>(theirs);
    targets.delegate(&name, area.terminating(), paths, threshold, &keys);
    if let Some(delegations) = &mut targets.delegations {
        let named: Vec<_> = delegations.roles.iter().flat_map(|role| role.signers.key_ids.clone()).collect();
        delegations.keys.retain(|id, _| named.contains(id));
    }
    repository.put_body(&role, &body)?;
    repository.put_body(Targets::TYPE, &targets)?;
    Ok(role)
}

/// Changes keys of root's roles: the next root, to be signed under the old one and itself.
pub fn rotate(repository: &Repository, now: Time, changes: &[(TopRole, Rotation)]) -> Result<(), Mistake> {
    let mut root = repository.edit_root(now)?;
    let mut new = Vec::new();
    for (role, change) in changes {
        let keys = role.of(&mut root);
        match change {
            Rotation::Add(key) => {
                let id = key.usual_id();
                if !keys.key_ids.contains(&id) {
                    keys.key_ids.push(id);
                }
                new.push(&**key);
            }
            Rotation::Drop(id) => {
                let (before, wanted) = (keys.key_ids.len(), crate::repository::listed(&keys.key_ids));
                keys.key_ids.retain(|other| other != id);
                if keys.key_ids.len() == before {
                    let (key_id, role) = (id.to_string(), role.as_str().to_owned());
                    return Err(Mistake::Stranger { key_id, role, wanted });
                }
            }
            Rotation::Threshold(threshold) => keys.threshold = *threshold,
        }
    }
    let mut root = root.with_keys(&new);
    for role in [TopRole::Root, TopRole::Targets, TopRole::Snapshot, TopRole::Timestamp] {
        let (what, keys) = (role.as_str().to_owned(), role.of(&mut root).clone());
        if (keys.key_ids.len() as u64) < keys.threshold.get() {
            let (keys, threshold) = (keys.key_ids.len(), keys.threshold.get());
            return Err(Mistake::ThresholdTooHigh { what, keys, threshold });
        }
    }
    repository.put_body(Root::TYPE, &root)
}

/// The same again, one version on and good for another period.
pub fn renew(repository: &Repository, now: Time, role: &str) -> Result<(), Mistake> {
    if role == Root::TYPE {
        return repository.put_body(role, &repository.edit_root(now)?);
    }
    // Refuses what is none of ours.
    repository.signers(role)?;
    repository.put_body(role, &repository.edit_role(role, now)?)
}

/// A path within a part that can be delegated: one folder, one name.
pub(crate) fn target(path: &str) -> Result<(TargetPath, Area), Mistake> {
    let wrong = || Mistake::NotATarget { text: path.to_owned() };
    let target = TargetPath::new(path).map_err(|_| wrong())?;
    let (folder, _) = path.rsplit_once('/').ok_or_else(wrong)?;
    Ok((target, Area::new(folder).map_err(|_| wrong())?))
}

/// The role that lists files of this part: its own where it is delegated, else `targets`.
pub(crate) fn role_of(repository: &Repository, area: &Area) -> Result<String, Mistake> {
    let targets = repository.coming_role(Targets::TYPE)?;
    let delegations = targets.as_ref().and_then(|targets| targets.signed().delegations.as_ref());
    let delegated = delegations.is_some_and(|all| all.role(&area.role()).is_some());
    Ok(if delegated { area.role() } else { Targets::TYPE.to_owned() })
}

/// Refuses a number that is not above every number that this kind ever had for one of these
/// boards, in any version: a kiosk may have taken it.
fn grows(repository: &Repository, role: &str, new: &Release) -> Result<(), Mistake> {
    let seq = new.fields().release_seq.get();
    for role in if role == Targets::TYPE { vec![role] } else { vec![role, Targets::TYPE] } {
        let last = repository.role(role)?.map_or(0, |it| it.signed().version.get());
        let mut versions = Vec::new();
        for version in 1..=last {
            versions.extend(repository.role_version(role, version)?);
        }
        versions.extend(repository.draft::<Targets>(role)?);
        for body in versions {
            for (path, file) in &body.signed().targets {
                let Some(Ok(other)) = file.custom::<Release>() else { continue };
                let newest = other.fields().release_seq.get();
                if new.rivals(&other) && newest >= seq {
                    let (path, role) = (path.clone(), role.to_owned());
                    let version = body.signed().version.get();
                    return Err(Mistake::SeqDoesNotGrow { seq, newest, path, role, version });
                }
            }
        }
    }
    Ok(())
}
