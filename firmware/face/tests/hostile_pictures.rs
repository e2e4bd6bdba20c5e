//! Whatever is called a picture gives an answer or a clear error, and never a panic: two
//! thousand pictures that are damaged, lie about themselves, or are only unusual. What is made
//! is made from a seed, so a picture that fails once fails again.

use std::{path::Path, sync::LazyLock, time::Duration};

use card_faults::Listed as _;
use devices::{Frame, Pixels};
use face::{Engine, FaceError, Picture, decode_frame, read_picture};
use faults::Fault;
use identity::{Portrait, portrait::Format};

/// No picture that is let through has a longer side (pixels).
const LARGEST_SIDE: u32 = 4096;
/// Looking at a face takes the most time, so not every picture is looked at.
const LOOKED_AT: u32 = 60;

const WHOLE: [(&str, &[u8]); 10] = [
    ("rgb-444.jpg", include_bytes!("pictures/rgb-444.jpg")),
    ("rgb-420.jpg", include_bytes!("pictures/rgb-420.jpg")),
    ("rgb-411.jpg", include_bytes!("pictures/rgb-411.jpg")),
    ("progressive.jpg", include_bytes!("pictures/progressive.jpg")),
    ("grey.jpg", include_bytes!("pictures/grey.jpg")),
    ("cmyk.jpg", include_bytes!("pictures/cmyk.jpg")),
    ("ycck.jpg", include_bytes!("pictures/ycck.jpg")),
    ("rgb.jp2", include_bytes!("pictures/rgb.jp2")),
    ("grey.jp2", include_bytes!("pictures/grey.jp2")),
    ("rgb.j2k", include_bytes!("pictures/rgb.j2k")),
];

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models")).unwrap());

/// Numbers that look random (Numerical Recipes' generator).
struct Chance(u32);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % end.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }
}

/// How many pictures were given pixels, and how many an error.
#[derive(Default)]
struct Count {
    answered: u32,
    refused: u32,
    looked_at: u32,
    faces: u32,
}

impl Count {
    fn all(&self) -> u32 {
        self.answered + self.refused
    }

    fn take(&mut self, what: &str, result: Result<Picture, FaceError>) {
        match result {
            Ok(picture) => {
                self.answered += 1;
                check(what, &picture);
                if self.looked_at < LOOKED_AT && self.answered.is_multiple_of(5) {
                    self.looked_at += 1;
                    self.faces += u32::from(ENGINE.quality_of(&picture).expect(what).is_some());
                }
            }
            Err(error) => {
                self.refused += 1;
                assert_eq!(
                    (error.fault(), error.fault().code()),
                    (Fault::CameraSilent, "CAMERA-02"),
                    "{what}"
                );
            }
        }
    }

    /// The same as the portrait of a chip.
    fn take_portrait(&mut self, what: &str, bytes: &[u8]) {
        let Some(format) = Format::of(bytes) else { return self.refused += 1 };
        match (Portrait { bytes: bytes.to_vec(), format }).decode() {
            Ok(picture) => {
                self.answered += 1;
                check(what, &picture);
                if self.looked_at < LOOKED_AT && self.answered.is_multiple_of(5) {
                    self.looked_at += 1;
                    // Whatever is left of the face has a template, and is like itself.
                    let sample = ENGINE.sample(&picture).expect(what);
                    self.faces +=
                        u32::from(sample.is_some_and(|it| it.likeness(&it).ten_thousandths() > 9_900));
                }
            }
            Err(error) => {
                self.refused += 1;
                assert_eq!(error.fault().code(), "FACE-03", "{what}");
            }
        }
    }
}

/// What comes out is a picture of a size that can be borne.
fn check(what: &str, picture: &Picture) {
    let (width, height) = (picture.width, picture.height);
    let fits = |side| (1..=LARGEST_SIDE).contains(&side);
    assert!(fits(width) && fits(height), "{what}: {width} x {height}");
    assert_eq!(picture.rgb.len(), width as usize * height as usize * 3, "{what}");
}

fn mjpg(bytes: &[u8]) -> Frame {
    frame(240, 320, Pixels::Mjpg, bytes.to_vec())
}

fn frame(width: u32, height: u32, pixels: Pixels, data: Vec<u8>) -> Frame {
    Frame { taken: Duration::ZERO, width, height, pixels, data: data.into() }
}

