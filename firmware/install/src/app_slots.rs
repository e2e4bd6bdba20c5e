//! Two images in a folder.

use std::{num::NonZeroU8, panic, path::PathBuf, sync::Arc};

use bytes::Bytes;
use tokio::{
    sync::{Mutex, mpsc},
    task,
};
use tuf::transport::{Body as _, TransportError};

use crate::{
    backend::{InstallBackend, Source, Status},
    boot::Boot,
    boot_record::{BootRecord, Copies},
    delta::Spans,
    error::InstallError,
    folder::{Place, SlotFolder},
    slots::{Content, DeltaFile},
    write::Pass,
};

/// Pieces that wait for the disk. With pieces of 64 KiB, 1 MiB.
const WAITING: usize = 16;
/// A larger piece is handed on in parts, in bytes.
const LARGEST_PIECE: usize = 64 * 1024;

/// The back end over two images in a folder. One program holds it at a time; the launcher counts
/// starts meanwhile.
///
/// `write` keeps its disk work off the caller's thread. The other calls block for as long as one
/// small durable write takes.
#[derive(Debug)]
pub struct AppSlots<P: Place = SlotFolder> {
    boots: BootRecord<P>,
    /// None: as the image is long.
    sync_every: Option<u64>,
    spans: Spans,
    /// Held by the writer's thread, which may outlive a `write` that was dropped.
    turn: Arc<Mutex<()>>,
    /// Nobody else writes slots.
    _installer: P::Installer,
}

impl<P: Place> AppSlots<P> {
    /// Opens the slots of a place. A damaged record is an error; `BootRecord::rebuild` makes a
    /// new one where nothing else is left.
    pub fn open(place: P) -> Result<Self, InstallError> {
        let installer = place.hold().map_err(InstallError::Lock)?;
        let (boots, turn) = (BootRecord::new(place), Arc::default());
        let (sync_every, spans) = (None, Spans::PATCH_1);
        let slots = Self { boots, sync_every, spans, turn, _installer: installer };
        slots.boots.read()?;
        Ok(slots)
    }

    /// The same with another number of image bytes between two checkpoints.
    #[must_use]
    pub fn syncing_every(self, bytes: u64) -> Self {
        Self { sync_every: Some(bytes), ..self }
    }

    /// The same for deltas that were cut otherwise, as tests make them.
    #[must_use]
    pub fn spanning(self, spans: Spans) -> Self {
        Self { spans, ..self }
    }

    /// The boot record.
    pub fn boots(&self) -> &BootRecord<P> {
        &self.boots
    }

    /// `Boot::lower_floor`.
    pub fn lower_floor(&mut self, to: u64, why: &str) -> Result<(), InstallError> {
        self.boots.change(Copies::One, |boot| {
            boot.lower_floor(to, why);
            Ok::<_, InstallError>(())
        })
    }

    /// The image of the spare slot.
    pub fn spare_image(&self) -> Result<PathBuf, InstallError> {
        Ok(self.boots.place().path_of(self.boots.read()?.spare()))
    }

    /// `write`, of a release that comes as what changed since the good slot's. The source is of
    /// the delta; it is trusted as little. An error that does not `resumes()` leaves the slots
    /// ready for `write`.
    pub async fn write_by_delta<S: Source>(
        &mut self,
        content: &Content,
        delta: &DeltaFile,
        source: &mut S,
    ) -> Result<(), InstallError> {
        self.write_by(content, Some(*delta), source).await
    }

    /// The release comes whole from its first byte on, not by a delta any more.
    pub fn give_up_delta(&mut self, content: &Content) -> Result<(), InstallError> {
        self.boots.change(Copies::Both, |boot| boot.begin(content).map(drop))
    }

    /// Empties the spare slot: what it holds, or so far holds, is not needed any more.
    pub fn empty_spare(&mut self) -> Result<(), InstallError> {
        self.boots.empty_spare()
    }

