//! A whole invented repository, and machines that fetch from it over HTTP or from a stick.

// There, because the tests of `install` use it as well.
#[path = "../../common/cut_disk.rs"]
#[allow(dead_code, reason = "they use the rest")]
pub mod cut_disk;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp as Time};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tuf::{
    Client, ClientError, Limits, Refreshed, Target, TargetCheck, TargetPath,
    metadata::{Paths, Root, TargetFile, Targets, Threshold, Version},
    repository::{Announce, Draft, Ed25519Signer, Release, RoleName, Signer},
    store::{MemoryStore, Store},
    transport::{FolderTransport, HttpsTransport, Pace, Transport},
};

/// The day on which everything happens.
pub fn now() -> Time {
    "2026-11-26T08:00:00Z".parse().unwrap()
}

pub fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

pub fn key(number: u8) -> Ed25519Signer {
    Ed25519Signer::new(&[number; 32])
}

pub fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

pub fn threshold(number: u64) -> Threshold {
    Threshold::new(number).unwrap()
}

pub fn path(text: &str) -> TargetPath {
    TargetPath::new(text).unwrap()
}

/// Files by their place: `metadata/…`, `targets/…`.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Everything that the people of a repository decide; `publish` signs it and lays it out.
pub struct World {
    pub files: Files,
    pub root: Root,
    pub root_keys: Vec<u8>,
    pub targets: Targets,
    pub targets_keys: Vec<u8>,
    pub delegated: BTreeMap<String, (Targets, Vec<u8>)>,
    pub snapshot_version: u64,
    pub timestamp_version: u64,
    pub snapshot_keys: Vec<u8>,
    pub timestamp_keys: Vec<u8>,
    pub announce: Announce,
    pub expires: Time,
}

impl World {
    /// Root 2 of 3, targets 2 of 3, snapshot, timestamp; `os` delegated to two keys.
    pub fn new() -> Self {
        let keys: Vec<_> = (1..=8).map(|number| key(number).key()).collect();
        let [r1, r2, r3, t1, t2, t3, s, ts] = &keys[..] else { unreachable!() };
        let (one, two) = (Threshold::ONE, threshold(2));
        let root = Root::first(
            now() + days(365),
            (two, &[r1, r2, r3]),
            (two, &[t1, t2, t3]),
            (one, &[s]),
            (one, &[ts]),
        );
        let mut world = Self {
            files: Files::new(),
            root,
            root_keys: vec![1, 2],
            targets: Targets::first(now() + days(90)),
            targets_keys: vec![4, 5],
            delegated: BTreeMap::new(),
            snapshot_version: 1,
            timestamp_version: 1,
            snapshot_keys: vec![7],
            timestamp_keys: vec![8],
            announce: Announce::Digests,
            expires: now() + days(7),
        };
        world.delegate("os", &["os/*"], &[11, 12], 2);
        world.target("targets", "welcome.txt", b"welcome");
        world.target("os", "os/image", b"an image of the system");
        world.publish_root();
        world.publish();
        world
    }

    pub fn delegate(&mut self, role: &str, patterns: &[&str], keys: &[u8], needed: u64) {
        let publics: Vec<_> = keys.iter().map(|number| key(*number).key()).collect();
        let paths = Paths::Patterns(patterns.iter().map(|it| (*it).to_owned()).collect());
        let name = RoleName::new(role).unwrap();
        self.targets.delegate(&name, false, paths, threshold(needed), &publics.iter().collect::<Vec<_>>());
        self.delegated.insert(role.to_owned(), (Targets::first(now() + days(90)), keys.to_vec()));
    }

    pub fn body(&mut self, role: &str) -> &mut Targets {
        if role == "targets" { &mut self.targets } else { &mut self.delegated.get_mut(role).unwrap().0 }
    }

    /// Lists a target and puts its bytes where they belong.
    pub fn target(&mut self, role: &str, name: &str, bytes: &[u8]) {
        let file = TargetFile::of(bytes);
        for (_, digest) in file.hashes.iter() {
            self.files.insert(target_file(name, digest), bytes.to_vec());
        }
        self.body(role).list(&path(name), file);
    }

    pub fn sign<T: tuf::metadata::Role>(body: &T, keys: &[u8]) -> Vec<u8> {
        let signers: Vec<_> = keys.iter().map(|number| key(*number)).collect();
        let signers: Vec<&dyn Signer> = signers.iter().map(|it| it as &dyn Signer).collect();
        Draft::signed_by(body, &signers).unwrap().bytes()
    }

    pub fn publish_root(&mut self) {
        let file = format!("metadata/{}.root.json", self.root.version.get());
        self.files.insert(file, Self::sign(&self.root, &self.root_keys));
    }

