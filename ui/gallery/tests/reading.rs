//! Words are large enough to be read on the panels that the boards have, and the ruler
//! that says so finds what is not (EN 301 549 V3.2.1, 5.1.4).

use std::fs;

use ab_glyph::{Font, FontRef};
use gallery::{
    Glass, Stage,
    checks::{CAPITALS, Wrong, flaws},
    glasses,
};
use screen::{Language, Look, Offers, Panel, Screen, TextSize, View};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Finer dots ask for larger words and give no more room: what fits on them fits on dots a little
/// coarser, so a board need not have a sheet of its own.
fn stands_for(glass: &Glass, (width, height): (u32, u32), panel: Panel) -> bool {
    let finer = glass.panel.map_or(0.0, |drawn| panel.dot_mm() / drawn.dot_mm());
    (glass.width, glass.height) == (width, height) && (1.0..1.05).contains(&finer)
}

#[test]
fn every_panel_of_a_board_is_among_those_looked_at() {
    let mut boards = 0;
    for entry in fs::read_dir(format!("{ROOT}/board-configs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "toml") {
            continue;
        }
        let board: toml::Table = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let Some(screen) = board.get("screen") else { continue };
        let number = |key: &str| screen[key].as_integer().unwrap() as u32;
        let size = (number("width"), number("height"));
        let panel = Panel::new(size.0, number("mm-wide"), number("viewing-mm")).unwrap();
        assert_eq!(number("viewing-mm"), 500, "{}: the sheets are for half a metre", path.display());
        assert!(glasses().iter().any(|glass| stands_for(glass, size, panel)), "{}", path.display());
        boards += 1;
    }
    assert_eq!(boards, 3, "boards with a screen of their own");
}

#[test]
fn a_capital_is_as_high_as_the_ruler_believes() {
    let families = [
        (CAPITALS[0], ["BeVietnamPro-Regular", "BeVietnamPro-SemiBold", "BeVietnamPro-Bold"].as_slice()),
        (CAPITALS[1], ["NotoSans-Regular", "NotoSans-Bold"].as_slice()),
    ];
    for (share, names) in families {
        for name in names {
            let bytes = fs::read(format!("{ROOT}/ui/fonts/{name}.ttf")).unwrap();
            let font = FontRef::try_from_slice(&bytes).unwrap();
            let capital = font.outline(font.glyph_id('H')).unwrap().bounds;
            let high = f64::from((capital.max.y - capital.min.y).abs());
            let measured = high / f64::from(font.units_per_em().unwrap());
            assert!((measured - share).abs() < 0.0015, "{name}: {measured}");
        }
    }
}

/// What is too fine on a page that does not know its panel, but the ruler does.
fn too_fine(text: TextSize) -> Vec<String> {
    let stage = Stage::open(1080, 1920).unwrap();
    stage.stand_on(Panel::new(1080, 194, 500).unwrap());
    kiosk_ui::stand_on(stage.app(), None);
    stage.show(&View {
        screen: Screen::Hello { name: "NGUYỄN THỊ KHUÊ".into(), birth_year: 1990 },
        language: Language::Vi,
        look: Look { text, ..Look::default() },
        step: None,
        over: None,
        offers: Offers { back: true, end: true },
    });
    let found = flaws(&stage, 1080.0, 1920.0).into_iter().filter(|flaw| flaw.what == Wrong::TooFine);
    found.map(|flaw| flaw.element).collect()
}

#[test]
fn words_too_fine_for_their_panel_are_found() {
    let found = too_fine(TextSize::Normal);
    let has = |words: &str| found.iter().any(|element| element.starts_with(words));
    assert!(has("Tiếp theo, camera so khuôn mặt"), "the lead is 38 pixels: {found:?}");
    assert!(has("Đúng là tôi"), "the button is 35 pixels: {found:?}");
    assert!(!has("NGUYỄN THỊ KHUÊ"), "the name is large: {found:?}");
    assert!(!has("Họ và tên"), "a label beside it may be smaller: {found:?}");
}

#[test]
fn at_the_largest_size_labels_must_be_large_too() {
    let found = too_fine(TextSize::Largest);
    assert!(found.iter().any(|element| element.starts_with("Họ và tên")), "{found:?}");
}
