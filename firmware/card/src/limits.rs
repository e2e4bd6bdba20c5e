//! How long commands and answers may be, as reader and chip say before anything long is
//! sent: historical bytes of the answer to reset, and EF.ATR/INFO where they point to it.
//! ISO/IEC 7816-4, 12.1.1 and 12.7.1. What is not said is found out by trying.

use crate::{
    ReadError, Step,
    apdu::{Command, DONE, SHORT_ANSWER},
    tlv,
    wire::Wire,
};

/// The longest answer that short length can carry, status included.
pub(crate) const SHORT: usize = SHORT_ANSWER + 2;

/// What fits between reader and chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The longest answer to ask for, status included.
    pub answer: usize,
    /// The chip itself said so, in EF.ATR/INFO.
    pub answer_is_stated: bool,
    /// The longest command of extended length, from its class to its last length byte;
    /// none: reader or chip know short length only.
    pub command: Option<usize>,
    /// Whether the reader carries extended length, whatever the chip says.
    pub reader_is_extended: bool,
    /// Whether the chip takes a command in pieces.
    pub chaining: Chaining,
}

/// What the chip says of command chaining, ISO/IEC 7816-4, 12.1.1.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chaining {
    Unsaid,
    No,
    Yes,
}

/// How a command goes to the chip whose data do not fit into short length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// With extended length.
    Whole,
    /// Chained, each piece of short length.
    InPieces,
}

/// GENERAL AUTHENTICATE.
const GENERAL_AUTHENTICATE: u8 = 0x86;

impl Limits {
    /// What the reader alone allows.
    pub fn of_reader(longest_answer: usize) -> Self {
        let reader_is_extended = longest_answer > SHORT;
        Self {
            answer: longest_answer,
            answer_is_stated: false,
            command: reader_is_extended.then_some(usize::MAX),
            reader_is_extended,
            chaining: Chaining::Unsaid,
        }
    }

    /// How a long command goes, by its instruction and its whole length in one piece;
    /// none: reader and chip leave no way.
    ///
    /// A chip that says nothing of chaining is tried with GENERAL AUTHENTICATE alone, and
    /// only where extended length is out of the question: for other commands it must say
    /// so (9303-10, 3.6.5). A chip that says that it knows neither gets extended length:
    /// one whose keys need it must know it (9303-10, 3.6.4.1), so it is its historical
    /// bytes that are wrong, or its refusal is final.
    pub fn way(&self, instruction: u8, length: usize) -> Option<Way> {
        let in_pieces = match self.chaining {
            Chaining::Yes => true,
            Chaining::Unsaid => instruction == GENERAL_AUTHENTICATE,
            Chaining::No => false,
        };
        match self.command {
            Some(longest) if length <= longest => Some(Way::Whole),
            _ if in_pieces => Some(Way::InPieces),
            _ => self.reader_is_extended.then_some(Way::Whole),
        }
    }

    /// After the chip refused extended length: pieces from now on. `false`, and all stays as it
    /// was: it has said that it does not take them, or had them already.
    pub fn cut_commands(&mut self) -> bool {
        if !self.reader_is_extended || self.chaining == Chaining::No {
            return false;
        }
        (self.command, self.reader_is_extended) = (None, false);
        true
    }
}

/// What the historical bytes say of extended length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extended {
    Unsaid,
    No,
    Yes,
    /// Yes, and EF.ATR/INFO says how long.
    Described,
}

/// What reader and chip allow.
pub(crate) fn find(wire: &mut Wire<'_>, atr: &[u8]) -> Result<Limits, ReadError> {
    let reader = Limits::of_reader(wire.longest_answer());
    let (extended, chaining) = historical_bytes(atr).map_or((Extended::Unsaid, Chaining::Unsaid), said_by);
    let limits = Limits { chaining, ..reader };
    Ok(match extended {
        Extended::Unsaid | Extended::Yes => limits,
        Extended::Described if reader.reader_is_extended => match described(wire)? {
            Some(Lengths { command, answer }) => Limits {
                answer: reader.answer.min(answer).max(SHORT),
                answer_is_stated: true,
                command: Some(command),
                ..limits
            },
            None => limits,
        },
        Extended::No | Extended::Described => Limits { answer: SHORT, command: None, ..limits },
    })
}

/// What EF.ATR/INFO says, in bytes of whole commands and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lengths {
    command: usize,
    answer: usize,
}

/// Object 7F66 of EF.ATR/INFO.
fn described(wire: &mut Wire<'_>) -> Result<Option<Lengths>, ReadError> {
    let answer = wire.send(Step::Reset, &Command::asking([0x00, 0xB0, 0x81, 0x00], SHORT_ANSWER))?;
    Ok(if answer.status == DONE { find_longest(&answer.data) } else { None })
}

