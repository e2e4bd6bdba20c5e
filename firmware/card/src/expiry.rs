//! Which days of expiry a Vietnamese card may bear: BAC wants the day of expiry
//! (ICAO Doc 9303-11, 4.3.2), and the code printed on the card has only the days of birth
//! and issue. The ages of renewal are law, so they come from the caller's dated data.
//!
//! A card expires on a birthday of its holder's, the one at which it must be renewed. One
//! that is issued shortly before such a birthday lasts to the next.

use jiff::civil::{Date, date};
use zeroize::Zeroizing;

use crate::{KeyError, MrzKey};

/// When cards are renewed (Law 26/2023/QH15, article 21). The numbers are law and have a
/// date of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalAges {
    ages: Vec<u8>,
    early_years: u8,
    never: Option<String>,
}

/// More tries than this would count as an attack on some cards.
const MOST_CANDIDATES: usize = 3;

impl RenewalAges {
    /// The ages, in rising order; how many years before one of them a new card already
    /// lasts to the next; and what the machine readable zone of a card says that never
    /// expires, as `yyMMdd`, where that is known.
    pub fn new(ages: &[u8], early_years: u8, never: Option<&str>) -> Result<Self, KeyError> {
        let rising = ages.is_sorted_by(|one, next| one < next);
        if !rising || ages.first().is_none_or(|first| *first < early_years) {
            return Err(KeyError::NotRenewalAges);
        }
        if never.is_some_and(|day| day.len() != 6 || !day.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(KeyError::NotADay { field: "day of expiry" });
        }
        Ok(Self { ages: ages.to_vec(), early_years, never: never.map(ToOwned::to_owned) })
    }

    /// The days that the zone may give, likeliest first, as `yyMMdd`.
    fn days(&self, birth: Date, issued: Date) -> Vec<Zeroizing<String>> {
        let before = |age: u8| birthday(birth, age).is_none_or(|day| issued < day);
        let lasts = |age: &&u8| before(age.saturating_sub(self.early_years));
        let mut days = match self.ages.iter().find(lasts) {
            Some(age) => written(birth, *age),
            None => self.never.clone().into_iter().map(Zeroizing::new).collect(),
        };
        // Issued in the years before a birthday, a card of older rules ends on it.
        if let Some(age) = self.ages.iter().find(|age| before(**age)) {
            days.extend(written(birth, *age));
        }
        let mut different: Vec<Zeroizing<String>> = Vec::new();
        for day in days {
            if !different.contains(&day) {
                different.push(day);
            }
        }
        different.truncate(MOST_CANDIDATES);
        different
    }
}

impl MrzKey {
    /// From a citizen's twelve-digit number, of which the zone's document number is the
    /// last nine; the days as `yyMMdd`.
    pub fn from_number(twelve: &str, birth: &str, expiry: &str) -> Result<Self, KeyError> {
        if twelve.len() != 12 || !twelve.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(KeyError::NotTwelveDigits);
        }
        Self::new(&twelve[3..], birth, expiry)
    }

    /// The keys that a citizen's card may have, likeliest first, at most three. None: by
    /// these rules the card never expires, and what its zone says then is not known.
    pub fn candidates(
        twelve: &str,
        birth: Date,
        issued: Date,
        ages: &RenewalAges,
    ) -> Result<Vec<Self>, KeyError> {
        if issued < birth {
            return Err(KeyError::IssuedBeforeBirth);
        }
        let born = Zeroizing::new(birth.strftime("%y%m%d").to_string());
        ages.days(birth, issued).iter().map(|day| Self::from_number(twelve, &born, day)).collect()
    }
}

/// The birthday at an age; where there is no 29 February, the day before. None: after the
/// year 9999, where there are no dates. A printed code says what it likes.
fn birthday(birth: Date, age: u8) -> Option<Date> {
    let year = birth.year().checked_add(age.into())?;
    let day = Date::new(year, birth.month(), birth.day());
    day.or_else(|_| Date::new(year, 2, 28)).ok()
}

