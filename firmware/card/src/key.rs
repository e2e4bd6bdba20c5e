//! What opens the chip: a few digits, or three fields of the machine readable zone.
//! Parsed once, wiped on drop, never printed. ICAO Doc 9303-11, 4.3.2 and 4.4.3.

use std::fmt;

use sha1::{Digest, Sha1};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The password of the access protocol (9303-11, 4.3.2 and 9.7.3). No `Debug`: it opens
/// somebody's card.
#[non_exhaustive]
pub enum AccessKey {
    /// The card access number; for PACE only.
    Can(Can),
    /// Fields of the machine readable zone; for PACE and for BAC.
    Mrz(MrzKey),
    /// The holder's secret number; for PACE only, on cards beyond ICAO Doc 9303.
    Pin(Pin),
    /// The number that unblocks the PIN; for PACE only, on cards beyond ICAO Doc 9303.
    Puk(Puk),
}

/// The kinds of password, with their numbers in MSE:Set AT (9303-11, 4.4.4.1, and
/// TR-03110-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Password {
    /// Fields of the machine readable zone.
    Mrz = 1,
    /// The card access number.
    Can = 2,
    /// The holder's secret number.
    Pin = 3,
    /// The number that unblocks the PIN.
    Puk = 4,
}

impl fmt::Display for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Mrz => "machine readable zone",
            Self::Can => "card access number",
            Self::Pin => "PIN",
            Self::Puk => "PUK",
        })
    }
}

/// The card access number, six digits (9303-11, 9.7.3).
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Can(pub(crate) [u8; 6]);

/// The holder's secret number (TR-03110-2; TR-03110-3, B.1): digits, five of them while the
/// card is new.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Pin(Vec<u8>);

/// The number that unblocks the PIN (TR-03110-2; TR-03110-3, B.1): digits.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Puk(Vec<u8>);

/// Document number, day of birth and day of expiry, each with its check digit (9303-11,
/// 4.3.2).
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MrzKey(pub(crate) Vec<u8>);

/// Why a text is no key (9303-11, 4.3.2 and 9.7.3). It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A card access number is six digits.
    #[error("a card access number has six digits")]
    NotSixDigits,
    /// A PIN or PUK is 4 to 16 digits.
    #[error("a PIN or PUK has 4 to 16 digits")]
    NotSecretDigits,
    /// A citizen's number is twelve digits.
    #[error("a citizen's number has twelve digits")]
    NotTwelveDigits,
    /// The ages of renewal do not rise, or the first is less than the years before it.
    #[error("the ages of renewal do not rise")]
    NotRenewalAges,
    /// A card is not issued before its holder is born.
    #[error("the card was issued before its holder was born")]
    IssuedBeforeBirth,
    /// A character that no machine readable zone has.
    #[error("a machine readable zone has only A to Z, 0 to 9 and <")]
    NotMrzText,
    /// Neither TD1, TD2 nor TD3.
    #[error("{length} characters are no machine readable zone (90, 72 or 88)")]
    NotMrzLength {
        /// How many there are.
        length: usize,
    },
    /// A check digit does not fit: the text was misread.
    #[error("the check digit of the {field} does not fit")]
    CheckDigit {
        /// Which field.
        field: &'static str,
    },
    /// A day is not six digits.
    #[error("the {field} is not six digits (yyMMdd)")]
    NotADay {
        /// Which field.
        field: &'static str,
    },
}

impl AccessKey {
    /// Which kind it is.
    pub fn password(&self) -> Password {
        match self {
            Self::Can(_) => Password::Can,
            Self::Mrz(_) => Password::Mrz,
            Self::Pin(_) => Password::Pin,
            Self::Puk(_) => Password::Puk,
        }
    }

    /// The password as the key derivation of PACE takes it: K = f(π) of 9303-11, table 14.
    pub(crate) fn encoded(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Can(can) => can.0.to_vec(),
            Self::Mrz(mrz) => Sha1::digest(&mrz.0).to_vec(),
            Self::Pin(Pin(digits)) | Self::Puk(Puk(digits)) => digits.clone(),
        })
    }
}

impl Pin {
    /// From its digits, 4 to 16.
    pub fn new(digits: &str) -> Result<Self, KeyError> {
        secret_digits(digits).map(Self)
    }
}

impl Puk {
    /// From its digits, 4 to 16.
    pub fn new(digits: &str) -> Result<Self, KeyError> {
        secret_digits(digits).map(Self)
    }
}

