//! One reading of one card, from the open channel to the files' bytes.
//!
//! It reads what it is told to read and judges nothing: whether the bytes are
//! genuine is for `identity`.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    ActiveAuthentication, ChipAuthentication, ChipProof, FileId, Protocol, ReadError, Step,
    active_authentication, chip_authentication,
    file_id::Place,
    files::Files,
    offers::Memory,
    opening::{Prepared, choose_application, choose_master_file, fetch},
    security_infos::SecurityInfos,
    tlv,
    wire::{Link, Wire},
};

/// What the citizen's progress bar shows. The steps are ours, in no standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The chip answers.
    Opening,
    /// The secure channel stands.
    Secured(Protocol),
    /// Bytes of a file have come.
    Reading {
        /// Which.
        file: FileId,
        /// How many.
        done: usize,
        /// Of how many.
        total: usize,
    },
}

/// What the reading cost: counts only, nothing personal. What is counted is ours, in no
/// standard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadLog {
    /// Commands sent.
    pub apdus: u32,
    /// Bytes sent.
    pub bytes_up: u64,
    /// Bytes received, status bytes included.
    pub bytes_down: u64,
    /// The files of which the chip gave anything, in order, whole or not; not an EF.CardAccess
    /// that was remembered.
    pub files: Vec<FileId>,
}

/// An open secure channel to a card's chip (9303-11, 9.8).
pub struct Session<'r> {
    wire: Wire<'r>,
    files: Files,
    kept: Kept,
    access: Protocol,
    memory: Memory<'r>,
    /// Where the chip now looks for files.
    place: Place,
}

pub(crate) type Kept = BTreeMap<FileId, Zeroizing<Vec<u8>>>;

/// The bytes of the files (9303-10, 3.11, 4.6 and 4.7) as they came through the secure
/// channel; wiped on drop. There is no other way to make one than [`Session::finish`] and
/// [`Session::so_far`].
pub struct CardFiles {
    kept: Kept,
    access: Protocol,
    /// EF.CardAccess of another chip.
    remembered: Option<Vec<u8>>,
    proofs: Vec<ChipProof>,
    log: ReadLog,
}

impl<'r> Session<'r> {
    /// Over an open channel, with the application chosen.
    pub(crate) fn over(wire: Wire<'r>, prepared: Prepared, memory: Memory<'r>) -> Self {
        let Prepared { files, kept, access } = prepared;
        Self { wire, files, kept, access, memory, place: Place::Application }
    }

    /// Reads one file and keeps its bytes (9303-10, 3.6.3); a file already read is not read
    /// again. Where the forms of PACE by which the chip was opened were remembered, its DG14 or
    /// EF.CardSecurity must name the same, else nothing more can be read
    /// ([`ReadError::OfferDiffers`]). DG14 is then read before the first file about the holder
    /// and before EF.SOD and DG15, by which the card is known: none of them comes through a
    /// channel that was opened by a wrong guess.
    pub fn read(&mut self, file: FileId, progress: &mut dyn FnMut(Progress)) -> Result<(), ReadError> {
        if self.kept.contains_key(&file) {
            return Ok(());
        }
        if file == FileId::CardAccess && self.memory.remembered().is_none() {
            // `open` would have it if there were one.
            return Err(ReadError::Absent { file });
        }
        if file.is_of_the_holder() && self.memory.wants_proof() {
            self.prove_the_guess(progress)?;
        }
        self.go_to(file)?;
        fetch(&mut self.wire, &mut self.files, &mut self.kept, &mut self.memory, file, progress)
    }

    /// DG14, which says whether the chip was opened by a right guess. A chip that does not have
    /// it, or does not give it, is none of the kind that was guessed.
    fn prove_the_guess(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), ReadError> {
        let file = FileId::Dg14;
        match self.read(file, progress) {
            Err(ReadError::Absent { .. } | ReadError::Refused { .. }) => {
                self.wire.link = Link::Lost;
                Err(self.memory.find_wrong(file))
            }
            came_to => came_to,
        }
    }

    /// Makes the place of a file the current one (9303-10, 3.6.1).
    fn go_to(&mut self, file: FileId) -> Result<(), ReadError> {
        if self.place == file.place() {
            return Ok(());
        }
        match file.place() {
            Place::Application => choose_application(&mut self.wire)?,
            Place::MasterFile => choose_master_file(&mut self.wire, file)?,
        }
        self.place = file.place();
        Ok(())
    }

