//! The QR code printed on a card. Nobody signed it: it opens the chip and fills
//! forms in advance, and never says who somebody is. Cards of 2021 have seven
//! fields, cards of 2024 eleven, with `|` between them. The layout is the ministry's, in no
//! standard.

use card::{Can, KeyError, MrzKey, RenewalAges};
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{birth::Birth, number::CitizenNumber, sex::Sex};

/// What the printed code says, in a layout in no standard. Wiped when dropped; it does not print.
pub struct CardCode {
    number: CitizenNumber,
    old_number: Option<Zeroizing<String>>,
    name: Zeroizing<String>,
    birth: Zeroizing<Birth>,
    sex: Option<Sex>,
    residence: Option<Zeroizing<String>>,
    issued: Option<Date>,
    extras: Vec<Zeroizing<String>>,
}

/// Why a scanned text is not the code of a card, whose layout is in no standard. It never
/// repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardCodeError {
    /// Another number of fields: some other code.
    #[error("a card's code has six fields or more, this has {0}")]
    Fields(usize),
    /// Longer than a QR code can hold.
    #[error("the text is longer than a printed code")]
    TooLong,
    /// The first field is no citizen's number.
    #[error("the code does not begin with twelve digits")]
    Number,
    /// The day of birth is none.
    #[error("the code's day of birth is no day of the calendar")]
    Birth,
}

/// What the largest QR code holds in bytes (version 40, level L).
const LONGEST: usize = 2953;

impl CardCode {
    /// Reads what the scanner gave: UTF-8 text, a line end after it allowed.
    pub fn parse(text: &str) -> Result<Self, CardCodeError> {
        if text.len() > LONGEST {
            return Err(CardCodeError::TooLong);
        }
        let fields: Vec<&str> = text.trim().split('|').map(str::trim).collect();
        // The day of issue is missing on some.
        let [number, old_number, name, birth, sex, residence, rest @ ..] = &fields[..] else {
            return Err(CardCodeError::Fields(fields.len()));
        };
        Ok(Self {
            number: CitizenNumber::parse(number).map_err(|_| CardCodeError::Number)?,
            old_number: filled(old_number),
            name: composed(name),
            birth: Birth::from_written(birth).map(Zeroizing::new).ok_or(CardCodeError::Birth)?,
            sex: Sex::from_word(&composed(sex)),
            residence: filled(residence),
            issued: rest.first().and_then(|day| Birth::from_written(day)?.date()),
            extras: rest.iter().skip(1).map(|extra| composed(extra)).collect(),
        })
    }

    /// The citizen's number.
    pub fn number(&self) -> &CitizenNumber {
        &self.number
    }

    /// What opens the chip: the last six digits of the number.
    pub fn can(&self) -> Result<Can, KeyError> {
        Can::from_number(self.number.as_str())
    }

    /// What may open the chip where it knows BAC only, likeliest first, at most three; none
    /// where the code does not give both days, or the card by these ages never expires and
    /// what its zone says then is not known. ICAO 9303-11, 4.3.2: BAC wants the day of expiry,
    /// which is not in the code.
    pub fn candidates(&self, ages: &RenewalAges) -> Result<Vec<MrzKey>, KeyError> {
        match (self.birth.date(), self.issued) {
            (Some(birth), Some(issued)) => MrzKey::candidates(self.number.as_str(), birth, issued, ages),
            _ => Ok(Vec::new()),
        }
    }

    /// The nine-digit number of the old paper card, where there was one.
    pub fn old_number(&self) -> Option<&str> {
        self.old_number.as_ref().map(|number| number.as_str())
    }

    /// The full name, with diacritics.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day of birth.
    pub fn birth(&self) -> Birth {
        *self.birth
    }

    /// The sex, where the code says it in a word we know.
    pub fn sex(&self) -> Option<Sex> {
        self.sex
    }

    /// The place of residence.
    pub fn residence(&self) -> Option<&str> {
        self.residence.as_ref().map(|place| place.as_str())
    }

