//! Chance that is the same in every run: a digest of the seed, whom it is for and what for.

use sha2::{Digest as _, Sha256};

/// Evenly drawn from all 32-bit numbers.
pub fn draw(seed: u64, kiosk: usize, what: &str, count: u32) -> u32 {
    let digest = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update((kiosk as u64).to_be_bytes())
        .chain_update(count.to_be_bytes())
        .chain_update(what)
        .finalize();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}
