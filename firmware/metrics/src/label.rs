//! What a label may say.

use std::str::FromStr;

/// The values that a label takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A code of the fault list, as `CARD-04`.
    FaultCode,
    /// A service of the catalogue, as `eid.activate`, or `none`. At most two digits: no number
    /// of a person fits.
    Service,
    /// A version, as `0.1.0`: three numbers of at most five digits, with dots between.
    Version,
    /// A board, as `pi5-counter`. At most six digits: no number of a person fits.
    Board,
}

impl Values {
    /// Whether a value is one of them.
    pub fn allow(self, value: &str) -> bool {
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        match self {
            Self::OneOf(words) => words.contains(&value),
            Self::FaultCode => value.split_once('-').is_some_and(|(area, number)| {
                (2..=8).contains(&area.len())
                    && area.bytes().all(|byte| byte.is_ascii_uppercase())
                    && number.len() == 2
                    && digits == 2
            }),
            Self::Service => {
                value == "none"
                    || (value.len() <= 40
                        && digits <= 2
                        && value.split_once('.').is_some_and(|(area, action)| kebab(area) && kebab(action)))
            }
            Self::Version => {
                let number = |part: &str| {
                    (1..=5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
                };
                value.split('.').count() == 3 && value.split('.').all(number)
            }
            Self::Board => value.len() <= 40 && digits <= 6 && kebab(value),
        }
    }
}

fn kebab(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

/// The kiosk's name in the fleet: on every series, so that one engine can hold a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KioskName(String);

/// A text is no kiosk's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a kiosk's name is up to 128 letters, digits, '-', '_' and '.'")]
pub struct NotAName;

impl FromStr for KioskName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| Self(text.to_owned())).ok_or(NotAName)
    }
}

impl KioskName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_takes_its_own_values() {
        for (values, value) in [
            (Values::OneOf(&["a", "b"]), "b"),
            (Values::FaultCode, "CARD-04"),
            (Values::FaultCode, "OFFICER-01"),
            (Values::Service, "eid.activate"),
            (Values::Service, "residence.ct07"),
            (Values::Service, "none"),
            (Values::Version, "0.1.0"),
            (Values::Board, "pi5-counter"),
        ] {
            assert!(values.allow(value), "{values:?} {value}");
        }
    }

    #[test]
    fn nothing_about_a_citizen_is_a_value() {
        // Numbers of a card, of old papers and of phones, dates, names, addresses, and the same
        // in pieces.
        let personal = [
            "001204012345",
            "012345678",
            "0912345678",
            "+84912345678",
            "1990-01-01",
            "19900101",
            "Nguyễn Văn A",
            "NGUYEN VAN A",
            "nguyen van a",
            "001.204.012345",
            "00120.40123.45678.9",
            "a.b-001204012345",
            "12 Hang Bac",
            "IDVNM0012040123",
            "",
            "a\nb",
            "\"",
        ];
        let all = [
            Values::OneOf(&["card-reader"]),
            Values::FaultCode,
            Values::Service,
            Values::Version,
            Values::Board,
        ];
        for (values, text) in all.into_iter().flat_map(|values| personal.map(|text| (values, text))) {
            assert!(!values.allow(text), "{values:?} {text}");
        }
    }

    #[test]
    fn a_kiosks_name_is_plain() {
        assert_eq!("ha-noi-0017".parse::<KioskName>().unwrap().as_str(), "ha-noi-0017");
        for text in ["", "a b", "Hà-Nội", "a\"b", &"a".repeat(129)] {
            assert_eq!(text.parse::<KioskName>(), Err(NotAName), "{text}");
        }
    }
}
