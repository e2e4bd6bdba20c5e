//! The portrait on the chip, and its pixels. The format is what the first bytes
//! say, not what the record around them claims; the size is checked before
//! anything is decoded.

use hayro_jpeg2000::{ColorSpace, DecodeSettings, DecoderContext, Image};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace as JpegColours, options::DecoderOptions},
};

use crate::tlv::Malformed;

/// No portrait is wider or higher than this.
pub const LARGEST_SIDE: u32 = 4096;

/// The encoded picture as it lies on the chip. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Portrait {
    /// The encoded bytes.
    pub bytes: Vec<u8>,
    /// How they are encoded.
    #[zeroize(skip)]
    pub format: Format,
}

/// How a picture is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG (ISO/IEC 10918).
    Jpeg,
    /// JPEG 2000 in its JP2 file format (ISO/IEC 15444-1, annex I).
    Jp2,
    /// JPEG 2000 codestream without a file around it.
    Jpeg2000Codestream,
}

/// Pixels: rows from the top, three bytes each. Wiped when dropped.
pub struct Picture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue.
    pub rgb: Zeroizing<Vec<u8>>,
}

/// Why a portrait has no pixels.
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
    /// Neither grey nor red, green and blue.
    #[error("the portrait has colours that are neither grey nor red, green and blue")]
    Colours,
}

impl PortraitError {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> faults::Fault {
        faults::Fault::PortraitTooPoor
    }
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
