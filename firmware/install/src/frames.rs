//! How an image is packed: frames of zstd (RFC 8878) one after the other, each at most
//! `FRAME` bytes unpacked and known by itself. Memory is bounded by one frame, and a broken
//! download goes on at the next.
//!
//! Frames without content (skippable ones among them) are refused: they could go on for ever.

use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};
use zstd::stream::raw::{CParameter, DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use crate::slots::ImageDigest;

/// The most that a frame unpacks to, in bytes: 4 MiB. A power of two, since it bounds the window.
pub const FRAME: usize = 1 << FRAME_LOG;
const FRAME_LOG: u32 = 22;
/// The longest header of a frame, in bytes. RFC 8878, section 3.1.1, and its magic number.
const LONGEST_HEADER: usize = 18;
/// What is unpacked at once, in bytes.
const PIECE: usize = 128 * 1024;
/// For a file that is packed once and fetched by thousands.
const LEVEL: i32 = 19;

/// Why frames are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameFault {
    /// Not zstd, a window above 4 MiB, or a checksum that does not fit.
    #[error("not a frame of zstd within 4 MiB")]
    NotAFrame,
    /// More than 4 MiB in one frame.
    #[error("a frame unpacks to more than 4 MiB")]
    FrameTooLong,
    /// A frame with nothing in it.
    #[error("a frame holds nothing")]
    EmptyFrame,
    /// The target ends within a frame.
    #[error("the last frame is cut")]
    CutFrame,
}

/// Unpacks frames piece by piece.
pub struct Unpacker {
    decoder: Decoder<'static>,
    piece: Box<[u8]>,
    /// Of the frame under way, in bytes.
    taken: usize,
    unpacked: usize,
}

/// One step of unpacking.
#[derive(Debug)]
pub struct Step<'a> {
    /// How many of the packed bytes were used up.
    pub used: usize,
    /// What they gave.
    pub bytes: &'a [u8],
    /// Whether a frame ended here.
    pub frame_ended: bool,
}

impl Unpacker {
    /// At the beginning of a frame. Fails where there is no memory.
    pub fn new() -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(FRAME_LOG))?;
        Ok(Self { decoder, piece: vec![0; PIECE].into(), taken: 0, unpacked: 0 })
    }

    /// Unpacks some of these bytes. They are used up once `used` is all and `bytes` is empty.
    pub fn step(&mut self, packed: &[u8]) -> Result<Step<'_>, FrameFault> {
        // zstd has a short cut for a frame that comes whole, where it judges the window and the
        // length by other rules. It is not taken for a header that comes byte by byte: what a
        // kiosk makes of a frame does not depend on how the cable cut it.
        let most = if self.taken < LONGEST_HEADER { 1 } else { packed.len() };
        let mut from = InBuffer::around(&packed[..packed.len().min(most)]);
        let mut into = OutBuffer::around(&mut self.piece[..]);
        let left = self.decoder.run(&mut from, &mut into).map_err(|_| FrameFault::NotAFrame)?;
        let (used, gave) = (from.pos(), into.pos());
        self.taken += used;
        self.unpacked += gave;
        if self.unpacked > FRAME {
            return Err(FrameFault::FrameTooLong);
        }
        let frame_ended = left == 0 && self.taken > 0;
        if frame_ended {
            if self.unpacked == 0 {
                return Err(FrameFault::EmptyFrame);
            }
            (self.taken, self.unpacked) = (0, 0);
        }
        Ok(Step { used, bytes: &self.piece[..gave], frame_ended })
    }

    /// The packed bytes have ended: so must the frame.
    pub fn finish(&self) -> Result<(), FrameFault> {
        if self.taken > 0 { Err(FrameFault::CutFrame) } else { Ok(()) }
    }
}

/// Unpacks to learn what the image is, and keeps nothing of it.
pub struct Unpacked {
    unpacker: Unpacker,
    digest: Sha256,
    length: u64,
}

impl Unpacked {
    /// Nothing came yet. Fails where there is no memory.
    pub fn new() -> io::Result<Self> {
        Ok(Self { unpacker: Unpacker::new()?, digest: Sha256::new(), length: 0 })
    }

    /// Takes the next packed bytes.
    pub fn update(&mut self, packed: &[u8]) -> Result<(), FrameFault> {
        let mut left = packed;
        loop {
            let step = self.unpacker.step(left)?;
            self.digest.update(step.bytes);
            self.length += step.bytes.len() as u64;
            left = &left[step.used..];
            if left.is_empty() && (step.bytes.is_empty() || step.frame_ended) {
                return Ok(());
            }
        }
    }

    /// How many bytes of the image came.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// That was all: the image.
    pub fn finish(self) -> Result<ImageDigest, FrameFault> {
        self.unpacker.finish()?;
        Ok(ImageDigest { length: self.length, sha256: self.digest.finalize().into() })
    }
}

/// Packs an image, and says what it was.
pub fn pack(image: &mut impl Read, into: &mut impl Write) -> io::Result<ImageDigest> {
    let mut packer = zstd::bulk::Compressor::new(LEVEL)?;
    packer.set_parameter(CParameter::ChecksumFlag(true))?;
    packer.set_parameter(CParameter::ContentSizeFlag(true))?;
    packer.set_parameter(CParameter::WindowLog(FRAME_LOG))?;
    let (mut digest, mut length) = (Sha256::new(), 0);
    loop {
        let mut frame = Vec::with_capacity(FRAME);
        image.by_ref().take(FRAME as u64).read_to_end(&mut frame)?;
        if frame.is_empty() {
            return Ok(ImageDigest { length, sha256: digest.finalize().into() });
        }
        digest.update(&frame);
        length += frame.len() as u64;
        into.write_all(&packer.compress(&frame)?)?;
    }
}
