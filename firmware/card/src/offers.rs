//! What chips offered before: EF.CardAccess by the answer to reset, so that the next chip of
//! the same kind is opened without reading it. ICAO Doc 9303-11, 4.2 and 9.2.
//!
//! An answer to reset tells a batch, not a chip. So what is remembered is only a guess at
//! what this chip would say. It never decides that a chip has no PACE; it enters the memory
//! only once DG14 or EF.CardSecurity of the same chip said the same; and it holds for a chip
//! only once one of these files of that chip says the same, too.
//!
//! Issuers sign these files, but nobody has verified that here: a chip of anybody's making may
//! bring its own and fill the memory with a weak form. So it is never what was remembered that
//! speaks for a guess, only what this chip's file says; and `identity` compares once more, with
//! the files that it verified.

use std::collections::VecDeque;

use crate::{
    FileId, ReadError,
    tlv::{self, Flaw},
};

/// EF.CardAccess (9303-11, 9.2.11) of chips that were opened with it, by their whole answer
/// to reset. For [`Opening::offers`](crate::Opening::offers); whoever opens many chips
/// keeps one.
///
/// An answer to reset by which a chip was guessed wrong, or by which PACE failed, is noted as
/// shared by several kinds: chips with it are asked from then on. It holds at most
/// [`Offers::MOST`] of them; beyond, that one goes whose chips were not read for the longest.
/// Everybody may read that file of a chip, and it says nothing of the holder.
#[derive(Debug, Default)]
pub struct Offers {
    /// The one read last stands last.
    known: VecDeque<Known>,
}

#[derive(Debug)]
struct Known {
    atr: Vec<u8>,
    what: What,
}

/// What is known of an answer to reset.
#[derive(Debug, PartialEq, Eq)]
enum What {
    /// Its chips show this EF.CardAccess.
    Shows(Vec<u8>),
    /// Chips of several kinds share it, so there is nothing to guess.
    Shared,
}

impl Offers {
    /// So many answers to reset are remembered.
    pub const MOST: usize = 16;

    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn of(&self, atr: &[u8]) -> Option<&[u8]> {
        self.known.iter().find(|known| known.atr == atr).and_then(|known| match &known.what {
            What::Shows(card_access) => Some(card_access.as_slice()),
            What::Shared => None,
        })
    }

    fn forget(&mut self, atr: &[u8]) {
        self.known.retain(|known| known.atr != atr || known.what == What::Shared);
    }

    /// What chips show that share their answer to reset with others is not taken up.
    fn remember(&mut self, atr: Vec<u8>, card_access: Vec<u8>) {
        let shared = self.known.iter().any(|known| known.atr == atr && known.what == What::Shared);
        self.note(atr, if shared { What::Shared } else { What::Shows(card_access) });
    }

    fn note(&mut self, atr: Vec<u8>, what: What) {
        self.known.retain(|known| known.atr != atr);
        if self.known.len() == Self::MOST {
            self.known.pop_front();
        }
        self.known.push_back(Known { atr, what });
    }
}

/// The part of one reading in the memory.
pub(crate) struct Memory<'r> {
    offers: Option<&'r mut Offers>,
    atr: Vec<u8>,
    /// By what PACE was chosen; none: there was no PACE, or it is not to be remembered.
    opened_by: Option<OpenedBy>,
}

/// By what PACE was chosen.
struct OpenedBy {
    card_access: Vec<u8>,
    source: Source,
    standing: Standing,
}

/// Who said what a chip offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The chip itself.
    Chip,
    /// The memory: a chip with the same answer to reset did.
    Memory,
}

/// What the chip's files say of it that issuers sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// None that names PACE was read yet.
    Unheard,
    /// The same.
    Same,
    /// Something else, once.
    Other,
}

impl<'r> Memory<'r> {
    /// For a chip with this answer to reset. One that is empty tells nothing at all.
    pub fn of(offers: Option<&'r mut Offers>, atr: Vec<u8>) -> Self {
        Self { offers: offers.filter(|_| !atr.is_empty()), atr, opened_by: None }
    }

    /// What a chip like this offered.
    pub fn recall(&self) -> Option<Vec<u8>> {
        self.offers.as_ref()?.of(&self.atr).map(<[u8]>::to_vec)
    }

    /// The next chip like this is asked.
    pub fn forget(&mut self) {
        if let Some(offers) = &mut self.offers {
            offers.forget(&self.atr);
        }
    }

    /// A guess was wrong, or seems so: chips like this one are asked as long as that is
    /// remembered, at the price of a command each. Else two kinds that share an answer to reset
    /// would take turns at proving the guess wrong, and every second of their holders would have
    /// to lay the card down again.
    pub fn note_shared(&mut self) {
        if let Some(offers) = &mut self.offers {
            offers.note(self.atr.clone(), What::Shared);
        }
    }

    /// A channel was opened with PACE, chosen by this EF.CardAccess.
    pub fn opened_by(&mut self, card_access: Vec<u8>, source: Source) {
        self.opened_by = Some(OpenedBy { card_access, source, standing: Standing::Unheard });
    }

