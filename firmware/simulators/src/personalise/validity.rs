//! When a card was issued and until when it is good: renewal at 14, 25, 40 and 60
//! (Law 26/2023/QH15, article 21).

use jiff::{ToSpan, civil::Date};

/// First and last day of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    /// Day of issue.
    pub issued: Date,
    /// Last day; none: the card does not expire.
    pub expires: Option<Date>,
}

impl Validity {
    /// A card that its holder, born then, could well carry on `today`: issued as
    /// many whole years ago, up to four, as still leave it in force.
    pub(super) fn on(today: Date, born: Date) -> Self {
        (1..=4)
            .rev()
            .map(|years| today.saturating_sub(years.years()))
            .filter(|issued| *issued > born)
            .map(|issued| Self { issued, expires: last_day(born, issued) })
            .find(|validity| validity.expires.is_none_or(|day| day >= today))
            .unwrap_or_else(|| Self { issued: today, expires: last_day(born, today) })
    }

    /// A card whose last day was yesterday.
    pub(super) fn expired(today: Date) -> Self {
        let yesterday = today.saturating_sub(1.day());
        Self { issued: yesterday.saturating_sub(5.years()), expires: Some(yesterday) }
    }
}

/// A card runs to the holder's next age of renewal, or to the one after where it
/// was issued less than two years before it.
fn last_day(born: Date, issued: Date) -> Option<Date> {
    [14, 25, 40, 60]
        .into_iter()
        .find(|age| issued < born.saturating_add((age - 2).years()))
        .map(|age| born.saturating_add(age.years()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_last_day_follows_the_ages_of_renewal() {
        let born = date(1995, 9, 2);
        let check = |issued, expected| assert_eq!(last_day(born, issued), expected, "issued {issued}");
        check(date(2007, 9, 1), Some(date(2009, 9, 2)));
        check(date(2007, 9, 2), Some(date(2020, 9, 2)));
        check(date(2021, 5, 10), Some(date(2035, 9, 2)));
        check(date(2033, 9, 2), Some(date(2055, 9, 2)));
        check(date(2053, 9, 2), None);
    }

    #[test]
    fn a_card_of_somebody_born_on_a_leap_day_ends_on_the_28th() {
        assert_eq!(last_day(date(2000, 2, 29), date(2016, 1, 1)), Some(date(2025, 2, 28)));
    }

    #[test]
    fn a_card_is_in_force_on_the_day_it_is_shown_at_every_age() {
        let today = date(2026, 11, 21);
        for days in (1..36_500).step_by(13) {
            let born = today.saturating_sub(days.days());
            let validity = Validity::on(today, born);
            assert!(validity.issued <= today && validity.issued > born, "born {born}");
            assert!(validity.expires.is_none_or(|day| day >= today), "born {born}");
        }
    }

    #[test]
    fn an_expired_card_ended_yesterday() {
        assert_eq!(Validity::expired(date(2027, 1, 1)).expires, Some(date(2026, 12, 31)));
    }
}
