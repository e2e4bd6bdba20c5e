//! A reader and a source of chance that play a written script: what must be asked,
//! and what is then answered. Any other command fails the test at once.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use chip_reader::{CardReader, Presence, ReaderFault};
use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// Plays `(command, answer)` pairs, both hexadecimal; after the last, and where an
/// answer is empty, the card is gone.
pub struct ScriptedReader {
    steps: VecDeque<(String, String)>,
    atr: Vec<u8>,
    longest: usize,
}

impl ScriptedReader {
    pub fn new(steps: &[(&str, &str)]) -> Self {
        let steps = steps.iter().map(|(sent, received)| (clean(sent), clean(received))).collect();
        Self { steps, atr: vec![0x3B, 0x80, 0x80, 0x01, 0x01], longest: 65_538 }
    }

    pub fn with_atr(self, atr: &str) -> Self {
        Self { atr: hex::decode(atr).unwrap(), ..self }
    }

    pub fn with_longest_response(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    pub fn assert_finished(&self) {
        assert!(self.steps.is_empty(), "never asked: {:?}", self.steps);
    }
}

fn clean(hex: &str) -> String {
    hex.split_whitespace().collect::<String>().to_uppercase()
}

impl CardReader for ScriptedReader {
    fn wait_for_card(&mut self, _: Duration) -> Result<Option<Presence>, ReaderFault> {
        Ok(Some(Presence { atr: self.atr.clone() }))
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        let (expected, answer) = self.steps.pop_front().ok_or(ReaderFault::CardGone)?;
        assert_eq!(hex::encode_upper(command), expected, "the script has another command here");
        if answer.is_empty() {
            return Err(ReaderFault::CardGone);
        }
        Ok(Zeroizing::new(hex::decode(answer).unwrap()))
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        Ok(Presence { atr: self.atr.clone() })
    }

    fn wait_for_removal(&mut self, _: Duration) -> Result<bool, ReaderFault> {
        Ok(self.steps.is_empty())
    }

    fn longest_response(&self) -> usize {
        self.longest
    }
}

/// Exchanges that are written down in a text: after a blank line each one's title (`#`),
/// its chance (`?`), its commands (`>`) and answers (`<`), in hexadecimal, and perhaps
/// what the chip has proven (`!`).
pub struct Example<'a> {
    pub title: &'a str,
    pub chance: Vec<&'a str>,
    pub steps: Vec<(&'a str, &'a str)>,
    pub proof: Option<&'a str>,
}

impl<'a> Example<'a> {
    /// Every example of a text, whose first paragraph says where they come from.
    pub fn all(text: &'a str) -> Vec<Self> {
        text.split("\n\n").skip(1).map(Self::parse).collect()
    }

    fn parse(text: &'a str) -> Self {
        let of = |mark| text.lines().filter_map(move |line| line.strip_prefix(mark)).map(str::trim);
        Self {
            title: of("#").next().expect("an example has a title"),
            chance: of("?").collect(),
            steps: of(">").zip(of("<")).collect(),
            proof: of("!").next(),
        }
    }
}

/// Chance that is written down: the secret numbers of a worked example.
pub struct ScriptedChance(VecDeque<u8>);

impl ScriptedChance {
    pub fn new(hex: &[&str]) -> Self {
        Self(hex::decode(hex.concat()).unwrap().into())
    }

    pub fn is_used_up(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryRng for ScriptedChance {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("keys are drawn as bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("keys are drawn as bytes")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0.pop_front().expect("no more chance was written down");
        }
        Ok(())
    }
}

impl TryCryptoRng for ScriptedChance {}
