//! A release as what changed since an earlier one: `zstd-patch/1`.
//!
//! The new image is cut into pieces of 4 MiB. For each there is its frame's length in bytes (32
//! bits, the lowest byte first) and one frame of zstd (RFC 8878) that gives the piece, packed
//! with a reference before it: the old image from 8 MiB before the piece to 8 MiB behind it. So
//! memory is bounded whatever the images' length, and a broken download goes on at the next
//! piece. What moved by more than 8 MiB is packed as if it were new.
//!
//! The lengths are there since a piece is unpacked at once: its frame is then known to be whole,
//! and too long a one is refused before it came.
//!
//! No delta is trusted: what it gives is held against the new image's digest by its caller.

use std::{
    fs::File,
    io::{self, Read, Write},
};

use sha2::{Digest as _, Sha256};
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx};

use crate::{
    frames::{FRAME, Step},
    slots::ImageDigest,
};

/// Of a frame's length, in bytes.
const HEAD: usize = 4;
/// 19, as whole images are packed, takes many times as long over so large a reference.
const LEVEL: i32 = 12;
/// 32 MiB: a match reaches all of the reference from the last byte of its piece.
const WINDOW_LOG: u32 = 25;

/// How the images are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spans {
    /// Of a piece of the new image, in bytes.
    pub piece: usize,
    /// How far the reference reaches before a piece and behind it, in bytes.
    pub reach: usize,
}

impl Spans {
    /// Of `zstd-patch/1`.
    pub const PATCH_1: Self = Self { piece: FRAME, reach: 2 * FRAME };

    /// The longest reference, in bytes.
    fn reference(self) -> usize {
        self.piece + 2 * self.reach
    }
}

/// The image that a delta is for.
pub trait Base {
    /// Its length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Reads bytes from this one on; 0: the end.
    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize>;
}

impl Base for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, into, from)
    }
}

impl Base for &[u8] {
    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(from).ok().and_then(|from| self.get(from..)).unwrap_or_default();
        let read = left.len().min(into.len());
        into[..read].copy_from_slice(&left[..read]);
        Ok(read)
    }
}

/// Why a delta is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaFault {
    /// A frame of no bytes, or of more than 4 MiB can ever need.
    #[error("a frame of {length} bytes")]
    FrameLength {
        /// What it says of itself.
        length: u32,
    },
    /// Not one frame of zstd, made with another reference, or damaged.
    #[error("a frame cannot be unpacked against this image")]
    NotAFrame,
    /// A frame gives more or less than its piece.
    #[error("a frame gives another number of bytes than its piece has")]
    WrongPiece,
    /// The delta goes on though the image is whole.
    #[error("it goes on behind the image's end")]
    TooLong,
    /// The delta ends within a frame.
    #[error("the last frame is cut")]
    CutFrame,
}

