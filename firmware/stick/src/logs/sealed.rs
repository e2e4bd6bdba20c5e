//! The form of a sealed log.

use std::io::{self, BufRead, Read, Write};

use jiff::Timestamp;
use keys::{KeyError, ServerKey, ServerSecret};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const MAGIC: &str = "mot-cham/1/stick-log\n";
const PIECE: usize = 256 * 1024;
/// What sealing adds: an encapsulated key and a tag.
const SEALING: usize = 32 + 16;
const LONGEST_HEAD: u64 = 1024;

/// Whose log it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The kiosk's name in the fleet.
    pub device: String,
    /// When it was taken, by the kiosk's clock.
    pub taken: Timestamp,
    /// Which of the kiosk's named files.
    pub name: String,
}

/// Why a log was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Read(#[source] io::Error),
    /// What is sealed cannot be written.
    #[error("the sealed log cannot be written")]
    Write(#[source] io::Error),
    /// The key.
    #[error("the fleet's key")]
    Key(#[source] KeyError),
}

/// Why a sealed log was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("the sealed log cannot be read")]
    Read(#[source] io::Error),
    /// What is opened cannot be written.
    #[error("the log cannot be written")]
    Write(#[source] io::Error),
    /// It is none, or its end is missing.
    #[error("not a whole sealed log")]
    NotWhole,
    /// Another key, or changed bytes.
    #[error("piece {number} of the sealed log")]
    Piece {
        /// Which piece, from 0.
        number: u32,
        /// Why.
        #[source]
        source: KeyError,
    },
}

/// Seals a log. In memory is never more than a piece.
pub fn seal(
    to: &ServerKey,
    head: &Head,
    mut log: impl Read,
    mut out: impl Write,
    chance: &mut dyn CryptoRng,
) -> Result<(), SealError> {
    let line = line(head);
    out.write_all(MAGIC.as_bytes()).and_then(|()| out.write_all(&line)).map_err(SealError::Write)?;
    let mut piece = Zeroizing::new(Vec::with_capacity(PIECE));
    let mut next = Zeroizing::new(Vec::with_capacity(PIECE));
    fill(&mut log, &mut piece).map_err(SealError::Read)?;
    for number in 0.. {
        fill(&mut log, &mut next).map_err(SealError::Read)?;
        let last = next.is_empty();
        let sealed = keys::seal(to, &bound(&line, number, last), &piece, chance).map_err(SealError::Key)?;
        let length = u32::try_from(sealed.len()).expect("a piece is short").to_be_bytes();
        out.write_all(&length).and_then(|()| out.write_all(&sealed)).map_err(SealError::Write)?;
        if last {
            break;
        }
        std::mem::swap(&mut piece, &mut next);
    }
    out.flush().map_err(SealError::Write)
}

/// Opens a sealed log. What is written before an error is not to be kept.
pub fn open(secret: &ServerSecret, mut sealed: impl BufRead, mut out: impl Write) -> Result<Head, OpenError> {
    let mut magic = [0; MAGIC.len()];
    sealed.read_exact(&mut magic).map_err(ended)?;
    if magic != MAGIC.as_bytes() {
        return Err(OpenError::NotWhole);
    }
    let mut line = Vec::new();
    (&mut sealed).take(LONGEST_HEAD).read_until(b'\n', &mut line).map_err(OpenError::Read)?;
    let head: Head = serde_json::from_slice(&line).map_err(|_| OpenError::NotWhole)?;
    let mut last = false;
    for number in 0.. {
        let mut length = [0; 4];
        match sealed.read(&mut length[..1]).map_err(OpenError::Read)? {
            0 if last => return Ok(head),
            0 => return Err(OpenError::NotWhole),
            _ => sealed.read_exact(&mut length[1..]).map_err(ended)?,
        }
        let length = u32::from_be_bytes(length) as usize;
        if last || !(SEALING..=PIECE + SEALING).contains(&length) {
            return Err(OpenError::NotWhole);
        }
        let mut piece = vec![0; length];
        sealed.read_exact(&mut piece).map_err(ended)?;
        let plain = if let Ok(plain) = secret.open(&bound(&line, number, false), &piece) {
            plain
        } else {
            last = true;
            let opened = secret.open(&bound(&line, number, true), &piece);
            opened.map_err(|source| OpenError::Piece { number, source })?
        };
        out.write_all(&plain).map_err(OpenError::Write)?;
    }
    Err(OpenError::NotWhole)
}

fn line(head: &Head) -> Vec<u8> {
    let mut line = serde_json::to_vec(head).expect("text keys only");
    line.push(b'\n');
    line
}

/// What a piece is bound to.
fn bound(line: &[u8], number: u32, last: bool) -> Vec<u8> {
    let mut bound = MAGIC.as_bytes().to_vec();
    bound.extend_from_slice(line);
    bound.extend_from_slice(&number.to_be_bytes());
    bound.push(u8::from(last));
    bound
}

fn fill(from: &mut impl Read, piece: &mut Vec<u8>) -> io::Result<()> {
    piece.clear();
    from.take(PIECE as u64).read_to_end(piece).map(|_| ())
}

fn ended(error: io::Error) -> OpenError {
    if error.kind() == io::ErrorKind::UnexpectedEof { OpenError::NotWhole } else { OpenError::Read(error) }
}
