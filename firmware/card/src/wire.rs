//! One command to the chip and its answer back, through the secure channel once
//! there is one; counts what crosses the air.
//!
//! After the first answer that cannot be believed the channel is gone for good:
//! nothing more is sent, plain or protected.

use chip_reader::{CardReader, Presence};
use zeroize::Zeroizing;

use crate::{
    ChipProof, ReadError, ReadLog, Step,
    apdu::{Answer, Command, SHORT_ANSWER, is_length_refusal},
    secure_messaging::{Channel, Distrust},
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
    /// What was sent and received so far.
    pub log: ReadLog,
    /// What the chip has proven so far.
    pub proofs: Vec<ChipProof>,
    /// What it will have proven with the next answer that is genuine.
    awaited: Option<ChipProof>,
}

/// An answer that comes in pieces (status 61xx) may have so many; more than 65,536
/// bytes in pieces of 256 no command asks for.
const MOST_PIECES: usize = 257;

impl<'r> Wire<'r> {
    /// Powers the chip afresh, so that no older channel or application is open.
    pub fn open(reader: &'r mut dyn CardReader) -> Result<(Self, Presence), ReadError> {
        let presence =
            reader.reset_card().map_err(|fault| ReadError::NoAnswer { step: Step::Reset, fault })?;
        Ok((
            Self { reader, link: Link::Plain, log: ReadLog::default(), proofs: Vec::new(), awaited: None },
            presence,
        ))
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
    /// One status is passed on though it came unprotected: that the *length* asked for
    /// in a READ BINARY or an INTERNAL AUTHENTICATE was wrong. Chips say so before their
    /// channel sees the command. It is no danger: the same place is then read again, the
    /// same challenge signed, only in another length.
    pub fn send(&mut self, step: Step, command: &Command) -> Result<Answer, ReadError> {
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
            Err(Distrust::Unprotected(status)) if command.may_be_repeated() && is_length_refusal(status) => {
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

    /// Sends bytes; an answer in pieces is put together (ISO/IEC 7816-4, 5.1.3).
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
