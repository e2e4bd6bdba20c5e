//! A fleet team that writes sticks, and a kiosk that they are put into.

use std::{
    collections::BTreeSet,
    fs,
    num::NonZeroU16,
    path::{Path, PathBuf},
    time::Duration,
};

use badge::{Badges, Challenge, Claim, Present};
use devices::CardReader as _;
use jiff::{SignedDuration, Timestamp};
use simulators::{in_memory::InMemoryReader, staff_badge::StaffBadge};
use stick::{
    Elapsed, Limits, Permit, PermitFile, PermittedRelease, Reader, StaffCard, Staged, Staging, StickError,
};
use tempfile::TempDir;
use tuf::{
    Client, TargetPath,
    clock::{ClockLevel, Reading},
    metadata::{Paths, Root, Targets, Threshold, Version},
    repository::{Announce, Draft, Ed25519Signer, Release, RepositoryFolder, RoleName, Signer},
    store::{MemoryStore, Store as _},
    transport::FolderTransport,
};

pub const IMAGE: &[u8] = b"a squashfs of the programs";

pub fn now() -> Timestamp {
    Timestamp::from_second(1_796_000_000).unwrap()
}

pub fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

pub fn clock(time: Timestamp) -> Reading {
    Reading { time, level: ClockLevel::Floor }
}

fn key(number: u8) -> Ed25519Signer {
    Ed25519Signer::new(&[number; 32])
}

fn sign<T: tuf::metadata::Role>(body: &T, number: u8) -> Vec<u8> {
    Draft::signed_by(body, &[&key(number) as &dyn Signer]).unwrap().bytes()
}

/// One key a role; `usb` and `config-ha-noi` are delegated. The stick is the repository.
pub struct Stick {
    folder: TempDir,
    targets: Targets,
    usb: Targets,
    config: Targets,
    version: u64,
    /// Who signs `usb`; 5 may.
    pub usb_key: u8,
    /// Until when the timestamp is good.
    pub timestamp_until: Timestamp,
}

impl Stick {
    /// A stick with release 7 and a permit for it.
    pub fn new() -> Self {
        let mut stick = Self::empty();
        stick.release(7, IMAGE);
        stick.permit("usb/permit.json", |_| {});
        stick.point_to("usb/permit.json");
        stick.publish();
        stick
    }

    fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        let keys = [1, 2, 3, 4].map(|number| key(number).key());
        let [root, targets, snapshot, timestamp] = keys.each_ref();
        let one = Threshold::ONE;
        let root = Root::first(
            now() + days(365),
            (one, &[root]),
            (one, &[targets]),
            (one, &[snapshot]),
            (one, &[timestamp]),
        );
        RepositoryFolder::new(folder.path()).publish_root(&sign(&root, 1)).unwrap();
        let mut targets = Targets::first(now() + days(90));
        for (role, pattern, number) in [("usb", "usb/*", 5), ("config-ha-noi", "config/ha-noi/*", 6)] {
            let paths = Paths::Patterns(vec![pattern.to_owned()]);
            targets.delegate(&RoleName::new(role).unwrap(), false, paths, one, &[&key(number).key()]);
        }
        let later = || Targets::first(now() + days(90));
        let (usb, config) = (later(), later());
        Self { folder, targets, usb, config, version: 0, usb_key: 5, timestamp_until: now() + days(7) }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn root(&self) -> Vec<u8> {
        fs::read(self.path().join("metadata/1.root.json")).unwrap()
    }

    /// What lies in a folder of the stick under a name with any digest before it.
    pub fn file(&self, folder: &str, name: &str) -> PathBuf {
        let entries = fs::read_dir(self.path().join(folder)).unwrap();
        let mut found = entries.map(|entry| entry.unwrap().path());
        found.find(|path| path.to_string_lossy().ends_with(name)).unwrap()
    }

    pub fn release(&mut self, seq: u64, image: &[u8]) {
        let path = TargetPath::new(format!("app/kiosk-{seq}")).unwrap();
        let file = RepositoryFolder::new(self.path()).add_target(&path, &mut &*image).unwrap();
        self.targets.list(&path, file);
    }

    pub fn permit(&mut self, name: &str, change: impl FnOnce(&mut PermitFile)) {
        let custom = serde_json::to_value(Permit::new(permit_file(change)).unwrap()).unwrap();
        self.custom("usb", name, Some(custom));
    }

    /// Lists a target with anything in its `custom`.
    pub fn custom(&mut self, role: &str, name: &str, custom: Option<serde_json::Value>) {
        let path = TargetPath::new(name).unwrap();
        let mut file = tuf::metadata::TargetFile::of(b"{}");
        file.custom = custom;
        let body = if role == "usb" { &mut self.usb } else { &mut self.config };
        body.list(&path, file);
    }

