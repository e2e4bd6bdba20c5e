//! `page-times`: how long the software renderer draws each page on each panel, beside
//! a bare window of one rectangle and one text in the same run. One JSON object on
//! standard output, for `cargo xtask bench`. It measures; what is good enough is
//! decided elsewhere.

#![allow(missing_docs)] // a program; its items are nobody's library

mod canvas;
mod spread;

use std::process::ExitCode;

use canvas::Canvas;
use gallery::{Glass, Sample, glasses, samples};
use screen::{Contrast, Fault, Language, TextSize};
use serde::Serialize;
use slint::ComponentHandle;
use spread::Spread;

slint::slint! {
    // What no window can do with less: a ground and a line of words.
    export component Bare inherits Window {
        background: #F7F4ED;
        Text { text: "Một Chạm"; font-size: 46px; color: #12293A; }
    }
}

/// So many draws are timed of each kind.
const DRAWS: usize = 7;

#[derive(Serialize)]
struct Report {
    /// How this program was built: the demo's profile is not the kiosk's.
    built: &'static str,
    draws: usize,
    panels: Vec<OnPanel>,
}

#[derive(Serialize)]
struct OnPanel {
    width: u32,
    height: u32,
    pages: Vec<Drawn>,
}

#[derive(Serialize)]
struct Drawn {
    page: String,
    /// Every pixel, with nothing to lay out anew.
    full: Spread,
    /// The peer, drawn in turn with it: every pixel of the bare window.
    bare: Spread,
    /// One median beside the other.
    full_to_bare: f64,
    /// From the attract page to this one: made, laid out, drawn.
    change: Spread,
    /// What a finger on the first button changes: laid out and drawn.
    tap: Option<Spread>,
}

fn main() -> ExitCode {
    if let Some(word) = std::env::args().nth(1) {
        eprintln!("page-times: {}: takes no '{word}', nor anything else", Fault::UsageWrong.code());
        return ExitCode::from(2);
    }
    match measure() {
        Ok(report) => {
            println!("{}", serde_json::to_string_pretty(&report).expect("a report is plain data"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("page-times: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<Report, slint::PlatformError> {
    canvas::set_up()?;
    // Two panels of the same dots differ by the size of words only.
    let mut sizes: Vec<Glass> = Vec::new();
    for glass in glasses() {
        if sizes.iter().all(|other| (other.width, other.height) != (glass.width, glass.height)) {
            sizes.push(glass);
        }
    }
    let panels = sizes.into_iter().map(on_panel).collect::<Result<_, _>>()?;
    let built = if cfg!(debug_assertions) { "the demo's profile" } else { "release" };
    Ok(Report { built, draws: DRAWS, panels })
}

fn on_panel(glass: Glass) -> Result<OnPanel, slint::PlatformError> {
    let bare = Bare::new()?;
    bare.show()?;
    let peer = Canvas::of_newest(glass.width, glass.height);
    let app = kiosk_ui::open()?;
    app.show()?;
    let canvas = Canvas::of_newest(glass.width, glass.height);
    kiosk_ui::fit(&app, glass.width as f32, glass.height as f32);
    kiosk_ui::stand_on(&app, glass.panel);
    let all = samples();
    let pages = all.iter().filter(|sample| !sample.name.contains('.') || sample.name.starts_with("over."));
    let pages = pages.map(|sample| page(&canvas, &peer, &app, &all[0], sample)).collect();
    app.hide()?;
    bare.hide()?;
    Ok(OnPanel { width: glass.width, height: glass.height, pages })
}

fn page(canvas: &Canvas, peer: &Canvas, app: &kiosk_ui::App, first: &Sample, sample: &Sample) -> Drawn {
    let show = |sample: &Sample| {
        kiosk_ui::render(app, &sample.view(Language::Vi, TextSize::Normal, Contrast::Normal));
    };
    let change = Spread::after(
        DRAWS,
        || {
            show(first);
            canvas.settle();
        },
        || {
            show(sample);
            canvas.draw_changes();
        },
    );
    canvas.settle();
    // In turn, so that a machine that is busy for a while is busy for both.
    let (full, bare) = Spread::in_turn(DRAWS, || canvas.draw_all(), || peer.draw_all());
    let tap = canvas::first_button(app).map(|at| {
        let tap = Spread::after(
            DRAWS,
            || {
                canvas.lift(at);
                show(sample);
                canvas.settle();
            },
            || {
                canvas.touch(at);
                canvas.draw_changes();
            },
        );
        canvas.leave();
        tap
    });
    let full_to_bare = full.median_ms / bare.median_ms;
    Drawn { page: sample.name.clone(), full, bare, full_to_bare, change, tap }
}
