//! A contactless chip card reader, as ISO/IEC 7816-4 sees it: commands in,
//! answers out. Blocking, because a card is half-duplex; a daemon gives it a
//! thread of its own.
#![deny(missing_docs)]

use std::time::Duration;

use zeroize::Zeroizing;

/// A reader the citizen lays a card on.
pub trait CardReader: Send {
    /// Waits for a card and powers it. `Ok(None)`: nobody laid one down in time.
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault>;

    /// Sends one command APDU and returns the card's response APDU with its two
    /// status bytes, refusals included: a card that says no *has* answered.
    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault>;

    /// Powers the card off and on, which ends any secure channel. The card stays.
    fn reset_card(&mut self) -> Result<Presence, ReaderFault>;

    /// Waits until the card is taken away. `Ok(false)`: it still lies there.
    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault>;

    /// The longest response in bytes, status included, that reader and bus can
    /// carry; 258 where only short length works (ISO/IEC 7816-3, 12.1.3).
    fn longest_response(&self) -> usize;
}

/// A reader of which only short length is used, whatever it can carry (ISO/IEC 7816-3, 12.1.3):
/// for a chip that breaks off over long answers without having said so.
pub struct ShortLength<'r> {
    reader: &'r mut dyn CardReader,
}

/// The longest response of short length: 256 bytes and two of status.
const SHORT_RESPONSE: usize = 258;

impl<'r> ShortLength<'r> {
    /// The same reader.
    pub fn of(reader: &'r mut dyn CardReader) -> Self {
        Self { reader }
    }
}

impl CardReader for ShortLength<'_> {
    fn wait_for_card(&mut self, limit: Duration) -> Result<Option<Presence>, ReaderFault> {
        self.reader.wait_for_card(limit)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        self.reader.exchange(command)
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        self.reader.reset_card()
    }

    fn wait_for_removal(&mut self, limit: Duration) -> Result<bool, ReaderFault> {
        self.reader.wait_for_removal(limit)
    }

    fn longest_response(&self) -> usize {
        SHORT_RESPONSE.min(self.reader.longest_response())
    }
}

/// A card lies in the field and is powered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Answer to reset, as PC/SC part 3 makes it for a contactless card.
    pub atr: Vec<u8>,
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReaderFault {
    /// The card left the field.
    #[error("the card was lifted")]
    CardGone,
    /// A card is there but does not talk.
    #[error("the card does not answer")]
    CardMute,
    /// The reader is not connected, or no reader has the configured name.
    #[error("the reader is not connected")]
    Unplugged,
    /// The PC/SC service does not run.
    #[error("the smart card service does not run")]
    ServiceDown,
    /// Another program holds the reader.
    #[error("another program holds the reader")]
    Busy,
    /// Another program reset the card: any secure channel is gone, the card is not.
    #[error("another program reset the card")]
    CardReset,
    /// Several readers fit the configured name; none is taken by chance.
    #[error("several readers fit the configured name")]
    Ambiguous,
}
