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

/// Pixels a module. The software renderer steps through a picture in sixty-fourths of a
/// pixel: one pixel a module would be drawn a fifth too large, its edges cut off.
const MODULE: usize = 16;
/// White modules around a code; the page's white frame makes them the four of
/// ISO/IEC 18004, 6.3.8.
const QUIET: usize = 2;

/// A QR code; empty where the text is too long for any.
pub(crate) fn qr(text: &str) -> Image {
    let Ok(code) = qrcode::QrCode::new(text.as_bytes()) else { return Image::default() };
    let width = code.width();
    let side = (width + 2 * QUIET) * MODULE;
    let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(side as u32, side as u32);
    let pixels = buffer.make_mut_slice();
    pixels.fill(Rgb8Pixel::new(255, 255, 255));
    let modules = code.to_colors();
    for (place, pixel) in pixels.iter_mut().enumerate() {
        let (row, column) = (place / side / MODULE, place % side / MODULE);
        let inside = |at: usize| (QUIET..QUIET + width).contains(&at);
        if inside(row)
            && inside(column)
            && modules[(row - QUIET) * width + column - QUIET] == qrcode::Color::Dark
        {
            *pixel = Rgb8Pixel::new(0, 0, 0);
        }
    }
    Image::from_rgb8(buffer)
}