    /// The channel, if there was one, is no more.
    pub fn start_over(&mut self) {
        self.opened_by = None;
    }

    /// Whether the chip was opened by a guess for which nothing of its own speaks yet.
    pub fn wants_proof(&self) -> bool {
        let opened_by = self.opened_by.as_ref();
        opened_by.is_some_and(|it| it.source == Source::Memory && it.standing == Standing::Unheard)
    }

    /// This file of the chip does not speak for the guess. That of the one by which it was guessed
    /// did, so this is a chip of another kind.
    pub fn find_wrong(&mut self, file: FileId) -> ReadError {
        self.note_shared();
        ReadError::OfferDiffers { file }
    }

    /// The EF.CardAccess of another chip by which PACE was chosen, if it was.
    pub fn remembered(&self) -> Option<&[u8]> {
        let opened_by = self.opened_by.as_ref().filter(|it| it.source == Source::Memory)?;
        Some(&opened_by.card_access)
    }

    /// Holds what the chip was opened by against a file that came from this very chip, and
    /// that issuers sign: they must name the same forms of PACE (9303-11, 9.2). Other files
    /// say nothing of it.
    ///
    /// Where a file names others, or DG14 none and EF.CardSecurity did not name the same, a
    /// guess was wrong, and the reading ends: else a chip whose files say nothing would be
    /// opened for ever by whatever form another one had brought into the memory. What the chip
    /// itself said is left to the judgement of `identity`.
    pub fn hold_against(&mut self, file: FileId, bytes: &[u8]) -> Result<(), ReadError> {
        let Some(opened_by) = &mut self.opened_by else { return Ok(()) };
        let Some(signed) = forms_signed_in(file, bytes) else { return Ok(()) };
        if signed.is_empty() {
            if file == FileId::CardSecurity || opened_by.standing == Standing::Same {
                return Ok(());
            }
        } else if are_alike(&forms(&opened_by.card_access).unwrap_or_default(), &signed) {
            if opened_by.standing == Standing::Unheard {
                opened_by.standing = Standing::Same;
            }
            return Ok(());
        } else {
            opened_by.standing = Standing::Other;
        }
        match opened_by.source {
            Source::Chip => {
                self.forget();
                Ok(())
            }
            Source::Memory => Err(self.find_wrong(file)),
        }
    }

    /// At the end of a reading: what DG14 or EF.CardSecurity named, too, is remembered. Gives the
    /// EF.CardAccess of another chip by which PACE was chosen.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        let OpenedBy { card_access, source, standing } = self.opened_by.take()?;
        if standing == Standing::Same
            && let Some(offers) = self.offers
        {
            offers.remember(self.atr, card_access.clone());
        }
        (source == Source::Memory).then_some(card_access)
    }
}

/// The same forms, in whatever order.
fn are_alike(some: &[&[u8]], others: &[&[u8]]) -> bool {
    let all_among = |some: &[&[u8]], others: &[&[u8]]| some.iter().all(|one| others.contains(one));
    all_among(some, others) && all_among(others, some)
}

/// The forms of PACE in a file that issuers sign; none for any other file, and no form
/// where it breaks its format.
fn forms_signed_in(file: FileId, bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let infos = match file {
        FileId::Dg14 => tlv::expect(bytes, 0x6E).map(|(infos, _)| infos),
        FileId::CardSecurity => signed_content(bytes),
        _ => return None,
    };
    Some(infos.and_then(forms).unwrap_or_default())
}

/// Every form of PACE among security infos, as it is encoded: what stands below id-PACE
/// (9303-11, 9.2.1).
fn forms(infos: &[u8]) -> Result<Vec<&[u8]>, Flaw> {
    const ID_PACE: [u8; 8] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04];
    let (mut rest, _) = tlv::expect(infos, 0x31)?;
    let mut forms = Vec::new();
    while !rest.is_empty() {
        let (_, info, after) = tlv::split(rest)?;
        let is_pace = tlv::expect(info, 0x06)
            .is_ok_and(|(name, _)| name.len() > ID_PACE.len() && name.starts_with(&ID_PACE));
        if is_pace {
            forms.push(&rest[..rest.len() - after.len()]);
        }
        rest = after;
    }
    Ok(forms)
}

/// What a SignedData signs (RFC 5652, 5.1), with definite lengths and in one piece.
fn signed_content(bytes: &[u8]) -> Result<&[u8], Flaw> {
    let (content_info, _) = tlv::expect(bytes, 0x30)?;
    let (_, _, explicit) = tlv::split(content_info)?;
    let (signed_data, _) = tlv::expect(tlv::expect(explicit, 0xA0)?.0, 0x30)?;
    let (_, _, after_version) = tlv::split(signed_data)?;
    let (_, _, after_digests) = tlv::split(after_version)?;
    let (encapsulated, _) = tlv::expect(after_digests, 0x30)?;
    let (_, _, explicit) = tlv::split(encapsulated)?;
    tlv::expect(tlv::expect(explicit, 0xA0)?.0, 0x04).map(|(content, _)| content)
}

#[cfg(test)]
#[path = "offers_tests.rs"]
mod tests;
