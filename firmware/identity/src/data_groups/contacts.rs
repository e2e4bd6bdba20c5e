//! DG16: persons to notify in an emergency (ICAO 9303-10, 4.7.16).

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::texts::{self, Text, once, readable};
use crate::tlv::{self, Malformed, Tlv};

const COUNT: u32 = 0x02;
/// Each person is in an object of its own: A1, A2 and so on.
const PERSONS: std::ops::RangeInclusive<u32> = 0xA1..=0xAF;

/// One person to notify (ICAO 9303-10, 4.7.16). Wiped when dropped; it does not print.
#[derive(Default)]
pub struct Contact {
    recorded: Option<Date>,
    name: Option<Text>,
    telephone: Option<Text>,
    address: Option<Text>,
}

/// Reads EF.DG16 (ICAO 9303-10, 4.7.16).
pub fn parse(file: &[u8]) -> Result<Vec<Contact>, Malformed> {
    let mut list = tlv::only(file, 0x70, "DG16 does not begin with its tag")?.inside();
    let count = tlv::small_number(list.take(COUNT, "DG16 does not say how many persons there are")?)?;
    let persons = list.all()?;
    let persons = persons.into_iter().filter(|it| PERSONS.contains(&it.tag));
    let contacts = persons.map(Contact::of).collect::<Result<Vec<_>, _>>()?;
    if contacts.len() == count as usize {
        Ok(contacts)
    } else {
        Err(Malformed("DG16 has another number of persons than it says"))
    }
}

impl Contact {
    fn of(person: Tlv<'_>) -> Result<Self, Malformed> {
        let mut all = Self::default();
        for field in person.inside().all()? {
            let place = match field.tag {
                0x5F50 => {
                    once(&mut all.recorded, texts::day(field)?)?;
                    continue;
                }
                0x5F51 => &mut all.name,
                0x5F52 => &mut all.telephone,
                0x5F53 => &mut all.address,
                _ => continue,
            };
            once(place, texts::text(field)?)?;
        }
        Ok(all)
    }

    /// When the entry was made.
    pub fn recorded(&self) -> Option<Date> {
        self.recorded
    }

    /// The name.
    pub fn name(&self) -> Option<Zeroizing<String>> {
        self.name.as_deref().map(|it| readable(it))
    }

    /// The telephone number.
    pub fn telephone(&self) -> Option<&str> {
        self.telephone.as_ref().map(|it| it.as_str())
    }

    /// The address.
    pub fn address(&self) -> Option<Zeroizing<String>> {
        self.address.as_deref().map(|it| readable(it))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// ICAO 9303-10, appendix A.
    const EXAMPLE: &str = "7081A2020102A14C5F500832303032303130315F5110534D4954483C3C434841524C45533C525F520B\
31393532353535313231325F531D313233204D41504C452052443C414E59544F574E3C4D4E3C3535313030A24F5F500832303032303331355F\
510D42524F574E3C3C4D4152593C4A5F520B31343135353535313231325F5323343920524544574F4F44204C4E3C4F4345414E20425245455A\
453C43413C3934303030";

    #[test]
    fn the_standards_example_is_read() {
        let contacts = parse(&hex::decode(EXAMPLE).unwrap()).ok().unwrap();
        assert_eq!(contacts.len(), 2);
        assert_eq!(*contacts[0].name().unwrap(), "SMITH, CHARLES R");
        assert_eq!(contacts[0].recorded(), Some(date(2002, 1, 1)));
        assert_eq!(contacts[1].telephone(), Some("14155551212"));
        assert_eq!(*contacts[1].address().unwrap(), "49 REDWOOD LN OCEAN BREEZE CA 94000");
    }

    #[test]
    fn a_cut_group_and_a_wrong_count_are_refused_and_never_a_panic() {
        let mut whole = hex::decode(EXAMPLE).unwrap();
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "{length} bytes");
        }
        whole[5] = 3;
        assert_eq!(parse(&whole).err().unwrap().0, "DG16 has another number of persons than it says");
    }
}
