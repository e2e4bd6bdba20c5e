//! Which file may be read by whom, and the bytes that READ BINARY takes out of it
//! (ICAO Doc 9303-10, 3.6).

use super::apdu::{Answer, Command, Expected, Status};
use crate::{
    card_profile::{BeyondLongest, ReadingFaults, ShortFile},
    der,
    personalise::{ATTRIBUTES, CARD_SECURITY, DIRECTORY, Personalised},
};

const FINGERPRINTS: u8 = 3;
/// Short identifier of the portrait.
pub(super) const PORTRAIT: u8 = 2;

/// Where the terminal stands in the file system.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// The identity application is selected, else the master file.
    pub application: bool,
    /// The current elementary file, by short identifier.
    pub current: Option<u8>,
}

/// A stretch of a file and the answer that carries it.
pub(super) struct Stretch {
    pub file: u8,
    pub bytes: usize,
    pub answer: Answer,
}

impl Place {
    /// A file that is there and open to whoever asks.
    pub(super) fn reach(self, content: &Personalised, file: u8, secured: bool) -> Result<&[u8], Status> {
        if !self.application {
            // EF.CardSecurity opens with PACE (9303-10, 3.11.4); the others to everybody.
            return match content.master_file(file) {
                Some(_) if file == CARD_SECURITY && !secured => Err(Status::NOT_ALLOWED),
                Some(bytes) => Ok(bytes),
                None => Err(Status::NOT_FOUND),
            };
        }
        // An outsider does not learn which files there are.
        if !secured || file == FINGERPRINTS {
            return Err(Status::NOT_ALLOWED);
        }
        content.elementary.get(&file).map(Vec::as_slice).ok_or(Status::NOT_FOUND)
    }

    /// The short identifier for a file identifier, as SELECT has it.
    pub(super) fn short_identifier(self, identifier: [u8; 2]) -> Option<u8> {
        match (identifier, self.application) {
            ([0x2F, 0x00], false) => Some(DIRECTORY),
            ([0x2F, 0x01], false) => Some(ATTRIBUTES),
            ([0x01, ATTRIBUTES | DIRECTORY], false) => None,
            ([0x01, short], _) => Some(short),
            _ => None,
        }
    }

    /// READ BINARY, even or odd. `room` is what an answer can carry.
    pub(super) fn read(
        &mut self,
        content: &Personalised,
        command: &Command,
        room: usize,
        secured: bool,
        faults: &ReadingFaults,
    ) -> Result<Stretch, Status> {
        let odd = command.instruction == 0xB1;
        let (file, offset) = self.target(command, odd)?;
        let bytes = self.reach(content, file, secured)?;
        self.current = Some(file);
        let expected = command.expected.ok_or(Status::WRONG_LENGTH)?;
        let left = bytes.get(offset..).filter(|left| !left.is_empty()).ok_or(Status::WRONG_OFFSET)?;
        let longest = longest_answer(faults, expected)?;
        // An odd READ BINARY counts the tag and length around the data, too.
        let held = |limit: usize| if odd { longest_value(limit) } else { limit };
        let wanted = left.len().min(held(expected.limit().min(longest)));
        let fits = held(room);
        let count = match expected {
            Expected::Exactly(_) if wanted > fits => return Err(Status::WRONG_LENGTH),
            Expected::Exactly(_) | Expected::UpTo(_) => wanted.min(fits),
        };
        let short = matches!(expected, Expected::Exactly(limit) if held(limit) > left.len());
        let status = match faults.at_the_end {
            ShortFile::ExactLength if short => {
                return Err(Status::right_length(if odd { wrapped(left.len()) } else { left.len() }));
            }
            ShortFile::WrongLength if short => return Err(Status::WRONG_LENGTH),
            ShortFile::WrongOffset if short => return Err(Status::WRONG_OFFSET),
            ShortFile::Warning if short => Status::END_OF_FILE,
            _ if faults.beyond_longest == BeyondLongest::Warning && expected.limit() > longest => {
                Status::END_OF_FILE
            }
            _ => Status::OK,
        };
        let data = if odd { der::object(0x53, &left[..count]) } else { left[..count].to_vec() };
        Ok(Stretch { file, bytes: count, answer: Answer { data, status } })
    }

    fn target(self, command: &Command, odd: bool) -> Result<(u8, usize), Status> {
        if odd {
            let offset = der::find(&command.data, 0x54).ok_or(Status::WRONG_DATA)?;
            let offset = offset.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            let file = match command.parameters() {
                0 => self.current.ok_or(Status::NO_CURRENT_FILE)?,
                short @ 1..=0x1E => short as u8,
                _ => return Err(Status::NOT_FOUND),
            };
            return Ok((file, offset));
        }
        if command.p1 & 0x80 != 0 {
            return Ok((command.p1 & 0x1F, command.p2.into()));
        }
        Ok((self.current.ok_or(Status::NO_CURRENT_FILE)?, command.parameters().into()))
    }
}

/// The length of a data object around a value of so many bytes: tag, length, value.
fn wrapped(value: usize) -> usize {
    match value {
        0..=0x7F => value + 2,
        0x80..=0xFF => value + 3,
        _ => value + 4,
    }
}

/// The longest value whose data object is no longer than that.
fn longest_value(limit: usize) -> usize {
    (2..=4).filter_map(|around| limit.checked_sub(around)).find(|value| wrapped(*value) <= limit).unwrap_or(0)
}

