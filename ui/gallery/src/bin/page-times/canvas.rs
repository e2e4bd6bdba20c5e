//! A window in memory that is drawn as the kiosk's is: by the software renderer, into
//! one buffer that stays, so that what did not change is not drawn again. Its clock
//! moves only when told to, so no animation runs between two draws.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use i_slint_backend_testing::{AccessibleRole, ElementQuery};
use kiosk_ui::App;
use slint::{
    LogicalPosition, PhysicalSize, PlatformError, Rgb8Pixel,
    platform::{
        Platform, PointerEventButton, WindowAdapter, WindowEvent,
        software_renderer::{MinimalSoftwareWindow, RepaintBufferType},
        update_timers_and_animations,
    },
};

thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static NEWEST: RefCell<Option<Rc<MinimalSoftwareWindow>>> = const { RefCell::new(None) };
}

struct InMemory;

impl Platform for InMemory {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        let window = MinimalSoftwareWindow::new(RepaintBufferType::ReusedBuffer);
        NEWEST.replace(Some(window.clone()));
        Ok(window)
    }

    fn duration_since_start(&self) -> Duration {
        NOW.get()
    }
}

/// Opens windows in memory from now on.
pub fn set_up() -> Result<(), PlatformError> {
    slint::platform::set_platform(Box::new(InMemory)).map_err(|error| PlatformError::Other(error.to_string()))
}

/// A window and the pixels that it is drawn into.
pub struct Canvas {
    window: Rc<MinimalSoftwareWindow>,
    pixels: RefCell<Vec<Rgb8Pixel>>,
}

impl Canvas {
    /// The window of what was shown last, in that size.
    pub fn of_newest(width: u32, height: u32) -> Self {
        let window = NEWEST.take().expect("a component that is shown has a window");
        window.set_size(PhysicalSize::new(width, height));
        let pixels = RefCell::new(vec![Rgb8Pixel::default(); (width * height) as usize]);
        Self { window, pixels }
    }

    /// Draws every pixel.
    pub fn draw_all(&self) {
        self.draw(RepaintBufferType::NewBuffer);
    }

    /// Draws what changed since the last time.
    pub fn draw_changes(&self) {
        update_timers_and_animations();
        self.draw(RepaintBufferType::ReusedBuffer);
    }

    /// Lets movements end, and draws.
    pub fn settle(&self) {
        for _ in 0..4 {
            NOW.set(NOW.get() + Duration::from_millis(200));
            self.draw_changes();
        }
    }

    fn draw(&self, how: RepaintBufferType) {
        let stride = self.window.size().width as usize;
        self.window.request_redraw();
        self.window.draw_if_needed(|renderer| {
            renderer.set_repaint_buffer_type(how);
            renderer.render(&mut self.pixels.borrow_mut(), stride);
        });
    }

    /// A finger comes down.
    pub fn touch(&self, position: LogicalPosition) {
        let button = PointerEventButton::Left;
        self.window.dispatch_event(WindowEvent::PointerPressed { position, button });
    }

    /// It goes up.
    pub fn lift(&self, position: LogicalPosition) {
        let button = PointerEventButton::Left;
        self.window.dispatch_event(WindowEvent::PointerReleased { position, button });
        self.leave();
    }

    /// It is nowhere.
    pub fn leave(&self) {
        self.window.dispatch_event(WindowEvent::PointerExited);
    }
}

/// The middle of the first button that can be pressed.
pub fn first_button(app: &App) -> Option<LogicalPosition> {
    let buttons = ElementQuery::from_root(app).match_accessible_role(AccessibleRole::Button).find_all();
    let button = buttons.into_iter().find(|button| button.accessible_enabled() != Some(false))?;
    let (at, size) = (button.absolute_position(), button.size());
    Some(LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0))
}
