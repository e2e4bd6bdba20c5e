//! EF.DG2: one portrait in an ISO/IEC 19794-5 or 39794-5 record, inside the
//! biometric templates of ICAO Doc 9303-10, 4.7.2.

use std::{fs, path::Path};

use image::{DynamicImage, ImageEncoder, codecs::jpeg::JpegEncoder, imageops::FilterType};

use super::PersonaliseError;
use crate::{card_profile::FaceCoding, der};

/// Bytes that a chip gives to the picture.
const LARGEST: usize = 20 * 1024;
/// How a JPEG 2000 file and a bare codestream begin (ISO/IEC 15444-1, I.5.1 and A.4.1).
const JP2_SIGNATURE: [u8; 12] = [0, 0, 0, 0x0C, b'j', b'P', b' ', b' ', 0x0D, 0x0A, 0x87, 0x0A];
const CODESTREAM: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];

/// A picture as it goes onto a chip.
pub(super) struct Picture {
    bytes: Vec<u8>,
    format: Format,
    width: u16,
    height: u16,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Jpeg,
    Jpeg2000,
}

/// The portrait of a file, cut to 3:4, so many pixels across, and compressed to what fits on a chip. A JPEG
/// 2000 file is taken as it is, because no light encoder of that is to be had.
pub(super) fn for_chip(path: &Path, width: u16) -> Result<Picture, PersonaliseError> {
    let bytes =
        fs::read(path).map_err(|source| PersonaliseError::Portrait { path: path.to_owned(), source })?;
    if let Some((width, height)) = jpeg_2000_size(&bytes) {
        return Ok(Picture { bytes, format: Format::Jpeg2000, width, height });
    }
    let unreadable = |source| PersonaliseError::Picture { path: path.to_owned(), source };
    let picture = image::load_from_memory(&bytes).map_err(unreadable)?;
    let height = width / 3 * 4;
    let rgb = picture.resize_to_fill(width.into(), height.into(), FilterType::CatmullRom).into_rgb8();
    let bytes = compress(&DynamicImage::ImageRgb8(rgb)).map_err(unreadable)?;
    Ok(Picture { bytes, format: Format::Jpeg, width, height })
}

/// Pixels across and down, if these are JPEG 2000: out of the SIZ segment, right
/// after the start of the codestream (ISO/IEC 15444-1, A.5.1).
fn jpeg_2000_size(bytes: &[u8]) -> Option<(u16, u16)> {
    if !bytes.starts_with(&JP2_SIGNATURE) && !bytes.starts_with(&CODESTREAM) {
        return None;
    }
    let start = bytes.windows(CODESTREAM.len()).position(|window| window == CODESTREAM)?;
    // Behind both markers: length and capabilities, two bytes each, then four numbers.
    let number = |index: usize| {
        let at = start + CODESTREAM.len() + 4 + 4 * index;
        Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
    };
    let size = |end: u32, offset: u32| u16::try_from(end.checked_sub(offset)?).ok();
    Some((size(number(0)?, number(2)?)?, size(number(1)?, number(3)?)?))
}

/// The best quality that fits.
fn compress(picture: &DynamicImage) -> image::ImageResult<Vec<u8>> {
    let mut quality = 92;
    loop {
        let mut out = Vec::new();
        JpegEncoder::new_with_quality(&mut out, quality).write_image(
            picture.as_bytes(),
            picture.width(),
            picture.height(),
            picture.color().into(),
        )?;
        if out.len() <= LARGEST || quality <= 8 {
            return Ok(out);
        }
        quality -= 6;
    }
}

/// The whole file around one picture, filled up behind it to `least` bytes. `sex` is
/// `M` or `F`.
pub(super) fn file(picture: &Picture, sex: char, coding: FaceCoding, least: usize) -> Vec<u8> {
    let mut filled = picture.bytes.clone();
    if filled.len() < least {
        filled.resize(least, 0);
    }
    let (format, data) = match coding {
        FaceCoding::Iso19794 => (0x08, der::object(0x5F2E, &face_record(picture, &filled, sex))),
        FaceCoding::Iso39794 => {
            (0x2A, der::group(0x7F2E, &[der::object(0xA1, &face_block(picture, &filled))]))
        }
    };
    // Biometric header template: face, full frontal not stated; owner 0101.
    let header = der::group(
        0xA1,
        &[
            der::object(0x81, &[0x02]),
            der::object(0x82, &[0x00]),
            der::object(0x87, &[0x01, 0x01]),
            der::object(0x88, &[0x00, format]),
        ],
    );
    let template = der::group(0x7F60, &[header, data]);
    der::group(0x75, &[der::group(0x7F61, &[der::integer(1), template])])
}

