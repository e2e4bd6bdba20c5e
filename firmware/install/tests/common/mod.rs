//! Slots on a disk whose power can be cut, and sources that keep to nothing.
#![allow(dead_code, reason = "each test file uses its part")]

#[path = "../../../tuf/tests/common/cut_disk.rs"]
pub mod cut_disk;

use std::{
    io,
    num::NonZeroU64,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use cut_disk::CutDisk;
use install::{
    AppSlots, Boot, BootRecord, Content, ImageDigest, InstallBackend as _, InstallError, Slot, Source,
    folder::{Image, Place, SlotDisk},
    frames,
    slots::Packing,
};
use tuf::{
    store::{Disk as _, StoreError},
    transport::{Body, TransportError},
};

/// A folder on such a disk.
#[derive(Clone, Default)]
pub struct CutPlace {
    pub disk: CutDisk,
    /// Bytes that are not free.
    pub full: Arc<AtomicU64>,
    /// The image gives back another byte here than was written.
    pub bad_at: Option<u64>,
}

impl CutPlace {
    pub fn on(disk: CutDisk) -> Self {
        Self { disk, ..Self::default() }
    }

    pub fn slots(&self) -> AppSlots<Self> {
        AppSlots::open(self.clone()).unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    pub fn boot(&self) -> Boot {
        BootRecord::new(self.clone()).read().unwrap_or_else(|error| panic!("{}", chain(&error)))
    }
}

impl Place for CutPlace {
    type Disk = CutDisk;
    type Image = CutImage;
    type Installer = ();

    fn lock(&self) -> Result<CutDisk, StoreError> {
        Ok(self.disk.clone())
    }

    fn hold(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn image(&self, slot: Slot) -> io::Result<CutImage> {
        self.disk.change(slot.image(), |_| ())?;
        Ok(CutImage { disk: self.disk.clone(), name: slot.image(), bad_at: self.bad_at })
    }

    fn image_to_read(&self, slot: Slot) -> io::Result<CutImage> {
        if !self.disk.names_now().iter().any(|name| name == slot.image()) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(CutImage { disk: self.disk.clone(), name: slot.image(), bad_at: None })
    }

    fn path_of(&self, slot: Slot) -> PathBuf {
        slot.image().into()
    }

    fn image_length(&self, slot: Slot) -> io::Result<u64> {
        let there = self.disk.names_now().iter().any(|name| name == slot.image());
        Ok(if there { self.disk.bytes(slot.image()).len() as u64 } else { 0 })
    }

    fn free(&self) -> io::Result<u64> {
        Ok(u64::from(u32::MAX).saturating_sub(self.full.load(Ordering::SeqCst)))
    }

    fn pointed(&self, name: &str) -> io::Result<Option<String>> {
        Ok(self.disk.read(name, 100)?.and_then(|bytes| String::from_utf8(bytes).ok()))
    }
}

impl SlotDisk for CutDisk {
    fn point(&mut self, name: &str, to: &str) -> io::Result<()> {
        let new = format!("{name}-new");
        self.write(&new, to.as_bytes())?;
        self.sync(&new)?;
        self.rename(&new, name)?;
        self.sync_folder()
    }
}

pub struct CutImage {
    disk: CutDisk,
    name: &'static str,
    bad_at: Option<u64>,
}

impl Image for CutImage {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.bytes(self.name).len() as u64)
    }

    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.disk.change(self.name, |bytes| bytes.resize(length as usize, 0))
    }

    fn write_at(&mut self, from: u64, new: &[u8]) -> io::Result<()> {
        self.disk.change(self.name, |bytes| {
            let (from, end) = (from as usize, from as usize + new.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[from..end].copy_from_slice(new);
        })
    }

    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.disk.bytes(self.name);
        let left = bytes.get(from as usize..).unwrap_or_default();
        let read = left.len().min(into.len());
        into[..read].copy_from_slice(&left[..read]);
        if let Some(bad) = self.bad_at.filter(|bad| (from..from + read as u64).contains(bad)) {
            into[(bad - from) as usize] ^= 1;
        }
        Ok(read)
    }

    fn begin_sync(&mut self, _: u64, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        tuf::store::Disk::sync(&mut self.disk, self.name)
    }

    fn forget(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A release: its number, its image, and the target that carries it.
#[derive(Clone)]
pub struct Sample {
    pub content: Content,
    pub image: Vec<u8>,
    pub target: Vec<u8>,
}

/// Bytes that no two releases share and that pack badly.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

impl Sample {
    pub fn plain(release_seq: u64, length: usize) -> Self {
        let image = noise(release_seq, length);
        Self::of(release_seq, image.clone(), image, Packing::Plain)
    }

    /// In frames of this many bytes, so that a small image has several.
    pub fn packed(release_seq: u64, length: usize, frame: usize) -> Self {
        let image = noise(release_seq, length);
        let mut target = Vec::new();
        for frame in image.chunks(frame) {
            frames::pack(&mut &frame[..], &mut target).unwrap();
        }
        Self::of(release_seq, image, target, Packing::Zstd)
    }

    pub fn of(release_seq: u64, image: Vec<u8>, target: Vec<u8>, packing: Packing) -> Self {
        let content = Content {
            target: format!("app/kiosk-{release_seq}"),
            listed: ImageDigest::of(&target),
            packing,
            image: ImageDigest::of(&image),
            release_seq: NonZeroU64::new(release_seq).unwrap(),
            data_schema: None,
            rauc_manifest_hash: None,
        };
        Self { content, image, target }
    }
}

/// A source that hands out what it is told to.
#[derive(Clone)]
pub struct Handed {
    pub bytes: Bytes,
    pub piece: usize,
    /// It fails after so many bytes of a connection.
    pub fails_after: Option<usize>,
    /// It can begin only at the first byte.
    pub always_from_start: bool,
    /// It never ends.
    pub endless: bool,
    /// Where it was asked to begin, the last time.
    pub asked_from: u64,
    /// How many bytes were taken from it, over all connections.
    pub given: Arc<AtomicU64>,
}

impl Handed {
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: Bytes::copy_from_slice(bytes),
            piece: 700,
            fails_after: None,
            always_from_start: false,
            endless: false,
            asked_from: 0,
            given: Arc::default(),
        }
    }
}

