//! A chip in the field, whatever is on it, as a reader's end of the wire sees it.

use std::time::Duration;

/// A chip.
pub trait Chip: Send {
    /// Answers one command APDU.
    fn answer(&mut self, apdu: &[u8]) -> Vec<u8>;

    /// Power off and on: what was opened is closed.
    fn reset(&mut self);

    /// Answer to reset as PC/SC part 3 makes it for a contactless card: its historical bytes say
    /// whether extended length and chaining work (ISO/IEC 7816-4, 12.1.1.9).
    fn atr(&self) -> Vec<u8>;

    /// Command APDUs answered since it was made.
    fn answered(&self) -> u64;

    /// How long the chip and the radio link took for the answer just given: nothing where no link
    /// speed is set, but for pauses after wrong keys.
    fn time_of_last_answer(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether the scripted hand lifts the card now, before the answer just given gets through.
    /// True once; whoever carries the answers must drop that one.
    fn is_lifted_now(&mut self) -> bool {
        false
    }

    /// The QR printed on the card, where there is one.
    fn printed_code(&self) -> Option<&str> {
        None
    }
}
