//! Reads whole files in as few commands as reader and chip allow. ICAO Doc 9303-10,
//! 3.6.3 (READ BINARY by short identifier) and 3.6.6 (files of more than 32,767 bytes).
//!
//! The first answer of a file tells its length, so nothing is asked for twice. What a
//! chip does not like is learnt once and remembered: how long an answer may be,
//! whether it may reach past the file's end, whether short identifiers work.

use zeroize::Zeroizing;

use crate::{
    FileId, ReadError, Step,
    apdu::{Answer, Command, DONE, END_OF_FILE, NOT_FOUND, SHORT_ANSWER, WRONG_OFFSET, is_length_refusal},
    secure_messaging::SHORT_PLAIN,
    tlv,
    wire::Wire,
};

/// The most that is asked for at once of a chip that does not say how much it can give. One
/// that says so in EF.ATR/INFO is asked for all of that.
///
/// By the virtual card's model of the radio a portrait of 18,000 bytes at 106, 424 and 848
/// kbit/s takes 1,657, 463 and 264 ms in five such pieces, and 45, 29 and 26 ms less in one.
/// Against that: a chip that drops its channel over an answer beyond its buffer costs the
/// opening once more, seven commands and its own time for PACE, and 9303-10, 3.6.4.2 would
/// have no long READ BINARY at all where a chip's sizes are not stated. Progress is heard
/// after 376, 104 and 59 ms at most; in one piece it is not heard before the end. Where a
/// card is lifted decides nothing: its channel is gone, and all is read anew either way.
const LONGEST_UNSTATED_CHUNK: usize = 4096;
/// What a chip with extended length holds at least.
const SMALL_BUFFER: usize = 1024;
/// A chip that cannot answer so little is not worth asking further.
const SHORTEST_CHUNK: usize = 96;
/// Enough of a file to tell its length; no file is shorter.
const HEAD: usize = 8;
/// The greatest offset that fits the parameters of READ BINARY.
const GREATEST_PLAIN_OFFSET: usize = 0x7FFF;

/// What has been learnt about the chip.
pub(crate) struct Files {
    /// The longest answer that reader and chip are said to allow, status included.
    longest_answer: usize,
    /// The same in plain bytes.
    longest: usize,
    /// The longest answer to ask for.
    chunk: usize,
    /// The chunk was shortened when a first command was refused, though the file may
    /// only have been shorter than what was asked: longer ones deserve another try.
    doubtful: bool,
    past_the_end: PastTheEnd,
    short_ids: ShortIds,
}

/// Whether the first command may ask for more than the file has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PastTheEnd {
    /// It gives what there is.
    Given,
    /// It refuses; the length is read first.
    Refused,
}

/// Whether READ BINARY may name the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ShortIds {
    Untried,
    Work,
    /// The file is selected first.
    Refused,
}

impl Files {
    /// For answers of at most so many bytes, status included.
    pub fn within(wire: &Wire<'_>, longest_answer: usize) -> Self {
        let longest = longest_chunk(wire, longest_answer);
        Self {
            longest_answer,
            longest,
            chunk: longest,
            doubtful: false,
            past_the_end: PastTheEnd::Given,
            short_ids: ShortIds::Untried,
        }
    }

    /// The longest answer that reader and chip are said to allow, status included.
    pub fn longest_answer(&self) -> usize {
        self.longest_answer
    }