    /// Chip authentication with the keys of DG14, which is read where it was not yet
    /// (9303-11, 6.2). The channel then goes on under new keys.
    ///
    /// The proof counts with the next answer from the chip, so read a file after this:
    /// best all that need no earlier place. A chip that does not hold its key fails there
    /// with [`ReadError::ChipNotProven`]; one that refuses fails here.
    pub fn authenticate_chip(
        &mut self,
        chance: &mut dyn CryptoRng,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ChipAuthentication, ReadError> {
        let file = FileId::Dg14;
        match self.read(file, progress) {
            Ok(()) => {}
            Err(ReadError::Absent { .. }) => return Ok(ChipAuthentication::NotOffered),
            Err(error) => return Err(error),
        }
        self.go_to(file)?;
        let malformed = |why| ReadError::Malformed { step: Step::File(file), why };
        let (set, _) = tlv::expect(&self.kept[&file], 0x6E).map_err(malformed)?;
        let infos = SecurityInfos::parse(set).map_err(|_| malformed("it is no set of security infos"))?;
        let came_to = chip_authentication::establish(&mut self.wire, &infos, chance)?;
        self.files.adapt(&self.wire);
        Ok(came_to)
    }

    /// Active authentication: the chip signs the caller's challenge, which must be drawn
    /// for this card and never used twice (9303-11, 6.1.2.1). DG15 is read where it was
    /// not yet.
    pub fn authenticate_actively(
        &mut self,
        challenge: [u8; 8],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ActiveAuthentication, ReadError> {
        match self.read(FileId::Dg15, progress) {
            Ok(()) => {}
            Err(ReadError::Absent { .. }) => return Ok(ActiveAuthentication::NotOffered),
            Err(error) => return Err(error),
        }
        self.go_to(FileId::Dg15)?;
        let longest_answer = self.files.longest_answer();
        let dg15 = &self.kept[&FileId::Dg15];
        active_authentication::challenge(&mut self.wire, dg15, longest_answer, challenge)?;
        Ok(ActiveAuthentication::Answered)
    }

    /// What the chip has proven so far; see [`CardFiles::proofs`].
    pub fn proofs(&self) -> &[ChipProof] {
        &self.wire.proofs
    }

    /// The bytes of a file that was read.
    pub fn file(&self, file: FileId) -> Option<&[u8]> {
        self.kept.get(&file).map(|bytes| bytes.as_slice())
    }

    /// How the channel was made.
    pub fn access(&self) -> Protocol {
        self.access
    }

    /// What the reading cost so far.
    pub fn log(&self) -> &ReadLog {
        &self.wire.log
    }

    /// A copy of what was read so far, to be looked at while the reading goes on.
    pub fn so_far(&self) -> CardFiles {
        let (kept, proofs, log) = (self.kept.clone(), self.wire.proofs.clone(), self.wire.log.clone());
        let remembered = self.memory.remembered().map(<[u8]>::to_vec);
        CardFiles { kept, access: self.access, remembered, proofs, log }
    }

    /// Ends the reading and hands over what was read. What the chip offered is remembered for
    /// the next one like it, if the chip was opened with a memory
    /// ([`Opening::offers`](crate::Opening::offers)) and its DG14 or EF.CardSecurity named the
    /// same. Nobody has verified these yet: what is remembered is a guess, which every later
    /// chip's own file must confirm.
    pub fn finish(self) -> CardFiles {
        let Self { wire, kept, access, memory, .. } = self;
        CardFiles { kept, access, remembered: memory.finish(), proofs: wire.proofs, log: wire.log }
    }
}

impl CardFiles {
    /// The bytes of a file that was read.
    pub fn file(&self, file: FileId) -> Option<&[u8]> {
        self.kept.get(&file).map(|bytes| bytes.as_slice())
    }

    /// How the channel was made.
    pub fn access(&self) -> Protocol {
        self.access
    }

    /// The EF.CardAccess (9303-11, 9.2.11) by which PACE was chosen, where it was not read from
    /// this chip but remembered of another one with the same answer to reset: what this one
    /// would have shown nobody knows. It is then not among the files.
    pub fn remembered_access(&self) -> Option<&[u8]> {
        self.remembered.as_deref()
    }

    /// What the chip did to show that it is no copy, in the order in which it did it.
    /// None of it is judged: that needs the issuer's signature over the chip's keys.
    pub fn proofs(&self) -> &[ChipProof] {
        &self.proofs
    }

    /// What the reading cost.
    pub fn log(&self) -> &ReadLog {
        &self.log
    }
}