    /// Signs what there is and lays it out, whatever lay there.
    pub fn publish(&mut self) {
        let mut release = Release::default();
        release.add("targets", Self::sign(&self.targets, &self.targets_keys)).unwrap();
        for (role, (body, keys)) in &self.delegated {
            release.add(role, Self::sign(body, keys)).unwrap();
        }
        let snapshot = release.snapshot(version(self.snapshot_version), self.expires, self.announce);
        let snapshot = Self::sign(&snapshot, &self.snapshot_keys);
        for (role, file) in release.roles() {
            let version =
                if role == "targets" { self.targets.version } else { self.delegated[role].0.version };
            self.files.insert(format!("metadata/{}.{role}.json", version.get()), file.to_vec());
        }
        self.files.insert(format!("metadata/{}.snapshot.json", self.snapshot_version), snapshot.clone());
        self.publish_timestamp((self.snapshot_version, &snapshot));
    }

    pub fn publish_timestamp(&mut self, snapshot: (u64, &[u8])) {
        let snapshot = (version(snapshot.0), snapshot.1);
        let timestamp =
            Release::timestamp(snapshot, version(self.timestamp_version), self.expires, now(), self.announce);
        self.files.insert("metadata/timestamp.json".into(), Self::sign(&timestamp, &self.timestamp_keys));
    }

    /// The next release: every number one up.
    pub fn release(&mut self) {
        self.targets.version = self.targets.version.next().unwrap();
        for (body, _) in self.delegated.values_mut() {
            body.version = body.version.next().unwrap();
        }
        self.snapshot_version += 1;
        self.timestamp_version += 1;
        self.publish();
    }

    /// The next root.
    pub fn release_root(&mut self) {
        self.root.version = self.root.version.next().unwrap();
        self.publish_root();
    }

    pub fn first_root(&self) -> &[u8] {
        &self.files["metadata/1.root.json"]
    }
}

pub fn target_file(name: &str, digest: &str) -> String {
    match name.rsplit_once('/') {
        Some((folder, name)) => format!("targets/{folder}/{digest}.{name}"),
        None => format!("targets/{digest}.{name}"),
    }
}

/// What a place in the repository does instead of giving its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// Sends bytes for ever.
    Endless,
    /// Answers 500, or cannot be read.
    Broken,
    /// Begins and then says nothing more.
    Silent,
    /// Begins, and the line breaks after so many bytes; a part is sent whole.
    CutAfter(usize),
    /// Always begins at the beginning.
    NoRanges,
}

/// Where a machine fetches from.
pub enum Site {
    Http { address: String, served: Arc<Mutex<Served>> },
    Stick { folder: tempfile::TempDir },
}

#[derive(Default)]
pub struct Served {
    pub files: Files,
    pub odd: BTreeMap<String, Odd>,
    pub asked: Vec<String>,
}

