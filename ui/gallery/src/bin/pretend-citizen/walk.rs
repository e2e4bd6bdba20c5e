//! The record of a walk: pages in order with their pictures, taps without what was
//! typed, and how it ended. The pictures and this file are the demo's own report.

use std::{fs, io, path::Path};

use screen::Screen;
use serde::Serialize;

/// `walk.json`.
#[derive(Default, Serialize)]
pub struct Walk {
    /// Each page, each time it came or changed so that a person would notice.
    pub pages: Vec<Shown>,
    /// Each tap, without secrets.
    pub taps: Vec<TapMade>,
    /// What the camera asked for, by the words on the wire, each time it was something else.
    pub hints: Vec<String>,
    /// The outcome's kind on the wire; none where the visit ended without one.
    pub outcome: Option<String>,
    /// Whether the visit came back to the attract page.
    pub finished: bool,
    /// Why not, where it did not.
    pub stuck: Option<String>,
}

/// A page that was shown.
#[derive(Serialize)]
pub struct Shown {
    /// Its name on the wire.
    pub page: String,
    /// Since the start of the walk.
    pub at_ms: u64,
    /// The language of its words.
    pub language: screen::Language,
    /// Its picture's file name.
    pub picture: String,
}

/// A tap that went out.
#[derive(Serialize)]
pub struct TapMade {
    /// On which page.
    pub page: String,
    /// Since the start of the walk.
    pub at_ms: u64,
    /// What, without what was typed.
    pub tap: String,
}

impl Walk {
    /// The file name of the next picture: of that page, on which the camera asks for that.
    pub fn picture_name(&self, page: &str, hint: Option<&str>) -> String {
        let hint = hint.map_or_else(String::new, |hint| format!("-{hint}"));
        format!("{:02}-{page}{hint}.png", self.pages.len() + 1)
    }

    /// Notes what the camera asks for, where it does.
    pub fn hear(&mut self, screen: &Screen) {
        let Some(word) = hint(screen) else { return };
        if self.hints.last() != Some(&word) {
            self.hints.push(word);
        }
    }

    /// Writes the record.
    pub fn save(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).expect("a walk is plain data");
        fs::write(folder.join("walk.json"), text + "\n")
    }
}

/// What the camera asks for, by the word on the wire.
pub fn hint(screen: &Screen) -> Option<String> {
    let Screen::Face { hint, .. } = screen else { return None };
    let word = serde_json::to_value(hint).expect("a hint is plain data");
    Some(word.as_str().expect("a hint is a word").to_owned())
}
