//! The real window and the event loop around it.

use std::{cell::Cell, time::Duration};

use kiosk_ui::{
    App,
    link::{Heard, Link, Listening},
};
use screen::wire::FromScreen;
use sd_notify::NotifyState;
use slint::{ComponentHandle, LogicalSize, PlatformError, Timer, TimerMode, Weak};

use crate::arguments::Arguments;

/// Two frames: by then a page that was set stands on the glass, or the event loop
/// hangs and says nothing. The software renderer has no call-back of its own.
const DRAWN_AFTER: Duration = Duration::from_millis(34);

/// Shows the screen until its window is closed.
pub fn run(arguments: &Arguments) -> Result<(), PlatformError> {
    let app = kiosk_ui::open()?;
    let (width, height) = arguments.size;
    app.window().set_size(LogicalSize::new(width as f32, height as f32));
    kiosk_ui::fit(&app, width as f32, height as f32);
    app.window().set_fullscreen(arguments.fullscreen);
    app.show()?;

    let weak = app.as_weak();
    let link = Link::keep(arguments.socket.clone(), move |link, heard| hand_over(&weak, link, heard));
    kiosk_ui::on_tap(&app, move |tap| link.say(&FromScreen::Tap(tap)));

    let _watchdog = tell_systemd();
    slint::run_event_loop()
}

/// From the socket's thread into the event loop.
fn hand_over(weak: &Weak<App>, link: &Link, heard: Heard) -> Listening {
    let link = link.clone();
    let sent = match heard {
        Heard::Panel(panel) => weak.upgrade_in_event_loop(move |app| kiosk_ui::stand_on(&app, Some(panel))),
        Heard::View(view) => weak.upgrade_in_event_loop(move |app| {
            kiosk_ui::render(&app, &view);
            say_when_drawn(link);
        }),
        Heard::Preview => weak.upgrade_in_event_loop(move |app| {
            if let Some(frame) = link.newest_preview() {
                kiosk_ui::show_preview(&app, &frame);
            }
        }),
        Heard::Gone => weak.upgrade_in_event_loop(|app| kiosk_ui::out_of_service(&app)),
    };
    if sent.is_ok() { Listening::On } else { Listening::Over }
}

/// Tells the firmware that the newest view is on the glass; of several in a row, once.
fn say_when_drawn(link: Link) {
    thread_local! {
        static WAITING: Cell<bool> = const { Cell::new(false) };
    }
    if !WAITING.replace(true) {
        Timer::single_shot(DRAWN_AFTER, move || {
            WAITING.set(false);
            link.say(&FromScreen::Drawn);
        });
    }
}

/// Readiness once the event loop runs, and a sign of life from inside it as often
/// as systemd asks, so a loop that hangs is restarted.
fn tell_systemd() -> Option<Timer> {
    Timer::single_shot(DRAWN_AFTER, || {
        let _ = sd_notify::notify(&[NotifyState::Ready]);
    });
    let patience = sd_notify::watchdog_enabled()?;
    let timer = Timer::default();
    timer.start(TimerMode::Repeated, patience / 3, || {
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
    });
    Some(timer)
}