    /// The day of issue.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// Fields after the seventh, as they are: their order is not published.
    pub fn extras(&self) -> impl Iterator<Item = &str> {
        self.extras.iter().map(|extra| extra.as_str())
    }
}

/// Composed letters (NFC), so that two writings of one name compare equal.
fn composed(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.nfc().collect())
}

fn filled(text: &str) -> Option<Zeroizing<String>> {
    (!text.is_empty()).then(|| composed(text))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const OF_2021: &str = "001095012345|123456789|Nguyễn Thị Bích Ngọc|02091995|Nữ|\
                           Số 1 Đường Mẫu, Phường Ví Dụ, Hà Nội|10052021";

    fn read(text: &str) -> CardCode {
        CardCode::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_code_of_2021_is_read() {
        let code = read(OF_2021);
        assert_eq!(code.number().as_str(), "001095012345");
        assert_eq!(code.old_number(), Some("123456789"));
        assert_eq!(code.name(), "Nguyễn Thị Bích Ngọc");
        assert_eq!(*code.birth().written(), "02/09/1995");
        assert!(code.sex() == Some(Sex::Female));
        assert_eq!(code.residence(), Some("Số 1 Đường Mẫu, Phường Ví Dụ, Hà Nội"));
        assert_eq!(code.issued(), Some(date(2021, 5, 10)));
        assert_eq!(code.extras().count(), 0);
        assert!(code.can().is_ok());
    }

    #[test]
    fn a_code_with_both_days_gives_candidates_for_bac() {
        let ages = RenewalAges::new(&[14, 25, 40, 60], 2, None).unwrap();
        let candidates = |text: &str| read(text).candidates(&ages).map(|keys| keys.len());
        assert_eq!(candidates(OF_2021), Ok(1));
        let before_a_renewal = OF_2021.replace("10052021", "10052019");
        assert_eq!(candidates(&before_a_renewal), Ok(2), "it may last to either");
        assert_eq!(candidates("001095012345||A|02091995|Nam|B"), Ok(0), "no day of issue");
        assert_eq!(candidates("001095012345||A|1995|Nam|B|10052021"), Ok(0), "no whole day of birth");
        let issued_first = OF_2021.replace("10052021", "10051990");
        assert_eq!(candidates(&issued_first), Err(KeyError::IssuedBeforeBirth));
    }

    #[test]
    fn a_code_of_2024_keeps_its_four_further_fields() {
        let code = read(&format!("{OF_2021}||a||b\r\n"));
        assert_eq!(code.extras().collect::<Vec<_>>(), ["", "a", "", "b"]);
    }

    #[test]
    fn an_old_number_may_be_missing_and_dates_may_have_slashes() {
        let code = read("001095012345||Nguyễn A|02/09/1995|Nam|");
        assert_eq!(code.old_number(), None);
        assert_eq!(*code.birth().written(), "02/09/1995");
        assert_eq!((code.residence(), code.issued()), (None, None));
    }

    #[test]
    fn a_name_in_separate_accents_is_composed() {
        let code = read("001095012345||Nguye\u{302}\u{303}n A|02091995|Nu\u{31b}\u{303}|");
        assert_eq!(code.name(), "Nguyễn A");
        assert!(code.sex() == Some(Sex::Female));
    }

    #[test]
    fn other_codes_are_refused() {
        let refused = |text: &str| CardCode::parse(text).err().expect("the code is refused");
        assert_eq!(refused("https://example.vn/"), CardCodeError::Fields(1));
        assert_eq!(refused("123456789||A|02091995|Nam|B|10052021"), CardCodeError::Number);
        assert_eq!(refused("001095012345||A|31021995|Nam|B|10052021"), CardCodeError::Birth);
        assert_eq!(refused(&"|".repeat(3000)), CardCodeError::TooLong);
        assert_eq!(refused(""), CardCodeError::Fields(1));
    }
}