/// The most that one answer brings, or the refusal of a longer one.
fn longest_answer(faults: &ReadingFaults, expected: Expected) -> Result<usize, Status> {
    match (faults.longest, faults.beyond_longest) {
        (Some(longest), refusal) if expected.limit() > longest => match refusal {
            BeyondLongest::Shortened | BeyondLongest::Warning => Ok(longest),
            BeyondLongest::ChannelDroppedByAnswer => Ok(usize::MAX),
            BeyondLongest::WrongLength | BeyondLongest::PlainWrongLength | BeyondLongest::ChannelDropped => {
                Err(Status::WRONG_LENGTH)
            }
            BeyondLongest::ExactLength => Err(Status::right_length(longest)),
        },
        (longest, _) => Ok(longest.unwrap_or(usize::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card_profile::CardProfile;

    /// A portrait longer than an even READ BINARY can address.
    const LENGTH: usize = 40_000;

    fn content() -> Personalised {
        let portrait: Vec<u8> = (0..LENGTH).map(|at| (at % 251) as u8).collect();
        let files = [(PORTRAIT, portrait), (FINGERPRINTS, vec![1])].into();
        Personalised::for_tests("X", "123456", files, &CardProfile::default())
    }

    /// What a secured terminal gets: bytes and status.
    fn read(place: &mut Place, command: &str, room: usize) -> (Vec<u8>, u16) {
        read_with(&ReadingFaults::default(), place, command, room)
    }

    fn read_with(faults: &ReadingFaults, place: &mut Place, command: &str, room: usize) -> (Vec<u8>, u16) {
        let command = Command::parse(&hex::decode(command).unwrap()).unwrap();
        match place.read(&content(), &command, room, true, faults) {
            Ok(stretch) => (stretch.answer.data, stretch.answer.status.0),
            Err(status) => (Vec::new(), status.0),
        }
    }

    fn inside() -> Place {
        Place { application: true, current: None }
    }

    #[test]
    fn a_short_identifier_selects_and_later_offsets_go_on_in_that_file() {
        let mut place = inside();
        assert_eq!(read(&mut place, "00B0000002", 256).1, 0x6986);
        assert_eq!(read(&mut place, "00B0820502", 256), (vec![5, 6], 0x9000));
        assert_eq!(read(&mut place, "00B0010002", 256), (vec![5, 6], 0x9000));
        assert_eq!(read(&mut place, "00B0830002", 256).1, 0x6982);
        assert_eq!(read(&mut place, "00B08B0002", 256).1, 0x6A82);
    }

    #[test]
    fn an_open_length_is_filled_and_an_exact_one_must_fit() {
        assert_eq!(read(&mut inside(), "00B0820000", 223).0.len(), 223);
        assert_eq!(read(&mut inside(), "00B08200F0", 223).1, 0x6700);
        assert_eq!(read(&mut inside(), "00B08200000000", 65_000).0.len(), LENGTH);
    }

    #[test]
    fn reading_past_the_end_is_said() {
        let mut place = inside();
        assert_eq!(read(&mut place, "00B1820004540200000A", 256).1, 0x6A82, "no short identifier here");
        read(&mut place, "00B0820001", 256);
        assert_eq!(read(&mut place, "00B100000454029C4010", 256).1, 0x6B00);
        let (bytes, status) = read(&mut place, "00B100000454029C3E10", 256);
        assert_eq!((bytes.len(), status), (4, 0x6282));
    }

    #[test]
    fn odd_reads_reach_beyond_32_kilobytes() {
        let mut place = inside();
        let (bytes, status) = read(&mut place, "00B10002045402900008", 256);
        assert_eq!(status, 0x9000);
        let at = 0x9000;
        let expected: Vec<u8> = (at..at + 6).map(|at| (at % 251) as u8).collect();
        assert_eq!(bytes, [&[0x53, 6], expected.as_slice()].concat());
        for room in 2..300 {
            let value = longest_value(room);
            assert!(wrapped(value) <= room && wrapped(value + 1) > room, "{room}");
        }
    }

    #[test]
    fn a_file_that_ends_early_is_told_in_five_ways() {
        let last_four = |at_the_end| {
            let faults = ReadingFaults { at_the_end, ..ReadingFaults::default() };
            let mut place = inside();
            read(&mut place, "00B0820001", 256);
            let (bytes, status) = read_with(&faults, &mut place, "00B100000454029C3E10", 256);
            (bytes.len(), status)
        };
        assert_eq!(last_four(ShortFile::Warning), (4, 0x6282));
        assert_eq!(last_four(ShortFile::Silent), (4, 0x9000));
        assert_eq!(last_four(ShortFile::ExactLength), (0, 0x6C04));
        assert_eq!(last_four(ShortFile::WrongLength), (0, 0x6700));
        assert_eq!(last_four(ShortFile::WrongOffset), (0, 0x6B00));
    }

    #[test]
    fn a_chip_that_sends_little_at_once_says_so_in_its_own_way() {
        let read = |beyond_longest, command| {
            let faults = ReadingFaults { longest: Some(0xDF), beyond_longest, ..ReadingFaults::default() };
            let (bytes, status) = read_with(&faults, &mut inside(), command, 60_000);
            (bytes.len(), status)
        };
        for command in ["00B0820000", "00B08200FF", "00B08200000400", "00B08200000000"] {
            assert_eq!(read(BeyondLongest::Shortened, command), (0xDF, 0x9000), "{command}");
            assert_eq!(read(BeyondLongest::Warning, command), (0xDF, 0x6282), "{command}");
            assert_eq!(read(BeyondLongest::WrongLength, command), (0, 0x6700), "{command}");
            assert_eq!(read(BeyondLongest::ExactLength, command), (0, 0x6CDF), "{command}");
        }
        for no_longer in [BeyondLongest::ExactLength, BeyondLongest::Warning] {
            assert_eq!(read(no_longer, "00B08200DF"), (0xDF, 0x9000));
        }
    }
}
