//! DG13 of a Vietnamese card: the citizen's details, with diacritics. The layout is
//! not published; it is known from programs that read real cards. Every field is
//! optional, and a field whose number we do not know is kept as it came.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    birth::Birth,
    number::CitizenNumber,
    sex::Sex,
    tlv::{self, Malformed, Tlv, Walk},
};

const SEQUENCE: u32 = 0x30;
const SET: u32 = 0x31;
const INTEGER: u32 = 0x02;
const OBJECT_IDENTIFIER: u32 = 0x06;
const UTF8_STRING: u32 = 0x0C;
const PRINTABLE_STRING: u32 = 0x13;

/// A text of the card. Wiped when dropped.
type Text = Zeroizing<String>;

/// A field of DG13 (ICAO 9303-10, 4.7.13) that we do not know. Personal, for all we know:
/// wiped when dropped, and it does not print.
pub struct UnknownField {
    number: u32,
    value: Zeroizing<Vec<u8>>,
}

/// What DG13, the issuer's own (ICAO 9303-10, 4.7.13), says. Wiped when dropped; it does not print.
#[derive(Default)]
pub struct CitizenDetails {
    number: Option<Text>,
    name: Option<Text>,
    birth: Option<Text>,
    sex: Option<Text>,
    nationality: Option<Text>,
    ethnicity: Option<Text>,
    religion: Option<Text>,
    hometown: Option<Text>,
    address: Option<Text>,
    marks: Option<Text>,
    issued: Option<Text>,
    expires: Option<Text>,
    father: Option<Text>,
    mother: Option<Text>,
    spouse: Option<Text>,
    old_number: Option<Text>,
    unknown: Vec<UnknownField>,
}

impl CitizenDetails {
    /// Reads EF.DG13.
    pub(crate) fn parse(file: &[u8]) -> Result<Self, Malformed> {
        let group = tlv::only(file, 0x6D, "DG13 does not begin with its tag")?;
        let mut list = group.inside().take(SEQUENCE, "DG13 is no sequence")?.inside();
        list.take(INTEGER, "DG13 has no version")?;
        list.take(OBJECT_IDENTIFIER, "DG13 does not name its text encoding")?;
        let fields = list.take(SET, "DG13 has no set of fields")?;
        let mut details = Self::default();
        for field in fields.inside().all()? {
            details.take(field)?;
        }
        Ok(details)
    }

    fn take(&mut self, field: Tlv<'_>) -> Result<(), Malformed> {
        if field.tag != SEQUENCE {
            return Err(Malformed("a field of DG13 is no sequence"));
        }
        let mut parts = field.inside();
        let number = tlv::small_number(parts.take(INTEGER, "a field of DG13 has no number")?)?;
        let value = parts.rest();
        // Since 2024 a part of a card may be coded as the police alone know (Circular 16/2024,
        // article 6). What is no text says nothing against the fields that are.
        if !texts(parts, 2).is_ok_and(|found| self.place(number, found)) {
            self.unknown.push(UnknownField { number, value: Zeroizing::new(value.to_vec()) });
        }
        Ok(())
    }

    /// Puts the texts of a field where they belong. `false`: we do not know the field.
    fn place(&mut self, number: u32, found: Vec<Option<Text>>) -> bool {
        let mut found = found.into_iter();
        let slot = match number {
            1 => &mut self.number,
            2 => &mut self.name,
            3 => &mut self.birth,
            4 => &mut self.sex,
            5 => &mut self.nationality,
            6 => &mut self.ethnicity,
            7 => &mut self.religion,
            8 => &mut self.hometown,
            9 => &mut self.address,
            10 => &mut self.marks,
            11 => &mut self.issued,
            12 => &mut self.expires,
            13 => {
                self.father = found.next().flatten();
                self.mother = found.next().flatten();
                return true;
            }
            14 => &mut self.spouse,
            15 => &mut self.old_number,
            _ => return false,
        };
        *slot = found.next().flatten();
        true
    }

    /// The twelve-digit number.
    pub fn number(&self) -> Option<CitizenNumber> {
        CitizenNumber::parse(self.number.as_ref()?).ok()
    }

    /// The full name, with diacritics.
    pub fn name(&self) -> Option<&str> {
        as_str(self.name.as_ref())
    }

    /// The day of birth, with all four digits of its year.
    pub fn birth(&self) -> Option<Birth> {
        Birth::from_written(self.birth.as_ref()?)
    }

    /// The sex, where it is a word we know.
    pub fn sex(&self) -> Option<Sex> {
        Sex::from_word(self.sex.as_ref()?)
    }

    /// The nationality, as a word.
    pub fn nationality(&self) -> Option<&str> {
        as_str(self.nationality.as_ref())
    }

