//! From a card on the reader to an open session: which access protocol, in which order.
//! ICAO Doc 9303-11, 4.2.
//!
//! There is no way from a PACE that the chip offers to BAC: only a policy that the caller
//! names does without it.

use chip_reader::CardReader;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    AccessKey, AccessPolicy, FileId, Mapping, MrzKey, Progress, Protocol, ReadError, Session, Step,
    apdu::{Command, DONE},
    bac,
    files::Files,
    limits,
    offers::{Memory, Offers, Source},
    pace::{self, Choice},
    security_infos::SecurityInfos,
    session::Kept,
    wire::{Link, Wire},
};

/// The identity application of ICAO Doc 9303-10, 4.1: LDS1.
const APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// Powers the card afresh, opens the secure channel (9303-11, 4.2), chooses the identity
/// application (9303-10, 4.1) and reads EF.COM. The card must lie on the reader.
///
/// Of several forms of PACE that the chip offers the best is used: chip authentication
/// mapping, which also proves the chip at no further cost; the stronger one, by the weaker of
/// its cipher and its group; curves before primes; the stronger cipher; the larger group;
/// generic before integrated mapping, which is as strong but rarer; and then the chip's own
/// order.
///
/// After PACE with chip authentication mapping EF.CardSecurity is read too, without which
/// nobody could judge what the chip proved with it. The first files are the test of long
/// answers: where one makes the chip drop the channel, all is done once more with short
/// ones. Where only a longer file does, reading it fails
/// ([`ReadError::may_be_of_a_long_answer`]).
pub fn open<'r>(
    reader: &'r mut dyn CardReader,
    key: &AccessKey,
    policy: AccessPolicy,
    chance: &mut dyn CryptoRng,
    progress: &mut dyn FnMut(Progress),
) -> Result<Session<'r>, ReadError> {
    let opening = Opening { key, candidates: &[], policy, offers: None };
    open_with(reader, opening, chance, progress)
}

/// What opens a chip beyond its key (9303-11, 4.2).
pub struct Opening<'k, 'o> {
    /// The key.
    pub key: &'k AccessKey,
    /// Further keys for BAC (9303-11, 4.3). Where BAC it must be and the policy lets it, they
    /// are tried after the key, in their order, until the chip takes one. PACE is tried with
    /// the key alone: there a wrong one may cost a try that the chip counts.
    pub candidates: &'k [MrzKey],
    /// Which ways there may be.
    pub policy: AccessPolicy,
    /// What chips offered before. Where one with the same answer to reset is known, EF.CardAccess
    /// of this chip is not read, and PACE is chosen by what that one offered.
    pub offers: Option<&'o mut Offers>,
}

