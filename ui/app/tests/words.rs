//! Every word exists in both languages, and every letter of it in the fonts that
//! are inside the program. A missing word would be shown in English, a missing
//! letter in whatever font the machine has, or as a box.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use ab_glyph::{Font, FontRef};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn slint_files() -> Vec<(String, String)> {
    let files: Vec<_> = ["pages", "parts", "words"]
        .iter()
        .flat_map(|name| fs::read_dir(folder(name)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "slint"))
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect();
    assert!(files.len() > 30, "the pages are there");
    files
}

/// The words of all `@tr("...")`.
fn keys() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (_, text) in slint_files() {
        for piece in text.split("@tr(\"").skip(1) {
            let end = piece.find('"').expect("a text ends");
            keys.insert(piece[..end].to_owned());
        }
    }
    keys
}

/// `msgid` and `msgstr` of a file whose entries take one line each.
fn translations() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder("words").join("vi/LC_MESSAGES/kiosk-ui.po")).unwrap();
    assert!(!text.contains("#, fuzzy"), "a fuzzy entry is shown in English");
    let quoted = |line: &str, word: &str| {
        line.strip_prefix(word)?.trim().strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
    };
    let mut entries = BTreeMap::new();
    let mut key = None;
    for line in text.lines() {
        if let Some(id) = quoted(line, "msgid ") {
            key = Some(id);
        } else if let Some(words) = quoted(line, "msgstr ") {
            let key = key.take().expect("msgid before msgstr");
            if !key.is_empty() {
                assert!(entries.insert(key.clone(), words).is_none(), "'{key}' stands twice");
            }
        }
    }
    entries
}

#[test]
fn every_word_is_there_in_vietnamese_and_none_is_left_over() {
    let keys = keys();
    let entries = translations();
    assert!(keys.len() > 150);
    let missing: Vec<_> =
        keys.iter().filter(|key| entries.get(*key).is_none_or(|words| words.trim().is_empty())).collect();
    assert!(missing.is_empty(), "not in Vietnamese: {missing:#?}");
    let stale: Vec<_> = entries.keys().filter(|key| !keys.contains(*key)).collect();
    assert!(stale.is_empty(), "nobody says: {stale:#?}");
}

#[test]
fn a_translation_keeps_every_place_for_a_value() {
    for (key, words) in translations() {
        for place in ["{0}", "{1}"] {
            assert_eq!(key.contains(place), words.contains(place), "{place} in '{key}'");
        }
    }
}

/// What a font lacks of a text.
fn lacking(font: &str, text: &str) -> BTreeSet<char> {
    let bytes = fs::read(folder("fonts").join(font)).unwrap();
    let font = FontRef::try_from_slice(&bytes).unwrap();
    text.chars().filter(|letter| !letter.is_control() && font.glyph_id(*letter).0 == 0).collect()
}

#[test]
fn every_letter_of_every_word_is_in_the_fonts_of_the_program() {
    let mut words: String = keys().into_iter().chain(translations().into_values()).collect();
    for fault in screen::Fault::all() {
        for text in [fault.citizen(), fault.citizen_at_end(), fault.staff()] {
            words.push_str(text.vi);
            words.push_str(text.en);
        }
        words.push_str(fault.code());
    }
    for font in ["BeVietnamPro-Regular.ttf", "BeVietnamPro-SemiBold.ttf", "BeVietnamPro-Bold.ttf"] {
        assert_eq!(lacking(font, &words), BTreeSet::new(), "{font}");
    }
}

#[test]
fn every_letter_of_an_operators_message_is_in_the_fonts_of_the_program() {
    let letters: String = ('\0'..='\u{ffff}').filter(|letter| upkeep::Line::has_letter(*letter)).collect();
    assert!(letters.chars().count() > 250, "{letters}");
    for font in ["BeVietnamPro-Regular.ttf", "BeVietnamPro-SemiBold.ttf", "BeVietnamPro-Bold.ttf"] {
        assert_eq!(lacking(font, &letters), BTreeSet::new(), "{font}");
    }
}

#[test]
fn names_of_every_people_of_viet_nam_can_be_written() {
    let letters = "ĂÂĐÊÔƠƯăâđêôơư ẤẦẨẪẬẮẰẲẴẶẾỀỂỄỆỐỒỔỖỘỚỜỞỠỢỨỪỬỮỰÝỲỶỸỴ ấầẩẫậắằẳẵặếềểễệốồổỗộớờởỡợứừửữựýỳỷỹỵ \
        ĬĔŎĬĕĭŏ ƀ ñ Y Wiñ Niê • № 0123456789 '-";
    for font in ["NotoSans-Regular.ttf", "NotoSans-Bold.ttf"] {
        assert_eq!(lacking(font, letters), BTreeSet::new(), "{font}");
    }
}

#[test]
fn no_text_escapes_the_line_height_that_keeps_stacked_marks() {
    for (path, text) in slint_files() {
        for line in text.lines().map(str::trim_start) {
            let bare = line.starts_with("Text {") || line.contains(":= Text {") || line.contains(": Text {");
            assert!(!bare, "{path}: use KText, not Text: {line}");
        }
    }
}

#[test]
fn every_page_has_a_file_of_its_name_on_the_wire() {
    let shown = fs::read_to_string(folder("parts").join("types.slint")).unwrap();
    let list = shown.split("export enum PageName {").nth(1).unwrap();
    let names = list[..list.find('}').unwrap()].split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut count = 0;
    for name in names {
        assert!(folder("pages").join(format!("{name}.slint")).exists(), "{name}");
        count += 1;
    }
    let files = fs::read_dir(folder("pages")).unwrap().count();
    assert_eq!(count + 1, files, "each file of pages/ is a page, but for app.slint");
}
