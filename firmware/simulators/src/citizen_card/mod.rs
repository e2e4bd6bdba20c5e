//! The chip of a virtual citizen card (CCCD): ICAO Doc 9303-11 from the chip's
//! side, with the quirks that real cards show. It never does I/O and shares no
//! code with the reader crate, so that a mistake there cannot agree with itself.

use std::time::Duration;

use crate::{personalise::Personalised, scenario::CardScript};

/// A chip in the field, or waiting for one.
pub struct CitizenCard {}

impl CitizenCard {
    /// A fresh chip. `seed` decides its nonces and keys.
    pub fn new(_personalised: Personalised, _script: &CardScript, _seed: u64) -> Self {
        unimplemented!()
    }

    /// Answers one command APDU.
    pub fn answer(&mut self, _apdu: &[u8]) -> Vec<u8> {
        unimplemented!()
    }

    /// How long the chip and the radio link took for the answer just given; zero
    /// where no link speed is set, but for pauses after wrong keys.
    pub fn time_of_last_answer(&self) -> Duration {
        unimplemented!()
    }

    /// Whether the scripted hand lifts the card now, before the answer just given
    /// gets through. True once; whoever carries the answers must drop that one.
    pub fn is_lifted_now(&mut self) -> bool {
        unimplemented!()
    }

    /// Power off and on: every channel is gone.
    pub fn reset(&mut self) {
        unimplemented!()
    }

    /// Answer to reset as PC/SC part 3 makes it for a contactless card.
    pub fn atr(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// Command APDUs answered since it was made.
    pub fn answered(&self) -> u64 {
        unimplemented!()
    }

    /// The QR printed on the card.
    pub fn printed_code(&self) -> &str {
        unimplemented!()
    }
}