/// As [`open`], with more that the caller may bring (9303-11, 4.2 and 9.2).
///
/// As soon as PACE fails with an offer that is remembered, chips with this answer to reset are
/// asked from then on: two kinds may share it. Only a key that is wrong or blocked and an answer
/// that does not come speak of this card alone; after them the next chip is asked, and its offer
/// may be remembered again. Where the chip does not know the form of PACE, which it says before
/// the password is used, it is asked what it offers at once; else the error is returned. That
/// there is no PACE is never remembered and never concluded from what is: only what this chip
/// says leads to BAC.
///
/// What is remembered must be confirmed by the chip that was opened by it, before anything about
/// the holder is read: where its DG14 or EF.CardSecurity names other forms of PACE, or where
/// neither names any or is there, the reading ends with [`ReadError::OfferDiffers`]. A chip's
/// offer enters the memory with [`Session::finish`], and only if one of these files named the
/// same. That they are signed nobody has verified then.
pub fn open_with<'r>(
    reader: &'r mut dyn CardReader,
    opening: Opening<'_, 'r>,
    chance: &mut dyn CryptoRng,
    progress: &mut dyn FnMut(Progress),
) -> Result<Session<'r>, ReadError> {
    let Opening { key, candidates, policy, offers } = opening;
    let ways = &Ways { key, candidates, policy };
    let (mut wire, presence) = Wire::open(reader)?;
    progress(Progress::Opening);
    wire.limits = limits::find(&mut wire, &presence.atr)?;
    let mut memory = Memory::of(offers, presence.atr);
    let mut longest = wire.limits.answer;
    loop {
        match prepare(&mut wire, longest, ways, &mut memory, chance, progress) {
            Ok(prepared) => return Ok(Session::over(wire, prepared, memory)),
            Err(error) if error.may_be_of_a_long_answer() && longest > limits::SHORT => {
                longest = limits::SHORT;
                wire.start_over()?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// What may open the chip, and how.
struct Ways<'a> {
    key: &'a AccessKey,
    /// For BAC only.
    candidates: &'a [MrzKey],
    policy: AccessPolicy,
}

/// What opening leaves behind beside the channel.
pub(crate) struct Prepared {
    pub files: Files,
    pub kept: Kept,
    pub access: Protocol,
}

/// From the reset to the first file of the application.
fn prepare(
    wire: &mut Wire<'_>,
    longest: usize,
    ways: &Ways<'_>,
    memory: &mut Memory<'_>,
    chance: &mut dyn CryptoRng,
    progress: &mut dyn FnMut(Progress),
) -> Result<Prepared, ReadError> {
    memory.start_over();
    let mut kept = Kept::new();
    let access = secure(wire, &mut kept, ways, memory, chance)?;
    progress(Progress::Secured(access));
    let mut files = Files::within(wire, longest);
    if let Protocol::Pace { mapping, .. } = access {
        if mapping == Mapping::ChipAuthentication {
            // It lies in the master file, which is still the current place.
            lenient(fetch(wire, &mut files, &mut kept, memory, FileId::CardSecurity, progress))?;
        }
        choose_application(wire)?;
    }
    lenient(fetch(wire, &mut files, &mut kept, memory, FileId::Com, progress))?;
    Ok(Prepared { files, kept, access })
}

/// A file that need not be there.
fn lenient(read: Result<(), ReadError>) -> Result<(), ReadError> {
    match read {
        Err(ReadError::Absent { .. } | ReadError::Refused { .. }) => Ok(()),
        other => other,
    }
}

/// Reads a file of the current place and keeps it. One that says that the chip was opened by
/// a wrong guess is not kept, and is the last that is read.
pub(crate) fn fetch(
    wire: &mut Wire<'_>,
    files: &mut Files,
    kept: &mut Kept,
    memory: &mut Memory<'_>,
    file: FileId,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), ReadError> {
    let bytes = files.read(wire, file, &mut |done, total| {
        progress(Progress::Reading { file, done, total });
    })?;
    if let Err(error) = memory.hold_against(file, &bytes) {
        wire.link = Link::Lost;
        return Err(error);
    }
    kept.insert(file, bytes);
    Ok(())
}

/// Access control. PACE leaves the master file current, BAC the application.
fn secure(
    wire: &mut Wire<'_>,
    kept: &mut Kept,
    ways: &Ways<'_>,
    memory: &mut Memory<'_>,
    chance: &mut dyn CryptoRng,
) -> Result<Protocol, ReadError> {
    let remembered = if ways.policy == AccessPolicy::BacOnly { None } else { memory.recall() };
    let Some(card_access) = remembered else {
        return secure_by_chip(wire, kept, ways, memory, chance);
    };
    match secure_by_memory(wire, &card_access, ways, chance) {
        Ok(protocol) => {
            memory.opened_by(card_access, Source::Memory);
            Ok(protocol)
        }
        Err(error) if leaves_the_password_untried(&error) => {
            memory.note_shared();
            wire.start_over()?;
            secure_by_chip(wire, kept, ways, memory, chance)
        }
        Err(error) => {
            if speaks_of_this_card(&error) {
                memory.forget();
            } else {
                memory.note_shared();
            }
            Err(error)
        }
    }
}

/// Whether PACE by a guess may have failed though the guess was right: a wrong key, or a card
/// that was lifted, is no sign of another kind of chip.
fn speaks_of_this_card(error: &ReadError) -> bool {
    matches!(error, ReadError::NoAnswer { .. } | ReadError::KeyWrong { .. } | ReadError::KeyBlocked { .. })
}

/// PACE as another chip offered it; there is no other way from here.
fn secure_by_memory(
    wire: &mut Wire<'_>,
    card_access: &[u8],
    ways: &Ways<'_>,
    chance: &mut dyn CryptoRng,
) -> Result<Protocol, ReadError> {
    let offered = SecurityInfos::parse(card_access).map_err(|_| ReadError::PaceUnknown)?;
    let choice = Choice::among(&offered).ok_or(ReadError::PaceUnknown)?;
    pace::establish(wire, &choice, ways.key, chance)
}

/// Whether it is sure that the chip did not look at the password: it refused MSE:Set AT, which
/// only names one (9303-11, 4.4.4.1), for what the command is or says. These are errors of
/// checking, after which a chip's memory is as before (ISO/IEC 7816-4, 5.6): 6A80 and 6A88 are
/// those of 9303-11; the others chips give that have no PACE at all, or that dislike an
/// object. Not among them: 63Cx, 6982 and 6983 to 6985, which speak of the password.
fn leaves_the_password_untried(error: &ReadError) -> bool {
    matches!(
        error,
        ReadError::PaceUnknown
            | ReadError::AccessRefused {
                step: Step::Pace(0),
                status: 0x6700 | 0x6A80 | 0x6A81 | 0x6A86..=0x6A88 | 0x6D00 | 0x6E00,
            }
    )
}

/// Access control by what this chip says of itself.
fn secure_by_chip(
    wire: &mut Wire<'_>,
    kept: &mut Kept,
    ways: &Ways<'_>,
    memory: &mut Memory<'_>,
    chance: &mut dyn CryptoRng,
) -> Result<Protocol, ReadError> {
    use AccessPolicy::{BacOnly, PaceOnly, PaceOrBacWhenNotOffered};
    let unsettled = match read_card_access(wire)? {
        CardAccess::Shown { file, found } => {
            let card_access = file.to_vec();
            let offered = keep_offer(kept, file)?;
            if ways.policy != BacOnly && offered.pace().next().is_some() {
                let choice = Choice::among(&offered).ok_or(ReadError::PaceUnknown)?;
                let protocol = pace::establish(wire, &choice, ways.key, chance)?;
                if found == Found::AtOnce {
                    memory.opened_by(card_access, Source::Chip);
                }
                return Ok(protocol);
            }
            None
        }
        CardAccess::Absent => None,
        CardAccess::Refused { status } => Some(status),
    };
    // First of all it may be no identity card: say that rather than talk of PACE.
    choose_application(wire)?;
    match (ways.policy, unsettled) {
        (PaceOnly | PaceOrBacWhenNotOffered, Some(status)) => {
            Err(ReadError::Refused { file: FileId::CardAccess, status })
        }
        (PaceOnly, None) => Err(ReadError::PaceNotOffered),
        (PaceOrBacWhenNotOffered, None) | (BacOnly, _) => basic_access(wire, ways, chance),
    }
}

/// BAC with each key that is for it, until one opens the chip. A wrong one leaves the chip
/// as it was, so no reset comes between them.
fn basic_access(
    wire: &mut Wire<'_>,
    ways: &Ways<'_>,
    chance: &mut dyn CryptoRng,
) -> Result<Protocol, ReadError> {
    let own = if let AccessKey::Mrz(key) = ways.key { Some(key) } else { None };
    let mut outcome = Err(ReadError::KeyNotForBac);
    for key in own.into_iter().chain(ways.candidates) {
        outcome = bac::establish(wire, key, chance);
        if !matches!(outcome, Err(ReadError::KeyWrong { .. })) {
            break;
        }
    }
    outcome
}

/// What EF.CardAccess offers; the file itself is kept.
fn keep_offer(kept: &mut Kept, bytes: Zeroizing<Vec<u8>>) -> Result<SecurityInfos, ReadError> {
    let offered = SecurityInfos::parse(&bytes).map_err(|_| ReadError::Malformed {
        step: Step::File(FileId::CardAccess),
        why: "it is no set of security infos",
    })?;
    kept.insert(FileId::CardAccess, bytes);
    Ok(offered)
}

/// What came of asking for EF.CardAccess.
enum CardAccess {
    /// The file.
    Shown { file: Zeroizing<Vec<u8>>, found: Found },
    /// The chip does not have it: 6A82, and nothing else, says that.
    Absent,
    /// It may be there or not: the chip answered otherwise.
    Refused { status: u16 },
}

/// Where EF.CardAccess was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// In the place that is current after a reset.
    AtOnce,
    /// Only after the master file was selected. Such a chip may want that before PACE, too,
    /// so none is opened without asking it.
    InMasterFile,
}

/// Asks for EF.CardAccess, which everybody may read (9303-11, 9.2.11).
///
/// It lies in the master file, which is current after a reset; Vietnamese cards even
/// refuse to SELECT it (6D00). So it is read without selecting first. Where that fails
/// the master file is selected in both ways, whatever the chip says to that: passports
/// answer 6700, 6985 or 6A86 there and still have the file.
///
/// Only a chip that says "no such file" lacks PACE (9303-11, 4.2, step 1). One that is
/// out of breath (6F00), says that access is denied or dislikes a length may well offer
/// it, and taking that for "no PACE" would be a way down to BAC.
fn read_card_access(wire: &mut Wire<'_>) -> Result<CardAccess, ReadError> {
    let step = Step::File(FileId::CardAccess);
    let read = |wire: &mut Wire<'_>| {
        Files::within(wire, limits::SHORT).read(wire, FileId::CardAccess, &mut |_, _| ())
    };
    match read(wire) {
        Ok(file) => return Ok(CardAccess::Shown { file, found: Found::AtOnce }),
        Err(error @ ReadError::NoAnswer { .. }) => return Err(error),
        Err(_) => {}
    }
    for select in select_master_file() {
        wire.send(step, &select)?;
    }
    match read(wire) {
        Ok(file) => Ok(CardAccess::Shown { file, found: Found::InMasterFile }),
        Err(ReadError::Absent { .. }) => Ok(CardAccess::Absent),
        Err(ReadError::Refused { status, .. }) => Ok(CardAccess::Refused { status }),
        Err(error) => Err(error),
    }
}

/// SELECT of the master file without and with its identifier: chips know one or the
/// other (9303-10, 3.6.1.1).
fn select_master_file() -> [Command; 2] {
    [Vec::new(), vec![0x3F, 0x00]].map(|data| Command::carrying([0x00, 0xA4, 0x00, 0x0C], data, None))
}

/// Makes the master file current, on the way to one of its files.
pub(crate) fn choose_master_file(wire: &mut Wire<'_>, file: FileId) -> Result<(), ReadError> {
    let mut refusal = DONE;
    for select in select_master_file() {
        refusal = wire.send(Step::File(file), &select)?.status;
        if refusal == DONE {
            return Ok(());
        }
    }
    Err(ReadError::Refused { file, status: refusal })
}

/// Makes the identity application current.
pub(crate) fn choose_application(wire: &mut Wire<'_>) -> Result<(), ReadError> {
    let select = Command::carrying([0x00, 0xA4, 0x04, 0x0C], APPLICATION.to_vec(), None);
    match wire.send(Step::Application, &select)?.status {
        DONE => Ok(()),
        status => Err(ReadError::NotAnIdentityCard { status }),
    }
}
