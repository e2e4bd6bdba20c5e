//! The day of birth. Some people's papers know only the month or only the year
//! (ICAO 9303-3, 4.8: unknown parts are `<<` in the MRZ; DG13 leaves them out).

use jiff::civil::Date;
use zeroize::{DefaultIsZeroes, Zeroizing};

/// A day of birth, or as much of it as is known (ICAO 9303-3, 4.8). It does not print.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Birth {
    year: i16,
    /// 0: unknown.
    month: i8,
    /// 0: unknown.
    day: i8,
}

impl DefaultIsZeroes for Birth {}

impl Birth {
    /// A date of the calendar; a day needs a month.
    pub fn new(year: i16, month: Option<i8>, day: Option<i8>) -> Option<Self> {
        if day.is_some() && month.is_none() {
            return None;
        }
        Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
        Some(Self { year, month: month.unwrap_or(0), day: day.unwrap_or(0) })
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.year
    }

    /// The month, where it is known.
    pub fn month(self) -> Option<i8> {
        (self.month != 0).then_some(self.month)
    }

    /// The day of the month, where it is known.
    pub fn day(self) -> Option<i8> {
        (self.day != 0).then_some(self.day)
    }

    /// The whole date, where all of it is known.
    pub fn date(self) -> Option<Date> {
        Date::new(self.year, self.month()?, self.day()?).ok()
    }

    /// Full years of age. Of what is unknown the latest day is taken, so nobody is
    /// thought older than they are; a birthday on 29 February counts on 1 March.
    pub fn age_on(self, today: Date) -> i16 {
        let month = self.month().unwrap_or(12);
        let day = self.day().unwrap_or(31);
        let had_birthday = (today.month(), today.day()) >= (month, day);
        today.year() - self.year - i16::from(!had_birthday)
    }

    /// As on the card: `02/09/1995`, `09/1995` or `1995`.
    pub fn written(self) -> Zeroizing<String> {
        Zeroizing::new(match (self.day(), self.month()) {
            (Some(day), Some(month)) => format!("{day:02}/{month:02}/{:04}", self.year),
            (_, Some(month)) => format!("{month:02}/{:04}", self.year),
            _ => format!("{:04}", self.year),
        })
    }

    /// Reads `dd/mm/yyyy`, `ddmmyyyy`, `mm/yyyy` or `yyyy`.
    pub(crate) fn from_written(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/') {
            return None;
        }
        let parts: Vec<&str> = match (text.contains('/'), text.len()) {
            (false, 8) => vec![&text[..2], &text[2..4], &text[4..]],
            _ => text.split('/').collect(),
        };
        match parts[..] {
            [day, month, year] if year.len() == 4 => {
                Self::new(year.parse().ok()?, Some(month.parse().ok()?), Some(day.parse().ok()?))
            }
            [month, year] if year.len() == 4 => {
                Self::new(year.parse().ok()?, Some(month.parse().ok()?), None)
            }
            [year] if year.len() == 4 => Self::new(year.parse().ok()?, None, None),
            _ => None,
        }
    }

    /// Whether two records can mean one day: each part that both know is the same.
    /// Of the MRZ's year only two digits are a fact.
    pub(crate) fn agrees_with_mrz(self, mrz: Self) -> bool {
        let same = |ours: Option<i8>, theirs: Option<i8>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        self.year % 100 == mrz.year % 100 && same(self.month(), mrz.month()) && same(self.day(), mrz.day())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_way_of_writing_a_birthday_is_read() {
        let check = |text: &str, expected: &str| {
            let birth = Birth::from_written(text).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!(*birth.written(), expected);
        };
        check("02/09/1995", "02/09/1995");
        check("02091995", "02/09/1995");
        check("2/9/1995", "02/09/1995");
        check("09/1995", "09/1995");
        check("1995", "1995");
    }

    #[test]
    fn dates_that_the_calendar_does_not_have_are_refused() {
        for text in ["", "30/02/1995", "00/01/1995", "13/1995", "1/1/95", "02-09-1995", "////", "1995/09/02"]
        {
            assert!(Birth::from_written(text).is_none(), "{text}");
        }
        assert!(Birth::new(1995, None, Some(1)).is_none());
    }

    #[test]
    fn age_counts_full_years_and_takes_the_latest_day_of_what_is_unknown() {
        let age = |text: &str, today| Birth::from_written(text).unwrap().age_on(today);
        assert_eq!(age("02/09/2012", date(2026, 9, 1)), 13);
        assert_eq!(age("02/09/2012", date(2026, 9, 2)), 14);
        assert_eq!(age("29/02/2012", date(2026, 2, 28)), 13);
        assert_eq!(age("29/02/2012", date(2026, 3, 1)), 14);
        assert_eq!(age("09/2012", date(2026, 9, 30)), 13);
        assert_eq!(age("2012", date(2026, 12, 30)), 13);
    }
}
