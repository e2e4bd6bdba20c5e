//! The touchscreen: draws a [`screen::View`] and turns presses into
//! [`screen::Tap`]s. It keeps no state of the visit, reads no clock, knows no
//! device; the pages are `ui/pages`, one file for each `screen::Screen`.
//!
//! [`render`] is complete and idempotent: whatever a view does not say is empty
//! afterwards, so nothing personal outlives its page.

mod codes;
pub mod link;
mod picture;
mod render;
mod sheet;
mod taps;

pub use picture::show_preview;
pub use render::{out_of_service, render};
pub use sheet::forget;
pub use taps::on_tap;

/// What the Slint compiler made of the pages.
#[allow(missing_docs, clippy::all, clippy::pedantic, clippy::todo)]
mod pages {
    slint::include_modules!();
}

pub use pages::{App, Data, Intents, PageName, Theme};

use slint::ComponentHandle;

/// A new touchscreen, with nothing on it yet, in Vietnamese, whose sizes follow
/// its window.
pub fn open() -> Result<App, slint::PlatformError> {
    let app = App::new()?;
    let weak = app.as_weak();
    app.on_sized(move |width, height| {
        if let Some(app) = weak.upgrade() {
            fit(&app, width, height);
        }
    });
    render::speak(screen::Language::Vi);
    Ok(app)
}

/// Makes words as large as that panel needs, or as they were designed.
pub fn stand_on(app: &App, panel: Option<screen::Panel>) {
    // The pages count logical pixels; a panel counts dots.
    let dots = panel.map_or(0.0, |panel| panel.least_capital_dots() as f32);
    app.global::<Theme>().set_least_capital(dots / app.window().scale_factor());
}

/// Lays the pages out for a window of that size, in logical pixels.
pub fn fit(app: &App, width: f32, height: f32) {
    let theme = app.global::<Theme>();
    theme.set_window_width(width);
    theme.set_window_height(height);
}
