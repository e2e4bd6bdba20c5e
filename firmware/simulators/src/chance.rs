//! Repeatable chance: the same seed gives the same keys, nonces and serial
//! numbers, so that a scenario can be played again. Never for anything real.

use std::convert::Infallible;

use openssl::sha::Sha256;
use rand_core::{TryCryptoRng, TryRng};

/// SHA-256 over a seed and a counter, as an endless stream of bytes.
#[derive(Clone)]
pub struct SeededChance {
    seed: u64,
    counter: u64,
    left: Vec<u8>,
}

impl SeededChance {
    /// The stream of one seed, from its beginning.
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: 0, left: Vec::new() }
    }

    fn next_byte(&mut self) -> u8 {
        if let Some(byte) = self.left.pop() {
            return byte;
        }
        let mut hash = Sha256::new();
        hash.update(&self.seed.to_be_bytes());
        hash.update(&self.counter.to_be_bytes());
        self.counter += 1;
        self.left = hash.finish().to_vec();
        self.next_byte()
    }
}

impl TryRng for SeededChance {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill_with(|| self.next_byte());
        Ok(())
    }
}

// Marked so that it fits where real chance is asked for; a simulator's keys
// protect nobody.
impl TryCryptoRng for SeededChance {}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;

    #[test]
    fn one_seed_is_one_stream_and_two_seeds_are_two() {
        let draw = |seed| SeededChance::new(seed).next_u64();
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let mut chance = SeededChance::new(7);
        assert_ne!(chance.next_u64(), chance.next_u64());
    }
}
