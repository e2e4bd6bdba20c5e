//! The folder: `metadata/` and `targets/`, which any web server or stick can carry, and
//! `drafts/`, which hold nothing secret and mean nothing to a kiosk.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp as Time;
use tuf::{
    key::{Key, KeyId},
    metadata::{Metadata, Role, RoleKeys, Root, Snapshot, Targets, Timestamp, Version},
    repository::Draft,
};

use crate::{Mistake, period::Period};

/// A repository that this program alone works on.
#[derive(Debug)]
pub struct Repository {
    folder: PathBuf,
    _lock: File,
}

/// Whose signatures a role needs: keys, and how many.
#[derive(Clone, Debug)]
pub struct Signers {
    /// Every key by its id.
    pub keys: BTreeMap<KeyId, Key>,
    /// The role's keys and their threshold.
    pub role: RoleKeys,
}

impl Repository {
    /// Opens a repository that is there.
    pub fn open(folder: &Path) -> Result<Self, Mistake> {
        if !is_there(folder) {
            return Err(Mistake::NoRepository { path: folder.to_owned() });
        }
        let repository = Self::lock(folder)?;
        repository.drop_published_drafts()?;
        Ok(repository)
    }

    /// Begins one where there is none.
    pub fn create(folder: &Path) -> Result<Self, Mistake> {
        if is_there(folder) {
            return Err(Mistake::RepositoryThere { path: folder.to_owned() });
        }
        Self::lock(folder)
    }

    fn lock(folder: &Path) -> Result<Self, Mistake> {
        let drafts = folder.join("drafts");
        fs::create_dir_all(&drafts).map_err(Mistake::file(&drafts))?;
        let path = drafts.join(".lock");
        let lock = File::create(&path).map_err(Mistake::file(&path))?;
        lock.try_lock().map_err(|_| Mistake::Busy { path: folder.to_owned() })?;
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file beside the drafts that is gone when it is closed.
    pub(crate) fn nameless(&self) -> Result<File, Mistake> {
        let path = self.folder.join("drafts/.nameless");
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path);
        let file = file.map_err(Mistake::file(&path))?;
        fs::remove_file(&path).map_err(Mistake::file(&path))?;
        Ok(file)
    }

    /// The newest root that is published; none before the first publication.
    pub fn root(&self) -> Result<Option<Metadata<Root>>, Mistake> {
        let (mut newest, mut version) = (None, 1);
        while let Some(root) = self.published::<Root>(&format!("{version}.root"), Root::TYPE)? {
            (newest, version) = (Some(root), version + 1);
        }
        Ok(newest)
    }

    /// A targets role as it is published.
    pub fn role(&self, role: &str) -> Result<Option<Metadata<Targets>>, Mistake> {
        let snapshot = self.snapshot()?;
        let Some(meta) = snapshot.as_ref().and_then(|it| it.signed().role(role)) else { return Ok(None) };
        self.role_version(role, meta.version.get())
    }

    /// A targets role of a version.
    pub fn role_version(&self, role: &str, version: u64) -> Result<Option<Metadata<Targets>>, Mistake> {
        self.published(&format!("{version}.{role}"), role)
    }

    /// The snapshot that the timestamp announces.
    pub fn snapshot(&self) -> Result<Option<Metadata<Snapshot>>, Mistake> {
        let Some(timestamp) = self.timestamp()? else { return Ok(None) };
        let version = timestamp.signed().meta.snapshot.version.get();
        self.published(&format!("{version}.snapshot"), Snapshot::TYPE)
    }

    /// The timestamp.
    pub fn timestamp(&self) -> Result<Option<Metadata<Timestamp>>, Mistake> {
        self.published(Timestamp::TYPE, Timestamp::TYPE)
    }

    fn published<T: Role>(&self, name: &str, role: &str) -> Result<Option<Metadata<T>>, Mistake> {
        parse(&self.metadata_path(name), role, T::MOST_BYTES)
    }

