//! EF.COM: which data groups there are, says a file that nobody signs (ICAO
//! 9303-10, 4.6.1). It is compared with the signed list and not believed.

use crate::{
    evidence::Directory,
    tlv::{self, Malformed, Tlv},
};

/// Tags of the data groups 1 to 16 (9303-10, table 38).
const TAGS: [u8; 16] =
    [0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70];

/// The number of the data group that has this tag.
pub(crate) fn group_of(tag: u8) -> Option<u8> {
    TAGS.iter().position(|known| *known == tag).map(|at| at as u8 + 1)
}

/// What EF.COM says (ICAO 9303-10, 4.6.1). Nobody signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommonData {
    /// Version of the logical data structure (ICAO 9303-10, 4.6.1.1), such as `0107`.
    pub lds_version: String,
    /// Version of Unicode (ICAO 9303-10, 4.6.1.2), such as `040000`.
    pub unicode_version: String,
    /// The data groups that it lists, by number.
    pub groups: Vec<u8>,
}

impl CommonData {
    /// Reads EF.COM.
    pub fn parse(file: &[u8]) -> Result<Self, Malformed> {
        let mut list = tlv::only(file, 0x60, "EF.COM does not begin with its tag")?.inside();
        let lds_version = version(list.take(0x5F01, "EF.COM has no LDS version")?, 4)?;
        let unicode_version = version(list.take(0x5F36, "EF.COM has no Unicode version")?, 6)?;
        let tags = list.take(0x5C, "EF.COM has no list")?.value;
        let groups: Option<Vec<u8>> = tags.iter().map(|tag| group_of(*tag)).collect();
        let groups = groups.ok_or(Malformed("EF.COM lists a data group that does not exist"))?;
        Ok(Self { lds_version, unicode_version, groups })
    }
}

fn version(object: Tlv<'_>, digits: usize) -> Result<String, Malformed> {
    let text = std::str::from_utf8(object.value).ok();
    let text = text.filter(|it| it.len() == digits && it.bytes().all(|digit| digit.is_ascii_digit()));
    Ok(text.ok_or(Malformed("a version in EF.COM is not in digits"))?.to_owned())
}

/// What EF.COM says beside the groups that the issuer signed.
pub(crate) fn compare(file: Option<&[u8]>, signed: &[u8]) -> Directory {
    let Some(file) = file else { return Directory::NotRead };
    let Ok(mut listed) = CommonData::parse(file).map(|data| data.groups) else { return Directory::Differs };
    let mut signed = signed.to_vec();
    signed.sort_unstable();
    listed.sort_unstable();
    if listed == signed { Directory::Agrees } else { Directory::Differs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_example_lists_its_groups() {
        let file = hex::decode("60145F0104303130365F36063034303030305C026175").unwrap();
        let data = CommonData::parse(&file).unwrap();
        assert_eq!((data.lds_version.as_str(), data.unicode_version.as_str()), ("0106", "040000"));
        assert_eq!(data.groups, [1, 2]);
        assert_eq!(compare(Some(&file), &[2, 1]), Directory::Agrees);
        assert_eq!(compare(Some(&file), &[1, 2, 13]), Directory::Differs);
        assert_eq!(compare(Some(&file[..9]), &[1, 2]), Directory::Differs);
        assert_eq!(compare(None, &[1, 2]), Directory::NotRead);
    }
}
