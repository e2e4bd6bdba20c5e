//! DG1: the machine readable zone (ICAO 9303-10, 4.7.1), and what a Vietnamese
//! card puts into its free part: the whole number of twelve digits, two fillers and
//! a check digit, while the document number holds its last nine digits.

use jiff::civil::Date;

use crate::{
    mrz::{Mrz, check_digit},
    number::CitizenNumber,
    tlv::{self, Malformed},
};

/// Reads EF.DG1.
pub(crate) fn parse(file: &[u8], today: Date) -> Result<Mrz, Malformed> {
    let group = tlv::only(file, 0x61, "DG1 does not begin with its tag")?;
    let zone = group.inside().take(0x5F1F, "DG1 has no MRZ")?;
    let text = std::str::from_utf8(zone.value).map_err(|_| Malformed("the MRZ is no text"))?;
    Mrz::parse(text, today)
}

/// What document it is, in one or two letters, and of which state, in up to three:
/// they begin every zone. Nothing else is looked at.
pub(crate) fn document_and_state(file: &[u8]) -> Result<(String, String), Malformed> {
    let group = tlv::only(file, 0x61, "DG1 does not begin with its tag")?;
    let zone = group.inside().take(0x5F1F, "DG1 has no MRZ")?.value;
    let begins = zone.get(..5).filter(|letters| letters.is_ascii());
    let text = begins.and_then(|letters| std::str::from_utf8(letters).ok());
    let (document, state) = text.ok_or(Malformed("the MRZ is no text"))?.split_at(2);
    Ok((document.replace('<', ""), state.replace('<', "")))
}

/// The number on a citizen's card of Viet Nam; none where the zone is that of
/// another document.
pub(crate) fn citizen_number(mrz: &Mrz) -> Option<CitizenNumber> {
    if !mrz.document.starts_with('I') || mrz.issuer != "VNM" {
        return None;
    }
    let (digits, rest) = mrz.optional.split_at_checked(12)?;
    let number = CitizenNumber::parse(digits).ok()?;
    let closes = rest.strip_prefix("<<")?.parse() == Ok(check_digit(digits));
    (closes && digits[3..] == *mrz.document_number).then_some(number)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::tlv::object;

    const CARD: &str = "IDVNM0950123455001095012345<<6\
                        9509023F3509021VNM<<<<<<<<<<<2\
                        NGUYEN<<THI<BICH<NGOC<<<<<<<<<";

    fn read(zone: &str) -> Mrz {
        let file = object(0x61, &object(0x5F1F, zone.as_bytes()));
        parse(&file, date(2026, 11, 21)).unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn a_citizens_number_is_in_the_free_part() {
        assert_eq!(citizen_number(&read(CARD)).unwrap().as_str(), "001095012345");
    }

    #[test]
    fn a_number_that_contradicts_itself_is_none() {
        let check = |change: fn(&mut Mrz)| {
            let mut mrz = read(CARD);
            change(&mut mrz);
            assert!(citizen_number(&mrz).is_none());
        };
        check(|mrz| mrz.document_number = "095012346".to_owned());
        check(|mrz| mrz.optional = "001095012345<<7".to_owned());
        check(|mrz| mrz.optional = "00109501234<<<6".to_owned());
        check(|mrz| mrz.optional = "é".repeat(7));
        check(|mrz| mrz.issuer = "UTO".to_owned());
        check(|mrz| mrz.document = "P".to_owned());
    }

    #[test]
    fn padding_after_the_file_is_ignored_and_cuts_are_refused() {
        let mut file = object(0x61, &object(0x5F1F, CARD.as_bytes()));
        for length in 0..file.len() {
            assert!(parse(&file[..length], date(2026, 11, 21)).is_err(), "{length} bytes");
        }
        file.extend([0; 7]);
        assert!(parse(&file, date(2026, 11, 21)).is_ok());
    }
}
