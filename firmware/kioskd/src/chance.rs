//! The kiosk's chance: the operating system's generator. Only daemons use it; below
//! them chance is an argument.

use std::convert::Infallible;

use badge::Challenge;
use rand_core::{Rng as _, TryCryptoRng, TryRng};

/// The operating system's generator. A kernel without chance is no kernel to go on
/// with, so a failure crashes.
#[derive(Clone, Copy, Default)]
pub struct Chance;

impl Chance {
    /// What a badge is to sign once.
    pub fn challenge(mut self) -> Challenge {
        let mut challenge = Challenge([0; 32]);
        self.fill_bytes(&mut challenge.0);
        challenge
    }
}

impl TryRng for Chance {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        getrandom::fill(bytes).expect("the kernel gives chance");
        Ok(())
    }
}

impl TryCryptoRng for Chance {}
