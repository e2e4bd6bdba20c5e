//! The whole repository, judged as a kiosk would: by the client of `tuf`, every target fetched
//! whole. It says besides who may sign and how long everything is good.

use std::{
    io,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use configuration::{Configuration, Layer, MOST_LAYER_BYTES, Whose};
use install::{
    ImageDigest,
    frames::{FrameFault, Unpacked},
};
use jiff::Timestamp as Time;
use release::{PackedImage, Release};
use stick::Permit;
use tokio::io::AsyncWrite;
use tuf::{
    Client, ClientError, Distrust, Limits, Target, TargetCheck, TargetPath,
    metadata::{Metadata, Role, RoleKeys, Root, Snapshot, Targets, Timestamp},
    store::MemoryStore,
    transport::FolderTransport,
};

use crate::{
    Mistake, Repository,
    period::{Period, days_left},
    repository::{read_file, signers_of_delegated},
    words,
};

/// What there is to say of a repository that kiosks take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The roles, root first.
    pub roles: Vec<RoleState>,
    /// The targets: path, role, words.
    pub targets: Vec<(String, String, String)>,
    /// What people should see to.
    pub warnings: Vec<String>,
}

/// One role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleState {
    /// Its name.
    pub role: String,
    /// Its version.
    pub version: u64,
    /// How many must sign.
    pub threshold: u64,
    /// How many keys may.
    pub keys: usize,
    /// Until when it is good.
    pub expires: Time,
    /// Whole days until then.
    pub days_left: i64,
}

/// Checks what is published. `root` is what kiosks were shipped with; without it, the first
/// root of the folder serves, and nobody vouches for that.
pub async fn check(repository: &Repository, root: Option<&Path>, now: Time) -> Result<Report, Mistake> {
    let first = repository.folder().join("metadata/1.root.json");
    if !first.exists() {
        return Err(Mistake::NoSuchRole { role: "root (nothing is published yet)".to_owned() });
    }
    let trusted = read_file(root.unwrap_or(&first), Root::MOST_BYTES)?;
    let transport = FolderTransport::new(repository.folder());
    let mut client = Client::new(transport, MemoryStore::default(), Limits::default());
    client.trust(&trusted).map_err(refused)?;
    client.refresh(now).await.map_err(refused)?;
    let mut report = roles(repository, now)?;
    targets(repository, &mut client, &mut report).await?;
    Ok(report)
}

fn refused(source: ClientError) -> Mistake {
    // What people can do about these two has words of its own.
    match source {
        ClientError::Untrusted { role, why: Distrust::Expired { expires, .. } } if role == Root::TYPE => {
            Mistake::RootExpired { expires }
        }
        ClientError::Untrusted { role, why: Distrust::Expired { expires, .. } } => {
            Mistake::Expired { role, expires }
        }
        source => Mistake::Client { source },
    }
}

fn state<T: Role>(
    role: &str,
    body: &Metadata<T>,
    keys: &RoleKeys,
    now: Time,
    warnings: &mut Vec<String>,
) -> RoleState {
    let expires = body.signed().expires().get();
    let days_left = days_left(expires, now);
    if days_left < Period::of(role).warn {
        let by = match role {
            Snapshot::TYPE => "kiosk-repo refresh, with both keys".to_owned(),
            Timestamp::TYPE => "kiosk-repo refresh".to_owned(),
            role => format!("kiosk-repo renew {role}, and have it signed"),
        };
        warnings.push(format!("{role} expires in {days_left} days: {by}"));
    }
    let version = body.signed().version().get();
    let (threshold, keys) = (keys.threshold.get(), keys.key_ids.len());
    RoleState { role: role.to_owned(), version, threshold, keys, expires, days_left }
}

/// Every role. The four of root were refreshed; delegated ones are verified here, also those
/// that list nothing.
fn roles(repository: &Repository, now: Time) -> Result<Report, Mistake> {
    let missing = |role: &str| Mistake::NoSuchRole { role: role.to_owned() };
    let root = repository.root()?.ok_or_else(|| missing(Root::TYPE))?;
    let targets = repository.role(Targets::TYPE)?.ok_or_else(|| missing(Targets::TYPE))?;
    let snapshot = repository.snapshot()?.ok_or_else(|| missing(Snapshot::TYPE))?;
    let timestamp = repository.timestamp()?.ok_or_else(|| missing(Timestamp::TYPE))?;
    let (keys, mut warnings) = (&root.signed().roles, Vec::new());
    let mut roles = vec![
        state(Root::TYPE, &root, &keys.root, now, &mut warnings),
        state(Targets::TYPE, &targets, &keys.targets, now, &mut warnings),
        state(Snapshot::TYPE, &snapshot, &keys.snapshot, now, &mut warnings),
        state(Timestamp::TYPE, &timestamp, &keys.timestamp, now, &mut warnings),
    ];
    for delegation in targets.signed().delegations.iter().flat_map(|it| &it.roles) {
        let role = &delegation.name;
        let body = repository.role(role)?.ok_or_else(|| missing(role))?;
        let signers = signers_of_delegated(targets.signed(), role).ok_or_else(|| missing(role))?;
        signers.check(role, &body)?;
        let expires = body.signed().expires.get();
        if now >= expires {
            return Err(Mistake::Expired { role: role.clone(), expires });
        }
        roles.push(state(role, &body, &signers.role, now, &mut warnings));
    }
    Ok(Report { roles, targets: Vec::new(), warnings })
}