impl Source for Handed {
    type Body = HandedBody;

    async fn open(&mut self, from: u64) -> Result<HandedBody, TransportError> {
        self.asked_from = from;
        let from = if self.always_from_start { 0 } else { from };
        Ok(HandedBody { source: self.clone(), at: from as usize, starts_at: from, gave: 0 })
    }
}

pub struct HandedBody {
    source: Handed,
    at: usize,
    starts_at: u64,
    gave: usize,
}

impl Body for HandedBody {
    fn starts_at(&self) -> u64 {
        self.starts_at
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        // So that the writer gets its turn on one thread too.
        tokio::task::yield_now().await;
        if self.source.fails_after.is_some_and(|limit| self.gave >= limit) {
            return Err(TransportError::Connection("the cable was pulled".into()));
        }
        let bytes = &self.source.bytes;
        if self.at >= bytes.len() && !self.source.endless {
            return Ok(None);
        }
        let piece = if self.at >= bytes.len() {
            Bytes::from(vec![0; self.source.piece])
        } else {
            bytes.slice(self.at..bytes.len().min(self.at + self.source.piece))
        };
        self.at += piece.len();
        self.gave += piece.len();
        self.source.given.fetch_add(piece.len() as u64, Ordering::SeqCst);
        Ok(Some(piece))
    }
}

/// A machine that came with this release in slot a.
pub fn machine_with(sample: &Sample) -> CutPlace {
    let place = CutPlace::default();
    place.disk.damage(Slot::A.image(), Some(sample.image.clone()));
    place.disk.damage("current", Some(Slot::A.image().into()));
    place
}

/// Writes a sample into the spare slot.
pub async fn install(place: &CutPlace, sample: &Sample) -> Result<(), InstallError> {
    let mut slots = AppSlots::open(place.clone())?.syncing_every(2_000);
    slots.write(&sample.content, &mut Handed::of(&sample.target)).await
}

pub use faults::chain;
