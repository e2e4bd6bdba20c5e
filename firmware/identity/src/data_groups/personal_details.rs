//! DG11: further personal details (ICAO 9303-10, 4.7.11). Every field is optional;
//! which ones there are is said by a list of tags, which must not lie.

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::texts::{self, Text, once, readable};
use crate::tlv::{self, Malformed, Tlv};

const TAGS: u32 = 0x5C;
const OTHER_NAMES: u32 = 0xA0;
const COUNT: u32 = 0x02;
const OTHER_NAME: u32 = 0x5F0F;

/// What DG11 says (ICAO 9303-10, 4.7.11). Wiped when dropped; it does not print. As an
/// [`Identity`](crate::Identity) gives it, its issuer signed it.
#[derive(Default)]
pub struct PersonalDetails {
    name: Option<Text>,
    other_names: Vec<Text>,
    number: Option<Text>,
    birth: Option<Zeroizing<BirthDay>>,
    birth_place: Option<Text>,
    address: Option<Text>,
    telephone: Option<Text>,
    profession: Option<Text>,
    title: Option<Text>,
    summary: Option<Text>,
    citizenship_proof: Option<Zeroizing<Vec<u8>>>,
    other_documents: Option<Text>,
    custody: Option<Text>,
}

/// A day that is wiped.
#[derive(Clone, Copy, Default)]
struct BirthDay(Date);

impl zeroize::DefaultIsZeroes for BirthDay {}

impl PersonalDetails {
    /// Reads EF.DG11. Fields that nobody knows are passed over.
    pub fn parse(file: &[u8]) -> Result<Self, Malformed> {
        let fields = tlv::only(file, 0x6B, "DG11 does not begin with its tag")?.inside().all()?;
        let mut all = Self::default();
        for field in &fields {
            all.take(*field)?;
        }
        listed(&fields)?;
        Ok(all)
    }

    fn take(&mut self, field: Tlv<'_>) -> Result<(), Malformed> {
        let place = match field.tag {
            0x5F0E => &mut self.name,
            0x5F10 => &mut self.number,
            0x5F11 => &mut self.birth_place,
            0x5F42 => &mut self.address,
            0x5F12 => &mut self.telephone,
            0x5F13 => &mut self.profession,
            0x5F14 => &mut self.title,
            0x5F15 => &mut self.summary,
            0x5F17 => &mut self.other_documents,
            0x5F18 => &mut self.custody,
            0x5F2B => return once(&mut self.birth, Zeroizing::new(BirthDay(texts::day(field)?))),
            0x5F16 => return once(&mut self.citizenship_proof, Zeroizing::new(field.value.to_vec())),
            OTHER_NAMES => return self.take_other_names(field),
            _ => return Ok(()),
        };
        once(place, texts::text(field)?)
    }

    fn take_other_names(&mut self, field: Tlv<'_>) -> Result<(), Malformed> {
        let mut list = field.inside();
        let count = tlv::small_number(list.take(COUNT, "DG11 does not say how many names there are")?)?;
        while let Some(name) = list.step()? {
            if name.tag == OTHER_NAME {
                self.other_names.push(texts::text(name)?);
            }
        }
        if self.other_names.len() == count as usize {
            Ok(())
        } else {
            Err(Malformed("DG11 has another number of names than it says"))
        }
    }

    /// The full name in the letters of its language.
    pub fn name(&self) -> Option<Zeroizing<String>> {
        self.name.as_deref().map(|it| readable(it))
    }

    /// Other names.
    pub fn other_names(&self) -> Vec<Zeroizing<String>> {
        self.other_names.iter().map(|it| readable(it)).collect()
    }

    /// The personal number.
    pub fn number(&self) -> Option<&str> {
        self.number.as_ref().map(|it| it.as_str())
    }

    /// The full day of birth.
    pub fn birth(&self) -> Option<Date> {
        self.birth.as_ref().map(|it| it.0)
    }

    /// The place of birth.
    pub fn birth_place(&self) -> Option<Zeroizing<String>> {
        self.birth_place.as_deref().map(|it| readable(it))
    }

    /// The permanent address.
    pub fn address(&self) -> Option<Zeroizing<String>> {
        self.address.as_deref().map(|it| readable(it))
    }

    /// The telephone number.
    pub fn telephone(&self) -> Option<&str> {
        self.telephone.as_ref().map(|it| it.as_str())
    }

    /// The profession.
    pub fn profession(&self) -> Option<Zeroizing<String>> {
        self.profession.as_deref().map(|it| readable(it))
    }

    /// The title.
    pub fn title(&self) -> Option<Zeroizing<String>> {
        self.title.as_deref().map(|it| readable(it))
    }

    /// The personal summary.
    pub fn summary(&self) -> Option<Zeroizing<String>> {
        self.summary.as_deref().map(|it| readable(it))
    }

    /// The proof of citizenship: a picture, encoded as it lies on the chip.
    pub fn citizenship_proof(&self) -> Option<&[u8]> {
        self.citizenship_proof.as_ref().map(|it| it.as_slice())
    }

