//! What the gallery found, page by page, as a list for machines and a sheet for
//! people.

use std::fmt::Write as _;

use screen::{Contrast, Language, TextSize};
use serde::Serialize;

use crate::{checks::Flaw, samples::Sample, size::Glass};

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Appearance {
    /// The language of its words.
    pub language: Language,
    /// How large they are.
    pub text: TextSize,
    /// How strongly they stand out.
    pub contrast: Contrast,
}

/// Every language with every text size and contrast.
pub fn looks() -> Vec<Appearance> {
    let mut all = Vec::new();
    for language in [Language::Vi, Language::En] {
        for text in [TextSize::Normal, TextSize::Large, TextSize::Largest] {
            for contrast in [Contrast::Normal, Contrast::High] {
                all.push(Appearance { language, text, contrast });
            }
        }
    }
    all
}

#[derive(Serialize)]
struct Entry {
    picture: String,
    page: String,
    size: (u32, u32),
    /// Millimetres of a dot.
    dot_mm: Option<f64>,
    look: Appearance,
    faults: Vec<Flaw>,
}

/// Every page that was drawn.
#[derive(Default)]
pub struct Album {
    entries: Vec<Entry>,
}

impl Album {
    /// Adds a page; the file name that its picture should have.
    pub fn add(&mut self, sample: &Sample, look: Appearance, glass: Glass, faults: Vec<Flaw>) -> String {
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let [language, text, contrast] = [
            serde_json::to_value(look.language),
            serde_json::to_value(look.text),
            serde_json::to_value(look.contrast),
        ]
        .map(|value| word(value.expect("a look is plain data")));
        let Glass { width, height, panel } = glass;
        let dot_mm = panel.map(screen::Panel::dot_mm);
        // Two panels may have as many dots.
        let dots = dot_mm.map_or(String::new(), |mm| format!("-{:.0}um", mm * 1000.0));
        let picture = format!("{}-{width}x{height}{dots}-{language}-{text}-{contrast}.png", sample.name);
        let (page, size) = (sample.name.clone(), (width, height));
        self.entries.push(Entry { picture: picture.clone(), page, size, dot_mm, look, faults });
        picture
    }

    /// How many pages were drawn.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many faults were found.
    pub fn faults(&self) -> usize {
        self.entries.iter().map(|entry| entry.faults.len()).sum()
    }

    /// One line a fault.
    pub fn fault_lines(&self) -> impl Iterator<Item = String> {
        self.entries
            .iter()
            .flat_map(|entry| entry.faults.iter().map(|fault| format!("{}: {fault}", entry.picture)))
    }

    /// The pages with faults, for machines.
    pub fn faults_json(&self) -> String {
        let with_faults: Vec<_> = self.entries.iter().filter(|entry| !entry.faults.is_empty()).collect();
        serde_json::to_string_pretty(&with_faults).expect("an album is plain data") + "\n"
    }

    /// All pages on one sheet, for people.
    pub fn html(&self, with_pictures: bool) -> String {
        let mut html = String::from(
            "<!doctype html><meta charset=utf-8><title>Gallery</title>\
             <style>body{font:14px sans-serif;margin:20px}figure{display:inline-block;margin:6px;vertical-align:top}\
             img{height:300px;border:1px solid #bbb}figcaption{max-width:420px}.bad{color:#b00020}</style>\n",
        );
        let _ = writeln!(html, "<h1>{} pages, {} faults</h1>", self.len(), self.faults());
        for entry in &self.entries {
            let picture = escaped(&entry.picture);
            let _ = write!(html, "<figure>");
            if with_pictures {
                let _ = write!(html, "<a href=\"{picture}\"><img loading=lazy src=\"{picture}\"></a>");
            }
            let _ = write!(html, "<figcaption>{picture}");
            for fault in &entry.faults {
                let _ = write!(html, "<br><span class=bad>{}</span>", escaped(&fault.to_string()));
            }
            let _ = writeln!(html, "</figcaption></figure>");
        }
        html
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
