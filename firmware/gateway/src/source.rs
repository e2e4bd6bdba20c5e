//! Where the client takes time and chance from. The daemon gives the real ones,
//! tests give their own; this crate reads neither by itself.

use jiff::Timestamp;

/// Time and chance.
pub trait TimeAndChance: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Fills the bytes from a generator fit for cryptography.
    fn fill(&self, bytes: &mut [u8]);
}
