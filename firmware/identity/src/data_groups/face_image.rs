//! DG2: the portrait, in its two wrappings (ICAO 9303-10, 4.7.2): CBEFF templates
//! outside, a facial record of ISO/IEC 19794-5:2005 or ISO/IEC 39794-5:2019 inside. Of
//! several pictures the first is taken.

use crate::{
    portrait::Portrait,
    tlv::{self, Malformed, Tlv},
};

const BIOMETRIC_GROUP: u32 = 0x7F61;
const BIOMETRIC_TEMPLATE: u32 = 0x7F60;
const DATA_PRIMITIVE: u32 = 0x5F2E;
const DATA_CONSTRUCTED: u32 = 0x7F2E;
const COUNT: u32 = 0x02;
const SEQUENCE: u32 = 0x30;
/// `[APPLICATION 5]` of ISO/IEC 39794-5.
const FACE_RECORD: u32 = 0x65;
/// `[0]` and `[1]`, constructed, and `[0]`, primitive.
const FIRST: u32 = 0xA0;
const SECOND: u32 = 0xA1;
const FIRST_OCTETS: u32 = 0x80;

/// Header: `FAC`, version, length of the record, number of pictures.
const RECORD_HEADER: usize = 14;
/// Length of the block, number of feature points, and what the face looks like.
const FACE_INFORMATION: usize = 20;
const FEATURE_POINT: usize = 8;
const IMAGE_INFORMATION: usize = 12;

/// Reads EF.DG2.
pub(crate) fn parse(file: &[u8]) -> Result<Portrait, Malformed> {
    let group = tlv::only(file, 0x75, "DG2 does not begin with its tag")?;
    let mut list = group.inside().take(BIOMETRIC_GROUP, "DG2 has no group of pictures")?.inside();
    let count = tlv::small_number(list.take(COUNT, "DG2 does not say how many pictures there are")?)?;
    if count == 0 {
        return Err(Malformed("DG2 has no picture"));
    }
    let template = list.take(BIOMETRIC_TEMPLATE, "DG2 has no picture")?;
    for part in template.inside().all()? {
        match part.tag {
            DATA_PRIMITIVE => return record(part.value),
            // 9303-10, 4.7.2.1: a constructed data block is ISO/IEC 39794-5, unless
            // an old record was put into it.
            DATA_CONSTRUCTED if part.value.starts_with(b"FAC") => return record(part.value),
            DATA_CONSTRUCTED => return newer_record(part),
            _ => {}
        }
    }
    Err(Malformed("DG2 has no picture's data"))
}

/// A facial record of ISO/IEC 19794-5:2005, 5.
fn record(bytes: &[u8]) -> Result<Portrait, Malformed> {
    const CUT: Malformed = Malformed("the portrait's record is cut short");
    let (header, rest) = bytes.split_at_checked(RECORD_HEADER).ok_or(CUT)?;
    if !header.starts_with(b"FAC\0") {
        return Err(Malformed("the portrait's record is of an unknown kind"));
    }
    if number(&header[8..12]) > bytes.len() {
        return Err(Malformed("the portrait's record is longer than its file"));
    }
    if number(&header[12..14]) == 0 {
        return Err(Malformed("the portrait's record has no picture"));
    }
    // The block's own length decides where the picture ends, unless it says
    // nothing of use: some issuers leave it zero.
    let block = match number(rest.get(..4).ok_or(CUT)?) {
        0 => rest,
        length => rest.get(..length).ok_or(Malformed("the portrait is longer than its record"))?,
    };
    let points = number(block.get(4..6).ok_or(CUT)?);
    let picture = FACE_INFORMATION + points * FEATURE_POINT + IMAGE_INFORMATION;
    Portrait::parse(block.get(picture..).ok_or(CUT)?)
}

/// A record of ISO/IEC 39794-5:2019, annex A: `[APPLICATION 5]`, mostly in a `[1]`,
/// holds in `[1]` the representations, of which each holds in `[1]` its image, which
/// is `[0]` (base), `[0]` (two-dimensional), `[0]` (the octets). Nothing else of the
/// record is looked at: it is long, and nothing here depends on it.
fn newer_record(data: Tlv<'_>) -> Result<Portrait, Malformed> {
    let outer = data.inside().all()?;
    let wrapped = outer.iter().find(|it| it.tag == SECOND).map(|it| it.inside().all()).transpose()?;
    let blocks = wrapped.unwrap_or(outer);
    let record = blocks.iter().find(|it| it.tag == FACE_RECORD);
    let record = record.ok_or(Malformed("the portrait's record is of an unknown kind"))?;
    let representations = part(*record, SECOND)?.inside();
    let first = representations.clone().take(SEQUENCE, "the portrait's record has no picture")?;
    let base = part(part(first, SECOND)?, FIRST)?;
    let octets = part(part(base, FIRST)?, FIRST_OCTETS)?;
    Portrait::parse(octets.value)
}