    /// Dân tộc.
    pub fn ethnicity(&self) -> Option<&str> {
        as_str(self.ethnicity.as_ref())
    }

    /// Tôn giáo.
    pub fn religion(&self) -> Option<&str> {
        as_str(self.religion.as_ref())
    }

    /// Quê quán.
    pub fn hometown(&self) -> Option<&str> {
        as_str(self.hometown.as_ref())
    }

    /// Nơi thường trú.
    pub fn address(&self) -> Option<&str> {
        as_str(self.address.as_ref())
    }

    /// Đặc điểm nhận dạng.
    pub fn marks(&self) -> Option<&str> {
        as_str(self.marks.as_ref())
    }

    /// The day of issue, as written.
    pub fn issued(&self) -> Option<&str> {
        as_str(self.issued.as_ref())
    }

    /// Until when the card is valid, as written: a day, or words.
    pub fn expires(&self) -> Option<&str> {
        as_str(self.expires.as_ref())
    }

    /// The father's name.
    pub fn father(&self) -> Option<&str> {
        as_str(self.father.as_ref())
    }

    /// The mother's name.
    pub fn mother(&self) -> Option<&str> {
        as_str(self.mother.as_ref())
    }

    /// The husband's or wife's name.
    pub fn spouse(&self) -> Option<&str> {
        as_str(self.spouse.as_ref())
    }

    /// The number of the old paper card.
    pub fn old_number(&self) -> Option<&str> {
        as_str(self.old_number.as_ref())
    }

    /// Fields that we do not know, or that are no texts where we know one. The sixteenth is
    /// seen on cards, and its meaning is not confirmed.
    pub fn unknown(&self) -> &[UnknownField] {
        &self.unknown
    }
}

