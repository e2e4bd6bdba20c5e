//! From a stick to a signed permit and a signed release, both in staging. What is signed is judged
//! by a copy of what the kiosk remembers: a stick that is not acted on teaches it nothing.

use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task;
use tuf::{
    Client, ClientError, Limits as TufLimits, StaleTimestamp, Target, TargetCheck, TargetPath,
    store::MemoryStore,
    transport::{FolderTransport, Resource, Transport, TransportError},
};

use crate::{
    Permit, PermittedRelease, Staging, StickError,
    medium::{Elapsed, Limits, Medium},
};

/// The file that names the stick's permit. It is believed in nothing but "which".
pub const POINTER: &str = "stick.json";
const LONGEST_POINTER: u64 = 4 * 1024;
/// The largest of metadata files (`tuf::Limits`).
const LONGEST_METADATA: u64 = 5 << 20;

/// What [`POINTER`] holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pointer {
    /// The path of the permit among the targets, `usb/NAME`.
    pub permit: String,
}

/// A permit that somebody has signed who may.
#[derive(Clone, Debug)]
pub struct SignedPermit {
    permit: Permit,
    timestamp_expires: Timestamp,
}

impl SignedPermit {
    /// What it says.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    pub(crate) fn timestamp_expires(&self) -> Timestamp {
        self.timestamp_expires
    }
}

/// A permit and the release that this kiosk takes of it, staged whole.
#[derive(Debug)]
pub struct Staged {
    permit: SignedPermit,
    release: PermittedRelease,
}

impl Staged {
    /// The permit.
    pub fn permit(&self) -> &SignedPermit {
        &self.permit
    }

    /// The release.
    pub fn release(&self) -> &PermittedRelease {
        &self.release
    }
}

/// A stick being read.
pub struct Reader {
    client: Client<CopyingTransport, MemoryStore>,
    permit: SignedPermit,
}

impl Reader {
    /// Reads what is signed and finds the permit. `memory` is a copy of what the kiosk remembers
    /// of the repository. A timestamp that ran out is let through here; whether it may be is
    /// decided where the stick is admitted.
    pub async fn open(
        mount: &Path,
        staging: Staging,
        (limits, elapsed): (Limits, Elapsed),
        memory: MemoryStore,
        now: Timestamp,
    ) -> Result<Self, StickError> {
        let mount = mount.to_owned();
        let begun = task::spawn_blocking(move || {
            let mut medium = Medium::open(&mount, limits, elapsed)?;
            let pointer = read_pointer(&mut medium)?;
            Ok((medium, pointer))
        });
        let (medium, pointer) = joined(begun.await)?;
        let transport = CopyingTransport::new(medium, staging);
        let mut client = Client::new(transport, memory, TufLimits::default());
        let refreshed = client.refresh_with(now, StaleTimestamp::Tolerated).await;
        let refreshed = refreshed.map_err(|error| client.transport().why(error))?;
        let path = TargetPath::new(pointer.permit).map_err(|_| StickError::NoPermit)?;
        let found = client.find(&path).await.map_err(|error| client.transport().why(error))?;
        let found = found.ok_or(StickError::PermitNotSigned)?;
        let permit = match found.file.custom::<Permit>() {
            Some(Ok(permit)) => permit,
            Some(Err(error)) => return Err(StickError::PermitNotUnderstood(Some(error))),
            None => return Err(StickError::PermitNotUnderstood(None)),
        };
        let permit = SignedPermit { permit, timestamp_expires: refreshed.timestamp_expires };
        Ok(Self { client, permit })
    }

    /// The permit.
    pub fn permit(&self) -> &SignedPermit {
        &self.permit
    }

    /// A target as somebody has signed it who may.
    pub async fn find(&mut self, target: &str) -> Result<Option<Target>, StickError> {
        let Ok(path) = TargetPath::new(target) else { return Ok(None) };
        self.client.find(&path).await.map_err(|error| self.client.transport().why(error))
    }