/// The part with this tag, wherever it stands among its neighbours.
fn part(whole: Tlv<'_>, tag: u32) -> Result<Tlv<'_>, Malformed> {
    let parts = whole.inside().all()?;
    let found = parts.into_iter().find(|part| part.tag == tag);
    found.ok_or(Malformed("the portrait's record lacks a part on the way to the picture"))
}

fn number(octets: &[u8]) -> usize {
    octets.iter().fold(0, |sum, octet| (sum << 8) | usize::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{portrait::Format, tlv::object};

    const PICTURE: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3];

    /// A record with feature points before the picture.
    fn facial_record(points: u16, picture: &[u8]) -> Vec<u8> {
        let mut block = points.to_be_bytes().to_vec();
        block.extend([0; FACE_INFORMATION - 6]);
        block.extend(vec![9; usize::from(points) * FEATURE_POINT]);
        block.extend([1, 0, 0, 4, 0, 5, 0, 0, 0, 0, 0, 0]);
        block.extend(picture);
        let length = block.len() as u32 + 4;
        let mut record = b"FAC\x00010\x00".to_vec();
        record.extend((length + RECORD_HEADER as u32).to_be_bytes());
        record.extend([0, 1]);
        record.extend(length.to_be_bytes());
        record.extend(block);
        record
    }

    fn group(tag: u32, data: &[u8]) -> Vec<u8> {
        let header = object(0xA1, &object(0x80, &[1, 1]));
        let template = object(BIOMETRIC_TEMPLATE, &[header, object(tag, data)].concat());
        object(0x75, &object(BIOMETRIC_GROUP, &[object(COUNT, &[1]), template].concat()))
    }

    fn problem(file: &[u8]) -> &'static str {
        parse(file).err().expect("the file is refused").0
    }

    #[test]
    fn a_portrait_is_found_behind_its_feature_points() {
        for points in [0, 1, 300] {
            let portrait = parse(&group(DATA_PRIMITIVE, &facial_record(points, PICTURE))).ok().unwrap();
            assert_eq!(portrait.bytes, PICTURE);
            assert_eq!(portrait.format, Format::Jpeg);
        }
    }

    #[test]
    fn the_format_is_what_the_first_bytes_say() {
        let check = |picture: &[u8], format| {
            let portrait = parse(&group(DATA_CONSTRUCTED, &facial_record(0, picture))).ok().unwrap();
            assert_eq!(portrait.format, format);
        };
        check(b"\x00\x00\x00\x0CjP  \r\n", Format::Jp2);
        check(&[0xFF, 0x4F, 0xFF, 0x51, 0], Format::Jpeg2000Codestream);
        let file = group(DATA_PRIMITIVE, &facial_record(0, b"GIF89a"));
        assert_eq!(problem(&file), "the portrait is neither JPEG nor JPEG 2000");
    }

    #[test]
    fn a_portrait_longer_than_its_file_is_refused() {
        let whole = facial_record(2, PICTURE);
        for length in 0..whole.len() {
            assert!(parse(&group(DATA_PRIMITIVE, &whole[..length])).is_err(), "{length} bytes");
        }
        let mut lies = whole.clone();
        lies[14..18].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(problem(&group(DATA_PRIMITIVE, &lies)), "the portrait is longer than its record");
        let mut points = whole;
        points[18..20].copy_from_slice(&u16::MAX.to_be_bytes());
        assert_eq!(problem(&group(DATA_PRIMITIVE, &points)), "the portrait's record is cut short");
    }

    #[test]
    fn a_record_of_the_newer_standard_gives_its_first_picture() {
        // Image information follows the octets; capture details stand before nothing.
        let two_dimensional = [object(0x80, PICTURE), object(0xA1, &object(0xA0, &[]))].concat();
        let image = object(0xA1, &object(0xA0, &object(0xA0, &two_dimensional)));
        let representation = object(SEQUENCE, &[object(0x80, &[0]), image, object(0xA2, &[])].concat());
        let other = object(SEQUENCE, &object(0x80, &[1]));
        let version = object(0xA0, &[object(0x80, &[3]), object(0x81, &[0x07, 0xE3])].concat());
        let record =
            object(FACE_RECORD, &[version, object(0xA1, &[representation, other].concat())].concat());
        for wrapped in [record.clone(), object(0xA1, &record)] {
            let file = group(DATA_CONSTRUCTED, &wrapped);
            assert_eq!(parse(&file).ok().unwrap().bytes, PICTURE);
            for length in 0..file.len() {
                assert!(parse(&file[..length]).is_err(), "{length} bytes");
            }
        }
        let without = group(DATA_CONSTRUCTED, &object(FACE_RECORD, &object(0xA0, &[])));
        assert!(problem(&without).contains("lacks a part"));
        let unknown = group(DATA_CONSTRUCTED, &object(0x66, &[]));
        assert_eq!(problem(&unknown), "the portrait's record is of an unknown kind");
    }

    #[test]
    fn a_group_without_pictures_is_refused() {
        let empty = object(0x75, &object(BIOMETRIC_GROUP, &object(COUNT, &[0])));
        assert_eq!(problem(&empty), "DG2 has no picture");
        let none = object(BIOMETRIC_TEMPLATE, &object(0xA1, &[]));
        let file = object(0x75, &object(BIOMETRIC_GROUP, &[object(COUNT, &[1]), none].concat()));
        assert_eq!(problem(&file), "DG2 has no picture's data");
    }
}