    pub fn point_to(&self, permit: &str) {
        self.pointer(&format!(r#"{{"permit":"{permit}"}}"#));
    }

    pub fn pointer(&self, text: &str) {
        fs::write(self.path().join(stick::POINTER), text).unwrap();
    }

    /// The next version of everything.
    pub fn publish(&mut self) {
        self.version += 1;
        let version = Version::new(self.version).unwrap();
        for body in [&mut self.targets, &mut self.usb, &mut self.config] {
            body.version = version;
        }
        let mut release = Release::default();
        release.add("targets", sign(&self.targets, 2)).unwrap();
        release.add("usb", sign(&self.usb, self.usb_key)).unwrap();
        release.add("config-ha-noi", sign(&self.config, 6)).unwrap();
        let snapshot = sign(&release.snapshot(version, now() + days(60), Announce::Digests), 3);
        let until = self.timestamp_until;
        let timestamp = Release::timestamp((version, &snapshot), version, until, now(), Announce::Digests);
        RepositoryFolder::new(self.path()).publish(&release, &snapshot, &sign(&timestamp, 4)).unwrap();
    }
}

fn permit_file(change: impl FnOnce(&mut PermitFile)) -> PermitFile {
    let mut file = PermitFile {
        id: "lang-son-12".to_owned(),
        devices: BTreeSet::from(["ls-0017".to_owned()]),
        sites: BTreeSet::new(),
        not_after: now() + days(30),
        uses: NonZeroU16::new(2).unwrap(),
        staff_card: StaffCard::Required,
        releases: vec![PermittedRelease {
            target: "app/kiosk-7".to_owned(),
            name: "kiosk".to_owned(),
            version: "7".to_owned(),
        }],
    };
    change(&mut file);
    file
}

/// The machine.
pub struct Kiosk {
    folder: TempDir,
    pub memory: MemoryStore,
    pub about: stick::Kiosk,
    pub limits: Limits,
    pub keep_free: u64,
    pub now: Timestamp,
}

/// Somebody whose badge signed that they are at the machine.
pub fn technician() -> Present {
    let badge = StaffBadge::p256().unwrap();
    let badges: Badges = toml::from_str(&badge.list("kt-01").unwrap()).unwrap();
    let mut reader = InMemoryReader::new(badge);
    reader.lay();
    reader.wait_for_card(Duration::ZERO).unwrap().unwrap();
    let nonce = Challenge([7; 32]);
    let claim = Claim { kiosk: "kiosk-1".into(), holder: "kt-01".into(), nonce, challenge: None };
    let proof = badge::sign(&mut reader, badges.of("kt-01").unwrap(), &claim).unwrap();
    badges.believe("kiosk-1", "kt-01", None, proof).unwrap()
}

fn no_time() -> Elapsed {
    Box::new(|| Duration::ZERO)
}

impl Kiosk {
    /// One that trusts the stick's first root, and remembers nothing else.
    pub fn trusting(stick: &Stick) -> Self {
        let mut client = Client::new(
            FolderTransport::new(Path::new("/nowhere")),
            MemoryStore::default(),
            tuf::Limits::default(),
        );
        client.trust(&stick.root()).unwrap();
        Self {
            folder: TempDir::new().unwrap(),
            memory: client.into_parts().1,
            about: stick::Kiosk { device: "ls-0017".to_owned(), site: Some("ls-03".to_owned()) },
            limits: Limits::default(),
            keep_free: 0,
            now: now(),
        }
    }

    pub fn staging(&self) -> PathBuf {
        self.folder.path().join("stick")
    }

    pub async fn open(&self, mount: &Path) -> Result<Reader, StickError> {
        self.open_within(mount, no_time()).await
    }

    pub async fn open_within(&self, mount: &Path, elapsed: Elapsed) -> Result<Reader, StickError> {
        let staging = Staging::begin(&self.staging(), self.keep_free)?;
        let memory = MemoryStore::copy_of(&self.memory).unwrap();
        Reader::open(mount, staging, (self.limits, elapsed), memory, self.now).await
    }

    /// Reads a stick to the end: its permit's first release that is listed.
    pub async fn stage(&self, mount: &Path) -> Result<Staged, StickError> {
        let mut reader = self.open(mount).await?;
        for release in reader.permit().permit().fields().releases.clone() {
            if let Some(target) = reader.find(&release.target).await? {
                return reader.stage(target, release).await;
            }
        }
        panic!("the permit is for a release that is listed");
    }

    /// Learns what a stick says, as if it had been acted on.
    pub async fn learn(&mut self, stick: &Stick) {
        let memory = std::mem::take(&mut self.memory);
        let mut client = Client::new(FolderTransport::new(stick.path()), memory, tuf::Limits::default());
        client.refresh(self.now).await.unwrap();
        self.memory = client.into_parts().1;
        assert!(self.memory.floors().timestamp > 0);
    }
}

pub use faults::chain;
