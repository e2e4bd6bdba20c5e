//! Readers that write down what is sent to a card, or answer in its place.

use std::{sync::Arc, time::Duration};

use card::{AccessKey, AccessPolicy, CardFiles, FileId, Offers, Opening, ReadError, Session};
use chip_reader::{CardReader, Presence, ReaderFault};
use simulators::{
    chance::SeededChance, citizen_card::exchange_time, in_memory::InMemoryReader, scenario::CardScript,
};
use zeroize::Zeroizing;

use crate::virtual_card::{Issued, lay};

/// A citizen card.
pub fn usual() -> CardScript {
    CardScript::default()
}

/// A memory that a usual card's reading has filled.
pub fn filled() -> Offers {
    let mut offers = Offers::new();
    Overheard::new(&usual()).read(&mut offers, AccessPolicy::PaceOnly).unwrap();
    assert_guessed_again(&mut offers);
    offers
}

/// That the next usual card is asked what it offers, and opened.
pub fn assert_asked_again(offers: &mut Offers) {
    let mut next = Overheard::new(&usual());
    let files = next.read(offers, AccessPolicy::PaceOnly).unwrap();
    assert!(files.remembered_access().is_none() && next.asked_what_it_offers());
}

/// That the next usual card is opened by what is remembered.
pub fn assert_guessed_again(offers: &mut Offers) {
    let mut next = Overheard::new(&usual());
    let files = next.read(offers, AccessPolicy::PaceOnly).unwrap();
    assert!(files.remembered_access().is_some() && !next.asked_what_it_offers());
}

/// That every further usual card is asked: one that was read in order changes nothing.
pub fn assert_guessed_no_more(offers: &mut Offers) {
    for _ in 0..2 {
        assert_asked_again(offers);
    }
}

/// A card on a reader that writes down what was sent, and how long it took at each speed of
/// the radio.
pub struct Overheard {
    reader: InMemoryReader,
    pub keys: Arc<Issued>,
    pub sent: Vec<Vec<u8>>,
    pub times: [Duration; SPEEDS.len()],
    /// Another answer to reset than the card's.
    pub atr: Option<Vec<u8>>,
    /// EF.CardAccess is refused until the master file is selected, whatever comes of that.
    pub wants_selecting: bool,
    /// Says this of a form of PACE that it does not know.
    pub refuses_forms_with: Option<u16>,
    /// The card is lifted at a command that begins so.
    pub lifted_at: Option<&'static [u8]>,
}

pub const SPEEDS: [u32; 3] = [106, 424, 848];

impl Overheard {
    pub fn new(script: &CardScript) -> Self {
        let (reader, card) = lay(script);
        Self {
            reader,
            keys: Arc::new(card),
            sent: Vec::new(),
            times: Default::default(),
            atr: None,
            wants_selecting: false,
            refuses_forms_with: None,
            lifted_at: None,
        }
    }

    pub fn open<'r>(
        &'r mut self,
        offers: &'r mut Offers,
        key: &AccessKey,
        policy: AccessPolicy,
    ) -> Result<Session<'r>, ReadError> {
        self.sent.clear();
        self.times = Default::default();
        let chance = &mut SeededChance::new(3);
        card::open_with(
            self,
            Opening { key, candidates: &[], policy, offers: Some(offers) },
            chance,
            &mut |_| (),
        )
    }

    /// A whole reading with the right number.
    pub fn read(&mut self, offers: &mut Offers, policy: AccessPolicy) -> Result<CardFiles, ReadError> {
        let keys = Arc::clone(&self.keys);
        let mut session = self.open(offers, &keys.can, policy)?;
        for file in [FileId::Sod, FileId::Dg1, FileId::Dg14, FileId::Dg2] {
            session.read(file, &mut |_| ())?;
        }
        Ok(session.finish())
    }

    /// Commands that begin so.
    pub fn sent(&self, start: &[u8]) -> usize {
        self.sent.iter().filter(|command| command.starts_with(start)).count()
    }

    pub fn asked_what_it_offers(&self) -> bool {
        self.sent(&READ_CARD_ACCESS) > 0
    }
}

pub const READ_CARD_ACCESS: [u8; 3] = [0x00, 0xB0, 0x9C];
pub const CHOOSE_PACE: [u8; 4] = [0x00, 0x22, 0xC1, 0xA4];
/// The last round of PACE, in which the password is tried.
pub const PROVE: [u8; 4] = [0x00, 0x86, 0x00, 0x00];
pub const CHALLENGE: [u8; 2] = [0x00, 0x84];

impl CardReader for Overheard {
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        self.reader.wait_for_card(limit)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        self.sent.push(command.to_vec());
        self.wants_selecting &= !command.starts_with(&[0x00, 0xA4, 0x00]);
        if self.wants_selecting && matches!(command[1], 0xA4 | 0xB0) {
            return Ok(Zeroizing::new(vec![0x6A, 0x82]));
        }
        if self.lifted_at.is_some_and(|at| command.starts_with(at)) {
            return Err(ReaderFault::CardGone);
        }
        let answer = self.reader.exchange(command)?;
        if let (true, [0x6A, _], Some(status)) =
            (command.starts_with(&CHOOSE_PACE), answer.as_slice(), self.refuses_forms_with)
        {
            return Ok(Zeroizing::new(status.to_be_bytes().to_vec()));
        }
        for (time, kbps) in self.times.iter_mut().zip(SPEEDS) {
            *time += exchange_time(Some(kbps), command.len(), answer.len());
        }
        Ok(answer)
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        let presence = self.reader.reset_card()?;
        Ok(self.atr.clone().map_or(presence, |atr| Presence { atr }))
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        self.reader.wait_for_removal(limit)
    }

    fn longest_response(&self) -> usize {
        self.reader.longest_response()
    }
}

/// Refuses every MSE:Set AT.
pub struct Refusing {
    pub card: Overheard,
    pub status: u16,
}

impl CardReader for Refusing {
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        self.card.wait_for_card(limit)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        if command.starts_with(&CHOOSE_PACE) {
            return Ok(Zeroizing::new(self.status.to_be_bytes().to_vec()));
        }
        self.card.exchange(command)
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        self.card.reset_card()
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        self.card.wait_for_removal(limit)
    }

    fn longest_response(&self) -> usize {
        self.card.longest_response()
    }
}