/// ISO/IEC 19794-5:2005, 5.3 to 5.8: facial record header, facial information,
/// image information, image.
fn face_record(picture: &Picture, data: &[u8], sex: char) -> Vec<u8> {
    const HEADER: usize = 14;
    const FACE: usize = 20;
    const IMAGE: usize = 12;
    let face_length = FACE + IMAGE + data.len();
    let gender = if sex == 'F' { 2 } else { 1 };
    let mut out = b"FAC\x00010\x00".to_vec();
    out.extend(((HEADER + face_length) as u32).to_be_bytes());
    out.extend([0, 1]);
    out.extend((face_length as u32).to_be_bytes());
    // No feature points; eye and hair colour, properties, expression, pose unspecified.
    out.extend([0, 0, gender, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Full frontal, format, width, height, sRGB, digital still camera, device, quality.
    out.extend([1, u8::from(picture.format == Format::Jpeg2000)]);
    out.extend(picture.width.to_be_bytes());
    out.extend(picture.height.to_be_bytes());
    out.extend([1, 2, 0, 0, 0, 0]);
    out.extend_from_slice(data);
    out
}

/// ISO/IEC 39794-5:2019, annex A: FaceImageDataBlock with one two-dimensional
/// representation and only what is mandatory.
fn face_block(picture: &Picture, data: &[u8]) -> Vec<u8> {
    // Codes of the image data format: 2 JPEG, 3 JPEG 2000 lossy.
    let code = match picture.format {
        Format::Jpeg => 2,
        Format::Jpeg2000 => 3,
    };
    let information = der::group(0xA1, &[der::group(0xA0, &[der::object(0x80, &[code])])]);
    let two_dimensional = der::group(0xA0, &[der::object(0x80, data), information]);
    let representation = der::group(0xA1, &[der::group(0xA0, &[two_dimensional])]);
    let block = der::sequence(&[der::object(0x80, &[1]), representation]);
    // Third generation, of 2019.
    let version = der::group(0xA0, &[der::object(0x80, &[3]), der::object(0x81, &[0x07, 0xE3])]);
    der::group(0x65, &[version, der::group(0xA1, &[block])])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(bytes: Vec<u8>) -> Picture {
        Picture { bytes, format: Format::Jpeg, width: 300, height: 400 }
    }

    #[test]
    fn the_lengths_in_the_face_record_lead_to_its_end() {
        let record = face_record(&picture(Vec::new()), &[0xFF; 1000], 'F');
        let number = |at: usize| u32::from_be_bytes(record[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(number(8), record.len());
        assert_eq!(14 + number(14), record.len());
        assert_eq!(record[46..], [0xFF; 1000]);
    }

    #[test]
    fn a_face_block_leads_by_its_tags_to_format_and_picture() {
        let file = file(&picture(b"a picture".to_vec()), 'F', FaceCoding::Iso39794, 0);
        let mut at = der::find(&file, 0x75).unwrap();
        for tag in [0x7F61, 0x7F60, 0x7F2E, 0xA1, 0x65, 0xA1, 0x30, 0xA1, 0xA0, 0xA0] {
            at = der::find(at, tag).unwrap_or_else(|| panic!("no {tag:X}"));
        }
        assert_eq!(der::find(at, 0x80), Some(&b"a picture"[..]));
        let information = der::find(der::find(at, 0xA1).unwrap(), 0xA0).unwrap();
        assert_eq!(der::find(information, 0x80), Some(&[2][..]));
    }

    #[test]
    fn a_file_is_filled_up_behind_its_picture() {
        for coding in [FaceCoding::Iso19794, FaceCoding::Iso39794] {
            let file = file(&picture(b"a picture".to_vec()), 'M', coding, 40_000);
            assert!((40_000..40_200).contains(&file.len()), "{coding:?}: {}", file.len());
            assert!(file.windows(10).any(|window| window == b"a picture\0"));
        }
    }

    #[test]
    fn a_jpeg_2000_portrait_is_taken_as_it_is_with_its_size() {
        // SIZ of a codestream 240 by 320 that begins 10 to the right and 20 down.
        let mut siz = CODESTREAM.to_vec();
        siz.extend([0, 47, 0, 0]);
        for number in [250u32, 340, 10, 20] {
            siz.extend(number.to_be_bytes());
        }
        let wrapped = [&JP2_SIGNATURE[..], b"boxes", &siz].concat();
        let folder = tempfile::tempdir().unwrap();
        for bytes in [siz, wrapped] {
            let path = folder.path().join("portrait.jp2");
            fs::write(&path, &bytes).unwrap();
            let taken = for_chip(&path, 300).unwrap();
            assert_eq!((taken.width, taken.height), (240, 320));
            assert!(taken.bytes == bytes);
            assert_eq!(face_record(&taken, &taken.bytes, 'F')[35], 1);
        }
        assert_eq!(jpeg_2000_size(&CODESTREAM), None);
    }

    #[test]
    fn a_missing_portrait_is_an_error_that_names_the_file() {
        let error = for_chip(Path::new("nowhere/lost.jpg"), 300).err().unwrap();
        assert!(error.to_string().contains("lost.jpg"), "{error}");
    }

    #[test]
    fn a_noisy_photograph_is_compressed_until_it_fits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noise.png");
        let mut state = 1u32;
        let noise = image::RgbImage::from_fn(900, 900, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            image::Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
        });
        noise.save(&path).unwrap();
        let jpeg = for_chip(&path, 300).unwrap().bytes;
        assert!(jpeg.len() <= LARGEST, "{}", jpeg.len());
        let back = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((back.width(), back.height()), (300, 400));
    }
}
