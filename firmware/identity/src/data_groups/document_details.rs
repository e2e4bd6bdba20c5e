//! DG12: further details of the document (ICAO 9303-10, 4.7.12). Every field is
//! optional.

use jiff::civil::{Date, DateTime};
use zeroize::Zeroizing;

use super::{
    personal_details::listed,
    texts::{self, Text, digits, once, readable},
};
use crate::tlv::{self, Malformed, Tlv};

/// What DG12 says (ICAO 9303-10, 4.7.12). Wiped when dropped; it does not print. As an
/// [`Identity`](crate::Identity) gives it, its issuer signed it.
#[derive(Default)]
pub struct DocumentDetails {
    authority: Option<Text>,
    issued: Option<Date>,
    other_persons: Vec<Text>,
    endorsements: Option<Text>,
    exit_requirements: Option<Text>,
    front: Option<Zeroizing<Vec<u8>>>,
    rear: Option<Zeroizing<Vec<u8>>>,
    personalised: Option<DateTime>,
    system: Option<Text>,
}

impl DocumentDetails {
    /// Reads EF.DG12. Fields that nobody knows are passed over.
    pub fn parse(file: &[u8]) -> Result<Self, Malformed> {
        let fields = tlv::only(file, 0x6C, "DG12 does not begin with its tag")?.inside().all()?;
        let mut all = Self::default();
        for field in &fields {
            all.take(*field)?;
        }
        listed(&fields)?;
        Ok(all)
    }

    fn take(&mut self, field: Tlv<'_>) -> Result<(), Malformed> {
        let place = match field.tag {
            0x5F19 => &mut self.authority,
            0x5F1B => &mut self.endorsements,
            0x5F1C => &mut self.exit_requirements,
            0x5F56 => &mut self.system,
            0x5F26 => return once(&mut self.issued, texts::day(field)?),
            0x5F55 => return once(&mut self.personalised, moment(field)?),
            0x5F1D => return once(&mut self.front, Zeroizing::new(field.value.to_vec())),
            0x5F1E => return once(&mut self.rear, Zeroizing::new(field.value.to_vec())),
            0xA0 => {
                for person in field.inside().all()?.into_iter().filter(|it| it.tag == 0x5F1A) {
                    self.other_persons.push(texts::text(person)?);
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        once(place, texts::text(field)?)
    }

    /// Who issued the document.
    pub fn authority(&self) -> Option<Zeroizing<String>> {
        self.authority.as_deref().map(|it| readable(it))
    }

    /// When.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// Other persons on the document.
    pub fn other_persons(&self) -> Vec<Zeroizing<String>> {
        self.other_persons.iter().map(|it| readable(it)).collect()
    }

    /// Endorsements and observations.
    pub fn endorsements(&self) -> Option<Zeroizing<String>> {
        self.endorsements.as_deref().map(|it| readable(it))
    }

    /// Tax and exit requirements.
    pub fn exit_requirements(&self) -> Option<Zeroizing<String>> {
        self.exit_requirements.as_deref().map(|it| readable(it))
    }

    /// Pictures of the front and the rear of the document, encoded as on the chip.
    pub fn sides(&self) -> [Option<&[u8]>; 2] {
        [&self.front, &self.rear].map(|side| side.as_ref().map(|it| it.as_slice()))
    }

    /// When the chip was written.
    pub fn personalised(&self) -> Option<DateTime> {
        self.personalised
    }

    /// Serial number of the system that wrote it.
    pub fn system(&self) -> Option<&str> {
        self.system.as_ref().map(|it| it.as_str())
    }
}

/// `yyyyMMddHHmmss`.
fn moment(field: Tlv<'_>) -> Result<DateTime, Malformed> {
    const WRONG: Malformed = Malformed("a time is none of the calendar");
    let digits = digits(field, 14)?;
    let part = |at: usize| digits[at..at + 2].parse::<i8>().map_err(|_| WRONG);
    let year: i16 = digits[..4].parse().map_err(|_| WRONG)?;
    DateTime::new(year, part(4)?, part(6)?, part(8)?, part(10)?, part(12)?, 0).map_err(|_| WRONG)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::tlv::object;

    /// ICAO 9303-10, appendix A.
    const EXAMPLE: &str = "6C205C045F555F565F550E32303136313131353031333631325F56064E2D34393632";

    #[test]
    fn the_standards_example_is_read() {
        let details = DocumentDetails::parse(&hex::decode(EXAMPLE).unwrap()).ok().unwrap();
        assert_eq!(details.personalised(), Some(date(2016, 11, 15).at(1, 36, 12, 0)));
        assert_eq!(details.system(), Some("N-4962"));
        assert!(details.authority().is_none() && details.issued().is_none());
    }

    #[test]
    fn every_further_field_is_read() {
        let persons = [object(0x02, &[1]), object(0x5F1A, b"DOE<<JANE")].concat();
        let fields = [
            object(0x5F19, "CỤC<CẢNH SÁT".as_bytes()),
            object(0x5F26, &[0x20, 0x24, 0x07, 0x01]),
            object(0xA0, &persons),
            object(0x5F1B, b"NONE"),
            object(0x5F1D, &[1, 2]),
        ];
        let details = DocumentDetails::parse(&object(0x6C, &fields.concat())).ok().unwrap();
        assert_eq!(*details.authority().unwrap(), "CỤC CẢNH SÁT");
        assert_eq!(details.issued(), Some(date(2024, 7, 1)));
        assert_eq!(*details.other_persons()[0], "DOE, JANE");
        assert_eq!(*details.endorsements().unwrap(), "NONE");
        assert_eq!(details.sides(), [Some(&[1, 2][..]), None]);
    }

    #[test]
    fn a_cut_or_impossible_group_is_refused_and_never_a_panic() {
        let whole = hex::decode(EXAMPLE).unwrap();
        for length in 0..whole.len() {
            assert!(DocumentDetails::parse(&whole[..length]).is_err(), "{length} bytes");
        }
        for field in [object(0x5F55, b"20161115013661"), object(0x5F26, b"20240732")] {
            assert!(DocumentDetails::parse(&object(0x6C, &field)).is_err());
        }
    }
}