fn secret_digits(digits: &str) -> Result<Vec<u8>, KeyError> {
    let fits = (4..=16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(digits.as_bytes().to_vec()) } else { Err(KeyError::NotSecretDigits) }
}

impl Can {
    /// From the six digits themselves.
    pub fn new(digits: &str) -> Result<Self, KeyError> {
        let digits: [u8; 6] = digits.as_bytes().try_into().map_err(|_| KeyError::NotSixDigits)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(KeyError::NotSixDigits) }
    }

    /// From a citizen's twelve-digit number: Vietnamese cards take its last six.
    pub fn from_number(twelve: &str) -> Result<Self, KeyError> {
        if twelve.len() != 12 || !twelve.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(KeyError::NotTwelveDigits);
        }
        Self::new(&twelve[6..])
    }
}

impl MrzKey {
    /// From the fields without check digits; the days as `yyMMdd`. A document
    /// number shorter than nine characters is filled with `<`.
    pub fn new(document_number: &str, birth: &str, expiry: &str) -> Result<Self, KeyError> {
        let number = Zeroizing::new(format!("{document_number:<<9}"));
        let mut text = Zeroizing::new(String::with_capacity(number.len() + 15));
        for (field, value) in
            [("document number", number.as_str()), ("day of birth", birth), ("day of expiry", expiry)]
        {
            if field != "document number" && !is_day(value) {
                return Err(KeyError::NotADay { field });
            }
            text.push_str(value);
            text.push(char::from(b'0' + check_digit(value)?));
        }
        Ok(Self(text.as_bytes().to_vec()))
    }

    /// From a whole machine readable zone, TD1, TD2 or TD3, with or without line
    /// breaks. A check digit that does not fit is an error: the zone was misread.
    pub fn from_mrz(text: &str) -> Result<Self, KeyError> {
        let zone: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        if !zone.bytes().all(|byte| value_of(byte).is_some()) {
            return Err(KeyError::NotMrzText);
        }
        // Where document number, birth and expiry begin (9303-4, -5, -6).
        let (number, birth, expiry) = match zone.len() {
            90 => (5, 30, 38),
            72 => (36, 49, 57),
            88 => (44, 57, 65),
            length => return Err(KeyError::NotMrzLength { length }),
        };
        let document_number = match zone.len() {
            90 => long_number(&zone, number, 15..30)?,
            72 => long_number(&zone, number, 64..71)?,
            _ => checked(&zone, number..number + 9, "document number")?,
        };
        let birth = checked(&zone, birth..birth + 6, "day of birth")?;
        let expiry = checked(&zone, expiry..expiry + 6, "day of expiry")?;
        Self::new(&document_number, &birth, &expiry)
    }
}

/// A field whose check digit follows it.
fn checked(
    zone: &str,
    range: std::ops::Range<usize>,
    field: &'static str,
) -> Result<Zeroizing<String>, KeyError> {
    let value = &zone[range.clone()];
    let digit = zone.as_bytes()[range.end];
    if digit != b'0' + check_digit(value)? {
        return Err(KeyError::CheckDigit { field });
    }
    Ok(Zeroizing::new(value.to_owned()))
}

/// A document number of more than nine characters goes on in the optional data,
/// with `<` in the place of the check digit (9303-5, 4.2.2.1 note j).
fn long_number(
    zone: &str,
    start: usize,
    optional: std::ops::Range<usize>,
) -> Result<Zeroizing<String>, KeyError> {
    let field = "document number";
    if zone.as_bytes()[start + 9] != b'<' {
        return checked(zone, start..start + 9, field);
    }
    let rest = zone[optional].split('<').next().unwrap_or_default();
    let Some((tail, digit)) = rest.len().checked_sub(1).map(|at| rest.split_at(at)) else {
        return checked(zone, start..start + 9, field);
    };
    let number = Zeroizing::new(format!("{}{tail}", &zone[start..start + 9]));
    if digit.as_bytes() != [b'0' + check_digit(&number)?] {
        return Err(KeyError::CheckDigit { field });
    }
    Ok(number)
}

fn is_day(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Weights 7, 3, 1, modulo ten (9303-3, 4.9).
fn check_digit(text: &str) -> Result<u8, KeyError> {
    let mut sum = 0u32;
    for (byte, weight) in text.bytes().zip([7, 3, 1].into_iter().cycle()) {
        sum += value_of(byte).ok_or(KeyError::NotMrzText)? * weight;
    }
    Ok((sum % 10) as u8)
}

fn value_of(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        b'<' => Some(0),
        _ => None,
    }
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
