//! Drafts on their way to a key that is on no network, and signatures on their way back.
//!
//! A request carries the whole draft and the version before, so that the signer's machine works
//! out by itself which bytes are signed and what they change. It is believed in nothing else.

use std::path::Path;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tuf::{
    key::{Key, KeyId},
    metadata::{Metadata, Role, Root, Targets},
    repository::{Draft, Signer},
};

use crate::{
    Mistake, Repository,
    keys::write_once,
    layer_text::{self, Texts},
    repository::{Signers, listed, read_file, signers_of_targets},
};

/// The longest request or signature that is read, in bytes.
const MOST_BYTES: u64 = 16_000_000;

/// A draft that goes out to be signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Which role.
    pub role: String,
    /// Who may sign, by key id.
    pub signers: Vec<KeyId>,
    /// The draft, with the signatures so far.
    pub draft: Value,
    /// What is published now; none for a first version.
    pub before: Option<Value>,
    /// Of settings that change.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub texts: Texts,
}

/// A signature that comes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureFile {
    /// Over which role.
    pub role: String,
    /// Over which version.
    pub version: u64,
    /// SHA-256 of the bytes that were signed, in hexadecimal.
    pub sha256: String,
    /// By which key.
    pub key_id: KeyId,
    /// In hexadecimal.
    pub sig: String,
}

/// How far a draft has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Its version.
    pub version: u64,
    /// For each group of signers that must be content: whose signatures are there, who else
    /// may sign, and how many must.
    pub groups: Vec<(Vec<KeyId>, Vec<KeyId>, u64)>,
}

impl Progress {
    /// Whether it may be published.
    pub fn whole(&self) -> bool {
        self.groups.iter().all(|(signed, _, threshold)| signed.len() as u64 >= *threshold)
    }
}

/// A draft of either kind, once it has been read.
pub(crate) enum AnyDraft {
    Root(Metadata<Root>),
    Targets(Metadata<Targets>),
}

impl AnyDraft {
    pub(crate) fn read(role: &str, envelope: &Value, path: &Path) -> Result<Self, Mistake> {
        let bytes = serde_json::to_vec(envelope).expect("JSON values can be written");
        let wrong = |source| Mistake::Metadata { path: path.to_owned(), role: role.to_owned(), source };
        if role == Root::TYPE {
            return Metadata::parse(&bytes).map(Self::Root).map_err(wrong);
        }
        Metadata::parse(&bytes).map(Self::Targets).map_err(wrong)
    }

    fn version(&self) -> u64 {
        match self {
            Self::Root(root) => root.signed().version.get(),
            Self::Targets(targets) => targets.signed().version.get(),
        }
    }

    fn resume(&self) -> Draft {
        let draft = match self {
            Self::Root(root) => Draft::resume::<Root>(root.bytes()),
            Self::Targets(targets) => Draft::resume::<Targets>(targets.bytes()),
        };
        draft.expect("what has been read can be read again")
    }

    fn verify(&self, role: &str, signers: &Signers) -> Result<(), tuf::Distrust> {
        match self {
            Self::Root(root) => root.verify(role, &signers.keys, &signers.role),
            Self::Targets(targets) => targets.verify(role, &signers.keys, &signers.role),
        }
    }

    fn signed_by(&self) -> Vec<&KeyId> {
        let signatures = match self {
            Self::Root(root) => root.signatures(),
            Self::Targets(targets) => targets.signatures(),
        };
        signatures.iter().map(|signature| &signature.key_id).collect()
    }
}

impl Request {
    /// The draft of this role, to be sent out.
    pub fn of(repository: &Repository, role: &str) -> Result<Self, Mistake> {
        let (draft, before, texts) = if role == Root::TYPE {
            (value(repository.draft::<Root>(role)?), value(repository.root()?), Texts::new())
        } else {
            let (draft, before) = (repository.draft::<Targets>(role)?, repository.role(role)?);
            let texts = draft.as_ref().map(|draft| {
                layer_text::of_changes(repository, draft.signed(), before.as_ref().map(Metadata::signed))
            });
            (value(draft), value(before), texts.unwrap_or_default())
        };
        let draft = draft.ok_or_else(|| Mistake::NoDraft { role: role.to_owned() })?;
        let mut signers = Vec::new();
        for group in repository.signers(role)? {
            signers.extend(
                group.role.key_ids.into_iter().filter(|id| !signers.contains(id)).collect::<Vec<_>>(),
            );
        }
        Ok(Self { role: role.to_owned(), signers, draft, before, texts })
    }

    /// Reads a request.
    pub fn read(path: &Path) -> Result<Self, Mistake> {
        read_json(path, "request")
    }

    /// Writes it; the exact bytes to be signed as well, for other tools than this one.
    pub fn write(&self, path: &Path, bytes: Option<&Path>) -> Result<(), Mistake> {
        write_json(path, self)?;
        match bytes {
            Some(bytes) => write_once(bytes, &self.to_sign(path)?, 0o644),
            None => Ok(()),
        }
    }

    /// The exact bytes to be signed.
    pub fn to_sign(&self, path: &Path) -> Result<Vec<u8>, Mistake> {
        Ok(AnyDraft::read(&self.role, &self.draft, path)?.resume().to_sign())
    }

