//! A chip that answers whatever it likes, from the answer to reset on. ISO/IEC 7816-3, 8.2
//! and 7816-4, 5; ICAO Doc 9303-11, 4.

use std::time::Duration;

use card::{AccessKey, AccessPolicy, CardFiles, FileId, Offers, Opening, ReadError};
use devices::{CardReader, Presence, ReaderFault};
use identity::{Grounds, Policy, RevocationLists, judge};
use simulators::chance::SeededChance;
use zeroize::Zeroizing;

use crate::{Reached, TODAY, test_state};

/// What is read in the application, in this order; data groups that do not fit their
/// tag are refused, and the reading goes on.
const GROUPS: [FileId; 8] = [
    FileId::Sod,
    FileId::Dg1,
    FileId::Dg11,
    FileId::Dg12,
    FileId::Dg13,
    FileId::Dg2,
    FileId::Dg5,
    FileId::Dg7,
];
/// What is read in the master file, after everything else.
const MASTER_FILE: [FileId; 3] = [FileId::AtrInfo, FileId::Dir, FileId::CardSecurity];

/// A conversation as an input has it: a byte that chooses key, policy, reader and how many
/// cards come, the answer to reset behind its length, then the answers, each behind a length
/// of two bytes. After the last one the card is gone.
pub struct Conversation {
    /// What the terminal does with it.
    pub choice: u8,
    /// Answer to reset.
    pub atr: Vec<u8>,
    /// Response APDUs.
    pub answers: Vec<Vec<u8>>,
}

/// Answers from the input.
pub(crate) fn answers(bytes: &[u8]) -> Reached {
    let conversation = Conversation::read(bytes);
    let mut chip = Chip::new(&conversation);
    let Ok(files) = conversation.talk(&mut chip) else { return Reached::Refused };
    let none = RevocationLists::default();
    let grounds = Grounds { trust: test_state::trust(), revoked: &none, policy: Policy::STATING };
    drop(judge(&files, &grounds, TODAY));
    Reached::Accepted
}

/// Everything that the kiosk asks of a card.
pub(crate) fn converse(
    reader: &mut dyn CardReader,
    key: &AccessKey,
    policy: AccessPolicy,
) -> Result<CardFiles, ReadError> {
    read_all(reader, Opening { key, candidates: &[], policy, offers: None })
}

/// What comes after the channel may fail. The terminal draws the same chance each time, so
/// that a recorded channel opens again.
fn read_all<'r>(reader: &'r mut dyn CardReader, opening: Opening<'_, 'r>) -> Result<CardFiles, ReadError> {
    let mut chance = SeededChance::new(2);
    let mut session = card::open_with(reader, opening, &mut chance, &mut |_| {})?;
    let _ = session.authenticate_chip(&mut chance, &mut |_| {});
    let _ = session.authenticate_actively([7; 8], &mut |_| {});
    for file in GROUPS.into_iter().chain(MASTER_FILE) {
        let _ = session.read(file, &mut |_| {});
    }
    Ok(session.finish())
}

/// Only what makes an identity: quicker, for inputs that have nothing to do with the
/// chip's proofs.
pub(crate) fn read_identity(
    reader: &mut dyn CardReader,
    key: &AccessKey,
    policy: AccessPolicy,
) -> Result<CardFiles, ReadError> {
    let mut session = card::open(reader, key, policy, &mut SeededChance::new(2), &mut |_| {})?;
    for file in [FileId::Sod, FileId::Dg1, FileId::Dg13, FileId::Dg2] {
        let _ = session.read(file, &mut |_| {});
    }
    Ok(session.finish())
}