/// One whole picture, damaged in one of six ways.
fn damaged(whole: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    // Heads are where a decoder's tables and sizes are, so they are hit more often.
    let head = bytes.len().min(700);
    match chance.below(6) {
        0 => bytes.truncate(chance.below(whole.len())),
        1 => (0..=chance.below(20)).for_each(|_| {
            let at = chance.below(whole.len());
            bytes[at] ^= 1 << chance.below(8);
        }),
        2 => (0..=chance.below(8)).for_each(|_| {
            let at = chance.below(head);
            bytes[at] = chance.byte();
        }),
        3 => {
            let at = chance.below(whole.len());
            bytes.drain(at..(at + chance.below(300)).min(whole.len()));
        }
        4 => {
            let at = chance.below(whole.len());
            let more: Vec<u8> = (0..chance.below(300)).map(|_| chance.byte()).collect();
            bytes.splice(at..at, more);
        }
        _ => {
            // A marker where none belongs.
            let at = chance.below(whole.len() - 2);
            bytes[at..at + 2].copy_from_slice(&[0xFF, chance.byte()]);
        }
    }
    bytes
}

#[test]
fn a_damaged_picture_is_an_answer_or_an_error() {
    let mut chance = Chance(29_794);
    let (mut files, mut frames, mut portraits) = (Count::default(), Count::default(), Count::default());
    for round in 0..70 {
        for (name, whole) in WHOLE {
            let bytes = damaged(whole, &mut chance);
            let what = format!("{name}, round {round}");
            files.take(&what, read_picture(&bytes));
            frames.take(&what, decode_frame(&mjpg(&bytes)));
            portraits.take_portrait(&what, &bytes);
        }
    }
    for (kind, count) in [("files", &files), ("frames", &frames), ("portraits", &portraits)] {
        println!("{kind}: {} answered, {} refused", count.answered, count.refused);
        assert_eq!(count.all(), 700, "{kind}");
        // Both happen, and often: else nothing was tried.
        assert!(count.answered > 50 && count.refused > 50, "{kind}");
    }
    let all = [&files, &frames, &portraits];
    let (looked_at, faces) = (all.map(|it| it.looked_at), all.map(|it| it.faces));
    println!("{looked_at:?} looked at, {faces:?} with a face");
    assert!(files.faces > 0 && portraits.faces > 0);
}

#[test]
fn every_encoding_of_a_face_is_read_and_the_face_is_found() {
    for (name, whole) in WHOLE {
        let picture = read_picture(whole).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((picture.width, picture.height), (240, 320), "{name}");
        let (quality, _) = ENGINE.quality_of(&picture).unwrap().expect(name);
        assert!(quality.certainty > 0.8, "{name}: {quality:?}");
        // A camera sends no JPEG 2000.
        let is_jpeg = whole.starts_with(&[0xFF, 0xD8]);
        assert_eq!(decode_frame(&mjpg(whole)).is_ok(), is_jpeg, "{name}");
    }
}

/// The two octets of a side in the frame header of a JPEG, or four in the SIZ of JPEG 2000.
fn with_size(whole: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    if let Some(at) = bytes.windows(4).position(|octets| octets == [0xFF, 0x4F, 0xFF, 0x51]) {
        bytes[at + 8..at + 12].copy_from_slice(&width.to_be_bytes());
        bytes[at + 12..at + 16].copy_from_slice(&height.to_be_bytes());
    } else {
        let at = bytes.windows(2).position(|octets| matches!(octets, [0xFF, 0xC0 | 0xC2])).unwrap();
        bytes[at + 5..at + 7].copy_from_slice(&(height as u16).to_be_bytes());
        bytes[at + 7..at + 9].copy_from_slice(&(width as u16).to_be_bytes());
    }
    bytes
}

#[test]
fn a_picture_that_lies_about_its_size_is_an_answer_or_an_error() {
    const SIDES: [u32; 9] = [0, 1, 7, 8, 241, 4096, 4097, 32_768, 65_535];
    let (mut count, mut portraits) = (Count::default(), Count::default());
    for (name, whole) in WHOLE {
        for side in SIDES {
            for (width, height) in [(side, 320), (240, side)] {
                let bytes = with_size(whole, width, height);
                let what = format!("{name} as {width} x {height}");
                count.take(&what, read_picture(&bytes));
                count.take(&what, decode_frame(&mjpg(&bytes)));
                portraits.take_portrait(&what, &bytes);
            }
        }
    }
    println!("sizes: {} answered, {} refused", count.answered, count.refused);
    assert_eq!((count.all(), portraits.all()), (360, 180));
    assert!(count.answered > 20 && count.refused > 100 && portraits.refused > 50);
}

