//! How long an answer takes: a model of the radio link and the chip's pauses.
//!
//! One exchange costs the chip's turn-around, nine bits a byte at the link's rate
//! (106, 212, 424 or 848 kbit/s), and for what does not fit into one frame of 256
//! bytes a block that acknowledges and the delays around it (ISO/IEC 14443-4, 7.5).
//! Left out: the time that cryptography takes on a real chip, waiting-time
//! extensions, repeated blocks, and what the reader and its bus add.

use std::time::Duration;

/// The chip's own time for one command.
const TURN_AROUND: Duration = Duration::from_millis(6);
/// A byte on the air takes nine bits (ISO/IEC 14443-3, type A).
const BITS_A_BYTE: u64 = 9;
/// Frame size of readers and good cards: FSDI and FSCI 8 (ISO/IEC 14443-4, 5.1).
const FRAME: usize = 256;
/// Control byte and check bytes of a block.
const BLOCK_BYTES: usize = 3;
/// Frame delays and both sides' time around one chained block.
const CHAINED_BLOCK: Duration = Duration::from_micros(500);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(3_200);

/// Time of one exchange of so many bytes out and back; none without a link speed.
pub fn exchange_time(kbps: Option<u32>, sent: usize, received: usize) -> Duration {
    kbps.map_or(Duration::ZERO, |kbps| {
        let blocks = |bytes: usize| bytes.div_ceil(FRAME - BLOCK_BYTES).max(1);
        let blocks = [blocks(sent), blocks(received)];
        let chained = blocks[0] + blocks[1] - 2;
        // Each chained block is acknowledged by a block without content.
        let bytes = sent + received + BLOCK_BYTES * (blocks[0] + blocks[1] + chained);
        TURN_AROUND
            + CHAINED_BLOCK * chained as u32
            + Duration::from_micros(bytes as u64 * BITS_A_BYTE * 1_000 / u64::from(kbps.max(1)))
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
    fn an_exchange_at_106_takes_as_long_as_its_bits() {
        // 100 and 106 bytes, two blocks of three bytes around them: 212 bytes, 18 ms.
        assert_eq!(exchange_time(Some(106), 100, 106), Duration::from_millis(6 + 18));
        assert_eq!(exchange_time(None, 100, 106), Duration::ZERO);
    }

    #[test]
    fn a_long_answer_costs_blocks_as_well_as_bits() {
        // Two full frames and an acknowledgement more: 759 bytes and one delay.
        let (one, two) = (exchange_time(Some(848), 10, 253), exchange_time(Some(848), 10, 506));
        let more = Duration::from_micros((253 + 6) * 9 * 1_000 / 848);
        let expected = one + more + Duration::from_micros(500);
        assert!(two.abs_diff(expected) < Duration::from_micros(2), "{two:?} {expected:?}");
    }

    /// Seconds for 18 000 bytes of EF.DG2 in pieces under AES, as they were computed
    /// from the standards before this model was written; within eight per cent.
    #[test]
    fn a_portrait_takes_the_time_that_was_projected_for_every_rate_and_piece() {
        const SIZE: usize = 18_000;
        for (piece, projected) in [
            (112, [3.4, 2.2, 1.6, 1.3]),
            (160, [2.8, 1.8, 1.2, 0.95]),
            (223, [2.4, 1.5, 1.0, 0.75]),
            (1024, [1.8, 1.0, 0.57, 0.36]),
            (4096, [1.7, 0.87, 0.47, 0.27]),
        ] {
            // Header, DO 97, DO 8E; then DO 87 with padding, DO 99, DO 8E, status.
            let sent = if piece > 256 { 23 } else { 19 };
            let received = (piece + 1_usize).next_multiple_of(16) + 21;
            for (kbps, projected) in [106, 212, 424, 848].into_iter().zip(projected) {
                let time: Duration =
                    (0..SIZE.div_ceil(piece)).map(|_| exchange_time(Some(kbps), sent, received)).sum();
                // The last piece is shorter than the others.
                let spare = (SIZE.next_multiple_of(piece) - SIZE) as f64 * 9.0 / f64::from(kbps) / 1000.0;
                let ratio = (time.as_secs_f64() - spare) / projected;
                assert!((0.92..1.08).contains(&ratio), "{piece} bytes at {kbps}: {ratio:.3}");
            }
        }
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let pauses = [0, 1, 2, 3, 30].map(|count| pause_after(count).as_millis());
        assert_eq!(pauses, [0, 100, 200, 400, 3_200]);
    }
}
