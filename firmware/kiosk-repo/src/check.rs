//! The whole repository, judged as a kiosk would: by the client of `tuf`, every target fetched
//! whole. It says besides who may sign and how long everything is good.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use configuration::{Configuration, Layer, MOST_LAYER_BYTES, Whose};
use faults::chain;
use install::{
    ImageDigest,
    delta::{Patched, Spans},
    frames::Unpacked,
};
use jiff::Timestamp as Time;
use release::{Delta, Release};
use stick::Permit;
use tokio::io::AsyncWrite;
use tuf::{
    Client, ClientError, Distrust, Limits, Target, TargetCheck, TargetPath,
    metadata::{Metadata, Role, RoleKeys, Root, Snapshot, TargetFile, Targets, Timestamp},
    store::MemoryStore,
    transport::FolderTransport,
};

use crate::{
    Mistake, Repository, deltas,
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
    let bodies = targets(repository, &mut client, &mut report).await?;
    all_deltas(repository, &mut client, &bodies).await?;
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

/// What a role lists.
type Listed = BTreeMap<String, TargetFile>;

/// Every target: found by a kiosk where it is listed, and whole. What each role lists.
async fn targets(
    repository: &Repository,
    client: &mut Client<FolderTransport, MemoryStore>,
    report: &mut Report,
) -> Result<Vec<(String, Listed)>, Mistake> {
    let mut bodies = Vec::new();
    let listing: Vec<String> = report.roles.iter().map(|state| state.role.clone()).collect();
    for role in listing {
        let Some(body) = (role != Root::TYPE).then(|| repository.role(&role)).transpose()?.flatten() else {
            continue;
        };
        let deltas = deltas::names(&body.signed().targets);
        for (path, file) in &body.signed().targets {
            let not_found = |finds: String| not_found(path, &role, finds);
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
                let bare = || words::bare_words(deltas.contains(path)).to_owned();
                let words = release.as_ref().map_or_else(bare, words::release_words);
                (release.and_then(|release| release.fields().image), words)
            };
            let mut check = TargetCheck::new(&found);
            let judge = match image {
                None => Judge::Nothing,
                Some(_) => Judge::Frames(Unpacked::new().map_err(Mistake::file(repository.folder()))?),
            };
            let image = image.map(|image| ImageDigest { length: image.length, sha256: image.sha256.bytes() });
            let mut sink = Sink { image, judge, fault: None };
            client.download(&found, &mut check, &mut sink).await.map_err(refused)?;
            sink.judge().map_err(not_found)?;
            report.targets.push((path.clone(), role.clone(), words));
        }
        bodies.push((role, body.signed().targets.clone()));
    }
    Ok(bodies)
}

fn not_found(path: &str, role: &str, finds: String) -> Mistake {
    Mistake::NotFound { path: path.to_owned(), role: role.to_owned(), finds }
}

/// Every delta: with the image that it is for, it gives the release's.
async fn all_deltas(
    repository: &Repository,
    client: &mut Client<FolderTransport, MemoryStore>,
    bodies: &[(String, Listed)],
) -> Result<(), Mistake> {
    for (role, listed) in bodies {
        for (file, release) in
            listed.values().filter_map(|file| Some((file, file.custom::<Release>()?.ok()?)))
        {
            for delta in &release.fields().delta {
                let no = |finds: &str| not_found(&delta.name, role, finds.to_owned());
                let image =
                    deltas::image(file, &release).ok_or_else(|| no("finds no SHA-256 of its release"))?;
                let base = deltas::listed_image(bodies.iter().map(|(_, listed)| listed), delta.from_sha256);
                let (path, base) = base.ok_or_else(|| no("finds no release that it is a delta from"))?;
                let base = deltas::unpacked(repository, path, base)?;
                one_delta(repository, client, delta, (base, image), role).await?;
            }
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

async fn one_delta(
    repository: &Repository,
    client: &mut Client<FolderTransport, MemoryStore>,
    delta: &Delta,
    (base, image): (File, ImageDigest),
    role: &str,
) -> Result<(), Mistake> {
    let no = |finds: String| not_found(&delta.name, role, finds);
    let name = TargetPath::new(delta.name.clone()).map_err(|_| no("refuses such a path".to_owned()))?;
    let found = client.find(&name).await.map_err(refused)?;
    let found = found.filter(|found| found.listed_by == role && deltas::is_of(delta, &found.file));
    let found = found.ok_or_else(|| no("does not find the delta that the release lists".to_owned()))?;
    let patched = Patched::new(base, Spans::PATCH_1, image.length);
    let judge = Judge::Delta(Box::new(patched.map_err(Mistake::file(repository.folder()))?));
    let mut sink = Sink { image: Some(image), judge, fault: None };
    client.download(&found, &mut TargetCheck::new(&found), &mut sink).await.map_err(refused)?;
    sink.judge().map_err(no)
}

/// Where a target goes: nowhere, but one that holds an image is unpacked on the way.
struct Sink {
    image: Option<ImageDigest>,
    judge: Judge,
    fault: Option<String>,
}

enum Judge {
    Nothing,
    Frames(Unpacked),
    Delta(Box<Patched<File>>),
}

impl Sink {
    fn take(&mut self, bytes: &[u8]) {
        if self.fault.is_some() {
            return;
        }
        let most = self.image.map_or(0, |image| image.length);
        self.fault = match &mut self.judge {
            Judge::Nothing => None,
            // One byte too many is as wrong as all of them.
            Judge::Frames(unpacked) if unpacked.length() > most => None,
            Judge::Frames(unpacked) => unpacked.update(bytes).err().map(|fault| fault.to_string()),
            Judge::Delta(patched) => patched.update(bytes).err().map(|error| chain(&error)),
        };
    }

    /// What a kiosk does that unpacks it.
    fn judge(self) -> Result<(), String> {
        let found = match (self.fault, self.judge) {
            (Some(fault), _) => Err(fault),
            (None, Judge::Nothing) => return Ok(()),
            (None, Judge::Frames(unpacked)) => unpacked.finish().map_err(|fault| fault.to_string()),
            (None, Judge::Delta(patched)) => patched.finish().map_err(|fault| fault.to_string()),
        };
        let found = found.map_err(|fault| format!("cannot unpack it: {fault}"))?;
        if Some(found) == self.image {
            return Ok(());
        }
        Err("unpacks it to another image than was signed".to_owned())
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