impl Conversation {
    /// From the bytes of an input, whatever they are.
    pub fn read(bytes: &[u8]) -> Self {
        let (head, rest) = bytes.split_at_checked(2).unwrap_or((&[0, 0], &[]));
        let (atr, mut rest) = rest.split_at(usize::from(head[1]).min(rest.len()));
        let mut answers = Vec::new();
        while let Some((length, behind)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes(*length)).min(behind.len());
            let (answer, behind) = behind.split_at(length);
            answers.push(answer.to_vec());
            rest = behind;
        }
        Self { choice: head[0], atr: atr.to_vec(), answers }
    }

    /// The bytes of the input that is this conversation.
    pub fn write(&self) -> Vec<u8> {
        let atr_length = u8::try_from(self.atr.len()).expect("an answer to reset has at most 33 bytes");
        let mut bytes = [&[self.choice, atr_length], &self.atr[..]].concat();
        for answer in &self.answers {
            let length = u16::try_from(answer.len()).expect("recorded answers are short");
            bytes.extend(length.to_be_bytes());
            bytes.extend(answer);
        }
        bytes
    }

    /// The key, by the lowest bit.
    pub fn key(&self) -> AccessKey {
        if self.choice & 1 == 0 { test_state::number_key() } else { test_state::zone_key() }
    }

    /// The policy, by the next bit.
    pub fn policy(&self) -> AccessPolicy {
        if self.choice & 2 == 0 { AccessPolicy::PaceOrBacWhenNotOffered } else { AccessPolicy::BacOnly }
    }

    /// Whether a second card of the same kind is read after the first, by the bit after those
    /// of the reader: it is opened by what the first one offered.
    fn goes_on(&self) -> bool {
        self.choice & 8 != 0
    }

    /// What comes of the last card.
    fn talk(&self, reader: &mut dyn CardReader) -> Result<CardFiles, ReadError> {
        let (key, policy) = (&self.key(), self.policy());
        let mut offers = Offers::new();
        let mut read =
            || read_all(reader, Opening { key, candidates: &[], policy, offers: Some(&mut offers) });
        let first = read()?;
        if self.goes_on() { read() } else { Ok(first) }
    }

    /// The longest answer of the reader, by the next bit.
    fn longest_response(&self) -> usize {
        if self.choice & 4 == 0 { 65_538 } else { 258 }
    }
}

/// Plays a conversation.
pub(crate) struct Chip<'a> {
    conversation: &'a Conversation,
    next: usize,
    /// Commands so far that were a piece of a longer one (ISO/IEC 7816-4, 5.4.1: bit 5 of the
    /// class).
    pieces: usize,
}

impl<'a> Chip<'a> {
    /// From its first answer on.
    pub(crate) fn new(conversation: &'a Conversation) -> Self {
        Self { conversation, next: 0, pieces: 0 }
    }
}

impl CardReader for Chip<'_> {
    fn wait_for_card(&mut self, _: Duration) -> Result<Option<Presence>, ReaderFault> {
        Ok(None)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        self.pieces += usize::from(command[0] & 0x10 != 0);
        let answer = self.conversation.answers.get(self.next).ok_or(ReaderFault::CardGone)?;
        self.next += 1;
        Ok(Zeroizing::new(answer.clone()))
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        Ok(Presence { atr: self.conversation.atr.clone() })
    }

    fn wait_for_removal(&mut self, _: Duration) -> Result<bool, ReaderFault> {
        Ok(false)
    }

    fn longest_response(&self) -> usize {
        self.conversation.longest_response()
    }
}

/// Writes down what another reader's card answers, for the corpus.
pub struct Recorder<R> {
    reader: R,
    conversation: Conversation,
}

impl<R: CardReader> Recorder<R> {
    /// Has the kiosk's conversation with the card on that reader.
    pub fn record(reader: R, choice: u8) -> Result<Conversation, ReadError> {
        let wanted = Conversation { choice, atr: Vec::new(), answers: Vec::new() };
        Self::listen(reader, choice, |reader| wanted.talk(reader).map(drop))
    }

    /// Has that conversation with the card on that reader.
    pub fn listen<E>(
        reader: R,
        choice: u8,
        talk: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<Conversation, E> {
        let conversation = Conversation { choice, atr: Vec::new(), answers: Vec::new() };
        let mut recorder = Self { reader, conversation };
        talk(&mut recorder)?;
        Ok(recorder.conversation)
    }
}

impl<R: CardReader> CardReader for Recorder<R> {
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        self.reader.wait_for_card(limit)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        let answer = self.reader.exchange(command)?;
        self.conversation.answers.push(answer.to_vec());
        Ok(answer)
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        let presence = self.reader.reset_card()?;
        self.conversation.atr.clone_from(&presence.atr);
        Ok(presence)
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        self.reader.wait_for_removal(limit)
    }

    fn longest_response(&self) -> usize {
        self.conversation.longest_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seeds are there for what they exercise; a change of the reader could end that.
    #[test]
    fn the_second_card_of_a_kind_is_opened_by_memory() {
        let seed = Conversation::read(include_bytes!("../corpus/answers/test-two-of-a-kind"));
        let files = seed.talk(&mut Chip::new(&seed)).unwrap();
        assert!(files.remembered_access().is_some());
    }

    #[test]
    fn long_keys_go_in_pieces_to_a_short_reader() {
        let seed = Conversation::read(include_bytes!("../corpus/answers/test-in-pieces"));
        let mut chip = Chip::new(&seed);
        seed.talk(&mut chip).unwrap();
        assert!(chip.pieces > 0, "no command was sent in pieces");
    }
}
