//! The portrait on the chip (ICAO 9303-10, 4.7.2), and its pixels. The format is what the
//! first bytes say, not what the record around them claims; the size is checked before
//! anything is decoded.

mod codestream;

use hayro_jpeg2000::{ColorSpace, DecodeSettings, DecoderContext, Image};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace as JpegColours, options::DecoderOptions},
};

use crate::tlv::Malformed;

/// No portrait is wider or higher than this, in pixels. The limit is ours, in no standard.
pub const LARGEST_SIDE: u32 = 4096;

/// The encoded picture as it lies on the chip (ICAO 9303-10, 4.7.2). Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Portrait {
    /// The encoded bytes.
    pub bytes: Vec<u8>,
    /// How they are encoded.
    #[zeroize(skip)]
    pub format: Format,
}

/// How a picture is encoded (ISO/IEC 10918 or ISO/IEC 15444-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG (ISO/IEC 10918).
    Jpeg,
    /// JPEG 2000 in its JP2 file format (ISO/IEC 15444-1, annex I).
    Jp2,
    /// JPEG 2000 codestream without a file around it.
    Jpeg2000Codestream,
}

/// Pixels: rows from the top, three bytes each. The form is ours, in no standard. Wiped when dropped.
pub struct Picture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue.
    pub rgb: Zeroizing<Vec<u8>>,
}

/// Why a portrait has no pixels (ISO/IEC 10918 or ISO/IEC 15444-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortraitError {
    /// The picture cannot be decoded.
    #[error("the portrait is damaged")]
    Damaged,
    /// The picture says that it is larger than any portrait.
    #[error("the portrait is {width} × {height}, larger than any portrait")]
    TooLarge {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A JPEG 2000 picture says that it is cut into more tiles than any portrait.
    #[error("the portrait has {0} tiles, more than any portrait")]
    Tiles(u64),
    /// A JPEG 2000 picture is cut into more pieces than any portrait.
    #[error("the portrait is cut into more pieces than any portrait")]
    Demanding,
    /// Neither grey nor red, green and blue.
    #[error("the portrait has colours that are neither grey nor red, green and blue")]
    Colours,
}

impl Format {
    /// What the first bytes say.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        const JP2_SIGNATURE: &[u8] = b"\x00\x00\x00\x0CjP  ";
        if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(JP2_SIGNATURE) {
            Some(Self::Jp2)
        } else if bytes.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) {
            Some(Self::Jpeg2000Codestream)
        } else {
            None
        }
    }
}

impl Portrait {
    /// The first picture of a DG2 (ICAO 9303-10, 4.7.2), for programs that look at
    /// files. Nobody says here that its issuer signed it; an
    /// [`Identity`](crate::Identity) has a portrait of which that is certain.
    pub fn of_group(dg2: &[u8]) -> Result<Self, Malformed> {
        crate::data_groups::face_image::parse(dg2)
    }

    /// Bytes that begin as a picture does.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let format = Format::of(bytes).ok_or(Malformed("the portrait is neither JPEG nor JPEG 2000"))?;
        Ok(Self { bytes: bytes.to_vec(), format })
    }

    /// The pixels.
    pub fn decode(&self) -> Result<Picture, PortraitError> {
        match self.format {
            Format::Jpeg => decode_jpeg(&self.bytes),
            Format::Jp2 | Format::Jpeg2000Codestream => decode_jpeg2000(&self.bytes),
        }
    }
}

fn check_size(width: u32, height: u32) -> Result<(), PortraitError> {
    if width == 0 || height == 0 {
        return Err(PortraitError::Damaged);
    }
    if width > LARGEST_SIDE || height > LARGEST_SIDE {
        return Err(PortraitError::TooLarge { width, height });
    }
    Ok(())
}

fn decode_jpeg(bytes: &[u8]) -> Result<Picture, PortraitError> {
    // The decoder's own limits are wider than ours, so that ours speaks.
    let options = DecoderOptions::new_safe()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(JpegColours::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|_| PortraitError::Damaged)?;
    let (width, height) = decoder.dimensions().ok_or(PortraitError::Damaged)?;
    let (width, height) = (width as u32, height as u32);
    check_size(width, height)?;
    let rgb = Zeroizing::new(decoder.decode().map_err(|_| PortraitError::Damaged)?);
    picture(width, height, rgb)
}

fn decode_jpeg2000(bytes: &[u8]) -> Result<Picture, PortraitError> {
    // The decoder reads the header only; nothing is allocated for pixels yet.
    let image = Image::new(bytes, &DecodeSettings::default()).map_err(|_| PortraitError::Damaged)?;
    let (width, height) = (image.width(), image.height());
    check_size(width, height)?;
    codestream::check(bytes)?;
    let channels = match image.color_space() {
        ColorSpace::Gray => 1,
        ColorSpace::RGB => 3,
        ColorSpace::Icc { num_channels, .. } | ColorSpace::Unknown { num_channels } => *num_channels,
        ColorSpace::CMYK => return Err(PortraitError::Colours),
    };
    let stride = usize::from(channels) + usize::from(image.has_alpha());
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|_| PortraitError::Damaged)?;
    let samples = Zeroizing::new(decoded.data_u8());
    let rgb = match channels {
        1 => samples.chunks_exact(stride).flat_map(|pixel| [pixel[0]; 3]).collect(),
        3 => samples.chunks_exact(stride).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
        _ => return Err(PortraitError::Colours),
    };
    picture(width, height, Zeroizing::new(rgb))
}

