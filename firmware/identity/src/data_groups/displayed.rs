//! DG5 and DG7: the portrait and the signature as they are printed on the document
//! (ICAO 9303-10, 4.7.5 and 4.7.7).

use crate::{
    portrait::Portrait,
    tlv::{self, Malformed},
};

const COUNT: u32 = 0x02;

/// The printed portraits of EF.DG5 (ICAO 9303-10, 4.7.5).
pub fn portraits(file: &[u8]) -> Result<Vec<Portrait>, Malformed> {
    pictures(tlv::only(file, 0x65, "DG5 does not begin with its tag")?, 0x5F40)
}

/// The printed signatures or usual marks of EF.DG7 (ICAO 9303-10, 4.7.7).
pub fn signatures(file: &[u8]) -> Result<Vec<Portrait>, Malformed> {
    pictures(tlv::only(file, 0x67, "DG7 does not begin with its tag")?, 0x5F43)
}

fn pictures(group: tlv::Tlv<'_>, tag: u32) -> Result<Vec<Portrait>, Malformed> {
    let mut list = group.inside();
    let count = tlv::small_number(list.take(COUNT, "a group does not say how many pictures there are")?)?;
    let pictures = list.all()?;
    let pictures = pictures.into_iter().filter(|it| it.tag == tag);
    let pictures = pictures.map(|it| Portrait::parse(it.value)).collect::<Result<Vec<_>, _>>()?;
    if pictures.len() == count as usize {
        Ok(pictures)
    } else {
        Err(Malformed("a group has another number of pictures than it says"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{portrait::Format, tlv::object};

    const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0, 1];
    const JPEG_2000: &[u8] = &[0xFF, 0x4F, 0xFF, 0x51, 2];

    #[test]
    fn printed_pictures_are_read_whatever_their_format() {
        let two = [object(COUNT, &[2]), object(0x5F43, JPEG), object(0x5F43, JPEG_2000)].concat();
        let read = signatures(&object(0x67, &two)).ok().unwrap();
        assert_eq!(
            read.iter().map(|it| it.format).collect::<Vec<_>>(),
            [Format::Jpeg, Format::Jpeg2000Codestream]
        );
        let one = [object(COUNT, &[1]), object(0x5F40, JPEG)].concat();
        assert_eq!(portraits(&object(0x65, &one)).ok().unwrap()[0].bytes, JPEG);
    }

    #[test]
    fn wrong_counts_other_tags_and_cut_files_are_refused() {
        let whole = object(0x67, &[object(COUNT, &[1]), object(0x5F43, JPEG)].concat());
        for length in 0..whole.len() {
            assert!(signatures(&whole[..length]).is_err(), "{length} bytes");
        }
        assert!(portraits(&whole).is_err());
        let wrong = object(0x67, &[object(COUNT, &[2]), object(0x5F43, JPEG)].concat());
        assert!(signatures(&wrong).is_err());
        assert!(
            signatures(&object(0x67, &[object(COUNT, &[1]), object(0x5F43, b"GIF89a")].concat())).is_err()
        );
    }
}
