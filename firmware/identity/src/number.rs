//! The citizen's twelve-digit number and what its digits say. A contradiction
//! between the digits and the holder is a warning and never refuses anybody:
//! the circular that fixed the structure (59/2021/TT-BCA) ended on 2024-07-01, and the law
//! on identity (Law 26/2023/QH15, article 12) promises twelve digits only.

use serde::Serialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{birth::Birth, sex::Sex};

/// A number of twelve digits (Law 26/2023/QH15, article 12). Wiped when dropped; it does not print.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CitizenNumber(String);

/// The text is no citizen's number (Law 26/2023/QH15, article 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a citizen's number has twelve digits")]
pub struct NotANumber;

/// What in a number does not fit its holder, by the structure that Decree 137/2015/NĐ-CP,
/// article 13, gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberWarning {
    /// The fourth digit means another century.
    Century,
    /// The fourth digit means another sex.
    Sex,
    /// The fifth and sixth digit are another year of birth.
    Year,
    /// The first three digits are no province of the list of 2016; they may be a
    /// country, for people born abroad.
    Province,
}

/// The 63 codes of Circular 07/2016/TT-BCA, which numbers keep after the
/// provinces were merged in 2025.
const PROVINCES: [u16; 63] = [
    1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40,
    42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83,
    84, 86, 87, 89, 91, 92, 93, 94, 95, 96,
];

impl CitizenNumber {
    /// Twelve digits, nothing else.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotANumber)
        }
    }

    /// All twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four digits, for a screen that others may see.
    pub fn last_four(&self) -> &str {
        &self.0[8..]
    }

    /// What in the number does not fit this holder.
    pub fn warnings(&self, birth: Birth, sex: Sex) -> Vec<NumberWarning> {
        let mut found = Vec::new();
        let century = self.digit(3) / 2 + 19;
        if i32::from(century) != i32::from(birth.year()) / 100 {
            found.push(NumberWarning::Century);
        }
        let says = if self.digit(3).is_multiple_of(2) { Sex::Male } else { Sex::Female };
        if sex != Sex::Unspecified && sex != says {
            found.push(NumberWarning::Sex);
        }
        if i16::from(self.digit(4) * 10 + self.digit(5)) != birth.year() % 100 {
            found.push(NumberWarning::Year);
        }
        let province =
            u16::from(self.digit(0)) * 100 + u16::from(self.digit(1)) * 10 + u16::from(self.digit(2));
        if PROVINCES.binary_search(&province).is_err() {
            found.push(NumberWarning::Province);
        }
        found
    }

    fn digit(&self, at: usize) -> u8 {
        self.0.as_bytes()[at] - b'0'
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(year: i16) -> Birth {
        Birth::new(year, Some(9), Some(2)).unwrap()
    }

    #[test]
    fn a_number_that_fits_its_holder_warns_of_nothing() {
        let number = CitizenNumber::parse("001195012345").unwrap();
        assert_eq!(number.warnings(born(1995), Sex::Female), []);
        assert_eq!(number.last_four(), "2345");
    }

    #[test]
    fn the_digits_are_compared_one_by_one() {
        let check = |number: &str, year, sex, expected: &[NumberWarning]| {
            let number = CitizenNumber::parse(number).unwrap();
            assert_eq!(number.warnings(born(year), sex), expected);
        };
        check("001095012345", 1995, Sex::Female, &[NumberWarning::Sex]);
        check("001095012345", 1995, Sex::Unspecified, &[]);
        check("001195012345", 1994, Sex::Female, &[NumberWarning::Year]);
        check("001395012345", 1995, Sex::Female, &[NumberWarning::Century]);
        check("001306012345", 2006, Sex::Female, &[]);
        check("003195012345", 1995, Sex::Female, &[NumberWarning::Province]);
    }

    #[test]
    fn anything_but_twelve_digits_is_refused() {
        for text in ["", "00109501234", "0010950123456", "00109501234a", "００１０９５０１２３４５"]
        {
            assert!(CitizenNumber::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_province_list_is_sorted_for_the_search() {
        assert!(PROVINCES.is_sorted());
    }
}