    async fn write_by<S: Source>(
        &mut self,
        content: &Content,
        delta: Option<DeltaFile>,
        source: &mut S,
    ) -> Result<(), InstallError> {
        let turn = self.turn.clone().lock_owned().await;
        let (boots, wanted) = (self.boots.clone(), content.clone());
        let (sync_every, delta) = (self.sync_every, delta.map(|delta| (delta, self.spans)));
        let begun = blocking(move || Ok((Pass::begin(boots, &wanted, delta, sync_every)?, turn))).await?;
        let (Some(pass), turn) = begun else { return Ok(()) };
        let from = pass.taken();
        let (hand, pieces) = mpsc::channel(WAITING);
        let writer = task::spawn_blocking(move || {
            let written = write_pieces(pass, pieces);
            drop(turn);
            written
        });
        let fetched = fetch(source, from, &hand).await;
        if let Ok(Came::All) = fetched {
            // The writer may have stopped; then it says why.
            let _ = hand.send(Piece::End).await;
        }
        drop(hand);
        let written = joined(writer.await)?;
        match (fetched, written) {
            (Err(source), Written::BrokeOff { taken }) => Err(InstallError::Source { taken, source }),
            _ => Ok(()),
        }
    }
}

impl<P: Place> InstallBackend for AppSlots<P> {
    fn status(&self) -> Result<Status, InstallError> {
        Ok(Status::of(&self.boots.read()?))
    }

    async fn write<S: Source>(&mut self, content: &Content, source: &mut S) -> Result<(), InstallError> {
        self.write_by(content, None, source).await
    }

    fn try_out(&mut self, tries: NonZeroU8) -> Result<(), InstallError> {
        self.boots.change(Copies::One, |boot| boot.try_out(tries.get()))
    }

    fn data_migrating(&mut self) -> Result<(), InstallError> {
        self.boots.change(Copies::Both, Boot::data_migrating)
    }

    fn data_restored(&mut self) -> Result<(), InstallError> {
        self.boots.change(Copies::One, Boot::data_restored)
    }

    fn refuse(&mut self, content: &Content, why: &str) -> Result<(), InstallError> {
        self.boots.change(Copies::One, |boot| boot.refuse(content, why))
    }

    fn commit(&mut self) -> Result<(), InstallError> {
        self.boots.change(Copies::One, Boot::commit)
    }

    fn roll_back(&mut self, why: &str) -> Result<(), InstallError> {
        self.boots.roll_back(why)
    }
}

/// What is handed to the writer.
enum Piece {
    Bytes(Bytes),
    /// The source said that this is all. Without it the source broke off.
    End,
}

/// How a source ended.
enum Came {
    /// It said that this is all.
    All,
    /// Nobody takes it any more: the writer has failed.
    Unwanted,
}

enum Written {
    Whole,
    BrokeOff { taken: u64 },
}

/// Hands a source's pieces on, from the byte that is wanted.
async fn fetch<S: Source>(
    source: &mut S,
    from: u64,
    hand: &mpsc::Sender<Piece>,
) -> Result<Came, TransportError> {
    let mut body = source.open(from).await?;
    // A server that cannot begin in the middle sends again what is there.
    let mut known = from.checked_sub(body.starts_at()).ok_or(TransportError::WrongPart)?;
    while let Some(mut piece) = body.next().await? {
        let skipped = known.min(piece.len() as u64);
        known -= skipped;
        let _ = piece.split_to(skipped as usize);
        while !piece.is_empty() {
            let part = piece.split_to(piece.len().min(LARGEST_PIECE));
            if hand.send(Piece::Bytes(part)).await.is_err() {
                return Ok(Came::Unwanted);
            }
        }
    }
    Ok(Came::All)
}

/// The writer's thread.
fn write_pieces<P: Place>(
    mut pass: Pass<P>,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<Written, InstallError> {
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Bytes(bytes) => pass.take(&bytes)?,
            Piece::End => return pass.finish().map(|_| Written::Whole),
        }
    }
    pass.broke_off().map(|taken| Written::BrokeOff { taken })
}

async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, InstallError> + Send + 'static,
) -> Result<R, InstallError> {
    joined(task::spawn_blocking(work).await)
}

fn joined<R>(joined: Result<Result<R, InstallError>, task::JoinError>) -> Result<R, InstallError> {
    match joined {
        Ok(done) => done,
        // A broken promise of our own code.
        Err(error) if error.is_panic() => panic::resume_unwind(error.into_panic()),
        Err(error) => {
            let source = std::io::Error::other(error);
            Err(InstallError::Io { act: "written", what: "the spare slot's image", source })
        }
    }
}