    /// Numbers of the holder's other travel documents.
    pub fn other_documents(&self) -> Vec<&str> {
        let all = self.other_documents.as_ref().map(|it| it.split('<'));
        all.into_iter().flatten().filter(|number| !number.is_empty()).collect()
    }

    /// Who has custody of the holder.
    pub fn custody(&self) -> Option<Zeroizing<String>> {
        self.custody.as_deref().map(|it| readable(it))
    }
}

/// The list of tags, where there is one, names what is there.
pub(super) fn listed(fields: &[Tlv<'_>]) -> Result<(), Malformed> {
    let Some(list) = fields.iter().find(|field| field.tag == TAGS) else { return Ok(()) };
    let mut tags = list.value;
    while let [first, rest @ ..] = tags {
        let mut tag = u32::from(*first);
        tags = rest;
        if let (0x1F, [second, rest @ ..]) = (first & 0x1F, tags) {
            tag = (tag << 8) | u32::from(*second);
            tags = rest;
        }
        // Other names and persons are listed by their own tag and stand one deeper.
        let inside = |field: &Tlv<'_>| field.tag == OTHER_NAMES && has(*field, tag);
        let there = |field: &Tlv<'_>| field.tag == tag || inside(field);
        if !fields.iter().any(there) {
            return Err(Malformed("the list of tags names a field that is not there"));
        }
    }
    Ok(())
}

fn has(whole: Tlv<'_>, tag: u32) -> bool {
    whole.inside().all().is_ok_and(|parts| parts.iter().any(|part| part.tag == tag))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::tlv::object;

    /// ICAO 9303-10, appendix A.
    const EXAMPLE: &str = "6B605C0A5F0E5F115F425F125F135F0E0D534D4954483C3C4A4F484E3C4A5F110A414E59544F574E3C\
4D4E5F4217313233204D41504C452052443C414E59544F574E3C4D4E5F120B31363132353535313231325F130C54524156454C3C4147454E54";

    #[test]
    fn the_standards_example_is_read() {
        let details = PersonalDetails::parse(&hex::decode(EXAMPLE).unwrap()).ok().unwrap();
        assert_eq!(*details.name().unwrap(), "SMITH, JOHN J");
        assert_eq!(*details.birth_place().unwrap(), "ANYTOWN MN");
        assert_eq!(*details.address().unwrap(), "123 MAPLE RD ANYTOWN MN");
        assert_eq!(details.telephone(), Some("16125551212"));
        assert_eq!(*details.profession().unwrap(), "TRAVEL AGENT");
        assert!(details.number().is_none() && details.birth().is_none() && details.other_names().is_empty());
    }

    #[test]
    fn every_further_field_is_read() {
        let names = [object(COUNT, &[2]), object(OTHER_NAME, b"ONE"), object(OTHER_NAME, "HAI<Ờ".as_bytes())];
        let fields = [
            object(TAGS, &[0x5F, 0x10, 0x5F, 0x2B, 0x5F, 0x0F, 0x5F, 0x17]),
            object(0x5F10, b"001195012345"),
            object(0x5F2B, &[0x19, 0x95, 0x09, 0x02]),
            object(OTHER_NAMES, &names.concat()),
            object(0x5F17, b"A1<<B2"),
            object(0x5F16, &[0xFF, 0xD8, 0xFF]),
            object(0x5F7E, b"nobody knows this"),
        ];
        let details = PersonalDetails::parse(&object(0x6B, &fields.concat())).ok().unwrap();
        assert_eq!((details.number(), details.birth()), (Some("001195012345"), Some(date(1995, 9, 2))));
        assert_eq!(details.other_names().iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["ONE", "HAI Ờ"]);
        assert_eq!(details.other_documents(), ["A1", "B2"]);
        assert_eq!(details.citizenship_proof(), Some(&[0xFF, 0xD8, 0xFF][..]));
    }

    #[test]
    fn a_group_that_contradicts_itself_is_refused() {
        let problem = |fields: &[Vec<u8>]| {
            PersonalDetails::parse(&object(0x6B, &fields.concat())).err().expect("the group is refused").0
        };
        let twice = [object(0x5F10, b"1"), object(0x5F10, b"2")];
        assert_eq!(problem(&twice), "a field stands twice");
        let missing = [object(TAGS, &[0x5F, 0x10])];
        assert_eq!(problem(&missing), "the list of tags names a field that is not there");
        let names = object(OTHER_NAMES, &[object(COUNT, &[2]), object(OTHER_NAME, b"ONE")].concat());
        assert_eq!(problem(&[names]), "DG11 has another number of names than it says");
        assert_eq!(problem(&[object(0x5F11, &[0xFF])]), "a text is not in UTF-8");
    }

    #[test]
    fn a_cut_group_is_refused_and_never_a_panic() {
        let whole = hex::decode(EXAMPLE).unwrap();
        for length in 0..whole.len() {
            assert!(PersonalDetails::parse(&whole[..length]).is_err(), "{length} bytes");
        }
    }
}
