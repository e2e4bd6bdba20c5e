//! EF.DG2: one portrait in an ISO/IEC 19794-5 record, inside the biometric
//! templates of ICAO Doc 9303-10, 4.7.2.

use std::{fs, path::Path};

use image::{DynamicImage, ImageEncoder, codecs::jpeg::JpegEncoder, imageops::FilterType};

use super::PersonaliseError;
use crate::der;

/// Pixels across and down, as chips usually hold them.
const SIZE: (u32, u32) = (300, 400);
/// Bytes that a chip gives to the picture.
const LARGEST: usize = 20 * 1024;

/// The portrait of a file, cut to 3:4 and compressed to what fits on a chip.
pub(super) fn for_chip(path: &Path) -> Result<Vec<u8>, PersonaliseError> {
    let bytes =
        fs::read(path).map_err(|source| PersonaliseError::Portrait { path: path.to_owned(), source })?;
    let unreadable = |source| PersonaliseError::Picture { path: path.to_owned(), source };
    let picture = image::load_from_memory(&bytes).map_err(unreadable)?;
    let rgb = picture.resize_to_fill(SIZE.0, SIZE.1, FilterType::CatmullRom).into_rgb8();
    compress(&DynamicImage::ImageRgb8(rgb)).map_err(unreadable)
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

/// The whole file around one JPEG picture. `sex` is `M` or `F`.
pub(super) fn file(jpeg: &[u8], sex: char) -> Vec<u8> {
    // Biometric header template: face, full frontal not stated; format 0101/0008.
    let header = der::group(
        0xA1,
        &[
            der::object(0x81, &[0x02]),
            der::object(0x82, &[0x00]),
            der::object(0x87, &[0x01, 0x01]),
            der::object(0x88, &[0x00, 0x08]),
        ],
    );
    let template = der::group(0x7F60, &[header, der::object(0x5F2E, &face_record(jpeg, sex))]);
    der::group(0x75, &[der::group(0x7F61, &[der::integer(1), template])])
}

/// ISO/IEC 19794-5:2005, 5.3 to 5.8: facial record header, facial information,
/// image information, image.
fn face_record(jpeg: &[u8], sex: char) -> Vec<u8> {
    const HEADER: usize = 14;
    const FACE: usize = 20;
    const IMAGE: usize = 12;
    let face_length = FACE + IMAGE + jpeg.len();
    let gender = if sex == 'F' { 2 } else { 1 };
    let mut out = b"FAC\x00010\x00".to_vec();
    out.extend(((HEADER + face_length) as u32).to_be_bytes());
    out.extend([0, 1]);
    out.extend((face_length as u32).to_be_bytes());
    // No feature points; eye and hair colour, properties, expression, pose unspecified.
    out.extend([0, 0, gender, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Full frontal, JPEG, width, height, sRGB, digital still camera, device, quality.
    out.extend([1, 0]);
    out.extend((SIZE.0 as u16).to_be_bytes());
    out.extend((SIZE.1 as u16).to_be_bytes());
    out.extend([1, 2, 0, 0, 0, 0]);
    out.extend_from_slice(jpeg);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lengths_in_the_face_record_lead_to_its_end() {
        let record = face_record(&[0xFF; 1000], 'F');
        let number = |at: usize| u32::from_be_bytes(record[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(number(8), record.len());
        assert_eq!(14 + number(14), record.len());
        assert_eq!(record[46..], [0xFF; 1000]);
    }

    #[test]
    fn a_missing_portrait_is_an_error_that_names_the_file() {
        let error = for_chip(Path::new("nowhere/lost.jpg")).unwrap_err();
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
        let jpeg = for_chip(&path).unwrap();
        assert!(jpeg.len() <= LARGEST, "{}", jpeg.len());
        let back = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((back.width(), back.height()), SIZE);
    }
}
