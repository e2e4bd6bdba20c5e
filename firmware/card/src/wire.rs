//! One command to the chip and its answer back, through the secure channel once
//! there is one; counts what crosses the air.
//!
//! After the first answer that cannot be believed the channel is gone for good:
//! nothing more is sent, plain or protected.

use chip_reader::{CardReader, Presence};
use zeroize::Zeroizing;

use crate::{
    ChipProof, FileId, ReadError, ReadLog, Step,
    apdu::{Answer, Command, DONE, SHORT_ANSWER, WRONG_LENGTH, is_chaining_refusal},
    limits::{self, Limits, Way},
    secure_messaging::{Channel, Distrust, SHORT_PLAIN},
};

/// How the chip is spoken to.
pub(crate) enum Link {
    /// In the clear, before access control.
    Plain,
    /// Through the secure channel.
    Secure(Channel),
    /// Not any more.
    Lost,
}

/// The way to the chip.
pub(crate) struct Wire<'r> {
    reader: &'r mut dyn CardReader,
    /// Set to `Secure` by access control.
    pub link: Link,
    /// How long commands and answers may be.
    pub limits: Limits,
    /// What was sent and received so far.
    pub log: ReadLog,
    /// What the chip has proven so far.
    pub proofs: Vec<ChipProof>,
    /// What it will have proven with the next answer that is genuine.
    awaited: Option<ChipProof>,
}

/// The most data that a short command carries.
const MOST_SHORT_DATA: usize = 255;
/// The bit of the class that says that more of the command follows.
const CHAINED: u8 = 0x10;
/// An answer that comes in pieces (status 61xx) may have so many; more than 65,536
/// bytes in pieces of 256 no command asks for.
const MOST_PIECES: usize = 257;

impl<'r> Wire<'r> {
    /// Powers the chip afresh, so that no older channel or application is open.
    pub fn open(reader: &'r mut dyn CardReader) -> Result<(Self, Presence), ReadError> {
        let presence =
            reader.reset_card().map_err(|fault| ReadError::NoAnswer { step: Step::Reset, fault })?;
        let limits = Limits::of_reader(reader.longest_response().max(limits::SHORT));
        Ok((
            Self {
                reader,
                link: Link::Plain,
                limits,
                log: ReadLog::default(),
                proofs: Vec::new(),
                awaited: None,
            },
            presence,
        ))
    }

    /// The chip gave something of a file, if not all: whoever lifts the card too early was
    /// read all the same.
    pub fn note_of(&mut self, file: FileId) {
        if !self.log.files.contains(&file) {
            self.log.files.push(file);
        }
    }

    /// Powers the chip afresh again; the counts go on.
    pub fn start_over(&mut self) -> Result<(), ReadError> {
        self.link = Link::Plain;
        self.proofs.clear();
        self.awaited = None;
        self.log.files.clear();
        self.reader.reset_card().map_err(|fault| ReadError::NoAnswer { step: Step::Reset, fault })?;
        Ok(())
    }

    /// Goes on through another channel (9303-11, 9.8.2: from the next command on). The
    /// first genuine answer through it is what proves the chip.
    pub fn rekey(&mut self, channel: Channel, proof: ChipProof) {
        self.link = Link::Secure(channel);
        self.awaited = Some(proof);
    }

    /// Sends a command and believes the answer, or fails.
    ///
    /// One that is too long for short length goes with extended length or in pieces, as
    /// reader and chip allow; where they do not, or where the chip refuses that very form,
    /// it is [`ReadError::CommandTooLong`]. It is not sent again in another form here:
    /// whether that is safe only the protocol knows.
    pub fn send(&mut self, step: Step, command: &Command) -> Result<Answer, ReadError> {
        let most = self.most_short_data();
        if command.data.len() <= most {
            return self.send_whole(step, command);
        }
        let too_long = |status| Err(ReadError::CommandTooLong { step, status });
        let length = self.whole_length(command);
        match self.limits.way(command.header[1], length) {
            Some(Way::Whole) => match self.send_whole(step, command)? {
                Answer { status: WRONG_LENGTH, .. } => too_long(Some(WRONG_LENGTH)),
                answer => Ok(answer),
            },
            Some(Way::InPieces) => match self.send_in_pieces(step, command, most)? {
                Answer { status, .. } if is_chaining_refusal(status) => too_long(Some(status)),
                answer => Ok(answer),
            },
            None => too_long(None),
        }
    }

    /// Whether a command could be sent now, as far as reader and chip have said.
    pub fn has_way(&self, command: &Command) -> bool {
        command.data.len() <= self.most_short_data()
            || self.limits.way(command.header[1], self.whole_length(command)).is_some()
    }

    /// The most data that go with short length.
    fn most_short_data(&self) -> usize {
        if matches!(self.link, Link::Secure(_)) { SHORT_PLAIN } else { MOST_SHORT_DATA }
    }

    /// Long commands go in pieces from now on; `false`: they cannot, or did already.
    pub fn cut_commands(&mut self) -> bool {
        self.limits.cut_commands()
    }

