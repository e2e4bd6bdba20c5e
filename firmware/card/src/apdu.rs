//! Commands and answers as bytes, short and extended. ISO/IEC 7816-4, 5.2, as
//! ICAO Doc 9303-10, 3.6 uses it. Nothing here knows what a command means.

use zeroize::Zeroizing;

use crate::secure_messaging::SHORT_PLAIN;

/// The status of a command that was carried out.
pub(crate) const DONE: u16 = 0x9000;
/// Done, but the file ended before as many bytes as were asked for.
pub(crate) const END_OF_FILE: u16 = 0x6282;
/// No such file or application.
pub(crate) const NOT_FOUND: u16 = 0x6A82;
/// The length asked for does not suit the chip.
pub(crate) const WRONG_LENGTH: u16 = 0x6700;
/// Offset, or offset and length together, lie outside the file.
pub(crate) const WRONG_OFFSET: u16 = 0x6B00;

/// The most bytes that a short answer carries, without status.
pub(crate) const SHORT_ANSWER: usize = 256;

/// One command. Its data may be secret (offsets are not, tokens nearly are), so
/// they are wiped.
pub(crate) struct Command {
    /// Class, instruction, and two parameters.
    pub header: [u8; 4],
    /// What goes with it.
    pub data: Zeroizing<Vec<u8>>,
    /// How many bytes are wanted back at most, 1 to 65,536.
    pub expected: Option<usize>,
    /// How many really come, where that is known better than by `expected`: it decides
    /// whether the protected answer needs extended length.
    pub likely: Option<usize>,
}

impl Command {
    /// A command without data.
    pub fn asking(header: [u8; 4], expected: usize) -> Self {
        Self { header, data: Zeroizing::default(), expected: Some(expected), likely: None }
    }

    /// A command with data.
    pub fn carrying(header: [u8; 4], data: Vec<u8>, expected: Option<usize>) -> Self {
        Self { header, data: Zeroizing::new(data), expected, likely: None }
    }

    /// With a better guess of how long the answer is than its limit gives.
    pub fn answered_with(self, likely: usize) -> Self {
        Self { likely: Some(likely), ..self }
    }

    /// Whether a status says nothing but that a length was wrong, of a command that does
    /// the same thing once more when it is sent again in another length: READ BINARY and
    /// INTERNAL AUTHENTICATE, and what gives the chip a long public key (MSE:Set KAT,
    /// GENERAL AUTHENTICATE).
    pub fn refused_for_length(&self, status: u16) -> bool {
        match self.header[1] {
            0xB0 | 0xB1 | 0x88 => is_length_refusal(status),
            0x22 | 0x86 => status == WRONG_LENGTH && self.data.len() > SHORT_PLAIN,
            _ => false,
        }
    }

    /// An odd instruction carries and returns data objects.
    pub fn is_odd(&self) -> bool {
        self.header[1] & 1 == 1
    }

    /// The bytes for the wire: short where that is enough.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let long = self.data.len() > 255 || self.expected.is_some_and(|expected| expected > SHORT_ANSWER);
        assemble(self.header, &self.data, self.expected, if long { Length::Extended } else { Length::Short })
    }
}

/// How lengths are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// One byte each.
    Short,
    /// Two bytes each, with a zero before the first.
    Extended,
}

/// Puts a command together.
pub(crate) fn assemble(
    header: [u8; 4],
    data: &[u8],
    expected: Option<usize>,
    length: Length,
) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(header.len() + data.len() + 5));
    bytes.extend_from_slice(&header);
    if length == Length::Extended {
        bytes.push(0);
    }
    if !data.is_empty() {
        push_length(&mut bytes, data.len(), length);
        bytes.extend_from_slice(data);
    }
    if let Some(expected) = expected {
        // The greatest length is written as zero, which is what truncating gives.
        push_length(&mut bytes, expected, length);
    }
    bytes
}

fn push_length(bytes: &mut Vec<u8>, value: usize, length: Length) {
    if length == Length::Extended {
        bytes.push((value >> 8) as u8);
    }
    bytes.push(value as u8);
}

/// What the chip said.
pub(crate) struct Answer {
    /// The data, wiped on drop: they may be somebody's name or face.
    pub data: Zeroizing<Vec<u8>>,
    /// The two status bytes.
    pub status: u16,
}

impl Answer {
    /// From the wire; `None` where there are not even status bytes.
    pub fn parse(mut bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        let at = bytes.len().checked_sub(2)?;
        let status = u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        bytes.truncate(at);
        Some(Self { data: bytes, status })
    }
}

/// Whether a status only says that the length asked for was wrong.
pub(crate) fn is_length_refusal(status: u16) -> bool {
    matches!(status, WRONG_LENGTH | WRONG_OFFSET) || status >> 8 == 0x6C
}

/// Whether a status says that the command was not taken in pieces: the last one was
/// expected already, or chaining is not known at all (ISO/IEC 7816-4, 5.6).
pub(crate) fn is_chaining_refusal(status: u16) -> bool {
    matches!(status, 0x6883 | 0x6884)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &Command, expected: &str) {
        assert_eq!(hex::encode_upper(&*command.to_bytes()), expected);
    }

    #[test]
    fn a_command_is_short_where_that_is_enough() {
        check(&Command::asking([0, 0xB0, 0x9C, 0], 256), "00B09C0000");
        check(&Command::carrying([0, 0xA4, 2, 0x0C], vec![1, 0x1E], None), "00A4020C02011E");
        check(&Command::carrying([0, 0x82, 0, 0], vec![7], Some(40)), "00820000010728");
    }

    #[test]
    fn a_command_is_extended_where_it_must_be() {
        check(&Command::asking([0, 0xB0, 0x81, 0], 257), "00B08100000101");
        check(&Command::asking([0, 0xB0, 0x81, 0], 65_536), "00B08100000000");
        let long = Command::carrying([0x10, 0x86, 0, 0], vec![0xAA; 256], Some(256));
        check(&long, &format!("1086000000{}{}0100", "0100", "AA".repeat(256)));
    }

    #[test]
    fn an_answer_without_status_is_none() {
        assert!(Answer::parse(Zeroizing::new(vec![0x90])).is_none());
        let answer = Answer::parse(Zeroizing::new(vec![1, 2, 0x62, 0x82])).unwrap();
        assert_eq!((answer.data.as_slice(), answer.status), (&[1, 2][..], END_OF_FILE));
    }
}