/// Why a piece was not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// It is the delta.
    #[error("the delta is refused")]
    Fault(#[from] DeltaFault),
    /// It is the machine: the image before cannot be read, or there is no memory.
    #[error("the image before cannot be read")]
    Base(#[from] io::Error),
}

/// A part of the base that moves forward.
struct Window<B> {
    base: B,
    length: u64,
    from: u64,
    bytes: Vec<u8>,
}

impl<B: Base> Window<B> {
    fn new(base: B, spans: Spans) -> io::Result<Self> {
        let length = base.length()?;
        let bytes = Vec::with_capacity(spans.reference().min(usize::try_from(length).unwrap_or(usize::MAX)));
        Ok(Self { base, length, from: 0, bytes })
    }

    /// The reference of the piece that begins at this byte.
    fn of_piece(&mut self, at: u64, spans: Spans) -> io::Result<&[u8]> {
        let (piece, reach) = (spans.piece as u64, spans.reach as u64);
        let to = at.saturating_add(piece + reach).min(self.length);
        let from = at.saturating_sub(reach).min(to);
        match usize::try_from(from.saturating_sub(self.from)) {
            Ok(gone) if from >= self.from && gone <= self.bytes.len() => drop(self.bytes.drain(..gone)),
            _ => self.bytes.clear(),
        }
        self.from = from;
        // At most `Spans::reference`.
        let (mut has, wanted) = (self.bytes.len(), (to - from) as usize);
        self.bytes.resize(wanted, 0);
        while has < wanted {
            match self.base.read_at(from + has as u64, &mut self.bytes[has..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => has += read,
            }
        }
        Ok(&self.bytes)
    }
}

/// Makes a new image out of a base and a delta, piece by piece.
pub struct Patcher<B> {
    base: Window<B>,
    spans: Spans,
    /// The next byte of the new image.
    at: u64,
    /// Of the new image.
    length: u64,
    /// Of a frame that has not come whole, its length first.
    held: Vec<u8>,
    wanted: usize,
    piece: Vec<u8>,
}

impl<B: Base> Patcher<B> {
    /// Goes on at this byte of the new image, which begins a piece. `length` is the new image's,
    /// in bytes.
    pub fn new(base: B, spans: Spans, at: u64, length: u64) -> io::Result<Self> {
        let base = Window::new(base, spans)?;
        Ok(Self { base, spans, at, length, held: Vec::new(), wanted: HEAD, piece: Vec::new() })
    }

    /// Takes some of these bytes. They are used up once `used` is all.
    pub fn step(&mut self, delta: &[u8]) -> Result<Step<'_>, DeltaError> {
        let mut used = 0;
        loop {
            let take = (self.wanted - self.held.len()).min(delta.len() - used);
            self.held.extend_from_slice(&delta[used..used + take]);
            used += take;
            if self.at >= self.length && !self.held.is_empty() {
                return Err(DeltaFault::TooLong.into());
            }
            match self.held.first_chunk::<HEAD>() {
                _ if self.held.len() < self.wanted => {
                    return Ok(Step { used, bytes: &[], frame_ended: false });
                }
                Some(head) if self.wanted == HEAD => self.wanted = HEAD + self.frame_length(*head)?,
                _ => {
                    self.unpack()?;
                    return Ok(Step { used, bytes: &self.piece, frame_ended: true });
                }
            }
        }
    }

    fn frame_length(&self, head: [u8; HEAD]) -> Result<usize, DeltaFault> {
        let length = u32::from_le_bytes(head);
        let most = zstd_safe::compress_bound(self.spans.piece);
        match usize::try_from(length) {
            Ok(frame) if (1..=most).contains(&frame) => Ok(frame),
            _ => Err(DeltaFault::FrameLength { length }),
        }
    }

    /// The piece of the frame that is held.
    fn unpack(&mut self) -> Result<(), DeltaError> {
        // At most a piece.
        let expected = (self.length - self.at).min(self.spans.piece as u64) as usize;
        let frame = &self.held[HEAD..];
        // A skippable one is a frame too; it gives nothing.
        if zstd_safe::find_frame_compressed_size(frame) != Ok(frame.len()) {
            return Err(DeltaFault::NotAFrame.into());
        }
        let reference = self.base.of_piece(self.at, self.spans)?;
        let no_memory = || io::Error::from(io::ErrorKind::OutOfMemory);
        let mut decoder = DCtx::try_create().ok_or_else(no_memory)?;
        decoder.ref_prefix(reference).map_err(|_| no_memory())?;
        self.piece.clear();
        self.piece.reserve_exact(expected);
        decoder.decompress(&mut self.piece, frame).map_err(|_| DeltaFault::NotAFrame)?;
        if self.piece.len() != expected {
            return Err(DeltaFault::WrongPiece.into());
        }
        self.at += expected as u64;
        self.held.clear();
        self.wanted = HEAD;
        Ok(())
    }

    /// The delta has ended: so must the frame. That the image is whole its digest says.
    pub fn finish(&self) -> Result<(), DeltaFault> {
        if self.held.is_empty() { Ok(()) } else { Err(DeltaFault::CutFrame) }
    }
}

/// Unpacks to learn what the new image is, and keeps nothing of it.
pub struct Patched<B> {
    patcher: Patcher<B>,
    digest: Sha256,
    length: u64,
}

impl<B: Base> Patched<B> {
    /// Nothing came yet of an image of so many bytes.
    pub fn new(base: B, spans: Spans, length: u64) -> io::Result<Self> {
        let patcher = Patcher::new(base, spans, 0, length)?;
        Ok(Self { patcher, digest: Sha256::new(), length: 0 })
    }

    /// Takes the next bytes of the delta.
    pub fn update(&mut self, delta: &[u8]) -> Result<(), DeltaError> {
        let mut left = delta;
        while !left.is_empty() {
            let step = self.patcher.step(left)?;
            self.digest.update(step.bytes);
            self.length += step.bytes.len() as u64;
            left = &left[step.used..];
        }
        Ok(())
    }

    /// That was all: the image.
    pub fn finish(self) -> Result<ImageDigest, DeltaFault> {
        self.patcher.finish()?;
        Ok(ImageDigest { length: self.length, sha256: self.digest.finalize().into() })
    }
}

/// Makes a delta that gives this image out of the base, and says what the image was.
pub fn make(
    base: impl Base,
    image: &mut impl Read,
    into: &mut impl Write,
    spans: Spans,
) -> io::Result<ImageDigest> {
    let mut base = Window::new(base, spans)?;
    let (mut digest, mut at) = (Sha256::new(), 0);
    loop {
        let mut piece = Vec::with_capacity(spans.piece);
        image.by_ref().take(spans.piece as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            return Ok(ImageDigest { length: at, sha256: digest.finalize().into() });
        }
        digest.update(&piece);
        let frame = packed(&piece, base.of_piece(at, spans)?)?;
        at += piece.len() as u64;
        let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
        into.write_all(&length.to_le_bytes())?;
        into.write_all(&frame)?;
    }
}

fn packed(piece: &[u8], reference: &[u8]) -> io::Result<Vec<u8>> {
    let failed = |code| io::Error::other(zstd_safe::get_error_name(code));
    let mut packer = CCtx::try_create().ok_or(io::ErrorKind::OutOfMemory)?;
    for parameter in [
        CParameter::CompressionLevel(LEVEL),
        CParameter::WindowLog(WINDOW_LOG),
        CParameter::EnableLongDistanceMatching(true),
        CParameter::ChecksumFlag(true),
        CParameter::ContentSizeFlag(true),
    ] {
        packer.set_parameter(parameter).map_err(failed)?;
    }
    packer.ref_prefix(reference).map_err(failed)?;
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(piece.len()));
    packer.compress2(&mut frame, piece).map_err(failed)?;
    Ok(frame)
}
