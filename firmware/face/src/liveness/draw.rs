//! Chance out of a seed that the daemon drew: nobody outside can know it, and a test can
//! repeat it.

use std::time::Duration;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Numbers out of SHA-256 over seed and counter.
pub(crate) struct Draw {
    seed: Zeroizing<[u8; 32]>,
    counter: u64,
}

impl Draw {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed: Zeroizing::new(seed), counter: 0 }
    }

    /// A number below `end`. Of the 64 bits drawn, the last few values are likelier by
    /// less than one in a million million.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let mut digest = Sha256::new();
        digest.update(self.seed.as_slice());
        digest.update(self.counter.to_be_bytes());
        self.counter += 1;
        let bytes: [u8; 32] = digest.finalize().into();
        let number = u64::from_be_bytes(bytes[..8].try_into().expect("eight bytes"));
        (number % end as u64) as usize
    }

    /// A time in whole milliseconds.
    pub(crate) fn time(&mut self, [from, to]: [Duration; 2]) -> Duration {
        let span = to.saturating_sub(from).as_millis() as usize;
        from + Duration::from_millis(self.below(span + 1) as u64)
    }
}
