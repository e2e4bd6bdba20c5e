//! Writing a release into the spare slot in one pass: what comes is hashed, unpacked, hashed
//! again and written. Memory does not grow with the image.
//!
//! Every 8 MiB, of a long image every sixteenth of it, the image is synced and a checkpoint kept; a
//! write that is called again goes on from the last one. At the end both digests must be those
//! that were signed, and then the slot is read back from the disk once more.

use std::io;

use sha2::{Digest as _, Sha256};

use crate::{
    boot::{Boot, Checkpoint},
    boot_record::{BootRecord, Copies},
    delta::{Base, Patcher, Spans},
    error::{InstallError, Wrong},
    folder::{Image, Place},
    frames::{Step, Unpacker},
    midstate::Midstate,
    slots::{Content, DeltaFile, ImageDigest, Packing, Slot},
};

/// Image bytes between two syncs, at least.
const SYNC_EVERY: u64 = 8 * 1024 * 1024;
/// More of them cost a long image more than what a power cut takes back.
const MOST_SYNCS: u64 = 16;
/// Image bytes after which the disk is told to begin, so that it works while the next are hashed.
const BEGIN_EVERY: u64 = 1024 * 1024;
/// What is read back at once, in bytes.
const READ_BACK: usize = 256 * 1024;
/// Left free beside the image for the records, in bytes.
const SPARE_ROOM: u64 = 1024 * 1024;

/// A write under way. All of it blocks.
pub(crate) struct Pass<P: Place> {
    boots: BootRecord<P>,
    content: Content,
    /// What comes: the target, or a delta.
    listed: ImageDigest,
    delta: Option<DeltaFile>,
    image: P::Image,
    unpacker: Option<AnyUnpacker<P::Image>>,
    sync_every: u64,
    taken: u64,
    written: u64,
    target_digest: Sha256,
    image_digest: Sha256,
    /// The last place where a write can begin again.
    boundary: Checkpoint,
    /// How far the kept checkpoint is.
    kept: u64,
    /// Up to where the disk was told to begin.
    begun: u64,
}

/// Of a target that is packed, or of a delta.
enum AnyUnpacker<I: Image> {
    Frames(Box<Unpacker>),
    Delta(Box<Patcher<GoodImage<I>>>),
}

impl<I: Image> AnyUnpacker<I> {
    fn step(&mut self, packed: &[u8]) -> Result<Step<'_>, InstallError> {
        match self {
            Self::Frames(unpacker) => Ok(unpacker.step(packed).map_err(Wrong::from)?),
            Self::Delta(patcher) => Ok(patcher.step(packed)?),
        }
    }

    fn finish(&self) -> Result<(), Wrong> {
        match self {
            Self::Frames(unpacker) => Ok(unpacker.finish()?),
            Self::Delta(patcher) => Ok(patcher.finish()?),
        }
    }
}

/// The good slot's image: it was opened for reading, and nothing else can be done with it here.
struct GoodImage<I>(I);

impl<I: Image> Base for GoodImage<I> {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(from, into)
    }
}

impl<P: Place> Pass<P> {
    /// Begins, or goes on from the last checkpoint. None: the spare slot holds this release
    /// already, whole.
    pub(crate) fn begin(
        boots: BootRecord<P>,
        content: &Content,
        delta: Option<(DeltaFile, Spans)>,
        sync_every: Option<u64>,
    ) -> Result<Option<Self>, InstallError> {
        let boot = boots.read()?;
        let slot = boot.spare();
        boot.takes(content)?;
        if boot.content(slot) == Some(content) && boot.fields().trial.is_none() {
            return Ok(None);
        }
        // Legal before it fits, and nothing is given up before both are known.
        boot.clone().begin(content)?;
        has_room(boots.place(), slot, content)?;
        let base = delta.map(|(delta, _)| good_image(boots.place(), &boot, &delta)).transpose()?;
        let by = delta.as_ref().map(|(delta, _)| delta);
        let mut checkpoint = boots.change(Copies::Both, |boot| boot.begin_by(content, by))?;
        let mut image = boots.place().image(slot).map_err(image_failed("opened"))?;
        if image.length().map_err(image_failed("read"))? < checkpoint.written {
            checkpoint = boots.change(Copies::One, |boot| {
                boot.start_over(content, "the image is shorter than it was")?;
                boot.begin_by(content, by)
            })?;
        }
        image.cut_to(checkpoint.written).map_err(image_failed("cut"))?;
        let unpacker = match (base.zip(delta), content.packing) {
            (Some((base, (_, spans))), _) => {
                let patcher = Patcher::new(base, spans, checkpoint.written, content.image.length);
                Some(AnyUnpacker::Delta(Box::new(patcher.map_err(InstallError::BaseUnreadable)?)))
            }
            (None, Packing::Plain) => None,
            (None, Packing::Zstd) => {
                let unpacker = Unpacker::new().map_err(image_failed("unpacked"))?;
                Some(AnyUnpacker::Frames(Box::new(unpacker)))
            }
        };
        // A midstate that was read is one; `Midstate` has no other constructor.
        let digest = |state: &Midstate| state.digest().unwrap_or_default();
        Ok(Some(Self {
            boots,
            content: content.clone(),
            listed: by.map_or(content.listed, |delta| delta.listed),
            delta: by.copied(),
            image,
            unpacker,
            sync_every: sync_every.unwrap_or_else(|| SYNC_EVERY.max(content.image.length / MOST_SYNCS)),
            taken: checkpoint.taken,
            written: checkpoint.written,
            target_digest: digest(&checkpoint.target),
            image_digest: digest(&checkpoint.image),
            kept: checkpoint.written,
            begun: checkpoint.written,
            boundary: checkpoint,
        }))
    }

