//! How long an answer the chip says it can give, before anything long is asked:
//! historical bytes of the answer to reset, and EF.ATR/INFO where they point to it.
//! ISO/IEC 7816-4, 8.1.1 and 12.7.1. What is not said is found out by trying.

use crate::{
    ReadError, Step,
    apdu::{Command, DONE, SHORT_ANSWER},
    tlv,
    wire::Wire,
};

/// The longest answer that short length can carry, status included.
pub(crate) const SHORT: usize = SHORT_ANSWER + 2;

/// What the historical bytes say of extended length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extended {
    Unsaid,
    No,
    Yes,
    /// Yes, and EF.ATR/INFO says how long.
    Described,
}

/// The longest answer to ask for, status included.
pub(crate) fn longest_answer(wire: &mut Wire<'_>, atr: &[u8]) -> Result<usize, ReadError> {
    let reader = wire.longest_answer();
    Ok(match historical_bytes(atr).map_or(Extended::Unsaid, said_by) {
        Extended::Unsaid | Extended::Yes => reader,
        Extended::Described if reader > SHORT => reader.min(described(wire)?.unwrap_or(reader)).max(SHORT),
        Extended::No | Extended::Described => SHORT,
    })
}

/// Object 7F66 of EF.ATR/INFO: the longest command, then the longest answer.
fn described(wire: &mut Wire<'_>) -> Result<Option<usize>, ReadError> {
    let answer = wire.send(Step::Reset, &Command::asking([0x00, 0xB0, 0x81, 0x00], SHORT_ANSWER))?;
    Ok(if answer.status == DONE { find_longest(&answer.data) } else { None })
}

fn find_longest(mut objects: &[u8]) -> Option<usize> {
    loop {
        let (tag, value, rest) = tlv::split(objects).ok()?;
        if tag == 0x7F66 {
            let (_, answers) = tlv::expect(value, 0x02).ok()?;
            let (longest, _) = tlv::expect(answers, 0x02).ok()?;
            return (longest.len() <= 4)
                .then(|| longest.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)));
        }
        objects = rest;
    }
}

/// ISO/IEC 7816-3, 8.2: interface bytes first, as each of their groups announces.
fn historical_bytes(atr: &[u8]) -> Option<&[u8]> {
    let format = *atr.get(1)?;
    let (mut at, mut announced) = (2, format >> 4);
    while announced != 0 {
        let last = at + announced.count_ones() as usize - 1;
        // The fourth of a group, TD, announces the next.
        announced = if announced & 8 == 0 { 0 } else { atr.get(last)? >> 4 };
        at = last + 1;
    }
    atr.get(at..at + usize::from(format & 0x0F))
}

/// Compact data objects; object 7 holds the capabilities, whose third byte is asked.
fn said_by(historical: &[u8]) -> Extended {
    let ([0x80, objects @ ..] | [0x00, objects @ .., _, _, _]) = historical else {
        return Extended::Unsaid;
    };
    let mut objects = objects;
    while let [head, rest @ ..] = objects {
        let Some((value, rest)) = rest.split_at_checked(usize::from(head & 0x0F)) else { break };
        if let (7, [_, _, third]) = (head >> 4, value) {
            return match third >> 5 & 0b11 {
                0b00 | 0b01 => Extended::No,
                0b10 => Extended::Yes,
                _ => Extended::Described,
            };
        }
        objects = rest;
    }
    Extended::Unsaid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(atr: &str) -> Extended {
        historical_bytes(&hex::decode(atr).unwrap()).map_or(Extended::Unsaid, said_by)
    }

    #[test]
    fn the_capabilities_are_found_behind_the_interface_bytes() {
        // Contactless without, with three kinds of capabilities; contact, long form.
        assert_eq!(said("3B80800101"), Extended::Unsaid);
        assert_eq!(said("3B85800180730021C000"), Extended::Yes);
        assert_eq!(said("3B85800180730021E000"), Extended::Described);
        assert_eq!(said("3B858001807300218000"), Extended::No);
        assert_eq!(said("3B85800131730021C000"), Extended::Unsaid, "another category is proprietary");
        assert_eq!(said("3B951381018073FF01000B"), Extended::No);
    }

    #[test]
    fn a_broken_answer_to_reset_says_nothing() {
        for atr in ["", "3B", "3BFF", "3B8F8001", "3B8180", "3B818001807F"] {
            assert_eq!(said(atr), Extended::Unsaid, "{atr}");
        }
    }

    #[test]
    fn the_described_length_is_that_of_answers() {
        let file = hex::decode("430301020347020102 7F66080202030002020800 4300".replace(' ', "")).unwrap();
        assert_eq!(find_longest(&file), Some(0x800));
        assert_eq!(find_longest(&[0x7F, 0x66, 0x04, 0x02, 0x02]), None);
        assert_eq!(find_longest(&[]), None);
    }
}
