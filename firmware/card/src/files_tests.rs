//! Reading files off a chip with every habit that real chips are known for. The chip
//! here speaks in the clear: the channel has tests of its own.

use std::time::Duration;

use chip_reader::{CardReader, Presence, ReaderFault};

use super::*;

#[path = "file_bounds_tests.rs"]
mod bounds;
#[path = "stated_lengths_tests.rs"]
mod stated_lengths;

/// What a chip does when more is asked for than it can give at once or than there is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    /// Gives what there is, and says nothing.
    Gives,
    /// Gives what there is, with status 6282.
    Warns,
    /// 6700, without saying what would do.
    Refuses,
    /// 6Cxx, which says what would do.
    Names,
    /// 6Cxx with the low byte of what would do, however long that is.
    NamesLowByte,
    /// 6B00.
    BlamesOffset,
}

/// A chip with one file.
#[derive(Clone)]
struct Chip {
    id: FileId,
    file: Vec<u8>,
    /// At the end of the file.
    at_end: Habit,
    /// Past its own longest answer.
    at_limit: Habit,
    limit: usize,
    short_ids: bool,
    /// Whether a short identifier makes the file the current one.
    makes_current: bool,
    current: bool,
    asked: Vec<Vec<u8>>,
}

impl Chip {
    fn new(length: usize) -> Self {
        Self {
            id: FileId::Dg2,
            file: file_of(length),
            at_end: Habit::Gives,
            at_limit: Habit::Gives,
            limit: 65_536,
            short_ids: true,
            makes_current: true,
            current: false,
            asked: Vec::new(),
        }
    }

    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        match (command[1], command[2]) {
            (0xA4, _) => {
                self.current = command[5..] == self.id.ef_id();
                if self.current { vec![0x90, 0x00] } else { vec![0x6A, 0x82] }
            }
            (0xB0, place) if place & 0x80 != 0 && !self.short_ids => vec![0x6A, 0x82],
            (0xB0, place) if place & 0x80 != 0 && place != 0x80 | self.id.short_id() => vec![0x6A, 0x82],
            (0xB0, place) if place & 0x80 != 0 => {
                self.current = self.makes_current;
                self.read(command[3].into(), length(&command[4..]))
            }
            (0xB0 | 0xB1, _) if !self.current => vec![0x69, 0x86],
            (0xB0, high) => {
                self.read(usize::from(high) << 8 | usize::from(command[3]), length(&command[4..]))
            }
            (0xB1, _) => self.read_object(command),
            _ => vec![0x6D, 0x00],
        }
    }

    fn read(&self, offset: usize, wanted: usize) -> Vec<u8> {
        let left = self.file.len().saturating_sub(offset);
        for (most, habit) in [(self.limit, self.at_limit), (left, self.at_end)] {
            if wanted > most {
                match habit {
                    Habit::Gives | Habit::Warns => {}
                    Habit::Refuses => return vec![0x67, 0x00],
                    Habit::Names if most < 256 => return vec![0x6C, most as u8],
                    Habit::Names => return vec![0x6C, 0x00],
                    Habit::NamesLowByte => return vec![0x6C, most as u8],
                    Habit::BlamesOffset => return vec![0x6B, 0x00],
                }
            }
        }
        let count = wanted.min(left).min(self.limit);
        let at_end = wanted > left && count == left;
        let status = if at_end && self.at_end == Habit::Warns { END_OF_FILE } else { DONE };
        [&self.file[offset..offset + count], &status.to_be_bytes()].concat()
    }

    /// The odd instruction: offset in object 54, data in object 53.
    fn read_object(&self, command: &[u8]) -> Vec<u8> {
        let (body, start) = if command[4] == 0 {
            (usize::from(command[5]) << 8 | usize::from(command[6]), 7)
        } else {
            (command[4].into(), 5)
        };
        let (data, expected) = command[start..].split_at(body);
        assert_eq!(data[0], 0x54);
        let offset = data[2..].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let expected = if start == 7 {
            usize::from(expected[0]) << 8 | usize::from(expected[1])
        } else {
            expected[0].into()
        };
        let frame = if expected > 0x103 {
            4
        } else if expected > 0x81 {
            3
        } else {
            2
        };
        let mut answer = self.read(offset, expected - frame);
        let status = answer.split_off(answer.len() - 2);
        if !answer.is_empty() {
            answer = tlv::object(0x53, &answer);
        }
        [answer, status].concat()
    }
}