    /// Reads a file; `heard` learns after each answer how far it has come.
    pub fn read(
        &mut self,
        wire: &mut Wire<'_>,
        file: FileId,
        heard: &mut dyn FnMut(usize, usize),
    ) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        let first = self.first(wire, file)?;
        wire.note_of(file);
        if file.tag().is_none() {
            return self.read_to_end(wire, file, first);
        }
        let head = first.data;
        let total = length_of(file, &head)?;
        // Reserved once: growing would leave copies behind that nobody wipes.
        let mut bytes = Zeroizing::new(Vec::with_capacity(total.max(head.len())));
        bytes.extend_from_slice(&head);
        while bytes.len() < total {
            heard(bytes.len(), total);
            let piece = self.next(wire, file, bytes.len(), total - bytes.len())?;
            if piece.is_empty() {
                return Err(ReadError::Truncated { file, got: bytes.len(), length: total });
            }
            bytes.extend_from_slice(&piece);
        }
        // The chip may have padded the file behind its data object.
        bytes.truncate(total);
        heard(total, total);
        Ok(bytes)
    }

    /// For answers through another channel, whose blocks may be longer.
    pub fn adapt(&mut self, wire: &Wire<'_>) {
        self.longest = longest_chunk(wire, self.longest_answer);
        self.chunk = self.chunk.min(self.longest);
    }

    /// A file of several data objects does not say how long it is: it is read until the
    /// chip has no more. Where a chip refuses instead of giving what is left, it is asked
    /// for ever less.
    fn read_to_end(
        &mut self,
        wire: &mut Wire<'_>,
        file: FileId,
        first: Answer,
    ) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        let (step, mut bytes, mut status) = (Step::File(file), first.data, first.status);
        let mut wanted = self.chunk.min(SHORT_PLAIN);
        while status != END_OF_FILE && wanted > 0 {
            if bytes.len() > file.longest() {
                return Err(ReadError::TooLong { file, length: bytes.len() });
            }
            let (answer, plain) = read_at(wire, step, bytes.len(), wanted)?;
            status = answer.status;
            match status.to_be_bytes() {
                _ if status == DONE && plain.is_empty() => break,
                _ if matches!(status, DONE | END_OF_FILE) => {
                    bytes = Zeroizing::new([bytes.as_slice(), &plain].concat());
                }
                [0x6C, named] if (1..wanted).contains(&named.into()) => wanted = named.into(),
                _ if is_length_refusal(status) => wanted /= 2,
                _ => return Err(ReadError::Refused { file, status }),
            }
        }
        Ok(bytes)
    }

    /// The first bytes of a file, as many as come at once.
    fn first(&mut self, wire: &mut Wire<'_>, file: FileId) -> Result<Answer, ReadError> {
        let step = Step::File(file);
        if self.short_ids == ShortIds::Refused {
            select(wire, file)?;
        }
        // What the chip itself named as the right length, for this file only.
        let mut told = None;
        loop {
            let wanted = told.unwrap_or(match self.past_the_end {
                PastTheEnd::Given => self.chunk,
                PastTheEnd::Refused => HEAD,
            });
            let place = if self.short_ids == ShortIds::Refused { 0x00 } else { 0x80 | file.short_id() };
            let answer = wire.send(step, &Command::asking([0x00, 0xB0, place, 0x00], wanted))?;
            match answer.status {
                DONE | END_OF_FILE if !answer.data.is_empty() => {
                    if self.short_ids == ShortIds::Untried {
                        self.short_ids = ShortIds::Work;
                    }
                    return self.learn(file, wanted, told, answer);
                }
                NOT_FOUND if self.short_ids != ShortIds::Untried => return Err(ReadError::Absent { file }),
                status if is_length_refusal(status) && self.shorten_first(status, wanted, &mut told) => {}
                // It may only dislike the short identifier.
                _ if self.short_ids == ShortIds::Untried => {
                    select(wire, file)?;
                    self.short_ids = ShortIds::Refused;
                    (self.past_the_end, told) = (PastTheEnd::Given, None);
                }
                DONE | END_OF_FILE => return Err(ReadError::Truncated { file, got: 0, length: HEAD }),
                status => return Err(ReadError::Refused { file, status }),
            }
        }
    }

    /// After a first command asked for too much: arranges what to try next. `false`:
    /// nothing is left to try.
    fn shorten_first(&mut self, status: u16, wanted: usize, told: &mut Option<usize>) -> bool {
        let named = usize::from(status & 0xFF);
        if self.past_the_end == PastTheEnd::Refused {
            return false;
        }
        // Where one byte has no room for the right length, some name its low byte, which
        // may be too little to tell the file's length by.
        if status >> 8 == 0x6C && (HEAD..wanted).contains(&named) {
            *told = Some(named);
        } else if told.take().is_none() && status != WRONG_OFFSET && self.chunk > SHORT_ANSWER {
            // Its buffer is small, or it cannot do extended length at all.
            self.chunk = [LONGEST_UNSTATED_CHUNK, SMALL_BUFFER]
                .into_iter()
                .find(|rung| *rung < self.chunk)
                .unwrap_or(SHORT_PLAIN);
            self.doubtful = true;
        } else {
            // Most likely it minds the end of the file, and longer answers are fine.
            (self.past_the_end, self.chunk) = (PastTheEnd::Refused, self.longest);
            self.doubtful = false;
        }
        true
    }

    /// Learns from a first answer how much comes at once where there is more to come.
    /// `told`: the chip had named the length of this answer.
    fn learn(
        &mut self,
        file: FileId,
        wanted: usize,
        told: Option<usize>,
        answer: Answer,
    ) -> Result<Answer, ReadError> {
        let got = answer.data.len();
        if got > wanted {
            return Err(ReadError::Malformed { step: Step::File(file), why: MORE_THAN_ASKED });
        }
        if file.tag().is_none() || (told.is_none() && got == wanted) {
            return Ok(answer);
        }
        let total = length_of(file, &answer.data)?;
        if total > got && told == Some(total & 0xFF) {
            // It was the low byte of the file's own length, not how much comes at once.
            self.past_the_end = PastTheEnd::Refused;
        } else if total > got {
            self.chunk = got.clamp(SHORTEST_CHUNK, self.chunk);
        }
        Ok(answer)
    }

    /// Further bytes of the file that was named last.
    fn next(
        &mut self,
        wire: &mut Wire<'_>,
        file: FileId,
        offset: usize,
        missing: usize,
    ) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        let step = Step::File(file);
        loop {
            let trying = self.doubtful && missing > self.chunk;
            let most = if trying { self.longest } else { self.chunk };
            let wanted = missing.min(most).min(self.most_at(offset));
            let (answer, plain) = read_at(wire, step, offset, wanted)?;
            match answer.status {
                DONE | END_OF_FILE => {
                    if plain.len() > wanted {
                        return Err(ReadError::Malformed { step, why: MORE_THAN_ASKED });
                    }
                    if trying {
                        (self.past_the_end, self.chunk) = (PastTheEnd::Refused, self.longest);
                        self.doubtful = false;
                    }
                    if plain.len() < wanted {
                        self.chunk = plain.len().clamp(SHORTEST_CHUNK, self.chunk);
                    }
                    return Ok(plain);
                }
                status if is_length_refusal(status) && trying => self.doubtful = false,
                status if is_length_refusal(status) && self.shorten(status, wanted) => {}
                // The short identifier did not make the file the current one.
                0x6986 if self.short_ids != ShortIds::Refused => {
                    select(wire, file)?;
                    self.short_ids = ShortIds::Refused;
                }
                status => return Err(ReadError::Refused { file, status }),
            }
        }
    }

    /// The most that one command may ask for at this offset: not across the border between
    /// both instructions, where some chips stop short; beyond it the frame counts too.
    fn most_at(&self, offset: usize) -> usize {
        (GREATEST_PLAIN_OFFSET + 1)
            .checked_sub(offset)
            .filter(|left| *left > 0)
            .unwrap_or(self.longest - LONGEST_FRAME)
    }

    /// After a further command was too long: down one rung, if there is one.
    fn shorten(&mut self, status: u16, wanted: usize) -> bool {
        let named = usize::from(status & 0xFF);
        let rung = if status >> 8 == 0x6C && (SHORTEST_CHUNK..wanted).contains(&named) {
            Some(named)
        } else {
            [LONGEST_UNSTATED_CHUNK, 2048, SMALL_BUFFER, SHORT_PLAIN, 160, SHORTEST_CHUNK]
                .into_iter()
                .find(|rung| *rung < wanted)
        };
        self.chunk = rung.unwrap_or(self.chunk);
        rung.is_some()
    }
}

