//! Frames as cameras send them that do not compress: brightness for each pixel, colour for two or
//! four (ITU-R BT.601, limited range).

use image::RgbImage;

/// YUV 4:2:2, packed: two pixels side by side share their colour. None where a line has an odd
/// count of pixels.
pub(crate) fn yuyv(picture: &RgbImage) -> Option<Vec<u8>> {
    let pairs = blocks(picture, 1)?.flat_map(|[first, second, ..]| {
        let [u, v] = colour(mean(&[first, second]));
        [light(first), u, light(second), v]
    });
    Some(pairs.collect())
}

/// YUV 4:2:0 in two planes: two by two pixels share their colour. None where a line or a column
/// has an odd count of pixels.
pub(crate) fn nv12(picture: &RgbImage) -> Option<Vec<u8>> {
    let lights = picture.pixels().map(|pixel| light(pixel.0.map(f32::from)));
    let colours = blocks(picture, 2)?.flat_map(|block| colour(mean(&block)));
    Some(lights.chain(colours).collect())
}

/// Two pixels side by side, and the two below them where two rows belong together; of one row the
/// same two again.
fn blocks(picture: &RgbImage, rows: u32) -> Option<impl Iterator<Item = [[f32; 3]; 4]> + '_> {
    let (width, height) = picture.dimensions();
    let at = |x: u32, y: u32| picture.get_pixel(x, y).0.map(f32::from);
    let whole = width % 2 == 0 && height % rows == 0;
    whole.then(|| {
        (0..height).step_by(rows as usize).flat_map(move |y| {
            let below = y + rows - 1;
            (0..width).step_by(2).map(move |x| [at(x, y), at(x + 1, y), at(x, below), at(x + 1, below)])
        })
    })
}

fn mean(pixels: &[[f32; 3]]) -> [f32; 3] {
    [0, 1, 2].map(|channel| pixels.iter().map(|pixel| pixel[channel]).sum::<f32>() / pixels.len() as f32)
}

/// 16 to 235.
fn light([red, green, blue]: [f32; 3]) -> u8 {
    (16.0 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255.0).round() as u8
}

/// How blue and how red, 16 to 240 around 128.
fn colour([red, green, blue]: [f32; 3]) -> [u8; 2] {
    let blueness = (112.0 * blue - 37.797 * red - 74.203 * green) / 255.0;
    let redness = (112.0 * red - 93.786 * green - 18.214 * blue) / 255.0;
    [blueness, redness].map(|part| (128.0 + part).round() as u8)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// What the standard says of the primary colours.
    #[test]
    fn colours_are_those_of_the_standard() {
        let cases = [
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 0], [16, 128, 128]),
            ([255, 0, 0], [81, 90, 240]),
            ([0, 255, 0], [145, 54, 34]),
            ([0, 0, 255], [41, 240, 110]),
        ];
        for (rgb, [y, u, v]) in cases {
            let picture = RgbImage::from_pixel(2, 2, Rgb(rgb));
            assert_eq!(yuyv(&picture).unwrap(), [y, u, y, v, y, u, y, v], "{rgb:?}");
            assert_eq!(nv12(&picture).unwrap(), [y, y, y, y, u, v], "{rgb:?}");
        }
    }

    #[test]
    fn neighbours_share_their_colour_and_keep_their_brightness() {
        // Red and green above, blue and black below.
        let raw = vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0];
        let picture = RgbImage::from_raw(2, 2, raw).unwrap();
        assert_eq!(yuyv(&picture).unwrap(), [81, 72, 145, 137, 41, 184, 16, 119]);
        assert_eq!(nv12(&picture).unwrap(), [81, 145, 41, 16, 128, 128]);
    }

    #[test]
    fn an_odd_size_has_no_such_frame() {
        assert!(yuyv(&RgbImage::new(3, 2)).is_none() && yuyv(&RgbImage::new(2, 3)).is_some());
        assert!(nv12(&RgbImage::new(3, 2)).is_none() && nv12(&RgbImage::new(2, 3)).is_none());
    }
}
