//! Pictures out of frames and files, and the preview. A damaged picture is an error,
//! never a panic; its size is checked before it is decoded.

use devices::{Frame, Pixels};
use identity::{Picture, Portrait, portrait::Format};
use zeroize::Zeroizing;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use crate::{FaceError, huffman, orientation};

/// No camera is wider or higher than this.
const LARGEST_SIDE: usize = 4096;

/// The pixels of a frame.
pub fn decode_frame(frame: &Frame) -> Result<Picture, FaceError> {
    match frame.pixels {
        Pixels::Rgb8 => rgb(frame),
        Pixels::Yuyv => yuyv(frame),
        Pixels::Nv12 => nv12(frame),
        Pixels::Mjpg => jpeg(&frame.data),
    }
}

/// The pixels of a file, upright: JPEG or JPEG 2000.
pub fn read_picture(bytes: &[u8]) -> Result<Picture, FaceError> {
    let format = Format::of(bytes).ok_or(FaceError::Picture)?;
    let picture = Portrait { bytes: bytes.to_vec(), format }.decode().map_err(|_| FaceError::Picture)?;
    Ok(orientation::upright(picture, orientation::of_jpeg(bytes)))
}

/// A frame as the person sees themselves: mirrored, cut to the shape asked for, three
/// bytes a pixel, row by row.
pub fn preview(frame: &Frame, width: u32, height: u32) -> Result<Zeroizing<Vec<u8>>, FaceError> {
    Ok(preview_of(&decode_frame(frame)?, width, height))
}

/// The same, of a picture that is decoded already.
pub fn preview_of(picture: &Picture, width: u32, height: u32) -> Zeroizing<Vec<u8>> {
    let (width, height) = (width.max(1), height.max(1));
    let (across, down) = (u64::from(picture.width), u64::from(picture.height));
    let shape = [u64::from(width), u64::from(height)];
    let kept = if across * shape[1] > down * shape[0] {
        [(down * shape[0] / shape[1]).max(1), down]
    } else {
        [across, (across * shape[1] / shape[0]).max(1)]
    };
    let [kept_across, kept_down] = kept.map(|side| side as u32);
    let (left, top) = ((picture.width - kept_across) / 2, (picture.height - kept_down) / 2);
    let mut small = shrink(picture, [left, top, kept_across, kept_down], width, height);
    for row in small.rgb.chunks_exact_mut(width as usize * 3) {
        row.reverse();
        row.chunks_exact_mut(3).for_each(<[u8]>::reverse);
    }
    small.rgb
}

fn rgb(frame: &Frame) -> Result<Picture, FaceError> {
    let (width, height) = size(frame)?;
    if frame.data.len() != width * height * 3 {
        return Err(FaceError::Picture);
    }
    Ok(Picture { width: frame.width, height: frame.height, rgb: frame.data.clone() })
}

/// YUV 4:2:2, as UVC cameras send it: two pixels share their colour.
fn yuyv(frame: &Frame) -> Result<Picture, FaceError> {
    let (width, height) = size(frame)?;
    if width % 2 != 0 || frame.data.len() != width * height * 2 {
        return Err(FaceError::Picture);
    }
    let mut rgb = Zeroizing::new(Vec::with_capacity(width * height * 3));
    for pair in frame.data.chunks_exact(4) {
        let [first, u, second, v] = [pair[0], pair[1], pair[2], pair[3]];
        rgb.extend([first, second].into_iter().flat_map(|y| colours(y, u, v)));
    }
    Ok(Picture { width: frame.width, height: frame.height, rgb })
}

/// YUV 4:2:0 in two planes: two by two pixels share their colour.
fn nv12(frame: &Frame) -> Result<Picture, FaceError> {
    let (width, height) = size(frame)?;
    if width % 2 != 0 || height % 2 != 0 || frame.data.len() != width * height * 3 / 2 {
        return Err(FaceError::Picture);
    }
    let (light, colour) = frame.data.split_at(width * height);
    let mut rgb = Zeroizing::new(Vec::with_capacity(width * height * 3));
    for (number, row) in light.chunks_exact(width).enumerate() {
        let shared = &colour[number / 2 * width..][..width];
        for (pixels, uv) in row.chunks_exact(2).zip(shared.chunks_exact(2)) {
            rgb.extend(pixels.iter().flat_map(|y| colours(*y, uv[0], uv[1])));
        }
    }
    Ok(Picture { width: frame.width, height: frame.height, rgb })
}

/// Red, green and blue by ITU-R BT.601, limited range: what cameras send.
fn colours(y: u8, u: u8, v: u8) -> [u8; 3] {
    let light = 298 * (i32::from(y) - 16) + 128;
    let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
    [light + 409 * v, light - 100 * u - 208 * v, light + 516 * u].map(|it| (it >> 8).clamp(0, 255) as u8)
}