/// The most plain bytes to ask for at once, where an answer has so many with status. The
/// first command of a file does not reach across the border between both instructions
/// either.
fn longest_chunk(wire: &Wire<'_>, longest_answer: usize) -> usize {
    let most = if wire.limits.answer_is_stated { GREATEST_PLAIN_OFFSET + 1 } else { LONGEST_UNSTATED_CHUNK };
    wire.longest_plain(longest_answer).min(most)
}

const MORE_THAN_ASKED: &str = "more came than was asked for";

/// Tag and length before the data in an answer to the odd instruction.
const LONGEST_FRAME: usize = 4;

/// READ BINARY at an offset; past 32,767 with the odd instruction, whose answer is
/// a data object (9303-10, 3.6.6).
fn read_at(
    wire: &mut Wire<'_>,
    step: Step,
    offset: usize,
    wanted: usize,
) -> Result<(Answer, Zeroizing<Vec<u8>>), ReadError> {
    if offset <= GREATEST_PLAIN_OFFSET {
        let [.., high, low] = offset.to_be_bytes();
        let mut answer = wire.send(step, &Command::asking([0x00, 0xB0, high, low], wanted))?;
        let plain = std::mem::take(&mut answer.data);
        return Ok((answer, plain));
    }
    let bytes = offset.to_be_bytes();
    let from = bytes.iter().position(|byte| *byte != 0).unwrap_or_default();
    // Tag and length stand before the data in the answer.
    let framed = wanted
        + if wanted > 0xFF {
            4
        } else if wanted > 0x7F {
            3
        } else {
            2
        };
    let command =
        Command::carrying([0x00, 0xB1, 0x00, 0x00], tlv::object(0x54, &bytes[from..]), Some(framed));
    let answer = wire.send(step, &command)?;
    if answer.data.is_empty() {
        return Ok((answer, Zeroizing::default()));
    }
    let (plain, _) = tlv::expect(&answer.data, 0x53).map_err(|why| ReadError::Malformed { step, why })?;
    let plain = Zeroizing::new(plain.to_vec());
    Ok((answer, plain))
}

/// Makes a file the current one.
fn select(wire: &mut Wire<'_>, file: FileId) -> Result<(), ReadError> {
    let command = Command::carrying([0x00, 0xA4, 0x02, 0x0C], file.ef_id().to_vec(), None);
    match wire.send(Step::File(file), &command)?.status {
        DONE => Ok(()),
        NOT_FOUND => Err(ReadError::Absent { file }),
        status => Err(ReadError::Refused { file, status }),
    }
}

/// The length of a file by its first bytes, tag and length included.
fn length_of(file: FileId, head: &[u8]) -> Result<usize, ReadError> {
    let step = Step::File(file);
    let malformed = |why| ReadError::Malformed { step, why };
    let (tag, start, length) =
        tlv::header(head).map_err(malformed)?.ok_or(malformed("the file has no length"))?;
    if Some(tag) != file.tag().map(u32::from) {
        return Err(malformed("the file holds another data object"));
    }
    let total = start.saturating_add(length);
    if total > file.longest() { Err(ReadError::TooLong { file, length: total }) } else { Ok(total) }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