/// Every target: found by a kiosk where it is listed, and whole.
async fn targets(
    repository: &Repository,
    client: &mut Client<FolderTransport, MemoryStore>,
    report: &mut Report,
) -> Result<(), Mistake> {
    let listing: Vec<String> = report.roles.iter().map(|state| state.role.clone()).collect();
    for role in listing {
        let Some(body) = (role != Root::TYPE).then(|| repository.role(&role)).transpose()?.flatten() else {
            continue;
        };
        for (path, file) in &body.signed().targets {
            let not_found =
                |finds: String| Mistake::NotFound { path: path.clone(), role: role.clone(), finds };
            let name = TargetPath::new(path.clone());
            let name = name.map_err(|_| not_found("refuses such a path".to_owned()))?;
            let found = client.find(&name).await.map_err(refused)?;
            let found = found.ok_or_else(|| not_found("finds nothing".to_owned()))?;
            if found.listed_by != role {
                return Err(not_found(format!("takes the one that {} lists", found.listed_by)));
            }
            if let Some(whose) = Whose::of_target(path) {
                let words = layer(client, &whose, &found).await?.map_err(not_found)?;
                report.targets.push((path.clone(), role.clone(), words));
                continue;
            }
            let odd = |error: serde_json::Error| not_found(format!("does not understand it: {error}"));
            let (image, words) = if Permit::is_path(path) {
                let permit = file.custom::<Permit>().transpose().map_err(odd)?;
                let permit = permit.ok_or_else(|| not_found("finds no permit in it".to_owned()))?;
                (None, words::permit_words(&permit))
            } else {
                let release = file.custom::<Release>().transpose().map_err(odd)?;
                let words = release.as_ref().map_or_else(|| "no release".to_owned(), words::release_words);
                (release.and_then(|release| release.fields().image), words)
            };
            let mut check = TargetCheck::new(&found);
            let mut sink = Sink::new(image).map_err(Mistake::file(repository.folder()))?;
            client.download(&found, &mut check, &mut sink).await.map_err(refused)?;
            sink.judge().map_err(not_found)?;
            report.targets.push((path.clone(), role.clone(), words));
        }
    }
    Ok(())
}

/// A layer as kiosks read it, with the files that it names. What they would refuse is said.
async fn layer(
    client: &mut Client<FolderTransport, MemoryStore>,
    whose: &Whose,
    found: &Target,
) -> Result<Result<String, String>, Mistake> {
    if found.file.length > MOST_LAYER_BYTES {
        return Ok(Err("refuses it: longer than any layer".to_owned()));
    }
    let mut bytes = Vec::new();
    client.download(found, &mut TargetCheck::new(found), &mut bytes).await.map_err(refused)?;
    let set = Layer::parse(whose, &bytes).map_err(|error| error.to_string());
    let set = set.and_then(|layer| Configuration::merge(&[layer]).map_err(|error| error.to_string()));
    let set = match set {
        Ok(set) => set,
        Err(why) => return Ok(Err(format!("refuses it: {why}"))),
    };
    for file in set.wanted_files() {
        let path =
            TargetPath::new(file.target).map_err(|_| Mistake::NotATarget { text: file.path.clone() })?;
        match client.find(&path).await.map_err(refused)? {
            Some(listed) if listed.file.length == file.length => {}
            _ => return Ok(Err(format!("finds no {} for it", file.path))),
        }
    }
    Ok(Ok(format!("layer {}", set.line())))
}

/// Where a target goes: nowhere, but a packed one is unpacked on the way.
struct Sink {
    packed: Option<(PackedImage, Unpacked)>,
    fault: Option<FrameFault>,
}

impl Sink {
    fn new(image: Option<PackedImage>) -> io::Result<Self> {
        let packed = image.map(|image| Ok::<_, io::Error>((image, Unpacked::new()?))).transpose()?;
        Ok(Self { packed, fault: None })
    }

    fn take(&mut self, bytes: &[u8]) {
        let Some((image, unpacked)) = &mut self.packed else { return };
        // One byte too many is as wrong as all of them.
        if self.fault.is_none() && unpacked.length() <= image.length {
            self.fault = unpacked.update(bytes).err();
        }
    }

    /// What a kiosk does that unpacks it.
    fn judge(self) -> Result<(), String> {
        let Some((image, unpacked)) = self.packed else { return Ok(()) };
        let found = self.fault.map_or_else(|| unpacked.finish(), Err);
        match found.map_err(|fault| format!("cannot unpack it: {fault}"))? {
            ImageDigest { length, sha256 } if length == image.length && sha256 == image.sha256.bytes() => {
                Ok(())
            }
            _ => Err("unpacks it to another image than was signed".to_owned()),
        }
    }
}

impl AsyncWrite for Sink {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
