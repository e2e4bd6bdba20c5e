//! Pictures made here: the camera's newest frame and codes to scan.

use screen::wire::Preview;
use slint::{ComponentHandle, Image, Rgb8Pixel, SharedPixelBuffer};

use crate::pages::{App, Data, PageName};

/// Shows the newest camera picture, on the face page only: one that comes late
/// must not stay behind on another page.
pub fn show_preview(app: &App, preview: &Preview) {
    let data = app.global::<Data>();
    if data.get_page() != PageName::Face {
        return;
    }
    let buffer = SharedPixelBuffer::<Rgb8Pixel>::clone_from_slice(
        &preview.rgb,
        preview.width.into(),
        preview.height.into(),
    );
    data.set_preview(Image::from_rgb8(buffer));
}

/// A QR code, one pixel a module with the quiet zone; empty where the text is too
/// long for any code.
pub(crate) fn qr(text: &str) -> Image {
    let Ok(code) = qrcode::QrCode::new(text.as_bytes()) else { return Image::default() };
    let width = code.width();
    let quiet = 2;
    let side = width + 2 * quiet;
    let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(side as u32, side as u32);
    let pixels = buffer.make_mut_slice();
    pixels.fill(Rgb8Pixel::new(255, 255, 255));
    for (place, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            pixels[(place / width + quiet) * side + place % width + quiet] = Rgb8Pixel::new(0, 0, 0);
        }
    }
    Image::from_rgb8(buffer)
}
