//! Which way up a JPEG file is: tag 0x0112 of its Exif block (Exif 2.32, 4.6.4).
//! Reads no other tag.

use identity::Picture;
use zeroize::Zeroizing;

/// How a picture must be turned to stand upright, as Exif counts it: 1 to 8.
pub(crate) fn of_jpeg(bytes: &[u8]) -> u8 {
    exif(bytes).and_then(orientation).filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

/// The Exif block: the first APP1 segment that begins with its mark.
fn exif(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let [0xFF, marker, high, low, tail @ ..] = rest else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(2)?;
        let segment = tail.get(..length)?;
        match (marker, segment.strip_prefix(b"Exif\0\0")) {
            (0xE1, Some(block)) => return Some(block),
            (0xDA, _) => return None,
            _ => rest = &tail[length..],
        }
    }
}

/// Tag 0x0112 of the first directory of a TIFF block.
fn orientation(block: &[u8]) -> Option<u8> {
    let big = match block.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes: [u8; 2] = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let offset: [u8; 4] = block.get(4..8)?.try_into().ok()?;
    let directory = if big { u32::from_be_bytes(offset) } else { u32::from_le_bytes(offset) } as usize;
    (0..usize::from(short(directory)?))
        .map(|entry| directory + 2 + entry * 12)
        .find(|at| short(*at) == Some(0x0112))
        .and_then(|at| u8::try_from(short(at + 8)?).ok())
}

/// Turns and mirrors a picture so that it stands upright.
pub(crate) fn upright(picture: Picture, orientation: u8) -> Picture {
    if orientation == 1 {
        return picture;
    }
    let (width, height) = (picture.width as usize, picture.height as usize);
    let turned = orientation >= 5;
    let (across, down) = if turned { (height, width) } else { (width, height) };
    let mut rgb = Zeroizing::new(Vec::with_capacity(picture.rgb.len()));
    for y in 0..down {
        for x in 0..across {
            let (sx, sy) = match orientation {
                2 => (width - 1 - x, y),
                3 => (width - 1 - x, height - 1 - y),
                4 => (x, height - 1 - y),
                5 => (y, x),
                6 => (y, height - 1 - x),
                7 => (width - 1 - y, height - 1 - x),
                8 => (width - 1 - y, x),
                _ => (x, y),
            };
            let at = (sy * width + sx) * 3;
            rgb.extend_from_slice(&picture.rgb[at..at + 3]);
        }
    }
    Picture { width: across as u32, height: down as u32, rgb }
}

/// As it would have come from a camera that hangs the other way up: turned by 180 degrees.
pub(crate) fn half_turned(picture: &Picture) -> Picture {
    let mut rgb = Zeroizing::new(Vec::with_capacity(picture.rgb.len()));
    rgb.extend(picture.rgb.chunks_exact(3).rev().flatten());
    Picture { rgb, ..*picture }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG head with an Exif block that says `value`.
    pub(crate) fn head(value: u8, big: bool) -> Vec<u8> {
        let mut block = b"Exif\0\0".to_vec();
        if big {
            block.extend(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0");
            block.extend([value, 0, 0, 0, 0, 0, 0]);
        } else {
            block.extend(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0");
            block.extend([value, 0, 0, 0, 0, 0, 0, 0]);
        }
        let length = (block.len() + 2) as u16;
        let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE1];
        bytes.extend(length.to_be_bytes());
        bytes.extend(block);
        bytes
    }

    #[test]
    fn both_byte_orders_are_read() {
        for value in 1..=8 {
            assert_eq!((of_jpeg(&head(value, true)), of_jpeg(&head(value, false))), (value, value));
        }
    }

    #[test]
    fn what_makes_no_sense_means_upright() {
        assert_eq!(of_jpeg(&head(9, true)), 1);
        assert_eq!(of_jpeg(b""), 1);
        let whole = head(6, true);
        for end in 0..whole.len() {
            of_jpeg(&whole[..end]);
        }
    }

    #[test]
    fn a_picture_on_its_side_is_turned_clockwise() {
        // Two columns, one row: red left, blue right; 6 means: turn clockwise.
        let picture = Picture { width: 2, height: 1, rgb: Zeroizing::new(vec![255, 0, 0, 0, 0, 255]) };
        let turned = upright(picture, 6);
        assert_eq!((turned.width, turned.height), (1, 2));
        assert_eq!(turned.rgb.as_slice(), [255, 0, 0, 0, 0, 255]);
        let back = upright(turned, 8);
        assert_eq!((back.width, back.height, back.rgb[0]), (2, 1, 255));
    }

    #[test]
    fn half_a_turn_is_what_exif_calls_3() {
        let picture = || Picture { width: 3, height: 2, rgb: Zeroizing::new((0..18).collect()) };
        let turned = half_turned(&picture());
        assert_eq!((turned.width, turned.height), (3, 2));
        assert_eq!(turned.rgb, upright(picture(), 3).rgb);
        assert_eq!(half_turned(&turned).rgb, picture().rgb);
    }
}