impl Site {
    pub async fn http() -> Self {
        let served = Arc::new(Mutex::new(Served::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = served.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A machine that hangs up is the machine's business.
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self::Http { address, served }
    }

    pub fn stick() -> Self {
        Self::Stick { folder: tempfile::tempdir().unwrap() }
    }

    /// Both kinds, each empty.
    pub async fn both() -> [Self; 2] {
        [Self::http().await, Self::stick()]
    }

    pub fn folder(&self) -> PathBuf {
        let Self::Stick { folder } = self else { panic!("no stick") };
        folder.path().to_owned()
    }

    /// Carries exactly these files.
    pub fn carry(&self, files: &Files) {
        match self {
            Self::Http { served, .. } => served.lock().unwrap().files = files.clone(),
            Self::Stick { folder } => {
                for part in ["metadata", "targets"] {
                    let _ = std::fs::remove_dir_all(folder.path().join(part));
                }
                for (name, bytes) in files {
                    let place = folder.path().join(name);
                    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
                    std::fs::write(place, bytes).unwrap();
                }
            }
        }
    }

    /// Makes a file odd.
    pub fn make_odd(&self, name: &str, odd: Odd) {
        match self {
            Self::Http { served, .. } => {
                served.lock().unwrap().odd.insert(name.to_owned(), odd);
            }
            Self::Stick { folder } => {
                let place = folder.path().join(name);
                let _ = std::fs::remove_file(&place);
                match odd {
                    // A sparse file of an exbibyte is the nearest a file system has to endless.
                    Odd::Endless => std::fs::File::create(place).unwrap().set_len(1 << 43).unwrap(),
                    Odd::Broken => std::fs::create_dir(place).unwrap(),
                    Odd::Silent => {
                        let mode = nix::sys::stat::Mode::S_IRWXU;
                        nix::unistd::mkfifo(&place, mode).unwrap();
                    }
                    Odd::CutAfter(_) | Odd::NoRanges => panic!("a stick has no line to cut"),
                }
            }
        }
    }

    pub fn asked(&self) -> Vec<String> {
        let Self::Http { served, .. } = self else { panic!("a stick does not count") };
        served.lock().unwrap().asked.clone()
    }

    pub fn address(&self) -> &str {
        let Self::Http { address, .. } = self else { panic!("no address") };
        address
    }

    pub fn name(&self) -> &'static str {
        if matches!(self, Self::Http { .. }) { "over HTTP" } else { "from a stick" }
    }
}

/// A small server of HTTP/1.1: one request a connection, and every oddity.
async fn serve(mut stream: TcpStream, served: Arc<Mutex<Served>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let name = head.split(' ').nth(1).unwrap().trim_start_matches('/');
    let name = percent_decoded(name);
    let from = head
        .to_lowercase()
        .split_once("range: bytes=")
        .and_then(|(_, rest)| rest.split('-').next()?.parse::<usize>().ok());
    let (bytes, odd) = {
        let mut served = served.lock().unwrap();
        served.asked.push(name.clone());
        (served.files.get(&name).cloned(), served.odd.get(&name).copied())
    };
    let Some(bytes) = bytes else {
        return stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .await;
    };
    let length = bytes.len();
    let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    match (odd, from) {
        (Some(Odd::Broken), _) => {
            stream.write_all(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await
        }
        (Some(Odd::Endless), _) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await?;
            loop {
                stream.write_all(&[b' '; 8192]).await?;
            }
        }
        (Some(Odd::Silent), _) => {
            stream.write_all(whole.as_bytes()).await?;
            std::future::pending().await
        }
        (Some(Odd::CutAfter(cut)), None) => {
            stream.write_all(whole.as_bytes()).await?;
            stream.write_all(&bytes[..cut]).await
        }
        (Some(Odd::NoRanges), _) | (_, None) => {
            stream.write_all(whole.as_bytes()).await?;
            stream.write_all(&bytes).await
        }
        (_, Some(from)) => {
            let part = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{length}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                length - 1,
                length - from
            );
            stream.write_all(part.as_bytes()).await?;
            stream.write_all(&bytes[from..]).await
        }
    }
}

/// A machine in the field.
pub struct Machine<T, S> {
    pub client: Client<T, S>,
    pub now: Time,
}

/// Runs `machine` once over HTTP and once from a stick, each with a fresh world.
macro_rules! everywhere {
    (|$world:ident, $site:ident, $machine:ident| $body:expr) => {
        #[allow(unused_mut, reason = "not every test changes both")]
        for $site in $crate::common::Site::both().await {
            let mut $world = $crate::common::World::new();
            $site.carry(&$world.files);
            println!("{}", $site.name());
            match &$site {
                $crate::common::Site::Http { address, .. } => {
                    let mut $machine = $crate::common::Machine::over_http(address, $world.first_root());
                    $body
                }
                $crate::common::Site::Stick { folder } => {
                    let mut $machine =
                        $crate::common::Machine::from_stick(folder.path(), $world.first_root());
                    $body
                }
            }
        }
    };
}
pub(crate) use everywhere;

impl Machine<HttpsTransport, MemoryStore> {
    pub fn over_http(address: &str, root: &[u8]) -> Self {
        Self::new(https(address), MemoryStore::default(), root)
    }
}

impl Machine<FolderTransport, MemoryStore> {
    pub fn from_stick(folder: &std::path::Path, root: &[u8]) -> Self {
        Self::new(FolderTransport::new(folder), MemoryStore::default(), root)
    }
}

pub fn https(address: &str) -> HttpsTransport {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let pace = Pace { silence: Duration::from_millis(300), ..Pace::default() };
    HttpsTransport::new(client, &format!("{address}/metadata"), &format!("{address}/targets/"))
        .with_pace(pace)
}

impl<T: Transport, S: Store> Machine<T, S> {
    pub fn new(transport: T, store: S, root: &[u8]) -> Self {
        let mut client = Client::new(transport, store, Limits::default());
        if client.store().read("root").unwrap().is_none() {
            client.trust(root).unwrap();
        }
        Self { client, now: now() }
    }

    pub async fn refresh(&mut self) -> Result<Refreshed, ClientError> {
        self.client.refresh(self.now).await
    }

    pub async fn find(&mut self, name: &str) -> Result<Option<Target>, ClientError> {
        self.client.find(&path(name)).await
    }

    /// Refreshes, finds, downloads.
    pub async fn install(&mut self, name: &str) -> Result<Vec<u8>, ClientError> {
        self.refresh().await?;
        let target = self.find(name).await?.expect("it is listed");
        let mut bytes = Vec::new();
        self.client.download(&target, &mut TargetCheck::new(&target), &mut bytes).await?;
        Ok(bytes)
    }
}

/// An error with all its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// `%41` as the letter that it stands for.
fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}
