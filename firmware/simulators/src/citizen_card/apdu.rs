//! Command and response APDUs as a chip takes them apart (ISO/IEC 7816-4, 5.1 and
//! 5.2; 7816-3, 12.1.3).

/// A status word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub u16);

impl Status {
    pub(crate) const OK: Self = Self(0x9000);
    pub(crate) const END_OF_FILE: Self = Self(0x6282);
    pub(crate) const AUTHENTICATION_FAILED: Self = Self(0x6300);
    pub(crate) const WRONG_LENGTH: Self = Self(0x6700);
    pub(crate) const LAST_OF_CHAIN_EXPECTED: Self = Self(0x6883);
    pub(crate) const NO_CHAINING: Self = Self(0x6884);
    pub(crate) const NOT_ALLOWED: Self = Self(0x6982);
    pub(crate) const CONDITIONS: Self = Self(0x6985);
    pub(crate) const NO_CURRENT_FILE: Self = Self(0x6986);
    pub(crate) const OBJECTS_MISSING: Self = Self(0x6987);
    pub(crate) const OBJECTS_WRONG: Self = Self(0x6988);
    pub(crate) const WRONG_DATA: Self = Self(0x6A80);
    pub(crate) const NOT_FOUND: Self = Self(0x6A82);
    pub(crate) const WRONG_OBJECTS: Self = Self(0x6A87);
    pub(crate) const REFERENCE_NOT_FOUND: Self = Self(0x6A88);
    pub(crate) const WRONG_OFFSET: Self = Self(0x6B00);
    pub(crate) const UNKNOWN_INSTRUCTION: Self = Self(0x6D00);
    pub(crate) const UNKNOWN_CLASS: Self = Self(0x6E00);

    /// 61xx: so many more bytes wait, 256 or more where xx is zero (ISO/IEC 7816-4, 5.6).
    pub(crate) fn waiting(length: usize) -> Self {
        Self(0x6100 | if length < 256 { length as u16 } else { 0 })
    }

    /// 6Cxx: ask again with that length (ISO/IEC 7816-4, 5.6).
    pub(crate) fn right_length(length: usize) -> Self {
        Self(0x6C00 | (length & 0xFF) as u16)
    }
}

/// A command taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub class: u8,
    pub instruction: u8,
    pub p1: u8,
    pub p2: u8,
    pub data: Vec<u8>,
    /// Bytes expected at most; none: no data expected.
    pub expected: Option<Expected>,
    /// Whether the lengths had the extended form.
    pub extended: bool,
}

/// How much data a terminal takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// That many bytes.
    Exactly(usize),
    /// As many as there are, up to this limit of the length field's form.
    UpTo(usize),
}

impl Expected {
    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Exactly(limit) | Self::UpTo(limit) => limit,
        }
    }
}

impl Command {
    /// Takes a command apart; `None` where its lengths do not fit its bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let [class, instruction, p1, p2, body @ ..] = bytes else { return None };
        let (data, expected, extended): (&[u8], _, _) = match body {
            [] => (&[], None, false),
            [length] => (&[], Some(short_length(*length)), false),
            [0, high, low] => (&[], Some(extended_length(*high, *low)), true),
            [0, high, low, rest @ ..] => {
                let length = usize::from(*high) << 8 | usize::from(*low);
                if length == 0 || rest.len() < length {
                    return None;
                }
                let (data, tail) = rest.split_at(length);
                match tail {
                    [] => (data, None, true),
                    [high, low] => (data, Some(extended_length(*high, *low)), true),
                    _ => return None,
                }
            }
            [length, rest @ ..] => {
                let length = usize::from(*length);
                if length == 0 || rest.len() < length {
                    return None;
                }
                let (data, tail) = rest.split_at(length);
                match tail {
                    [] => (data, None, false),
                    [length] => (data, Some(short_length(*length)), false),
                    _ => return None,
                }
            }
        };
        let (class, instruction, p1, p2) = (*class, *instruction, *p1, *p2);
        Some(Self { class, instruction, p1, p2, data: data.to_vec(), expected, extended })
    }

    /// P1 and P2 as one number.
    pub(crate) fn parameters(&self) -> u16 {
        u16::from(self.p1) << 8 | u16::from(self.p2)
    }

    /// Whether the class asks for secure messaging with an authenticated header.
    pub(crate) fn is_protected(&self) -> bool {
        self.class & 0x0C == 0x0C
    }

    /// GENERAL AUTHENTICATE.
    pub(crate) fn is_key_agreement(&self) -> bool {
        self.instruction == 0x86
    }

    /// Whether the terminal takes as much as there is.
    pub(crate) fn takes_any_length(&self) -> bool {
        matches!(self.expected, Some(Expected::UpTo(_)))
    }

    /// Whether more commands of the same chain follow.
    pub(crate) fn is_chained(&self) -> bool {
        self.class & 0x10 != 0
    }
}

/// Data and status of an answer, before any protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub data: Vec<u8>,
    pub status: Status,
}

impl Answer {
    pub(crate) fn with(data: Vec<u8>) -> Self {
        Self { data, status: Status::OK }
    }

    pub(crate) fn bytes(mut self) -> Vec<u8> {
        self.data.extend(self.status.0.to_be_bytes());
        self.data
    }
}

impl From<Status> for Answer {
    fn from(status: Status) -> Self {
        Self { data: Vec::new(), status }
    }
}

/// One length byte.
pub(crate) fn short_length(length: u8) -> Expected {
    if length == 0 { Expected::UpTo(256) } else { Expected::Exactly(length.into()) }
}

/// Two length bytes.
pub(crate) fn extended_length(high: u8, low: u8) -> Expected {
    match u16::from_be_bytes([high, low]) {
        0 => Expected::UpTo(65_536),
        length => Expected::Exactly(length.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(hex: &str) -> Option<(Vec<u8>, Option<usize>, bool)> {
        let command = Command::parse(&hex::decode(hex).unwrap())?;
        Some((command.data, command.expected.map(Expected::limit), command.extended))
    }

    #[test]
    fn all_seven_cases_of_a_command_are_told_apart() {
        assert_eq!(parsed("00A40000"), Some((vec![], None, false)));
        assert_eq!(parsed("00B0000000"), Some((vec![], Some(256), false)));
        assert_eq!(parsed("00A4020C02011C"), Some((vec![1, 0x1C], None, false)));
        assert_eq!(parsed("00A4020C02011C04"), Some((vec![1, 0x1C], Some(4), false)));
        assert_eq!(parsed("00B00000000000"), Some((vec![], Some(65_536), true)));
        assert_eq!(parsed("00A4020C000002011C"), Some((vec![1, 0x1C], None, true)));
        assert_eq!(parsed("00A4020C000002011C1000"), Some((vec![1, 0x1C], Some(4096), true)));
    }

    #[test]
    fn a_command_whose_lengths_lie_is_no_command() {
        for broken in ["00A402", "00A4020C03011C", "00A4020C02011C0000", "00A4020C000003011C"] {
            assert_eq!(parsed(broken), None, "{broken}");
        }
    }
}
