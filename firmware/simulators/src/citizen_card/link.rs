//! How long an answer takes: the radio link and the chip's pauses.

use std::time::Duration;

/// The chip's own time for one command.
const TURN_AROUND: Duration = Duration::from_millis(6);
/// A byte on the air takes nine bits (ISO/IEC 14443-3, type A).
const BITS_A_BYTE: u64 = 9;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(3_200);

/// Time of one exchange of that many bytes in all; none without a link speed.
pub(super) fn exchange_time(kbps: Option<u32>, bytes: usize) -> Duration {
    kbps.map_or(Duration::ZERO, |kbps| {
        TURN_AROUND + Duration::from_micros(bytes as u64 * BITS_A_BYTE * 1_000 / u64::from(kbps.max(1)))
    })
}

/// The pause after so many wrong keys in a row; it doubles each time.
pub(super) fn pause_after(wrong_keys: u32) -> Duration {
    match wrong_keys {
        0 => Duration::ZERO,
        count => (FIRST_PAUSE * 2u32.pow((count - 1).min(10))).min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilobyte_at_106_takes_as_long_as_its_bits() {
        assert_eq!(exchange_time(Some(106), 1060), Duration::from_millis(6 + 90));
        assert_eq!(exchange_time(None, 1060), Duration::ZERO);
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let pauses = [0, 1, 2, 3, 30].map(|count| pause_after(count).as_millis());
        assert_eq!(pauses, [0, 100, 200, 400, 3_200]);
    }
}