    /// Which byte of the target or the delta comes next.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes its next bytes.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), InstallError> {
        let done = self.take_all(bytes);
        self.forget_if_wrong(done)
    }

    fn take_all(&mut self, bytes: &[u8]) -> Result<(), InstallError> {
        let listed = self.listed.length;
        if self.taken.saturating_add(bytes.len() as u64) > listed {
            return Err(Wrong::TargetTooLong { listed }.into());
        }
        match self.unpacker.take() {
            None => self.take_plain(bytes),
            Some(mut unpacker) => {
                self.take_packed(bytes, &mut unpacker)?;
                self.unpacker = Some(unpacker);
                Ok(())
            }
        }
    }

    fn take_plain(&mut self, bytes: &[u8]) -> Result<(), InstallError> {
        self.taken += bytes.len() as u64;
        self.target_digest.update(bytes);
        self.write(bytes)?;
        self.may_begin_here()
    }

    fn take_packed(
        &mut self,
        bytes: &[u8],
        unpacker: &mut AnyUnpacker<P::Image>,
    ) -> Result<(), InstallError> {
        let mut left = bytes;
        loop {
            let step = unpacker.step(left)?;
            let (used, gave_nothing, frame_ended) = (step.used, step.bytes.is_empty(), step.frame_ended);
            self.target_digest.update(&left[..used]);
            self.taken += used as u64;
            left = &left[used..];
            self.write(step.bytes)?;
            if frame_ended {
                self.may_begin_here()?;
            }
            if left.is_empty() && (gave_nothing || frame_ended) {
                return Ok(());
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), InstallError> {
        let listed = self.content.image.length;
        if self.written + bytes.len() as u64 > listed {
            return Err(Wrong::ImageTooLong { listed }.into());
        }
        if !self.target_is_image() {
            self.image_digest.update(bytes);
        }
        self.image.write_at(self.written, bytes).map_err(image_failed("written"))?;
        self.written += bytes.len() as u64;
        let new = self.written - self.begun;
        if new >= BEGIN_EVERY {
            self.image.begin_sync(self.begun, new).map_err(image_failed("written"))?;
            self.begun = self.written;
        }
        Ok(())
    }

    /// Then one digest is both.
    fn target_is_image(&self) -> bool {
        self.delta.is_none() && self.content.packing == Packing::Plain
    }

    /// A write could begin again here; now and then it is made sure that it can.
    fn may_begin_here(&mut self) -> Result<(), InstallError> {
        let target = Midstate::of(&self.target_digest);
        let image = if self.target_is_image() { target.clone() } else { Midstate::of(&self.image_digest) };
        self.boundary = Checkpoint { taken: self.taken, written: self.written, target, image };
        if self.written - self.kept >= self.sync_every { self.keep_boundary() } else { Ok(()) }
    }

    fn keep_boundary(&mut self) -> Result<(), InstallError> {
        if self.boundary.written == self.kept {
            return Ok(());
        }
        self.image.sync().map_err(image_failed("synced"))?;
        let (content, boundary) = (&self.content, &self.boundary);
        self.boots.change(Copies::One, |boot| boot.checkpoint(content, boundary))?;
        self.kept = self.boundary.written;
        Ok(())
    }

    /// The source broke off: what came is kept.
    pub(crate) fn broke_off(mut self) -> Result<u64, InstallError> {
        self.keep_boundary()?;
        Ok(self.kept_taken())
    }

    fn kept_taken(&self) -> u64 {
        self.boundary.taken
    }

    /// The source ended: is it the target, and is the image what was signed? Returns the slot
    /// that holds it.
    pub(crate) fn finish(mut self) -> Result<Slot, InstallError> {
        let listed = self.listed.length;
        if self.taken < listed {
            let taken = self.taken;
            self.broke_off()?;
            return Err(InstallError::TooShort { taken, listed });
        }
        let judged = self.judge().map_err(InstallError::from);
        self.forget_if_wrong(judged)?;
        self.image.sync().map_err(image_failed("synced"))?;
        let read_back = self.read_back();
        self.forget_if_wrong(read_back)?;
        let content = &self.content;
        self.boots.change(Copies::One, |boot| {
            boot.finish(content)?;
            Ok::<_, InstallError>(boot.spare())
        })
    }

    fn judge(&self) -> Result<(), Wrong> {
        if let Some(unpacker) = &self.unpacker {
            unpacker.finish()?;
        }
        let (content, written) = (&self.content, self.written);
        let target: [u8; 32] = self.target_digest.clone().finalize().into();
        let image = if self.target_is_image() { target } else { self.image_digest.clone().finalize().into() };
        if target != self.listed.sha256 {
            return Err(Wrong::TargetDigest);
        }
        if written < content.image.length {
            return Err(Wrong::ImageTooShort { written, listed: content.image.length });
        }
        if image != content.image.sha256 {
            return Err(Wrong::ImageDigest);
        }
        Ok(())
    }

    /// Reads the slot from the disk. A flash that goes bad shows here and not when it is started.
    fn read_back(&mut self) -> Result<(), InstallError> {
        self.image.forget().map_err(image_failed("read back"))?;
        let digest =
            image_digest(&self.image, self.content.image.length).map_err(image_failed("read back"))?;
        if digest == Some(self.content.image.sha256) { Ok(()) } else { Err(InstallError::BadFlash) }
    }

    /// What is wrong from the first byte on cannot be gone on with.
    fn forget_if_wrong<R>(&self, done: Result<R, InstallError>) -> Result<R, InstallError> {
        if let Err(error @ (InstallError::Wrong(_) | InstallError::BadFlash)) = &done {
            let why = match error {
                InstallError::Wrong(wrong) => wrong.to_string(),
                other => other.to_string(),
            };
            self.boots.change(Copies::One, |boot| boot.start_over(&self.content, &why))?;
        }
        done
    }
}

/// The SHA-256 of an image of this length in bytes; `None`: it has another length.
fn image_digest(image: &impl Image, length: u64) -> io::Result<Option<[u8; 32]>> {
    if image.length()? != length {
        return Ok(None);
    }
    let (mut digest, mut at, mut piece) = (Sha256::new(), 0, vec![0; READ_BACK]);
    loop {
        match image.read_at(at, &mut piece)? {
            0 => break,
            read => {
                digest.update(&piece[..read]);
                at += read as u64;
            }
        }
    }
    Ok((at == length).then(|| digest.finalize().into()))
}

/// The good slot's image, read from its first byte to its last: what the record says of it is
/// no proof of what the flash still holds, and of a machine's first image it says nothing.
fn good_image<P: Place>(
    place: &P,
    boot: &Boot,
    delta: &DeltaFile,
) -> Result<GoodImage<P::Image>, InstallError> {
    let good = boot.fields().good.ok_or(InstallError::OtherBase)?;
    let image = place.image_to_read(good).map_err(InstallError::BaseUnreadable)?;
    let length = image.length().map_err(InstallError::BaseUnreadable)?;
    let sha256 = image_digest(&image, length).map_err(InstallError::BaseUnreadable)?;
    if sha256 == Some(delta.from_sha256) { Ok(GoodImage(image)) } else { Err(InstallError::OtherBase) }
}

/// Whether a slot's image, read from the disk, is what was signed.
pub(crate) fn holds<P: Place>(place: &P, slot: Slot, content: &Content) -> Result<bool, InstallError> {
    let mut image = place.image(slot).map_err(image_failed("read"))?;
    image.forget().map_err(image_failed("read"))?;
    let digest = image_digest(&image, content.image.length).map_err(image_failed("read back"))?;
    Ok(digest == Some(content.image.sha256))
}

/// Whether the image fits. What lies in the spare slot is overwritten, so its room counts.
fn has_room<P: Place>(place: &P, slot: Slot, content: &Content) -> Result<(), InstallError> {
    let there = place.image_length(slot).map_err(image_failed("looked at"))?;
    let free = place.free().map_err(image_failed("looked at"))?.saturating_add(there);
    let needed = content.image.length.saturating_add(SPARE_ROOM);
    if free < needed { Err(InstallError::NoRoom { needed, free }) } else { Ok(()) }
}

fn image_failed(act: &'static str) -> impl FnOnce(io::Error) -> InstallError {
    move |source| InstallError::Io { act, what: "the spare slot's image", source }
}
