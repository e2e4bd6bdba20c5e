//! A signed repository and the web server before it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use axum::{Router, body::Bytes, extract, http::StatusCode, routing::get};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::Digest as _;
use tuf::{
    TargetPath,
    metadata::{Expiry, Root, Targets, Threshold, Version},
    repository::{Announce, Draft, Ed25519Signer, Release, RepositoryFolder, Signer},
};

/// One key a role, in a folder.
pub struct Repository {
    folder: PathBuf,
    targets: Targets,
    version: u64,
    pub address: SocketAddr,
    /// Until when timestamps are good that are signed from now on.
    pub timestamp_until: Expiry,
    /// When permits that are written from now on ask for a technician.
    pub staff_card: &'static str,
}

fn key(number: u8) -> Ed25519Signer {
    Ed25519Signer::new(&[number; 32])
}

fn sign<T: tuf::metadata::Role>(body: &T, number: u8) -> Vec<u8> {
    Draft::signed_by(body, &[&key(number) as &dyn Signer]).unwrap().bytes()
}

fn expires() -> Expiry {
    let whole = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    Expiry::new(whole + SignedDuration::from_hours(24))
}

impl Repository {
    pub async fn new(folder: &Path) -> Self {
        let keys = [1, 2, 3, 4].map(|number| key(number).key());
        let [root, targets, snapshot, timestamp] = keys.each_ref();
        let one = |key| (Threshold::ONE, [key]);
        let root = Root::first(
            expires().get(),
            (one(root).0, &[root]),
            (one(targets).0, &[targets]),
            (one(snapshot).0, &[snapshot]),
            (one(timestamp).0, &[timestamp]),
        );
        RepositoryFolder::new(folder).publish_root(&sign(&root, 1)).unwrap();
        let mut repository = Self {
            folder: folder.to_owned(),
            targets: Targets::first(expires().get()),
            version: 0,
            address: serve(folder).await,
            timestamp_until: expires(),
            staff_card: "if-stale",
        };
        repository.publish();
        repository
    }

    /// Lists a release for the board of the tests.
    pub fn release(&mut self, seq: u64, image: &[u8]) -> String {
        let custom = json!({"hw": ["pc-dev"], "kind": "app", "release_seq": seq, "min_release_seq": 1});
        self.list(&format!("app/kiosk-{seq}"), image, custom)
    }

    /// Lists a release of the kiosk's programs, and what changed since an earlier one.
    pub fn release_since(&mut self, seq: u64, image: &[u8], (from, base): (u64, &[u8])) -> String {
        let mut delta = Vec::new();
        let spans = install::delta::Spans::PATCH_1;
        install::delta::make(base, &mut &*image, &mut delta, spans).unwrap();
        let name = format!("app/kiosk-{seq}.from-{from}");
        self.put(&name, &delta);
        let sha256 = |bytes: &[u8]| hex::encode(sha2::Sha256::digest(bytes));
        let delta = json!({
            "from_sha256": sha256(base), "algo": "zstd-patch/1", "name": name,
            "length": delta.len(), "sha256": sha256(&delta),
        });
        let custom = json!({
            "hw": ["pc-dev"], "kind": "app", "release_seq": seq, "min_release_seq": 1, "delta": [delta],
        });
        self.list(&format!("app/kiosk-{seq}"), image, custom)
    }

    /// The web server has the file of a path no more.
    pub fn lose(&self, path: &str) {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let digest = self.targets.targets[path].hashes.get("sha256").unwrap();
        fs::remove_file(self.folder.join(format!("targets/{folder}/{digest}.{name}"))).unwrap();
    }

    /// Lists a target.
    pub fn list(&mut self, path: &str, bytes: &[u8], custom: serde_json::Value) -> String {
        let path = TargetPath::new(path).unwrap();
        let mut file = RepositoryFolder::new(&self.folder).add_target(&path, &mut &*bytes).unwrap();
        file.custom = Some(custom);
        self.targets.list(&path, file);
        self.targets.version = self.targets.version.next().unwrap();
        self.publish();
        path.to_string()
    }

    /// Lists a file under this path, or puts it in the place of the one that was there.
    pub fn put(&mut self, path: &str, bytes: &[u8]) {
        let path = TargetPath::new(path).unwrap();
        let file = RepositoryFolder::new(&self.folder).add_target(&path, &mut &*bytes).unwrap();
        self.targets.list(&path, file);
        self.targets.version = self.targets.version.next().unwrap();
        self.publish();
    }

    /// Takes a path off the list.
    pub fn take_off(&mut self, path: &str) {
        self.targets.targets.remove(path).unwrap();
        self.targets.version = self.targets.version.next().unwrap();
        self.publish();
    }

    /// What the web server hands out for a path from now on, whatever was signed.
    pub fn forge(&self, path: &str, bytes: &[u8]) {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let digest = self.targets.targets[path].hashes.get("sha256").unwrap();
        fs::write(self.folder.join(format!("targets/{folder}/{digest}.{name}")), bytes).unwrap();
    }

    /// Lists a permit for the kiosk of the tests.
    pub fn permit(&mut self, id: &str, uses: u16, seq: u64) -> String {
        let path = TargetPath::new(format!("usb/{id}")).unwrap();
        let mut file = RepositoryFolder::new(&self.folder).add_target(&path, &mut &b"{}"[..]).unwrap();
        file.custom = Some(json!({
            "id": id, "devices": ["kiosk-1"], "not_after": Timestamp::now() + SignedDuration::from_hours(1),
            "uses": uses, "staff_card": self.staff_card,
            "releases": [{"target": format!("app/kiosk-{seq}"), "name": "kiosk", "version": seq.to_string()}],
        }));
        self.targets.list(&path, file);
        self.targets.version = self.targets.version.next().unwrap();
        self.publish();
        path.to_string()
    }

    fn publish(&mut self) {
        self.version += 1;
        let version = Version::new(self.version).unwrap();
        let mut release = Release::default();
        release.add("targets", sign(&self.targets, 2)).unwrap();
        let snapshot = sign(&release.snapshot(version, expires().get(), Announce::Digests), 3);
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let until = self.timestamp_until.get();
        let timestamp = Release::timestamp((version, &snapshot), version, until, now, Announce::Digests);
        RepositoryFolder::new(&self.folder).publish(&release, &snapshot, &sign(&timestamp, 4)).unwrap();
    }
}

/// A plain web server over a folder.
/// Serves a folder that may come to be later.
pub async fn serve(folder: &Path) -> SocketAddr {
    let folder = folder.to_owned();
    let file = get(move |extract::Path(path): extract::Path<String>| {
        let file = folder.join(path);
        async move { fs::read(file).map(Bytes::from).map_err(|_| StatusCode::NOT_FOUND) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/{*path}", file)).await });
    address
}