/// Refuses a decoder's answer that is not three bytes for each pixel.
fn picture(width: u32, height: u32, rgb: Zeroizing<Vec<u8>>) -> Result<Picture, PortraitError> {
    if rgb.len() == width as usize * height as usize * 3 {
        Ok(Picture { width, height, rgb })
    } else {
        Err(PortraitError::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Upper left, upper right, lower left and lower right corner of every picture.
    const COLOURS: [[u8; 3]; 4] = [[250, 250, 120], [10, 250, 120], [250, 10, 120], [10, 10, 120]];
    const GREYS: [[u8; 3]; 4] = [[235; 3], [163; 3], [94; 3], [23; 3]];

    const RGB_JP2: &[u8] = include_bytes!("../tests/pictures/rgb.jp2");
    const RGB_J2K: &[u8] = include_bytes!("../tests/pictures/rgb.j2k");
    const GREY_JP2: &[u8] = include_bytes!("../tests/pictures/grey.jp2");
    const RGB_JPG: &[u8] = include_bytes!("../tests/pictures/rgb.jpg");
    const GREY_JPG: &[u8] = include_bytes!("../tests/pictures/grey.jpg");

    fn decode(bytes: &[u8]) -> Result<Picture, PortraitError> {
        Portrait::parse(bytes).unwrap_or_else(|problem| panic!("{problem}")).decode()
    }

    fn corners(picture: &Picture) -> [[u8; 3]; 4] {
        let pixel = |x: usize, y: usize| {
            let at = (y * picture.width as usize + x) * 3;
            [picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]]
        };
        [pixel(0, 0), pixel(23, 0), pixel(0, 31), pixel(23, 31)]
    }

    #[test]
    fn every_encoding_gives_the_same_picture() {
        let check = |bytes: &[u8], expected: [[u8; 3]; 4], tolerance: u8| {
            let picture = decode(bytes).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((picture.width, picture.height), (24, 32));
            let (found, expected) = (corners(&picture), expected);
            let near = found
                .iter()
                .flatten()
                .zip(expected.iter().flatten())
                .all(|(a, b)| a.abs_diff(*b) <= tolerance);
            assert!(near, "{found:?} is not {expected:?}");
        };
        check(RGB_JP2, COLOURS, 0);
        check(RGB_J2K, COLOURS, 0);
        check(GREY_JP2, GREYS, 0);
        check(RGB_JPG, COLOURS, 12);
        check(GREY_JPG, GREYS, 6);
    }

    #[test]
    fn padding_after_a_picture_does_no_harm() {
        for bytes in [RGB_JP2, RGB_J2K, GREY_JP2, RGB_JPG, GREY_JPG] {
            for padding in [vec![0; 40], vec![0xFF; 7]] {
                let picture = decode(&[bytes, &padding].concat());
                assert!(picture.is_ok_and(|it| it.rgb.len() == 24 * 32 * 3), "{:?}", Format::of(bytes));
            }
        }
    }

    #[test]
    fn a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded() {
        // Height and width of the frame header, two octets each.
        let mut jpeg = RGB_JPG.to_vec();
        let frame = jpeg.windows(2).position(|octets| octets == [0xFF, 0xC2]).unwrap();
        jpeg[frame + 5..frame + 7].copy_from_slice(&60_000_u16.to_be_bytes());
        assert_eq!(decode(&jpeg).err(), Some(PortraitError::TooLarge { width: 24, height: 60_000 }));

        // Xsiz in the codestream's SIZ marker, four octets.
        let mut codestream = RGB_J2K.to_vec();
        codestream[8..12].copy_from_slice(&50_000_u32.to_be_bytes());
        assert!(matches!(decode(&codestream).err(), Some(PortraitError::TooLarge { width: 50_000, .. })));
    }

    #[test]
    fn a_picture_in_more_tiles_than_any_portrait_is_refused_before_it_is_decoded() {
        for (side, tile, count) in [(2048_u32, 1_u32, 4_194_304), (2048, 128, 256)] {
            let mut codestream = RGB_J2K.to_vec();
            // Xsiz and Ysiz, then XTsiz and YTsiz.
            for (at, value) in [(8, side), (12, side), (24, tile), (28, tile)] {
                codestream[at..at + 4].copy_from_slice(&value.to_be_bytes());
            }
            assert_eq!(decode(&codestream).err(), Some(PortraitError::Tiles(count)));
        }
    }

    #[test]
    fn a_damaged_picture_is_an_error_or_a_picture_and_never_a_panic() {
        for bytes in [RGB_JP2, RGB_J2K, GREY_JP2, RGB_JPG, GREY_JPG] {
            for length in 12..bytes.len() {
                if let Ok(picture) = decode(&bytes[..length]) {
                    assert_eq!(picture.rgb.len(), (picture.width * picture.height * 3) as usize);
                }
            }
            for at in 12..bytes.len() {
                let mut damaged = bytes.to_vec();
                damaged[at] ^= 0x55;
                if let Ok(picture) = decode(&damaged) {
                    assert_eq!(picture.rgb.len(), (picture.width * picture.height * 3) as usize);
                }
            }
        }
    }

    #[test]
    fn bytes_that_begin_like_no_picture_are_refused() {
        for bytes in [&b"GIF89a"[..], b"", &[0xFF, 0xD8], &RGB_JP2[..7]] {
            assert!(Portrait::parse(bytes).is_err());
        }
    }
}