    fn metadata_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("metadata/{name}.json"))
    }

    fn draft_path(&self, role: &str) -> PathBuf {
        self.folder.join(format!("drafts/{role}.json"))
    }

    /// What is in draft for a role, with the signatures so far.
    pub fn draft<T: Role>(&self, role: &str) -> Result<Option<Metadata<T>>, Mistake> {
        parse(&self.draft_path(role), role, T::MOST_BYTES)
    }

    /// The roles that have a draft.
    pub fn drafts(&self) -> Result<Vec<String>, Mistake> {
        let path = self.folder.join("drafts");
        let mut roles = Vec::new();
        for entry in fs::read_dir(&path).map_err(Mistake::file(&path))? {
            let name = entry.map_err(Mistake::file(&path))?.file_name();
            roles.extend(name.to_str().and_then(|name| name.strip_suffix(".json")).map(str::to_owned));
        }
        roles.sort();
        Ok(roles)
    }

    /// Puts a body in draft; signatures over another body go.
    pub fn put_body<T: Role>(&self, role: &str, body: &T) -> Result<(), Mistake> {
        self.put_draft(role, &Draft::new(body))
    }

    /// Puts a draft with its signatures.
    pub fn put_draft(&self, role: &str, draft: &Draft) -> Result<(), Mistake> {
        let path = self.draft_path(role);
        let under_way = path.with_extension("new");
        let written = fs::write(&under_way, draft.bytes())
            .and_then(|()| File::open(&under_way)?.sync_all())
            .and_then(|()| fs::rename(&under_way, &path));
        written.map_err(Mistake::file(&path))
    }

    /// Throws a draft away.
    pub fn discard(&self, role: &str) -> Result<(), Mistake> {
        let path = self.draft_path(role);
        fs::remove_file(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Mistake::NoDraft { role: role.to_owned() },
            _ => Mistake::File { path, source },
        })
    }

    /// A run that broke off after publishing leaves drafts of what is published.
    fn drop_published_drafts(&self) -> Result<(), Mistake> {
        for role in self.drafts()? {
            let path = self.draft_path(&role);
            let draft = fs::read(&path).map_err(Mistake::file(&path))?;
            let published = if role == Root::TYPE {
                self.root()?.map(|root| root.bytes().to_vec())
            } else {
                self.role(&role)?.map(|targets| targets.bytes().to_vec())
            };
            if published.is_some_and(|published| published == draft) {
                self.discard(&role)?;
            }
        }
        Ok(())
    }

    /// The root that says who signs from now on: the one in draft, else the published one.
    pub fn coming_root(&self) -> Result<Metadata<Root>, Mistake> {
        let root = self.draft(Root::TYPE)?.map_or_else(|| self.root(), |root| Ok(Some(root)))?;
        root.ok_or_else(|| Mistake::NoSuchRole { role: Root::TYPE.to_owned() })
    }

    /// A targets role as it will be: the one in draft, else the published one.
    pub fn coming_role(&self, role: &str) -> Result<Option<Metadata<Targets>>, Mistake> {
        self.draft(role)?.map_or_else(|| self.role(role), |it| Ok(Some(it)))
    }

    /// A root to change: one version after the published one, good from now on.
    pub fn edit_root(&self, now: Time) -> Result<Root, Mistake> {
        let mut root = self.coming_root()?.signed().clone();
        if let Some(published) = self.root()? {
            root.version = next(Root::TYPE, published.signed().version)?;
        }
        root.expires = expiry(Root::TYPE, now);
        Ok(root)
    }

    /// A targets role to change: a version that was never written, good from now on.
    pub fn edit_role(&self, role: &str, now: Time) -> Result<Targets, Mistake> {
        let coming = self.coming_role(role)?;
        let coming = coming.ok_or_else(|| Mistake::NoSuchRole { role: role.to_owned() })?;
        let mut body = coming.signed().clone();
        body.version = match self.role(role)? {
            Some(published) => self.free(role, next(role, published.signed().version)?)?,
            None => self.free(role, Version::FIRST)?,
        };
        body.expires = expiry(role, now);
        Ok(body)
    }

    /// The first version from this one on that has no file.
    pub(crate) fn free(&self, role: &str, mut version: Version) -> Result<Version, Mistake> {
        while self.metadata_path(&format!("{}.{role}", version.get())).exists() {
            version = next(role, version)?;
        }
        Ok(version)
    }

    /// Who must sign a role's draft: each of these must be content. The next root is signed
    /// under the published one and under itself (TUF 1.0.34, section 5.3.4).
    pub fn signers(&self, role: &str) -> Result<Vec<Signers>, Mistake> {
        let root = self.coming_root()?;
        let of_root = |root: &Root| Signers { keys: root.keys.clone(), role: root.roles.root.clone() };
        match role {
            Root::TYPE => {
                let before = self.root()?;
                let both = before.iter().chain([&root]).map(|root| of_root(root.signed()));
                Ok(both.collect())
            }
            Targets::TYPE => Ok(vec![signers_of_targets(root.signed())]),
            _ => {
                let targets = self.coming_role(Targets::TYPE)?;
                let signers = targets.and_then(|targets| signers_of_delegated(targets.signed(), role));
                Ok(vec![signers.ok_or_else(|| Mistake::NoSuchRole { role: role.to_owned() })?])
            }
        }
    }
}

