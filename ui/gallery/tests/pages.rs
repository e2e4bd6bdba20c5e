//! What the machine can find wrong with the pages, and the two faults that a
//! kiosk for identity must not have: a name that reads otherwise than it is, and a
//! page that can be worked behind a question that lies over it.

use std::time::Duration;

use gallery::{Stage, checks::flaws, glasses, looks, samples};
use screen::{Contrast, Language, Look, Offers, Over, Screen, Tap, TextSize, View};
use slint::{ComponentHandle, platform::Key};

fn view(screen: Screen) -> View {
    View {
        screen,
        language: Language::Vi,
        look: Look::default(),
        step: None,
        over: None,
        offers: Offers { back: true, end: true },
    }
}

fn taps(stage: &Stage) -> std::rc::Rc<std::cell::RefCell<Vec<Tap>>> {
    let taps = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let sink = taps.clone();
    kiosk_ui::on_tap(stage.app(), move |tap| sink.borrow_mut().push(tap));
    taps
}

#[test]
fn no_page_has_a_fault_in_any_language_size_or_contrast() {
    let stage = Stage::open(1280, 800).unwrap();
    let mut found = Vec::new();
    for glass in glasses() {
        stage.take(glass);
        for sample in samples() {
            for look in looks() {
                stage.show(&sample.view(look.language, look.text, look.contrast));
                let here = flaws(&stage, glass.width as f32, glass.height as f32);
                found.extend(here.iter().map(|flaw| format!("{} {glass:?} {look:?}: {flaw}", sample.name)));
            }
        }
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_ruler_finds_what_is_wrong() {
    let stage = Stage::open(1280, 800).unwrap();
    let phone = view(Screen::Phone { digits: "09".into(), fault: None });
    stage.show(&phone);
    assert!(flaws(&stage, 1280.0, 800.0).is_empty());
    // the same page on half the window: everything at the right is outside
    let found = flaws(&stage, 640.0, 800.0);
    assert!(found.iter().any(|flaw| flaw.what == gallery::checks::Wrong::OutsideWindow));
    // far too small a window for keys of a finger's size
    stage.resize(500, 400);
    stage.show(&phone);
    assert!(!flaws(&stage, 500.0, 400.0).is_empty());
}

#[test]
fn every_page_has_a_sample() {
    let names: std::collections::BTreeSet<_> =
        samples().iter().map(|sample| sample.name.split('.').next().unwrap().to_owned()).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../pages");
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let page = file.strip_suffix(".slint").unwrap();
        if page != "app" && page != "starting" {
            assert!(names.contains(page), "{page} has no sample");
        }
    }
}

/// Whoever looks through the gallery has seen each thing that the camera may ask for.
#[test]
fn every_hint_of_the_camera_has_a_sample() {
    let types =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../parts/types.slint")).unwrap();
    let hints = types.split_once("export enum FaceHint {").unwrap().1.split_once('}').unwrap().0;
    let shown: Vec<_> = samples()
        .iter()
        .filter_map(|sample| match sample.view(Language::Vi, TextSize::Normal, Contrast::Normal).screen {
            Screen::Face { hint, .. } => Some(serde_json::to_value(hint).unwrap()),
            _ => None,
        })
        .collect();
    let mut count = 0;
    for hint in hints.split(',').map(str::trim) {
        assert!(shown.iter().any(|shown| shown == hint), "{hint} has no sample");
        count += 1;
    }
    assert!(count > 20, "{count}");
}

/// The rows of pixels that a page draws, as bytes.
fn drawn(stage: &Stage, screen: Screen, text: TextSize) -> Vec<u8> {
    let mut view = view(screen);
    view.look.text = text;
    stage.show(&view);
    stage.picture().unwrap().as_bytes().to_vec()
}

/// How many rows of pixels tell two pictures apart: the height of what differs.
fn rows_that_differ(one: &[u8], other: &[u8], width: u32) -> usize {
    let row = width as usize * 4;
    one.chunks(row).zip(other.chunks(row)).filter(|(one, other)| one != other).count()
}

#[test]
fn stacked_capitals_are_not_cut() {
    for size in [(1280, 800), (1080, 1920)] {
        let stage = Stage::open(size.0, size.1).unwrap();
        for text in [TextSize::Normal, TextSize::Largest] {
            // each pair differs only in the upper mark
            for (one, other) in [("NGUYỄN", "NGUYÊN"), ("ẤN", "ÂN"), ("ẮT", "ĂT"), ("HỒ", "HÔ")] {
                let differ = |one: Vec<u8>, other: Vec<u8>| rows_that_differ(&one, &other, size.0);
                let name = |name: &str| Screen::Hello { name: name.into(), birth_year: 1990 };
                let rows = differ(drawn(&stage, name(one), text), drawn(&stage, name(other), text));
                assert!(rows >= 5, "{one} is drawn as {other} in the font of names: {rows} rows");
                let tile = |title: &str| Screen::Consent {
                    service: screen::Text::new(title, title),
                    purposes: vec![screen::Text::new("x", "x")],
                    fee: None,
                };
                let rows = differ(drawn(&stage, tile(one), text), drawn(&stage, tile(other), text));
                assert!(rows >= 4, "{one} is drawn as {other} in the font of words: {rows} rows");
            }
        }
    }
}

#[test]
fn a_question_over_the_page_takes_every_key_and_tap() {
    let stage = Stage::open(1280, 800).unwrap();
    let taps = taps(&stage);
    let mut phone = view(Screen::Phone { digits: "0912000158".into(), fault: None });
    phone.over = Some(Over::StillThere { seconds_left: 20 });
    stage.show(&phone);

    // the first button has the focus; tabbing round and round never leaves the question
    for _ in 0..12 {
        stage.key(Key::Return);
        stage.key(Key::Tab);
    }
    stage.key("7");
    let made = taps.borrow_mut().drain(..).collect::<Vec<_>>();
    assert_eq!(made.len(), 12, "{made:?}");
    assert!(made.iter().all(|tap| matches!(tap, Tap::MoreTime | Tap::End)), "{made:?}");
    assert!(made.contains(&Tap::MoreTime) && made.contains(&Tap::End));

    // nor can a finger reach what is behind
    let behind = stage
        .buttons()
        .into_iter()
        .find(|button| button.accessible_label().is_some_and(|words| words == "Tiếp tục"))
        .expect("the page is still to be seen");
    assert_eq!(behind.accessible_enabled(), Some(false));
    stage.press(&behind);
    behind.invoke_accessible_default_action();
    assert!(taps.borrow().is_empty());

    // and once it is answered, the page works again
    phone.over = None;
    stage.show(&phone);
    stage.key("7");
    stage.press(&stage.button("Tiếp tục").unwrap());
    assert_eq!(*taps.borrow(), [Tap::Key('7'), Tap::Continue]);
}

#[test]
fn a_page_can_be_worked_with_keys_alone() {
    let stage = Stage::open(1280, 800).unwrap();
    let taps = taps(&stage);
    stage.show(&view(Screen::Hello { name: "LÊ ĐẮC ĐẠT".into(), birth_year: 1961 }));
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..10 {
        stage.key(Key::Tab);
        stage.key(Key::Return);
        reached.extend(taps.borrow_mut().drain(..).map(|tap| format!("{tap:?}")));
    }
    for tap in ["Continue", "Back", "End", "Help", "Language", "Contrast", "TextSize"] {
        assert!(reached.contains(tap), "{tap} cannot be reached by tabbing: {reached:?}");
    }
}

#[test]
fn nothing_of_a_person_outlives_the_page() {
    let stage = Stage::open(1280, 800).unwrap();
    let data = stage.app().global::<kiosk_ui::Data>();
    stage.show(&view(Screen::Hello { name: "NGUYỄN THỊ KHUÊ".into(), birth_year: 1990 }));
    assert_eq!(data.get_hello().name, "NGUYỄN THỊ KHUÊ");
    stage.show(&view(Screen::Face {
        hint: screen::FaceHint::HoldStill,
        percent: 0,
        attempt: 1,
        attempts: 3,
        gently: false,
        glow: screen::Glow::Off,
    }));
    assert!(data.get_hello().name.is_empty() && data.get_hello().birth_year.is_empty());

    let frame = screen::wire::Preview { width: 2, height: 2, rgb: vec![9; 12].into() };
    kiosk_ui::show_preview(stage.app(), &frame);
    assert_eq!(data.get_preview().size().width, 2);
    stage.show(&view(Screen::Phone { digits: "0912".into(), fault: None }));
    assert_eq!(data.get_preview().size().width, 0);
    // a frame that comes late does not stay behind either
    kiosk_ui::show_preview(stage.app(), &frame);
    assert_eq!(data.get_preview().size().width, 0);

    kiosk_ui::out_of_service(stage.app());
    assert_eq!(slint::Model::row_count(&data.get_typed()), 0);
}

/// The same fault, while there is still a number to check and when there is none any more.
#[test]
fn the_last_page_says_what_to_do_and_not_what_is_over() {
    let stage = Stage::open(1280, 800).unwrap();
    let fault = screen::Fault::CardKeyWrong;
    let asked =
        Screen::CardKey { digits: String::new(), scanner: true, tries_left: None, fault: Some(fault) };
    let ended = Screen::Outcome {
        outcome: screen::Outcome::Refused { fault },
        reference: Some("K7-4Q2M".into()),
        paper: screen::PaperOutcome::Offered,
    };
    for (screen, next) in [(asked, "Xin kiểm tra lại"), (ended, "Xin gặp cán bộ")] {
        stage.show(&view(screen));
        let shown = stage.app().global::<kiosk_ui::Data>().get_fault();
        assert_eq!(shown.code, "CARD-03");
        assert!(shown.words.ends_with(next), "{}", shown.words);
    }
}

#[test]
fn the_camera_is_seen_in_the_oval_and_nowhere_else() {
    for (width, height) in [(1280, 800), (1080, 1920)] {
        let stage = Stage::open(width, height).unwrap();
        let face = |percent| Screen::Face {
            hint: screen::FaceHint::NoFace,
            percent,
            attempt: 1,
            attempts: 3,
            gently: false,
            glow: screen::Glow::Off,
        };
        stage.show(&view(face(0)));
        let before = stage.picture().unwrap();
        let rgb = [200, 30, 90].repeat(64 * 48);
        kiosk_ui::show_preview(
            stage.app(),
            &screen::wire::Preview { width: 64, height: 48, rgb: rgb.into() },
        );
        stage.pass(Duration::from_millis(20));
        let after = stage.picture().unwrap();
        let changed: Vec<usize> = before
            .as_slice()
            .iter()
            .zip(after.as_slice())
            .enumerate()
            .filter(|(_, (one, other))| one != other)
            .map(|(place, _)| place)
            .collect();
        let columns = |place: &usize| place % width as usize;
        let (left, right) =
            (changed.iter().map(columns).min().unwrap(), changed.iter().map(columns).max().unwrap());
        let rows = changed.last().unwrap() / width as usize - changed[0] / width as usize;
        // an ellipse fills pi/4 of its box; the whole camera frame would fill all of it
        let share = changed.len() as f32 / ((right - left + 1) as f32 * (rows + 1) as f32);
        assert!((0.70..0.82).contains(&share), "{share}");
        assert!(rows > 300, "the oval is large");
    }
}

#[test]
fn a_language_switch_reaches_every_word_of_the_page() {
    let stage = Stage::open(1280, 800).unwrap();
    let mut page = view(Screen::Hello { name: "TRẦN HIẾU".into(), birth_year: 1942 });
    stage.show(&page);
    assert!(stage.button("Đúng là tôi").is_some());
    page.language = Language::En;
    stage.show(&page);
    assert!(stage.button("Yes, this is me").is_some() && stage.button("Đúng là tôi").is_none());
}

#[test]
fn letters_and_tones_go_out_as_they_stand_on_the_keys() {
    let stage = Stage::open(1280, 800).unwrap();
    let taps = taps(&stage);
    stage.show(&view(Screen::Question {
        number: 1,
        choices: vec![screen::Text::new("Món ăn quý vị thích nhất?", "Your favourite dish?")],
        chosen: Some(0),
        entered: 0,
        last: None,
        fault: None,
    }));
    for key in ["Chữ hoa", "P", "Chữ thường", "h", "ơ", "Dấu hỏi", "Dấu cách", "Xóa"] {
        stage.press(&stage.button(key).unwrap_or_else(|| panic!("no key {key}")));
    }
    let typed = ['P', 'h', 'ơ', '\u{309}', ' '].map(Tap::Key).into_iter().chain([Tap::Erase]);
    assert!(*taps.borrow() == typed.collect::<Vec<_>>());
}

#[test]
fn staff_open_their_page_by_holding_the_emblem_only() {
    let stage = Stage::open(1280, 800).unwrap();
    let taps = taps(&stage);
    stage.show(&view(Screen::Attract { closes_in: None, message: None }));
    let at = slint::LogicalPosition::new(60.0, 48.0);
    let button = slint::platform::PointerEventButton::Left;
    let window = stage.app().window();
    let hold = |time| {
        window.dispatch_event(slint::platform::WindowEvent::PointerPressed { position: at, button });
        stage.pass(Duration::from_millis(time));
        window.dispatch_event(slint::platform::WindowEvent::PointerReleased { position: at, button });
        taps.borrow_mut().drain(..).any(|tap| tap == Tap::OpenStaff)
    };
    assert!(!hold(500), "a touch is no key");
    assert!(hold(2100));
}

/// WCAG 2.2 relative luminance.
fn luminance(colour: slint::Color) -> f64 {
    let part = |byte: u8| {
        let share = f64::from(byte) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(colour.red()) + 0.7152 * part(colour.green()) + 0.0722 * part(colour.blue())
}

fn contrast(one: slint::Color, other: slint::Color) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn words_and_edges_stand_out_enough() {
    let stage = Stage::open(1280, 800).unwrap();
    for (look, words, edges) in [(Contrast::Normal, 4.5, 3.0), (Contrast::High, 7.0, 4.5)] {
        let mut page = view(Screen::Attract { closes_in: None, message: None });
        page.look.contrast = look;
        stage.show(&page);
        let theme = stage.app().global::<kiosk_ui::Theme>();
        for (name, front, back, least) in [
            ("ink on ground", theme.get_ink(), theme.get_ground(), words),
            ("ink on surface", theme.get_ink(), theme.get_surface(), words),
            ("soft on ground", theme.get_soft(), theme.get_ground(), words),
            ("button", theme.get_on_primary(), theme.get_primary(), words),
            ("pressed button", theme.get_on_primary(), theme.get_primary_down(), words),
            ("primary on surface", theme.get_primary(), theme.get_surface(), words),
            ("primary on ground", theme.get_primary(), theme.get_ground(), words),
            ("fault", theme.get_warn(), theme.get_warn_tint(), words),
            ("fault on a closed tile", theme.get_warn(), theme.get_off(), words),
            ("kept rule", theme.get_good(), theme.get_ground(), words),
            ("off", theme.get_off_ink(), theme.get_off(), words),
            ("edge of a key", theme.get_edge(), theme.get_surface(), edges),
            ("focus", theme.get_focus(), theme.get_ground(), edges),
        ] {
            let measured = contrast(front, back);
            assert!(measured >= least, "{look:?} {name}: {measured:.2} < {least}");
        }
    }
}