/// Le of a command without data.
fn length(bytes: &[u8]) -> usize {
    match *bytes {
        [0] => 256,
        [short] => short.into(),
        [0, 0, 0] => 65_536,
        [0, high, low] => usize::from(high) << 8 | usize::from(low),
        _ => panic!("no such length: {bytes:02X?}"),
    }
}

/// A DG2 of so many bytes in all, tag and length included.
fn file_of(total: usize) -> Vec<u8> {
    let value = (2..=5)
        .map(|frame| total - frame)
        .find(|value| header_length(*value) + value == total)
        .expect("a file of this length can be");
    let value: Vec<u8> = (0..value).map(|at| (at * 31 % 251) as u8).collect();
    let mut file = match value.len() {
        0x1_0000.. => {
            vec![0x75, 0x83, (value.len() >> 16) as u8, (value.len() >> 8) as u8, value.len() as u8]
        }
        _ => tlv::object(0x75, &value)[..header_length(value.len())].to_vec(),
    };
    file.extend_from_slice(&value);
    file
}

fn header_length(value: usize) -> usize {
    match value {
        0..0x80 => 2,
        0x80..0x100 => 3,
        0x100..0x1_0000 => 4,
        _ => 5,
    }
}

impl CardReader for Chip {
    fn wait_for_card(&mut self, _: Duration) -> Result<Option<Presence>, ReaderFault> {
        self.reset_card().map(Some)
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        assert!(self.asked.len() < 2000, "the reader never ends");
        self.asked.push(command.to_vec());
        Ok(Zeroizing::new(self.answer(command)))
    }

    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        Ok(Presence { atr: vec![0x3B, 0x80, 0x80, 0x01, 0x01] })
    }

    fn wait_for_removal(&mut self, _: Duration) -> Result<bool, ReaderFault> {
        Ok(false)
    }

    fn longest_response(&self) -> usize {
        65_538
    }
}

fn read_with(chip: &mut Chip, times: usize) -> Result<(Zeroizing<Vec<u8>>, u32), ReadError> {
    let id = chip.id;
    let (mut wire, _) = Wire::open(chip)?;
    let longest = wire.longest_answer();
    let mut files = Files::within(&wire, longest);
    let mut bytes = Zeroizing::default();
    let mut before = 0;
    for _ in 0..times {
        before = wire.log.apdus;
        bytes = files.read(&mut wire, id, &mut |_, _| ())?;
    }
    Ok((bytes, wire.log.apdus - before))
}

const HABITS: [Habit; 6] =
    [Habit::Gives, Habit::Warns, Habit::Refuses, Habit::Names, Habit::NamesLowByte, Habit::BlamesOffset];
// Of 260, 512 and 513 bytes the low byte is less than tells a file's length.
const LENGTHS: [usize; 12] = [20, 95, 129, 131, 260, 300, 512, 513, 1000, 4097, 18_000, 33_000];