#[test]
fn a_frame_without_a_format_lies_about_its_size_in_vain() {
    let sizes = [0, 1, 2, 3, 16, 240, 4096, 4097, 65_535, u32::MAX];
    let mut count = Count::default();
    for pixels in [Pixels::Rgb8, Pixels::Yuyv, Pixels::Nv12] {
        for width in sizes {
            for height in [1, 2, 16, 65_535, u32::MAX] {
                for length in [0, 1, 3, 6, 384, 512, 768, 11_520] {
                    let what = format!("{pixels:?} {width} x {height} of {length}");
                    count.take(&what, decode_frame(&frame(width, height, pixels, vec![7; length])));
                }
            }
        }
    }
    println!("raw: {} answered, {} refused", count.answered, count.refused);
    assert!(count.answered >= 5 && count.refused > 1000);
}

#[test]
fn a_picture_of_one_row_or_column_or_pixel_is_looked_at() {
    for (width, height) in [(1, 1), (1, 2), (2, 1), (1, 4096), (4096, 1), (3, 4096), (33, 31)] {
        let mut bytes = Vec::new();
        let pixels = image::RgbImage::from_pixel(width, height, image::Rgb([120, 90, 70]));
        image::codecs::jpeg::JpegEncoder::new(&mut bytes).encode_image(&pixels).unwrap();
        let picture = read_picture(&bytes).unwrap();
        assert_eq!((picture.width, picture.height), (width, height));
        assert!(ENGINE.quality_of(&picture).unwrap().is_none());
        assert!(decode_frame(&mjpg(&bytes)).is_ok());
    }
}

/// A JPEG with an Exif block that says how it lies.
fn with_exif(jpeg: &[u8], block: &[u8]) -> Vec<u8> {
    let length = ((block.len() + 8) as u16).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, b"Exif\0\0", block, &jpeg[2..]].concat()
}

fn orientation(value: u8) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec();
    block[19] = value;
    block
}

/// The picture as a camera stores it that says `value`: what turning it upright undoes.
fn stored(upright: &image::RgbImage, value: u8) -> image::RgbImage {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    match value {
        2 => flip_horizontal(upright),
        3 => rotate180(upright),
        4 => flip_vertical(upright),
        5 => flip_horizontal(&rotate90(upright)),
        6 => rotate270(upright),
        7 => flip_horizontal(&rotate270(upright)),
        8 => rotate90(upright),
        _ => upright.clone(),
    }
}

#[test]
fn a_picture_in_any_of_the_eight_turns_is_read_upright() {
    let upright = read_picture(WHOLE[0].1).unwrap();
    let pixels = image::RgbImage::from_raw(240, 320, upright.rgb.to_vec()).unwrap();
    for value in 1..=8 {
        let mut jpeg = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 100);
        stored(&pixels, value).write_with_encoder(encoder).unwrap();
        let file = with_exif(&jpeg, &orientation(value));
        for picture in [read_picture(&file).unwrap(), decode_frame(&mjpg(&file)).unwrap()] {
            assert_eq!((picture.width, picture.height), (240, 320), "{value}");
            let apart = picture.rgb.iter().zip(upright.rgb.iter()).map(|(a, b)| u64::from(a.abs_diff(*b)));
            let mean = apart.sum::<u64>() as f32 / upright.rgb.len() as f32;
            assert!(mean < 4.0, "{value}: {mean} levels apart");
        }
    }
}

#[test]
fn exif_that_makes_no_sense_is_passed_over() {
    let mut chance = Chance(274);
    let mut count = Count::default();
    for round in 0..200 {
        let mut block = orientation(chance.byte());
        block.extend((0..chance.below(40)).map(|_| chance.byte()));
        for _ in 0..chance.below(6) {
            let at = chance.below(block.len());
            block[at] = chance.byte();
        }
        block.truncate(chance.below(block.len() + 20));
        count.take(&format!("Exif {round}"), read_picture(&with_exif(WHOLE[1].1, &block)));
    }
    println!("Exif: {} answered, {} refused", count.answered, count.refused);
    // The picture itself is whole.
    assert_eq!((count.answered, count.refused), (200, 0));
}
