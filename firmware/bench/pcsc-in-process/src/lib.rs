//! Stands in for the PC/SC binding in the bench only: the names that the peer
//! `emrtd` uses, over whatever answers in the same process, so that every reader
//! is counted by one and the same transport. It never talks to a PC/SC service.

use std::{cell::RefCell, fmt};

/// As in the real binding: the longest short answer, with status and some slack.
pub const MAX_BUFFER_SIZE: usize = 264;

/// What can go wrong here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The answer is longer than the caller's buffer.
    InsufficientBuffer,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is longer than the buffer")
    }
}

impl std::error::Error for Error {}

/// What can be asked of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// The answer to reset.
    AtrString,
}

/// A card that answers in this process.
pub struct Card {
    atr: Vec<u8>,
    answer: RefCell<Box<dyn FnMut(&[u8]) -> Vec<u8>>>,
}

impl Card {
    /// Over a function from command to answer.
    pub fn answering(atr: Vec<u8>, answer: impl FnMut(&[u8]) -> Vec<u8> + 'static) -> Self {
        Self { atr, answer: RefCell::new(Box::new(answer)) }
    }

    /// Sends a command; the answer lies in the buffer.
    pub fn transmit<'b>(&self, command: &[u8], buffer: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let answer = (self.answer.borrow_mut())(command);
        let place = buffer.get_mut(..answer.len()).ok_or(Error::InsufficientBuffer)?;
        place.copy_from_slice(&answer);
        Ok(place)
    }

    /// The answer to reset; there are no other attributes here.
    pub fn get_attribute_owned(&self, attribute: Attribute) -> Result<Vec<u8>, Error> {
        match attribute {
            Attribute::AtrString => Ok(self.atr.clone()),
        }
    }
}