#[test]
fn every_file_is_read_whole_whatever_the_chips_habits() {
    for at_end in HABITS {
        for at_limit in HABITS {
            for limit in [96, 224, 2048, 65_536] {
                for (short_ids, makes_current) in [(true, true), (true, false), (false, false)] {
                    for total in LENGTHS {
                        let mut chip =
                            Chip { at_end, at_limit, limit, short_ids, makes_current, ..Chip::new(total) };
                        let said =
                            format!("{at_end:?} {at_limit:?} {limit} {short_ids} {makes_current} {total}");
                        match read_with(&mut chip, 1) {
                            Ok((bytes, _)) => assert!(*bytes == chip.file, "{said}: other bytes"),
                            Err(error) => panic!("{said}: {error}"),
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn what_a_chip_dislikes_is_asked_once_only() {
    for at_end in HABITS {
        for at_limit in HABITS {
            for limit in [224, 2048, 65_536] {
                for total in LENGTHS {
                    let mut chip = Chip { at_end, at_limit, limit, ..Chip::new(total) };
                    let (_, apdus) = read_with(&mut chip, 3).ok().unwrap();
                    // What one answer brings once the chip is known; 223 is the short form.
                    let chunk = if limit == 224 { 160 } else { limit.min(1024) };
                    let most = total.div_ceil(chunk) + 3;
                    assert!(
                        apdus as usize <= most,
                        "{at_end:?} {at_limit:?} {limit} {total}: {apdus} > {most}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_chip_without_habits_is_asked_the_fewest_times() {
    for (total, expected) in [(95, 1), (4096, 1), (4097, 2), (18_000, 5)] {
        let (_, apdus) = read_with(&mut Chip::new(total), 1).ok().unwrap();
        assert_eq!(apdus, expected, "{total}");
    }
}

#[test]
fn a_file_past_32767_bytes_goes_on_with_the_odd_instruction() {
    let mut chip = Chip::new(40_000);
    let (bytes, _) = read_with(&mut chip, 1).ok().unwrap();
    assert_eq!(*bytes, chip.file);
    let odd: Vec<_> = chip.asked.iter().filter(|command| command[1] == 0xB1).collect();
    assert_eq!(odd.len(), 2);
    // The frame of the answer counts too: 4,092 bytes in 4,096.
    assert_eq!(hex::encode(odd[0]), "00b1000000000454028000 1000".replace(' ', ""));
}

#[test]
fn padding_behind_the_data_object_is_cut() {
    let mut chip = Chip::new(300);
    chip.file.extend_from_slice(&[0; 500]);
    let (bytes, _) = read_with(&mut chip, 1).ok().unwrap();
    assert_eq!(*bytes, chip.file[..300]);
}

#[test]
fn a_file_that_ends_early_is_its_own_error() {
    for at_end in [Habit::Gives, Habit::Warns] {
        let mut chip = Chip { at_end, ..Chip::new(9000) };
        chip.file.truncate(8000);
        let error = read_with(&mut chip, 1).err().unwrap();
        assert!(matches!(error, ReadError::Truncated { got: 8000, length: 9000, .. }), "{error}");
    }
    let mut chip = Chip { at_end: Habit::Refuses, ..Chip::new(9000) };
    chip.file.truncate(8000);
    let error = read_with(&mut chip, 1).err().unwrap();
    assert!(matches!(error, ReadError::Refused { status: 0x6700, .. }), "{error}");
}

#[test]
fn an_empty_file_is_refused() {
    for at_end in HABITS {
        let mut chip = Chip { at_end, ..Chip::new(300) };
        chip.file.clear();
        assert!(read_with(&mut chip, 1).is_err(), "{at_end:?}");
    }
}

#[test]
fn a_file_with_another_tag_is_refused() {
    let mut chip = Chip::new(300);
    chip.file[0] = 0x61;
    let error = read_with(&mut chip, 1).err().unwrap();
    assert!(matches!(error, ReadError::Malformed { .. }), "{error}");
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_refused_at_once() {
    let mut chip = Chip::new(300);
    chip.file[..6].copy_from_slice(&[0x75, 0x84, 0x00, 0x10, 0x00, 0x00]);
    let error = read_with(&mut chip, 1).err().unwrap();
    assert!(matches!(error, ReadError::TooLong { length: 0x10_0006, .. }), "{error}");
    assert_eq!(chip.asked.len(), 1);
}

/// Gives more than was asked for.
struct Overflowing;

impl CardReader for Overflowing {
    fn wait_for_card(&mut self, _: Duration) -> Result<Option<Presence>, ReaderFault> {
        Ok(None)
    }
    fn exchange(&mut self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, ReaderFault> {
        let mut file = file_of(9000);
        file.truncate(5000);
        file.extend_from_slice(&[0x90, 0x00]);
        Ok(Zeroizing::new(file))
    }
    fn reset_card(&mut self) -> Result<Presence, ReaderFault> {
        Ok(Presence { atr: Vec::new() })
    }
    fn wait_for_removal(&mut self, _: Duration) -> Result<bool, ReaderFault> {
        Ok(false)
    }
    fn longest_response(&self) -> usize {
        65_538
    }
}

#[test]
fn more_than_was_asked_for_is_refused() {
    let mut reader = Overflowing;
    let (mut wire, _) = Wire::open(&mut reader).ok().unwrap();
    let mut files = Files::within(&wire, 65_538);
    let error = files.read(&mut wire, FileId::Dg2, &mut |_, _| ()).err().unwrap();
    assert!(matches!(error, ReadError::Malformed { why: MORE_THAN_ASKED, .. }), "{error}");
}

#[test]
fn progress_only_grows_and_ends_at_the_whole() {
    let mut chip = Chip::new(18_000);
    let (mut wire, _) = Wire::open(&mut chip).ok().unwrap();
    let mut files = Files::within(&wire, 65_538);
    let mut heard = Vec::new();
    files.read(&mut wire, FileId::Dg2, &mut |done, total| heard.push((done, total))).ok().unwrap();
    assert!(heard.is_sorted() && heard.iter().all(|(_, total)| *total == 18_000));
    assert_eq!((heard[0].0, heard.last()), (4096, Some(&(18_000, 18_000))));
}