impl UnknownField {
    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What follows the number: data objects, of which no more is known than that the field
    /// holds them. They may be broken.
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

fn as_str(text: Option<&Text>) -> Option<&str> {
    text.map(|text| text.as_str())
}

/// The texts of a field, empty ones as none: strings stand alone, each in a
/// sequence of its own, or several in one sequence. Parents come in both ways.
fn texts(parts: Walk<'_>, deeper: usize) -> Result<Vec<Option<Text>>, Malformed> {
    let mut found = Vec::new();
    for part in parts.all()? {
        match part.tag {
            UTF8_STRING | PRINTABLE_STRING => found.push(text(part)?),
            SEQUENCE if deeper > 0 => {
                let inside = texts(part.inside(), deeper - 1)?;
                // An empty sequence holds the place of somebody unknown.
                if inside.is_empty() { found.push(None) } else { found.extend(inside) }
            }
            _ => return Err(Malformed("a field of DG13 is neither text nor a sequence of texts")),
        }
    }
    Ok(found)
}

fn text(part: Tlv<'_>) -> Result<Option<Text>, Malformed> {
    let text = std::str::from_utf8(part.value).map_err(|_| Malformed("a text of DG13 is not UTF-8"))?;
    let text: Text = Zeroizing::new(text.trim().nfc().collect());
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::object;

    fn utf8(text: &str) -> Vec<u8> {
        object(UTF8_STRING, text.as_bytes())
    }

    fn field(number: u8, value: &[u8]) -> Vec<u8> {
        object(SEQUENCE, &[&object(INTEGER, &[number]), value].concat())
    }

    fn far(number: u16, value: &[u8]) -> Vec<u8> {
        object(SEQUENCE, &[&object(INTEGER, &number.to_be_bytes()), value].concat())
    }

    fn group(fields: &[Vec<u8>]) -> Vec<u8> {
        let encoding = [0x06, 0x06, 0x28, 0xD3, 0x16, 0x01, 0x00, 0x08];
        let list = [&object(INTEGER, &[1]), &encoding[..], &object(SET, &fields.concat())].concat();
        object(0x6D, &object(SEQUENCE, &list))
    }

    fn read(fields: &[Vec<u8>]) -> CitizenDetails {
        CitizenDetails::parse(&group(fields)).unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn every_field_of_a_card_is_read() {
        let number = object(PRINTABLE_STRING, b"001195012345");
        let words = [
            (4, "Nữ"),
            (5, "Việt Nam"),
            (6, "Kinh"),
            (7, "Không"),
            (8, "Quê"),
            (9, "Nơi ở"),
            (10, "Nốt ruồi"),
        ];
        let mut fields = vec![field(1, &number), field(2, &utf8("Nguyễn Thị Khuê"))];
        fields.push(field(3, &object(PRINTABLE_STRING, b"02/09/1995")));
        fields.extend(words.iter().map(|(number, word)| field(*number, &utf8(word))));
        fields.push(field(11, &object(PRINTABLE_STRING, b"10/05/2021")));
        fields.push(field(12, &utf8("Không thời hạn")));
        fields.push(field(14, &object(SEQUENCE, &utf8("Trần Thử"))));
        fields.push(field(15, &object(PRINTABLE_STRING, b"123456789")));
        let details = read(&fields);
        assert_eq!(details.number().unwrap().as_str(), "001195012345");
        assert_eq!(details.name(), Some("Nguyễn Thị Khuê"));
        assert_eq!(*details.birth().unwrap().written(), "02/09/1995");
        assert!(details.sex() == Some(Sex::Female));
        assert_eq!(
            [details.nationality(), details.ethnicity(), details.religion(), details.hometown()],
            [Some("Việt Nam"), Some("Kinh"), Some("Không"), Some("Quê")]
        );
        assert_eq!([details.address(), details.marks()], [Some("Nơi ở"), Some("Nốt ruồi")]);
        assert_eq!([details.issued(), details.expires()], [Some("10/05/2021"), Some("Không thời hạn")]);
        assert_eq!([details.spouse(), details.old_number()], [Some("Trần Thử"), Some("123456789")]);
        assert_eq!((details.father(), details.mother()), (None, None));
        assert!(details.unknown().is_empty());
    }

    #[test]
    fn parents_are_read_in_one_sequence_and_in_two() {
        let (father, mother) = (utf8("Cha"), utf8("Mẹ"));
        let two = [object(SEQUENCE, &father), object(SEQUENCE, &mother)].concat();
        let one = object(SEQUENCE, &[father.clone(), mother.clone()].concat());
        for value in [two, one] {
            let details = read(&[field(13, &value)]);
            assert_eq!([details.father(), details.mother()], [Some("Cha"), Some("Mẹ")]);
        }
        let unknown_father = [object(SEQUENCE, &[]), object(SEQUENCE, &mother)].concat();
        let details = read(&[field(13, &unknown_father)]);
        assert_eq!([details.father(), details.mother()], [None, Some("Mẹ")]);
    }

    #[test]
    fn an_address_longer_than_one_length_octet_is_read() {
        let long = "Đường rất dài ".repeat(30);
        assert_eq!(read(&[field(9, &utf8(&long))]).address(), Some(long.trim()));
    }

    #[test]
    fn absent_values_are_absent_and_unknown_fields_are_kept_as_they_came() {
        let details = read(&[
            field(14, &[]),
            field(15, &[]),
            field(16, &utf8("0A")),
            field(77, &[0x05, 0x00]),
            far(300, &[0x0C, 0x7F]),
            far(301, &[]),
        ]);
        assert_eq!((details.spouse(), details.old_number()), (None, None));
        let unknown: Vec<_> = details.unknown().iter().map(|it| (it.number(), it.value())).collect();
        assert_eq!(unknown, [(16, &utf8("0A")[..]), (77, &[0x05, 0x00]), (300, &[0x0C, 0x7F]), (301, &[])]);
    }

    #[test]
    fn accents_written_apart_are_composed() {
        let details = read(&[field(2, &utf8("Nguye\u{302}\u{303}n"))]);
        assert_eq!(details.name(), Some("Nguyễn"));
    }

    #[test]
    fn a_broken_group_is_refused_and_never_panics() {
        let whole = group(&[field(1, &utf8("001195012345")), field(13, &object(SEQUENCE, &utf8("A")))]);
        for length in 0..whole.len() {
            assert!(CitizenDetails::parse(&whole[..length]).is_err(), "{length} bytes");
        }
        assert!(CitizenDetails::parse(&group(&[utf8("no sequence")])).is_err());
        assert!(CitizenDetails::parse(&group(&[object(SEQUENCE, &utf8("no number"))])).is_err());
    }

    #[test]
    fn a_field_that_is_no_text_is_kept_as_it_came_and_the_others_are_read() {
        let coded: [(u8, Vec<u8>); 5] = [
            (2, object(UTF8_STRING, &[0xFF])),
            (3, object(0x02, &[1])),
            (8, object(0x04, &[0xC0, 0xDE])),
            (13, [utf8("Cha"), object(0x04, &[7])].concat()),
            (14, vec![0x0C, 0x7F]),
        ];
        let mut fields: Vec<_> = coded.iter().map(|(number, value)| field(*number, value)).collect();
        fields.insert(2, field(9, &utf8("Nơi ở")));
        let details = read(&fields);
        assert_eq!((details.address(), details.name(), details.hometown()), (Some("Nơi ở"), None, None));
        assert_eq!((details.father(), details.spouse()), (None, None));
        let kept = details.unknown().iter().map(|it| (it.number() as u8, it.value().to_vec()));
        assert_eq!(kept.collect::<Vec<_>>(), coded);
    }
}