    /// Command chaining, ISO/IEC 7816-4, 5.3.3: every piece but the last says so in its
    /// class, and asks for nothing back; a chip that answers one with anything but 9000
    /// ends the chain, and its answer is that to the command.
    ///
    /// Through the channel each piece is protected by itself, as a command of its own with
    /// its own counter and code, and so is the answer to it. ISO/IEC 7816-4, 10 would also
    /// have the whole protected once and then cut. But 9303-11, 9.8 knows no answer without
    /// protection and no command that does not move the counter, so a chip that follows it
    /// could not answer a bare piece at all; and readers in the field (JMRTD and what comes
    /// of it) cut first and protect each.
    ///
    /// The rounds of PACE are themselves a chain, so that a chip cannot tell by the class
    /// whether a round is whole: it tells by the length of its object 7C, or by the Le that
    /// only the last piece of a round has.
    fn send_in_pieces(&mut self, step: Step, command: &Command, most: usize) -> Result<Answer, ReadError> {
        let pieces: Vec<&[u8]> = command.data.chunks(most).collect();
        let (last, before) = pieces.split_last().expect("a command this long has pieces");
        let [class, rest @ ..] = command.header;
        for piece in before {
            let header = [class | CHAINED, rest[0], rest[1], rest[2]];
            let answer = self.send_whole(step, &Command::carrying(header, piece.to_vec(), None))?;
            if answer.status != DONE {
                return Ok(Answer { data: Zeroizing::default(), status: answer.status });
            }
            if !answer.data.is_empty() {
                return Err(ReadError::Malformed {
                    step,
                    why: "a piece of a command was answered with data",
                });
            }
        }
        // What does not fit into a short answer comes in pieces, too.
        let expected = command.expected.map(|expected| expected.min(SHORT_ANSWER));
        let likely = command.likely.or(expected).unwrap_or_default().min(SHORT_PLAIN);
        self.send_whole(
            step,
            &Command::carrying(command.header, last.to_vec(), expected).answered_with(likely),
        )
    }

    /// How long the command would be in one piece with extended length.
    fn whole_length(&self, command: &Command) -> usize {
        let data = match &self.link {
            Link::Secure(channel) => channel.protected_command(command),
            Link::Plain | Link::Lost => command.data.len(),
        };
        // Header, a zero and two bytes of Lc, two of Le.
        4 + 3 + data + 2
    }

    /// One command in one piece.
    ///
    /// One status is passed on though it came unprotected: that the *length* asked for
    /// in a READ BINARY or an INTERNAL AUTHENTICATE was wrong, or that of a long command
    /// of key agreement. Chips say so before their channel sees the command. It is no
    /// danger: the same place is then read again, the same challenge signed, the same
    /// public key sent, only in another length. The next command has the counter of the one
    /// that was refused; under it nothing secret was sent.
    fn send_whole(&mut self, step: Step, command: &Command) -> Result<Answer, ReadError> {
        let bytes = match &mut self.link {
            Link::Plain => command.to_bytes(),
            Link::Secure(channel) => channel.protect(command),
            Link::Lost => return Err(ReadError::ChannelLost { step }),
        };
        let answer = self.exchange(step, &bytes);
        let Link::Secure(channel) = &mut self.link else { return answer };
        let Ok(answer) = answer else {
            self.link = Link::Lost;
            return answer;
        };
        let distrust = match channel.open(&answer) {
            Ok(answer) => {
                self.proofs.extend(self.awaited.take());
                return Ok(answer);
            }
            Err(Distrust::Unprotected(status)) if command.refused_for_length(status) => {
                channel.take_back();
                return Ok(Answer { data: Zeroizing::default(), status });
            }
            Err(distrust) => distrust,
        };
        self.link = Link::Lost;
        if self.awaited.take().is_some() {
            // The chip does not have the new keys, so not the private key either.
            return Err(ReadError::ChipNotProven { step });
        }
        Err(match distrust {
            Distrust::Unprotected(status) => ReadError::Unprotected { step, status },
            Distrust::MacWrong => ReadError::MacWrong { step },
            Distrust::Malformed(why) => ReadError::Malformed { step, why },
        })
    }

    /// The most plain bytes that one answer of this length can bring.
    pub fn longest_plain(&self, answer: usize) -> usize {
        match &self.link {
            Link::Secure(channel) => channel.longest_plain(answer),
            Link::Plain | Link::Lost => answer.saturating_sub(2),
        }
    }

    /// The longest answer that the reader carries, status included.
    pub fn longest_answer(&self) -> usize {
        self.reader.longest_response().max(SHORT_ANSWER + 2)
    }

    /// Sends bytes; an answer in pieces is put together (ISO/IEC 7816-4, 5.3.4).
    fn exchange(&mut self, step: Step, command: &[u8]) -> Result<Answer, ReadError> {
        let mut answer = self.exchange_once(step, command)?;
        for _ in 0..MOST_PIECES {
            let [0x61, waiting] = answer.status.to_be_bytes() else { return Ok(answer) };
            let piece = self.exchange_once(step, &[0x00, 0xC0, 0x00, 0x00, waiting])?;
            let mut joined = Zeroizing::new(Vec::with_capacity(answer.data.len() + piece.data.len()));
            joined.extend_from_slice(&answer.data);
            joined.extend_from_slice(&piece.data);
            answer = Answer { data: joined, status: piece.status };
        }
        Err(ReadError::Malformed { step, why: "an answer has no end" })
    }

    fn exchange_once(&mut self, step: Step, command: &[u8]) -> Result<Answer, ReadError> {
        self.log.apdus += 1;
        self.log.bytes_up += command.len() as u64;
        let bytes = self.reader.exchange(command).map_err(|fault| ReadError::NoAnswer { step, fault })?;
        self.log.bytes_down += bytes.len() as u64;
        Answer::parse(bytes).ok_or(ReadError::Malformed { step, why: "an answer has no status" })
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
