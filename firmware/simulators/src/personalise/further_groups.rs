//! The data groups that passports have beside zone and portrait: signature, further
//! details of person and document, persons to notify (ICAO Doc 9303-10, 4.7).

use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};
use jiff::civil::Date;

use crate::{der, people::Person};

/// EF.DG7: the holder's signature as a picture (4.7.7).
pub(super) fn dg7() -> image::ImageResult<Vec<u8>> {
    const WIDTH: u32 = 120;
    const HEIGHT: u32 = 40;
    // A wave is no letter of anybody's.
    let ink = |at: u32| {
        let (x, y) = (at % WIDTH, at / WIDTH);
        let crest = (f64::from(x) / 9.0).sin().mul_add(12.0, 20.0);
        if (f64::from(y) - crest).abs() < 1.5 { 20 } else { 250 }
    };
    let pixels: Vec<u8> = (0..WIDTH * HEIGHT).map(ink).collect();
    let mut jpeg = Vec::new();
    JpegEncoder::new(&mut jpeg).write_image(&pixels, WIDTH, HEIGHT, ExtendedColorType::L8)?;
    Ok(der::group(0x67, &[der::integer(1), der::object(0x5F43, &jpeg)]))
}

/// EF.DG11: full name, personal number, day and place of birth, address, telephone
/// (4.7.11).
pub(super) fn dg11(person: &Person) -> Vec<u8> {
    listed(
        0x6B,
        &[
            (0x5F0E, in_zone_order(&person.name)),
            (0x5F10, person.number.clone()),
            (0x5F2B, day(person.born)),
            (0x5F11, person.hometown.clone()),
            (0x5F42, person.address.clone()),
            (0x5F12, person.phone.clone()),
        ],
    )
}

/// EF.DG12: who issued the document, and when (4.7.12).
pub(super) fn dg12(issued: Date) -> Vec<u8> {
    listed(0x6C, &[(0x5F19, "TEST AUTHORITY".to_owned()), (0x5F26, day(issued))])
}

/// EF.DG16: whom to tell when something happens (4.7.16).
pub(super) fn dg16(person: &Person, recorded: Date) -> Vec<u8> {
    let told = |tag, name: &str| {
        der::group(
            tag,
            &[
                der::object(0x5F50, day(recorded).as_bytes()),
                der::object(0x5F51, in_zone_order(name).as_bytes()),
                der::object(0x5F52, person.phone.as_bytes()),
                der::object(0x5F53, person.address.as_bytes()),
            ],
        )
    };
    let persons = [told(0xA1, &person.father), told(0xA2, &person.mother)];
    der::group(0x70, &[der::integer(2), persons.concat()])
}

/// A group that begins with the list of its tags.
fn listed(tag: u32, fields: &[(u32, String)]) -> Vec<u8> {
    let tags: Vec<u8> = fields.iter().flat_map(|(tag, _)| (*tag as u16).to_be_bytes()).collect();
    let mut parts = vec![der::object(0x5C, &tags)];
    parts.extend(fields.iter().map(|(tag, value)| der::object(*tag, value.as_bytes())));
    der::group(tag, &parts)
}

/// Family name, two fillers, given names; diacritics stay.
fn in_zone_order(name: &str) -> String {
    let (family, given) = name.split_once(' ').unwrap_or((name, ""));
    format!("{family}<<{}", given.replace(' ', "<"))
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ICAO Doc 9303-10, 4.7.11: the worked example, field for field.
    #[test]
    fn a_listed_group_is_laid_out_as_in_the_standards_example() {
        let made = listed(
            0x6B,
            &[
                (0x5F0E, "SMITH<<JOHN<J".to_owned()),
                (0x5F11, "ANYTOWN<MN".to_owned()),
                (0x5F42, "123 MAPLE RD<ANYTOWN<MN".to_owned()),
                (0x5F12, "16125551212".to_owned()),
                (0x5F13, "TRAVEL<AGENT".to_owned()),
            ],
        );
        assert_eq!(
            hex::encode_upper(made),
            "6B605C0A5F0E5F115F425F125F135F0E0D534D4954483C3C4A4F484E3C4A5F110A414E59544F574E3C4D4E5F4217313233204D41\
             504C452052443C414E59544F574E3C4D4E5F120B31363132353535313231325F130C54524156454C3C4147454E54"
        );
    }

    #[test]
    fn the_signature_is_a_picture() {
        let file = dg7().unwrap();
        let jpeg = der::find(der::find(&file, 0x67).unwrap(), 0x5F43).unwrap();
        let picture = image::load_from_memory(jpeg).unwrap();
        assert_eq!((picture.width(), picture.height()), (120, 40));
    }
}
