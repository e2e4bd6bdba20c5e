//! What DG11, DG12 and DG16 have in common (ICAO 9303-10, 4.7.11, 4.7.12, 4.7.16):
//! texts in UTF-8 with `<` between their parts, and days that are eight digits, or
//! four octets of two digits each.

use jiff::civil::Date;
use zeroize::Zeroizing;

use crate::tlv::{Malformed, Tlv};

/// A text of the card. Wiped when dropped.
pub(crate) type Text = Zeroizing<String>;

/// A text as it stands on the chip.
pub(crate) fn text(object: Tlv<'_>) -> Result<Text, Malformed> {
    let text = std::str::from_utf8(object.value).map_err(|_| Malformed("a text is not in UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// For people: `<` becomes a space, `<<` a comma and a space.
pub(crate) fn readable(text: &str) -> Text {
    let parts = text.split("<<").map(|part| part.split('<').filter(|it| !it.is_empty()).collect::<Vec<_>>());
    let parts: Vec<String> = parts.map(|words| words.join(" ")).filter(|part| !part.is_empty()).collect();
    Zeroizing::new(parts.join(", "))
}

/// The digits of a day or time, from letters or from octets of two digits.
pub(crate) fn digits(object: Tlv<'_>, count: usize) -> Result<Text, Malformed> {
    const WRONG: Malformed = Malformed("a day or time is not in digits");
    let bytes = object.value;
    let digits: String = if bytes.len() == count {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    } else if bytes.len() * 2 == count {
        hex::encode(bytes)
    } else {
        return Err(WRONG);
    };
    if digits.bytes().all(|digit| digit.is_ascii_digit()) { Ok(Zeroizing::new(digits)) } else { Err(WRONG) }
}

/// A day: `yyyyMMdd`.
pub(crate) fn day(object: Tlv<'_>) -> Result<Date, Malformed> {
    const WRONG: Malformed = Malformed("a day is none of the calendar");
    let digits = digits(object, 8)?;
    let number = |from: usize, to: usize| digits[from..to].parse().map_err(|_| WRONG);
    let year: i16 = digits[..4].parse().map_err(|_| WRONG)?;
    Date::new(year, number(4, 6)?, number(6, 8)?).map_err(|_| WRONG)
}

/// Puts a value where none was yet.
pub(crate) fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Malformed> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Malformed("a field stands twice")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::tlv::{self, object};

    fn of(bytes: &[u8]) -> Result<Date, Malformed> {
        day(tlv::only(&object(0x5F26, bytes), 0x5F26, "?").unwrap())
    }

    #[test]
    fn a_day_is_read_from_letters_and_from_packed_digits() {
        assert_eq!(of(b"20161115"), Ok(date(2016, 11, 15)));
        assert_eq!(of(&[0x20, 0x16, 0x11, 0x15]), Ok(date(2016, 11, 15)));
        for wrong in
            [&b"20161315"[..], b"2016111", b"2016111a", &[0x20, 0x16, 0x11], &[0x20, 0x16, 0x1A, 0x15]]
        {
            assert!(of(wrong).is_err(), "{wrong:02X?}");
        }
    }

    #[test]
    fn fillers_become_spaces_and_commas() {
        assert_eq!(*readable("SMITH<<JOHN<J"), "SMITH, JOHN J");
        assert_eq!(*readable("123 MAPLE RD<ANYTOWN<MN"), "123 MAPLE RD ANYTOWN MN");
        assert_eq!(*readable("<<"), "");
    }
}
