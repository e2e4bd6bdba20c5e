//! How much is asked for at once: all that a chip states, and what of one that states
//! nothing.

use simulators::citizen_card::exchange_time;

use super::*;

/// Reads a file off a chip that states how long an answer it gives.
fn read_stated(chip: &mut Chip, answer: usize) -> Result<(Zeroizing<Vec<u8>>, u32), ReadError> {
    let id = chip.id;
    let (mut wire, _) = Wire::open(chip)?;
    (wire.limits.answer, wire.limits.answer_is_stated) = (answer, true);
    let mut files = Files::within(&wire, answer);
    let bytes = files.read(&mut wire, id, &mut |_, _| ())?;
    Ok((bytes, wire.log.apdus))
}

#[test]
fn a_chip_is_asked_for_all_that_it_states() {
    for (stated, total, expected) in [
        (65_538, 18_000, 1),
        (65_538, 32_768, 1),
        // The rest by the odd instruction.
        (65_538, 60_000, 2),
        (10_002, 18_000, 2),
        (1002, 18_000, 18),
    ] {
        let mut chip = Chip::new(total);
        let (bytes, apdus) = read_stated(&mut chip, stated).ok().unwrap();
        assert!(*bytes == chip.file, "{stated} {total}");
        assert_eq!(apdus, expected, "{stated} {total}");
    }
}

/// The numbers by which `LONGEST_UNSTATED_CHUNK` was chosen: the whole portrait, its longest
/// piece, and what one piece saves, in milliseconds. Under AES; a model, nothing measured.
#[test]
fn the_times_by_which_a_chunk_was_chosen_are_those_of_the_model() {
    const PORTRAIT: usize = 18_000;
    // Header, what is expected, code; cryptogram with its frame, status, code, status.
    let exchange = |kbps, plain: usize| {
        exchange_time(Some(kbps), 23, (plain + 1).next_multiple_of(16) + 21).as_secs_f64() * 1000.0
    };
    for (kbps, whole, piece, saved) in [(106, 1657, 376, 45), (424, 463, 104, 29), (848, 264, 59, 26)] {
        let rest = exchange(kbps, PORTRAIT % LONGEST_UNSTATED_CHUNK);
        let longest = exchange(kbps, LONGEST_UNSTATED_CHUNK);
        let pieces = longest * (PORTRAIT / LONGEST_UNSTATED_CHUNK) as f64 + rest;
        let found = [pieces, longest, pieces - exchange(kbps, PORTRAIT)].map(|time| time.round() as i32);
        assert_eq!(found, [whole, piece, saved], "{kbps}");
    }
}

// Down to what chips that state nothing are asked for, and further from there.
#[test]
fn a_chip_that_states_too_much_is_read_all_the_same() {
    for at_end in HABITS {
        for at_limit in HABITS {
            for limit in [96, 224, 2048, 4096, 20_000] {
                for total in LENGTHS {
                    let mut chip = Chip { at_end, at_limit, limit, ..Chip::new(total) };
                    let said = format!("{at_end:?} {at_limit:?} {limit} {total}");
                    let (bytes, apdus) =
                        read_stated(&mut chip, 65_538).unwrap_or_else(|error| panic!("{said}: {error}"));
                    assert!(*bytes == chip.file, "{said}: other bytes");
                    // At worst a low byte is taken for what comes at once.
                    assert!(apdus as usize <= total.div_ceil(SHORTEST_CHUNK) + 12, "{said}: {apdus}");
                }
            }
        }
    }
}