fn jpeg(bytes: &[u8]) -> Result<Picture, FaceError> {
    let options = DecoderOptions::default()
        .set_max_width(LARGEST_SIDE)
        .set_max_height(LARGEST_SIDE)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let completed = huffman::completed(bytes);
    let whole = completed.as_ref().map_or(bytes, |completed| completed.as_slice());
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(whole), options);
    let rgb = Zeroizing::new(decoder.decode().map_err(|_| FaceError::Picture)?);
    let (width, height) = decoder.dimensions().ok_or(FaceError::Picture)?;
    if width == 0 || height == 0 || rgb.len() != width * height * 3 {
        return Err(FaceError::Picture);
    }
    let picture = Picture { width: width as u32, height: height as u32, rgb };
    Ok(orientation::upright(picture, orientation::of_jpeg(bytes)))
}

fn size(frame: &Frame) -> Result<(usize, usize), FaceError> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let fits = |side: usize| (1..=LARGEST_SIDE).contains(&side);
    if fits(width) && fits(height) { Ok((width, height)) } else { Err(FaceError::Picture) }
}

/// Part of a picture (left, top, width, height) at another size: every new pixel is
/// the mean of those that it covers. Reads each pixel once.
pub(crate) fn shrink(picture: &Picture, part: [u32; 4], width: u32, height: u32) -> Picture {
    let [left, top, across, down] = part.map(|value| value as usize);
    let (width, height) = (width as usize, height as usize);
    let row = picture.width as usize * 3;
    let mut rgb = Zeroizing::new(Vec::with_capacity(width * height * 3));
    for y in 0..height {
        let first = top + y * down / height;
        let end = (top + (y + 1) * down / height).max(first + 1);
        for x in 0..width {
            let from = left + x * across / width;
            let to = (left + (x + 1) * across / width).max(from + 1);
            let mut sum = [0_u32; 3];
            for line in picture.rgb[first * row..end * row].chunks_exact(row) {
                for pixel in line[from * 3..to * 3].chunks_exact(3) {
                    sum[0] += u32::from(pixel[0]);
                    sum[1] += u32::from(pixel[1]);
                    sum[2] += u32::from(pixel[2]);
                }
            }
            let count = ((end - first) * (to - from)) as u32;
            rgb.extend(sum.map(|value| ((value + count / 2) / count) as u8));
        }
    }
    Picture { width: width as u32, height: height as u32, rgb }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn frame(width: u32, height: u32, pixels: Pixels, data: Vec<u8>) -> Frame {
        Frame { taken: Duration::ZERO, width, height, pixels, data: Zeroizing::new(data) }
    }

    #[test]
    fn yuyv_grey_is_grey_and_red_is_red() {
        let picture = decode_frame(&frame(2, 1, Pixels::Yuyv, vec![126, 128, 126, 128])).unwrap();
        assert_eq!(picture.rgb.as_slice(), [128; 6]);
        let picture = decode_frame(&frame(2, 1, Pixels::Yuyv, vec![81, 90, 81, 240])).unwrap();
        assert!(picture.rgb[0] > 250 && picture.rgb[1] < 5 && picture.rgb[2] < 5);
    }

    #[test]
    fn four_pixels_of_nv12_share_one_colour_and_keep_their_own_light() {
        let data = vec![81, 81, 126, 16, 81, 81, 235, 126, 90, 240, 128, 128];
        let picture = decode_frame(&frame(4, 2, Pixels::Nv12, data)).unwrap();
        let pixels: Vec<_> = picture.rgb.chunks_exact(3).collect();
        for red in [pixels[0], pixels[1], pixels[4], pixels[5]] {
            assert!(red[0] > 250 && red[1] < 5 && red[2] < 5, "{red:?}");
        }
        assert_eq!([pixels[2], pixels[3], pixels[6], pixels[7]], [[128; 3], [0; 3], [255; 3], [128; 3]]);
        assert!(decode_frame(&frame(2, 1, Pixels::Nv12, vec![0; 3])).is_err());
    }

    #[test]
    fn a_frame_of_the_wrong_length_is_refused() {
        for pixels in [Pixels::Rgb8, Pixels::Yuyv, Pixels::Nv12, Pixels::Mjpg] {
            assert!(decode_frame(&frame(4, 4, pixels, vec![0; 7])).is_err());
            assert!(decode_frame(&frame(0, 4, pixels, vec![])).is_err());
            assert!(decode_frame(&frame(u32::MAX, u32::MAX, pixels, vec![])).is_err());
        }
    }

    #[test]
    fn the_preview_is_mirrored_and_cut_to_shape() {
        // Four columns: 0, 10, 20, 30. A square of one row keeps columns 10 and 20, mirrored.
        let data = (0..8_u8).flat_map(|place| [place % 4 * 10; 3]).collect();
        let picture = preview(&frame(4, 2, Pixels::Rgb8, data), 2, 2).unwrap();
        assert_eq!(picture.as_slice(), [20, 20, 20, 10, 10, 10, 20, 20, 20, 10, 10, 10]);
    }

    #[test]
    fn shrinking_takes_the_mean() {
        let picture =
            Picture { width: 4, height: 2, rgb: Zeroizing::new((0..24).map(|v| v / 3 * 10).collect()) };
        let small = shrink(&picture, [0, 0, 4, 2], 2, 1);
        assert_eq!(small.rgb.as_slice(), [25, 25, 25, 45, 45, 45]);
    }
}
