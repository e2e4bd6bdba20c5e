//! A card reader without a reader: a virtual card behind the `CardReader` trait,
//! in the same process. A hand held elsewhere lays and lifts the card.

use std::time::Duration;

use devices::{CardReader, Presence, ReaderFault};
use zeroize::Zeroizing;

use crate::citizen_card::CitizenCard;

/// The reader; its clones are the same reader, so one may be kept to lay and lift
/// the card while a daemon's thread holds the other.
#[derive(Clone)]
pub struct InMemoryReader {}

impl InMemoryReader {
    /// A reader with a card beside it, not on it.
    pub fn new(_card: CitizenCard) -> Self {
        unimplemented!()
    }

    /// Lays the card down.
    pub fn lay(&self) {
        unimplemented!()
    }

    /// Takes the card away.
    pub fn lift(&self) {
        unimplemented!()
    }

    /// Another card takes the place of the one before; it is not laid down yet.
    pub fn replace(&self, _card: CitizenCard) {
        unimplemented!()
    }

    /// Every call fails so until told otherwise.
    pub fn fail_with(&self, _fault: Option<ReaderFault>) {
        unimplemented!()
    }

    /// Command APDUs that the card has answered.
    pub fn answered(&self) -> u64 {
        unimplemented!()
    }
}

impl CardReader for InMemoryReader {
    fn wait_for_card(&mut self, _limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        unimplemented!()
    }

    fn exchange(&mut self, _command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        unimplemented!()
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        unimplemented!()
    }

    fn wait_for_removal(&mut self, _limit: Duration) -> Result<bool, ReaderFault> {
        unimplemented!()
    }

    fn longest_response(&self) -> usize {
        unimplemented!()
    }
}
