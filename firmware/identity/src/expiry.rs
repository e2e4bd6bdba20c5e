//! Until when a card is valid. Cards of people over sixty say `991231`, which
//! means that they never expire (Law 26/2023/QH15, article 21).

use jiff::civil::Date;

/// Until when a card is valid (ICAO 9303-5, 4.2.2.2; Law 26/2023/QH15, article 21). It does
/// not print: the day is the birthday.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// The last day on which the card is valid.
    On(Date),
    /// The card does not expire.
    None,
}

impl Expiry {
    /// The day after which the card was no longer valid, where that is past.
    pub fn expired(self, today: Date) -> Option<Date> {
        match self {
            Self::On(last) if last < today => Some(last),
            Self::On(_) | Self::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_card_is_valid_through_its_last_day() {
        let expiry = Expiry::On(date(2026, 11, 21));
        assert_eq!(expiry.expired(date(2026, 11, 21)), None);
        assert_eq!(expiry.expired(date(2026, 11, 22)), Some(date(2026, 11, 21)));
    }

    #[test]
    fn a_card_without_expiry_never_expires() {
        assert_eq!(Expiry::None.expired(date(2199, 12, 31)), None);
    }
}
