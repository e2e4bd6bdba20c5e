//! One reading of one card, from the first command to the files' bytes.
//!
//! It reads what it is told to read and judges nothing: whether the bytes are
//! genuine is for `identity`.

use std::collections::BTreeMap;

use devices::{CardReader, ReaderFault};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    AccessKey, AccessPolicy, ChipProof, FileId, Protocol, ReadError, Step,
    apdu::{Command, DONE},
    bac,
    files::Files,
    limits,
    pace::{self, Choice},
    security_infos::SecurityInfos,
    wire::Wire,
};

/// What the citizen's progress bar shows.
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

/// What the reading cost: counts only, nothing personal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadLog {
    /// Commands sent.
    pub apdus: u32,
    /// Bytes sent.
    pub bytes_up: u64,
    /// Bytes received, status bytes included.
    pub bytes_down: u64,
    /// The files read, in order.
    pub files: Vec<FileId>,
}

/// An open secure channel to a card's chip.
pub struct Session<'r> {
    wire: Wire<'r>,
    files: Files,
    kept: Kept,
    access: Protocol,
}

type Kept = BTreeMap<FileId, Zeroizing<Vec<u8>>>;

/// The bytes of the files as they came through the secure channel; wiped on drop.
/// There is no other way to make one than [`Session::finish`].
pub struct CardFiles {
    kept: Kept,
    access: Protocol,
    proofs: Vec<ChipProof>,
    log: ReadLog,
}

/// The identity application of ICAO Doc 9303-10, 3.4: LDS1.
const APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// Powers the card afresh, opens the secure channel, chooses the identity
/// application and reads EF.COM. The card must lie on the reader.
///
/// EF.COM is the test of long answers: where it makes the chip drop the channel, all
/// is done once more with short ones.
pub fn open<'r>(
    reader: &'r mut dyn CardReader,
    key: &AccessKey,
    policy: AccessPolicy,
    chance: &mut dyn CryptoRng,
    progress: &mut dyn FnMut(Progress),
) -> Result<Session<'r>, ReadError> {
    let (mut wire, presence) = Wire::open(reader)?;
    progress(Progress::Opening);
    let mut longest = limits::longest_answer(&mut wire, &presence.atr)?;
    loop {
        let mut kept = Kept::new();
        let access = secure(&mut wire, &mut kept, key, policy, chance)?;
        progress(Progress::Secured(access));
        let files = Files::within(&wire, longest);
        let mut session = Session { wire, files, kept, access };
        match session.read(FileId::Com, progress) {
            Err(ReadError::Unprotected { .. } | ReadError::NoAnswer { fault: ReaderFault::CardMute, .. })
                if longest > limits::SHORT =>
            {
                longest = limits::SHORT;
                wire = session.wire;
                wire.start_over()?;
            }
            Ok(()) | Err(ReadError::Absent { .. } | ReadError::Refused { .. }) => return Ok(session),
            Err(error) => return Err(error),
        }
    }
}

/// Access control: PACE where the chip offers it. There is no way from an offered
/// PACE to BAC.
fn secure(
    wire: &mut Wire<'_>,
    kept: &mut Kept,
    key: &AccessKey,
    policy: AccessPolicy,
    chance: &mut dyn CryptoRng,
) -> Result<Protocol, ReadError> {
    if let Some(bytes) = read_card_access(wire)? {
        let offered = SecurityInfos::parse(&bytes).map_err(|_| ReadError::Malformed {
            step: Step::File(FileId::CardAccess),
            why: "it is no set of security infos",
        })?;
        wire.log.files.push(FileId::CardAccess);
        kept.insert(FileId::CardAccess, bytes);
        if offered.pace().next().is_some() {
            let choice = Choice::among(&offered).ok_or(ReadError::PaceUnknown)?;
            let access = pace::establish(wire, &choice, key, chance)?;
            choose_application(wire)?;
            return Ok(access);
        }
    }
    // First of all it may be no identity card: say that rather than talk of PACE.
    choose_application(wire)?;
    match (policy, key) {
        (AccessPolicy::PaceOrBacWhenNotOffered, AccessKey::Mrz(key)) => bac::establish(wire, key, chance),
        _ => Err(ReadError::PaceNotOffered),
    }
}

/// EF.CardAccess, or `None` where the chip has none.
///
/// It lies in the master file, which is current after a reset; Vietnamese cards even
/// refuse to SELECT it (6D00). So it is read without selecting first. Where that fails
/// the master file is selected in both ways, whatever the chip says to that.
fn read_card_access(wire: &mut Wire<'_>) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
    let step = Step::File(FileId::CardAccess);
    let read = |wire: &mut Wire<'_>| {
        Files::within(wire, limits::SHORT).read(wire, FileId::CardAccess, &mut |_, _| ())
    };
    match read(wire) {
        Ok(found) => return Ok(Some(found)),
        Err(error @ ReadError::NoAnswer { .. }) => return Err(error),
        Err(_) => {}
    }
    wire.send(step, &Command::carrying([0x00, 0xA4, 0x00, 0x0C], Vec::new(), None))?;
    wire.send(step, &Command::carrying([0x00, 0xA4, 0x00, 0x0C], vec![0x3F, 0x00], None))?;
    match read(wire) {
        Ok(found) => Ok(Some(found)),
        Err(ReadError::Absent { .. } | ReadError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn choose_application(wire: &mut Wire<'_>) -> Result<(), ReadError> {
    let select = Command::carrying([0x00, 0xA4, 0x04, 0x0C], APPLICATION.to_vec(), None);
    match wire.send(Step::Application, &select)?.status {
        DONE => Ok(()),
        status => Err(ReadError::NotAnIdentityCard { status }),
    }
}

impl Session<'_> {
    /// Reads one file and keeps its bytes; a file already read is not read again.
    pub fn read(&mut self, file: FileId, progress: &mut dyn FnMut(Progress)) -> Result<(), ReadError> {
        if self.kept.contains_key(&file) {
            return Ok(());
        }
        if file == FileId::CardAccess {
            // It lies outside the application; `open` would have it if there were one.
            return Err(ReadError::Absent { file });
        }
        let bytes = self.files.read(&mut self.wire, file, &mut |done, total| {
            progress(Progress::Reading { file, done, total });
        })?;
        self.kept.insert(file, bytes);
        self.wire.log.files.push(file);
        Ok(())
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

    /// Ends the reading and hands over what was read.
    pub fn finish(self) -> CardFiles {
        CardFiles { kept: self.kept, access: self.access, proofs: self.wire.proofs, log: self.wire.log }
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