    /// Copies a release into staging, held against what is signed of it, and ends the reading.
    pub async fn stage(self, target: Target, release: PermittedRelease) -> Result<Staged, StickError> {
        let file = self.client.file_of(&target).map_err(StickError::NotTrusted)?;
        let (transport, _) = self.client.into_parts();
        let copied = task::spawn_blocking(move || transport.copying().target(&target, &file)).await;
        joined(copied)?;
        Ok(Staged { permit: self.permit, release })
    }
}

fn read_pointer(medium: &mut Medium) -> Result<Pointer, StickError> {
    let found = medium.find(POINTER, LONGEST_POINTER)?.ok_or(StickError::NoPermit)?;
    let mut bytes = Vec::new();
    medium.read(found, |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    let pointer: Pointer = serde_json::from_slice(&bytes).map_err(|_| StickError::NoPermit)?;
    // What others may list must not be taken for a permit.
    if Permit::is_path(&pointer.permit) { Ok(pointer) } else { Err(StickError::NoPermit) }
}

/// A thread that broke down broke a promise of ours.
fn joined<T>(ended: Result<Result<T, StickError>, task::JoinError>) -> Result<T, StickError> {
    ended.unwrap_or_else(|error| {
        Err(StickError::Unreadable { name: "the stick".to_owned(), source: io::Error::other(error) })
    })
}

/// Copies each file into staging when it is first asked for, and gives what is staged.
#[derive(Clone)]
struct CopyingTransport {
    copying: Arc<Mutex<Copying>>,
    staged: FolderTransport,
}

struct Copying {
    medium: Medium,
    staging: Staging,
    /// What was asked for, there or not: it is not looked for again.
    asked: BTreeSet<String>,
    /// Why the last answer was none.
    fault: Option<StickError>,
}

impl CopyingTransport {
    fn new(medium: Medium, staging: Staging) -> Self {
        let staged = staging.transport();
        let copying = Copying { medium, staging, asked: BTreeSet::new(), fault: None };
        Self { copying: Arc::new(Mutex::new(copying)), staged }
    }

    fn copying(&self) -> MutexGuard<'_, Copying> {
        self.copying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was behind an error of the client.
    fn why(&self, error: ClientError) -> StickError {
        match error {
            error @ ClientError::Transport { .. } => {
                self.copying().fault.take().unwrap_or(StickError::NotTrusted(error))
            }
            error => StickError::NotTrusted(error),
        }
    }
}

impl Transport for CopyingTransport {
    type Body = <FolderTransport as Transport>::Body;

    async fn fetch(&self, resource: Resource<'_>, from: u64) -> Result<Option<Self::Body>, TransportError> {
        if let Resource::Metadata(name) = resource {
            let (this, name) = (self.clone(), name.to_owned());
            let copied = task::spawn_blocking(move || {
                let mut copying = this.copying();
                copying.metadata(&name).map_err(|fault| copying.fault = Some(fault))
            });
            let failed = || TransportError::Medium(io::Error::other("the stick"));
            copied.await.map_err(|_| failed())?.map_err(|()| failed())?;
        }
        self.staged.fetch(resource, from).await
    }
}

impl Copying {
    fn metadata(&mut self, name: &str) -> Result<(), StickError> {
        let name = format!("metadata/{name}");
        if !self.asked.insert(name.clone()) {
            return Ok(());
        }
        let Some(found) = self.medium.find(&name, LONGEST_METADATA)? else { return Ok(()) };
        let mut staged = self.staging.file(&name, found.said)?;
        self.medium.read(found, |piece| staged.take(piece))?;
        staged.finish()
    }

    /// Copies a target, held against its length and digests on the way, and puts everything that
    /// is staged on the disk.
    fn target(&mut self, target: &Target, file: &str) -> Result<(), StickError> {
        let name = format!("targets/{file}");
        let missing = || StickError::Missing { target: target.path.to_string() };
        let altered = |why| StickError::Altered { target: target.path.to_string(), why };
        let found = self.medium.find(&name, target.file.length)?.ok_or_else(missing)?;
        let mut staged = self.staging.file(&name, target.file.length)?;
        let mut check = TargetCheck::new(target);
        self.medium.read(found, |piece| {
            check.update(piece).map_err(altered)?;
            staged.take(piece)
        })?;
        check.finish().map_err(altered)?;
        staged.finish()?;
        self.staging.settle()
    }
}