impl Signers {
    /// Refuses metadata that too few of them have signed.
    pub fn check<T: Role>(&self, role: &str, metadata: &Metadata<T>) -> Result<(), Mistake> {
        let verified = metadata.verify(role, &self.keys, &self.role);
        verified.map_err(|source| Mistake::NotSigned { role: role.to_owned(), source })
    }
}

/// Who signs targets under this root.
pub fn signers_of_targets(root: &Root) -> Signers {
    Signers { keys: root.keys.clone(), role: root.roles.targets.clone() }
}

/// Who signs a delegated role.
pub fn signers_of_delegated(targets: &Targets, role: &str) -> Option<Signers> {
    let delegations = targets.delegations.as_ref()?;
    let role = delegations.role(role)?.signers.clone();
    Some(Signers { keys: delegations.keys.clone(), role })
}

/// When metadata that is made now expires.
pub(crate) fn expiry(role: &str, now: Time) -> tuf::metadata::Expiry {
    tuf::metadata::Expiry::new(Period::of(role).end(now))
}

/// Key ids for people.
pub(crate) fn listed(ids: &[KeyId]) -> String {
    ids.iter().map(KeyId::as_str).collect::<Vec<_>>().join(", ")
}

pub(crate) fn next(role: &str, version: Version) -> Result<Version, Mistake> {
    version.next().ok_or_else(|| Mistake::LastVersion { role: role.to_owned(), version: version.get() })
}

fn is_there(folder: &Path) -> bool {
    ["metadata/1.root.json", "drafts/root.json"].iter().any(|file| folder.join(file).exists())
}

fn parse<T: Role>(path: &Path, role: &str, most: u64) -> Result<Option<Metadata<T>>, Mistake> {
    let Some(bytes) = read_if_there(path, most)? else { return Ok(None) };
    let metadata = Metadata::parse(&bytes);
    let wrong = |source| Mistake::Metadata { path: path.to_owned(), role: role.to_owned(), source };
    metadata.map(Some).map_err(wrong)
}

fn read_if_there(path: &Path, most: u64) -> Result<Option<Vec<u8>>, Mistake> {
    match read_file(path, most) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Mistake::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(mistake) => Err(mistake),
    }
}

/// Reads a file of no more bytes than that.
pub(crate) fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, Mistake> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Mistake::file(path))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(Mistake::file(path))?;
    if bytes.len() as u64 > most {
        return Err(Mistake::TooLong { path: path.to_owned(), most });
    }
    Ok(bytes)
}