/// A birthday as the zone writes it. Who is born on 29 February has a birthday on either
/// day beside it in other years; which of them a card bears is not published.
fn written(birth: Date, age: u8) -> Vec<Zeroizing<String>> {
    let Some(day) = birthday(birth, age) else { return Vec::new() };
    let moved = (day.day() != birth.day()).then(|| date(day.year(), 3, 1));
    std::iter::once(day).chain(moved).map(|day| Zeroizing::new(day.strftime("%y%m%d").to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ages of the law on identity, article 21, as test data.
    fn ages(never: Option<&str>) -> RenewalAges {
        RenewalAges::new(&[14, 25, 40, 60], 2, never).unwrap()
    }

    fn days(birth: Date, issued: Date) -> Vec<String> {
        ages(Some("991231")).days(birth, issued).iter().map(|day| day.to_string()).collect()
    }

    #[test]
    fn a_card_ends_on_the_birthday_of_its_renewal() {
        let birth = date(1995, 9, 2);
        assert_eq!(days(birth, date(2005, 1, 1)), ["090902"], "at fourteen");
        assert_eq!(days(birth, date(2018, 9, 1)), ["200902"], "a day before twenty-three");
        assert_eq!(days(birth, date(2021, 3, 15)), ["350902"], "at forty");
        assert_eq!(days(birth, date(2040, 1, 1)), ["550902"], "at sixty");
    }

    #[test]
    fn a_card_of_the_last_years_before_a_renewal_may_end_on_either() {
        let birth = date(1995, 9, 2);
        assert_eq!(days(birth, date(2018, 9, 2)), ["350902", "200902"], "on the day of twenty-three");
        assert_eq!(days(birth, date(2020, 9, 1)), ["350902", "200902"]);
        assert_eq!(days(birth, date(2020, 9, 2)), ["350902"], "on the day itself it is renewed");
    }

    #[test]
    fn a_card_that_never_expires_says_so_in_the_callers_words() {
        let birth = date(1960, 1, 31);
        assert_eq!(days(birth, date(2021, 1, 31)), ["991231"]);
        assert_eq!(days(birth, date(2018, 6, 1)), ["991231", "200131"], "at fifty-eight");
        assert!(ages(None).days(birth, date(2021, 1, 31)).is_empty());
    }

    #[test]
    fn a_birthday_on_29_february_is_sought_on_both_sides() {
        let birth = date(2000, 2, 29);
        assert_eq!(days(birth, date(2020, 1, 1)), ["250228", "250301"]);
        assert_eq!(days(birth, date(2023, 6, 1)), ["400229", "250228", "250301"]);
        assert_eq!(days(date(1999, 3, 1), date(2020, 1, 1)), ["240301"], "no other birthday moves");
    }

    /// Said by a code that anybody can print: the calendar ends with the year 9999.
    #[test]
    fn birthdays_after_the_calendars_end_open_nothing() {
        assert!(days(date(9945, 1, 1), date(9999, 12, 31)).is_empty());
        assert!(days(date(9996, 2, 29), date(9997, 1, 1)).is_empty());
        assert_eq!(days(date(9940, 1, 1), date(9999, 12, 31)), ["991231"]);
        assert_eq!(days(date(9984, 2, 29), date(9984, 2, 29)), ["980228", "980301"]);
    }

    #[test]
    fn never_more_than_three_keys_are_tried() {
        for year in 2000..2070 {
            for month in 1..=12 {
                let days = days(date(2000, 2, 29), date(year, month, 1).max(date(2000, 2, 29)));
                assert!((1..=3).contains(&days.len()), "{year}-{month}: {days:?}");
            }
        }
    }

    #[test]
    fn the_keys_are_those_of_the_zone() {
        let keys = MrzKey::candidates("001095012345", date(1995, 9, 2), date(2021, 3, 15), &ages(None));
        let texts: Vec<_> =
            keys.unwrap().iter().map(|key| String::from_utf8(key.0.clone()).unwrap()).collect();
        assert_eq!(texts, ["095012345595090233509021"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let of = |ages: &[u8], early| RenewalAges::new(ages, early, None);
        for (ages, early) in [(&[25, 14][..], 2), (&[14, 14], 2), (&[], 2), (&[1, 14], 2)] {
            assert_eq!(of(ages, early), Err(KeyError::NotRenewalAges), "{ages:?}");
        }
        assert!(RenewalAges::new(&[14], 2, Some("31/12")).is_err());
        let issued_first =
            MrzKey::candidates("001095012345", date(1995, 9, 2), date(1995, 9, 1), &ages(None));
        assert_eq!(issued_first.err(), Some(KeyError::IssuedBeforeBirth));
        let short = MrzKey::candidates("01095012345", date(1995, 9, 2), date(2021, 9, 1), &ages(None));
        assert_eq!(short.err(), Some(KeyError::NotTwelveDigits));
    }
}