/// The longest command, then the longest answer, each as an integer.
fn find_longest(mut objects: &[u8]) -> Option<Lengths> {
    let number = |bytes: &[u8]| {
        (bytes.len() <= 4).then(|| bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    loop {
        let (tag, value, rest) = tlv::split(objects).ok()?;
        if tag == 0x7F66 {
            let (command, answers) = tlv::expect(value, 0x02).ok()?;
            let (answer, _) = tlv::expect(answers, 0x02).ok()?;
            return Some(Lengths { command: number(command)?, answer: number(answer)? });
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
fn said_by(historical: &[u8]) -> (Extended, Chaining) {
    let unsaid = (Extended::Unsaid, Chaining::Unsaid);
    let ([0x80, objects @ ..] | [0x00, objects @ .., _, _, _]) = historical else { return unsaid };
    let mut objects = objects;
    while let [head, rest @ ..] = objects {
        let Some((value, rest)) = rest.split_at_checked(usize::from(head & 0x0F)) else { break };
        if let (7, [_, _, third]) = (head >> 4, value) {
            let chaining = if third & 0x80 == 0 { Chaining::No } else { Chaining::Yes };
            let extended = match third >> 5 & 0b11 {
                0b00 | 0b01 => Extended::No,
                0b10 => Extended::Yes,
                _ => Extended::Described,
            };
            return (extended, chaining);
        }
        objects = rest;
    }
    unsaid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_said(atr: &str) -> (Extended, Chaining) {
        historical_bytes(&hex::decode(atr).unwrap()).map_or((Extended::Unsaid, Chaining::Unsaid), said_by)
    }

    fn said(atr: &str) -> Extended {
        all_said(atr).0
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
    fn the_described_lengths_are_those_of_commands_and_of_answers() {
        let file = hex::decode("430301020347020102 7F66080202030002020800 4300".replace(' ', "")).unwrap();
        assert_eq!(find_longest(&file), Some(Lengths { command: 0x300, answer: 0x800 }));
        assert_eq!(find_longest(&[0x7F, 0x66, 0x04, 0x02, 0x02]), None);
        assert_eq!(find_longest(&[]), None);
    }

    // ISO/IEC 7816-4, 12.1.1.9, table 119: bit 8 of the third byte.
    #[test]
    fn chaining_is_said_beside_extended_length() {
        assert_eq!(all_said("3B80800101"), (Extended::Unsaid, Chaining::Unsaid));
        assert_eq!(all_said("3B85800180730021C000"), (Extended::Yes, Chaining::Yes));
        assert_eq!(all_said("3B858001807300214000"), (Extended::Yes, Chaining::No));
        assert_eq!(all_said("3B858001807300218000"), (Extended::No, Chaining::Yes));
        // A card of the field, with a chip that passports have too.
        assert_eq!(all_said("3B8880010073C84000009000"), (Extended::No, Chaining::No));
    }

    #[test]
    fn a_long_command_goes_whole_where_it_can_and_in_pieces_where_the_chip_takes_them() {
        const OTHER: u8 = 0x22;
        let reader = Limits::of_reader(65_538);
        let short_reader = Limits::of_reader(SHORT);
        let said = |limits: Limits, chaining| Limits { chaining, ..limits };
        let short_chip = Limits { command: None, ..reader };
        for (limits, authenticate, other) in [
            (reader, Some(Way::Whole), Some(Way::Whole)),
            (said(reader, Chaining::Yes), Some(Way::Whole), Some(Way::Whole)),
            (Limits { command: Some(272), ..reader }, Some(Way::Whole), Some(Way::Whole)),
            (
                said(Limits { command: Some(271), ..reader }, Chaining::Yes),
                Some(Way::InPieces),
                Some(Way::InPieces),
            ),
            (said(short_chip, Chaining::Yes), Some(Way::InPieces), Some(Way::InPieces)),
            (said(short_chip, Chaining::No), Some(Way::Whole), Some(Way::Whole)),
            (short_reader, Some(Way::InPieces), None),
            (said(short_reader, Chaining::Yes), Some(Way::InPieces), Some(Way::InPieces)),
            (said(short_reader, Chaining::No), None, None),
        ] {
            assert_eq!(limits.way(GENERAL_AUTHENTICATE, 272), authenticate, "{limits:?}");
            assert_eq!(limits.way(OTHER, 272), other, "{limits:?}");
        }
    }

    #[test]
    fn commands_are_cut_once_and_never_where_the_chip_takes_no_pieces() {
        for chaining in [Chaining::Unsaid, Chaining::Yes] {
            let mut limits = Limits { chaining, ..Limits::of_reader(65_538) };
            assert!(limits.cut_commands());
            assert_eq!(limits.way(GENERAL_AUTHENTICATE, 272), Some(Way::InPieces));
            assert!(!limits.cut_commands(), "there is no second step down");
        }
        let mut limits = Limits { chaining: Chaining::No, ..Limits::of_reader(65_538) };
        let before = limits;
        assert!(!limits.cut_commands());
        assert_eq!(limits, before, "extended length is the one way left");
        assert!(!Limits::of_reader(SHORT).cut_commands());
    }
}
