//! From presses on the pages to taps.

use std::rc::Rc;

use screen::Tap;
use slint::ComponentHandle;

use crate::{
    codes,
    pages::{App, Intents},
};

/// Calls `sink` with each tap. There is one sink; a second call replaces it.
pub fn on_tap(app: &App, sink: impl Fn(Tap) + 'static) {
    let intents = app.global::<Intents>();
    let sink: Rc<dyn Fn(Tap)> = Rc::new(sink);
    // a press that carries nothing
    macro_rules! plain {
        ($($on:ident => $tap:expr),+ $(,)?) => {$({
            let sink = sink.clone();
            intents.$on(move || sink($tap));
        })+};
    }
    // a press that carries something
    macro_rules! with {
        ($($on:ident($what:ident) => $tap:expr),+ $(,)?) => {$({
            let sink = sink.clone();
            intents.$on(move |$what| sink($tap));
        })+};
    }
    plain! {
        on_touch => Tap::Touch,
        on_agree => Tap::Agree,
        on_disagree => Tap::Disagree,
        on_continue => Tap::Continue,
        on_back => Tap::Back,
        on_end => Tap::End,
        on_help => Tap::Help,
        on_more_time => Tap::MoreTime,
        on_erase => Tap::Erase,
        on_try_again => Tap::TryAgain,
        on_resend_code => Tap::ResendCode,
        on_call_with_code => Tap::CallWithCode,
        on_use_vneid => Tap::UseVneid,
        on_gently => Tap::Gently,
        on_ask_staff => Tap::AskStaff,
        on_ask_officers => Tap::AskOfficers,
        on_sign => Tap::Sign,
        on_print => Tap::Print,
        on_open_staff => Tap::OpenStaff,
    }
    with! {
        on_language(one) => Tap::Language(codes::language_of(one)),
        on_text_size(one) => Tap::TextSize(codes::text_size_of(one)),
        on_contrast(one) => Tap::Contrast(codes::contrast_of(one)),
        on_service(id) => Tap::Service(id.into()),
        on_question(place) => Tap::Question(small(place)),
        on_edit(place) => Tap::Edit(small(place)),
        on_rate(stars) => Tap::Rate(small(stars)),
        on_staff(tap) => Tap::Staff(codes::staff_tap_of(tap)),
    }
    intents.on_key(move |key| {
        if let Some(letter) = key.chars().next().filter(|letter| !letter.is_control()) {
            sink(Tap::Key(letter));
        }
    });
}

/// Places in lists that Rust itself filled.
fn small(number: i32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}