    /// Holds the version before against a root that the signer trusts, so that nobody is shown
    /// a smaller change than it is. A delegated role's is vouched for by targets, which a
    /// request does not carry: `false`.
    pub fn check_before(&self, path: &Path, trusted: &[u8]) -> Result<bool, Mistake> {
        let wrong = |source| Mistake::Metadata { path: path.to_owned(), role: Root::TYPE.to_owned(), source };
        let root = Metadata::<Root>::parse(trusted).map_err(wrong)?;
        let Some(before) = &self.before else { return Ok(false) };
        let before = AnyDraft::read(&self.role, before, path)?;
        match &before {
            AnyDraft::Root(before) if before.signed() == root.signed() => Ok(true),
            AnyDraft::Root(_) => Err(Mistake::BeforeIsAnotherRoot),
            AnyDraft::Targets(_) if self.role == Targets::TYPE => {
                let verified = before.verify(&self.role, &signers_of_targets(root.signed()));
                verified.map(|()| true).map_err(|source| Mistake::BeforeNotTrusted { source })
            }
            AnyDraft::Targets(_) => Ok(false),
        }
    }

    /// Signs it, if this key is one of those asked.
    pub fn sign(&self, path: &Path, signer: &dyn Signer) -> Result<SignatureFile, Mistake> {
        let (key_id, role) = (signer.key_id(), self.role.clone());
        if !self.signers.contains(&key_id) {
            return Err(Mistake::Stranger {
                key_id: key_id.to_string(),
                role,
                wanted: listed(&self.signers),
            });
        }
        let draft = AnyDraft::read(&role, &self.draft, path)?;
        let bytes = draft.resume().to_sign();
        let sig = signer.sign(&bytes).map_err(|source| Mistake::Sign { source })?;
        let (sha256, sig) = (hex::encode(Sha256::digest(&bytes)), hex::encode(sig));
        Ok(SignatureFile { role, version: draft.version(), sha256, key_id, sig })
    }
}

impl SignatureFile {
    /// Reads a signature.
    pub fn read(path: &Path) -> Result<Self, Mistake> {
        read_json(path, "signature")
    }

    /// A bare signature that another tool made over the bytes of `draft --bytes`: a token, an
    /// HSM, OpenSSL. `merge` judges it.
    pub fn of_other_tool(
        repository: &Repository,
        role: &str,
        key: &Key,
        path: &Path,
    ) -> Result<Self, Mistake> {
        let draft = drafted(repository, role, path)?;
        let sha256 = hex::encode(Sha256::digest(draft.resume().to_sign()));
        let sig = hex::encode(read_file(path, MOST_BYTES)?);
        let (role, version, key_id) = (role.to_owned(), draft.version(), key.usual_id());
        Ok(Self { role, version, sha256, key_id, sig })
    }

    /// Writes it where nothing is yet.
    pub fn write(&self, path: &Path) -> Result<(), Mistake> {
        write_json(path, self)
    }
}

/// Takes a signature into the draft that it is over. `path` is for messages.
pub fn merge(repository: &Repository, signature: &SignatureFile, path: &Path) -> Result<Progress, Mistake> {
    let SignatureFile { role, sha256, key_id, sig, .. } = signature;
    let mut draft = drafted(repository, role, path)?.resume();
    if hex::encode(Sha256::digest(draft.to_sign())) != *sha256 {
        return Err(Mistake::OtherDraft { path: path.to_owned(), role: role.clone() });
    }
    let groups = repository.signers(role)?;
    let mut asked = groups.iter().filter(|group| group.role.key_ids.contains(key_id));
    let key = asked.find_map(|group| group.keys.get(key_id));
    let Some(key) = key else {
        let mut wanted: Vec<KeyId> = groups.iter().flat_map(|group| group.role.key_ids.clone()).collect();
        wanted.sort();
        wanted.dedup();
        let (key_id, wanted) = (key_id.to_string(), listed(&wanted));
        return Err(Mistake::Stranger { key_id, role: role.clone(), wanted });
    };
    let bad = || Mistake::BadSignature { path: path.to_owned(), role: role.clone() };
    let sig = hex::decode(sig).map_err(|_| bad())?;
    draft.attach(key_id.clone(), key, &sig).map_err(|_| bad())?;
    repository.put_draft(role, &draft)?;
    progress(repository, role)
}

/// Who has signed a draft and who has not.
pub fn progress(repository: &Repository, role: &str) -> Result<Progress, Mistake> {
    let draft = drafted(repository, role, repository.folder())?;
    let signed_by = draft.signed_by();
    let groups = repository.signers(role)?.into_iter().map(|group| {
        let (signed, missing) = group.role.key_ids.into_iter().partition(|id| signed_by.contains(&id));
        (signed, missing, group.role.threshold.get())
    });
    Ok(Progress { version: draft.version(), groups: groups.collect() })
}

fn drafted(repository: &Repository, role: &str, path: &Path) -> Result<AnyDraft, Mistake> {
    let request = Request::of(repository, role)?;
    AnyDraft::read(role, &request.draft, path)
}

fn value<T: Role>(metadata: Option<Metadata<T>>) -> Option<Value> {
    let bytes = metadata?.bytes().to_vec();
    Some(serde_json::from_slice(&bytes).expect("metadata that has been read is JSON"))
}

fn read_json<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, Mistake> {
    let bytes = read_file(path, MOST_BYTES)?;
    let wrong = |source| Mistake::NotOurFile { path: path.to_owned(), what, source };
    serde_json::from_slice(&bytes).map_err(wrong)
}

fn write_json<T: Serialize>(path: &Path, body: &T) -> Result<(), Mistake> {
    let mut bytes = serde_json::to_vec_pretty(body).expect("our types have string names");
    bytes.push(b'\n');
    write_once(path, &bytes, 0o644)
}
