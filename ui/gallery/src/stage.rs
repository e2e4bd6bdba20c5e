//! A window that exists only in memory: the real pages on Slint's testing backend
//! with the software renderer, and a clock that moves only when told to.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufWriter},
    path::{Path, PathBuf},
    time::Duration,
};

use i_slint_backend_testing::{
    ElementHandle, ElementQuery, TestingBackend, TestingBackendOptions, mock_elapsed_time,
};
use kiosk_ui::{App, Theme};
use screen::{Panel, TextSize, View};
use slint::{
    ComponentHandle, LogicalPosition, PhysicalSize, Rgba8Pixel, SharedPixelBuffer,
    platform::{PointerEventButton, WindowEvent},
};

use crate::size::Glass;

/// Why a page could not be drawn or kept.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Slint would not start or draw.
    #[error("the pages cannot be drawn here")]
    Slint(#[source] slint::PlatformError),
    /// A picture could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The pages in a window in memory. One a thread.
pub struct Stage {
    app: App,
    panel: Cell<Option<Panel>>,
    text: Cell<TextSize>,
}

impl Stage {
    /// A window of that size.
    pub fn open(width: u32, height: u32) -> Result<Self, StageError> {
        let options = TestingBackendOptions {
            mock_time: true,
            renderer_name: Some("software".into()),
            ..TestingBackendOptions::default()
        };
        // A thread has one platform; a second stage on it shares the first one's.
        let _ = slint::platform::set_platform(Box::new(TestingBackend::new(options)));
        let app = kiosk_ui::open().map_err(StageError::Slint)?;
        app.show().map_err(StageError::Slint)?;
        app.window().dispatch_event(WindowEvent::WindowActiveChanged(true));
        let stage = Self { app, panel: Cell::default(), text: Cell::default() };
        stage.resize(width, height);
        stage.app.global::<Theme>().set_checked(true);
        Ok(stage)
    }

    /// The pages.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// From now on the pages stand on that panel.
    pub fn stand_on(&self, panel: Panel) {
        kiosk_ui::stand_on(&self.app, Some(panel));
        self.panel.set(Some(panel));
        self.pass(Duration::from_millis(20));
    }

    /// Another window, maybe on another panel.
    pub fn take(&self, glass: Glass) {
        kiosk_ui::stand_on(&self.app, glass.panel);
        self.panel.set(glass.panel);
        self.resize(glass.width, glass.height);
    }

    /// The panel, where one is known.
    pub fn panel(&self) -> Option<Panel> {
        self.panel.get()
    }

    /// The text size of the view shown last.
    pub fn text_size(&self) -> TextSize {
        self.text.get()
    }

    /// Another window size.
    pub fn resize(&self, width: u32, height: u32) {
        self.app.window().set_size(PhysicalSize::new(width, height));
        kiosk_ui::fit(&self.app, width as f32, height as f32);
        self.pass(Duration::from_millis(20));
    }

    /// Shows a view and lets its movements end.
    pub fn show(&self, view: &View) {
        kiosk_ui::render(&self.app, view);
        self.text.set(view.look.text);
        self.pass(Duration::from_millis(400));
    }

    /// Moves the clock of the pages.
    pub fn pass(&self, time: Duration) {
        mock_elapsed_time(time);
    }

    /// What would be on the glass.
    pub fn picture(&self) -> Result<SharedPixelBuffer<Rgba8Pixel>, StageError> {
        self.app.window().take_snapshot().map_err(StageError::Slint)
    }

    /// Keeps what would be on the glass as a PNG.
    pub fn save(&self, path: &Path) -> Result<(), StageError> {
        let picture = self.picture()?;
        let failed = |source: io::Error| StageError::Write { path: path.to_owned(), source };
        let file = File::create(path).map_err(failed)?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), picture.width(), picture.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let rgb: Vec<u8> = picture.as_slice().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
        let mut writer = encoder.write_header().map_err(|error| failed(error.into()))?;
        writer.write_image_data(&rgb).map_err(|error| failed(error.into()))
    }

    /// Every button on the page, those under a modal included.
    pub fn buttons(&self) -> Vec<ElementHandle> {
        ElementQuery::from_root(&self.app)
            .match_accessible_role(i_slint_backend_testing::AccessibleRole::Button)
            .find_all()
    }

    /// The button that says so and can be pressed; none, or more than one, is `None`.
    pub fn button(&self, label: &str) -> Option<ElementHandle> {
        let mut found = self.buttons().into_iter().filter(|button| {
            button.accessible_label().is_some_and(|words| words == label)
                && button.accessible_enabled() != Some(false)
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Presses a button as a finger would, at its middle.
    pub fn press(&self, button: &ElementHandle) {
        button.mock_single_click(PointerEventButton::Left);
        self.pass(Duration::from_millis(20));
    }

    /// Holds a finger on a place for so long.
    pub fn hold(&self, (x, y): (f32, f32), time: Duration) {
        let position = LogicalPosition::new(x, y);
        let button = PointerEventButton::Left;
        self.app.window().dispatch_event(WindowEvent::PointerPressed { position, button });
        self.pass(time);
        self.app.window().dispatch_event(WindowEvent::PointerReleased { position, button });
        self.pass(Duration::from_millis(20));
    }

    /// Presses and releases a real key.
    pub fn key(&self, key: impl Into<slint::SharedString>) {
        let text = key.into();
        self.app.window().dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
        self.app.window().dispatch_event(WindowEvent::KeyReleased { text });
        self.pass(Duration::from_millis(20));
    }
}
