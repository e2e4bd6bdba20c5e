//! What programs of `ui/` measured of themselves and of a visit, read back from their
//! files: the bench links nothing of the touchscreen.

use std::{fmt::Write as _, fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::chip::Failure;

/// What `page-times` wrote: milliseconds of wall clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    built: String,
    draws: u32,
    panels: Vec<OnPanel>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnPanel {
    width: u32,
    height: u32,
    pages: Vec<Drawn>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Drawn {
    page: String,
    full: Spread,
    bare: Spread,
    full_to_bare: f64,
    change: Spread,
    tap: Option<Spread>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spread {
    median_ms: f64,
    p95_ms: f64,
}

/// Memory of the two programs in a headless visit, of its `result.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// The most that kioskd held.
    pub kioskd_peak_kib: Option<u64>,
    /// The most that the robot with the pages of kiosk-ui held.
    pub screen_peak_kib: Option<u64>,
}

/// Reads a file of either.
pub fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, Failure> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Both as tables.
pub fn tables(pages: Option<&Pages>, visit: Option<&Visit>) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    match pages {
        None => writeln!(text, "Pages: not measured; `cargo xtask bench` does\n")?,
        Some(pages) => {
            writeln!(
                text,
                "Pages: software renderer, {} draws each, ms of wall clock as median / p95, built in {}\n",
                pages.draws, pages.built
            )?;
            pages.panels.iter().try_for_each(|panel| on_panel(&mut text, panel))?;
        }
    }
    if let Some(visit) = visit {
        let mib =
            |kib: Option<u64>| kib.map_or("unknown".to_owned(), |kib| format!("{:.0}", kib as f64 / 1024.0));
        let both = visit.kioskd_peak_kib.zip(visit.screen_peak_kib).map(|(one, other)| one + other);
        writeln!(
            text,
            "A headless visit, MiB at most: kioskd {}, the pages of kiosk-ui in a window in memory {}, both {}\n",
            mib(visit.kioskd_peak_kib),
            mib(visit.screen_peak_kib),
            mib(both)
        )?;
    }
    Ok(text)
}

fn on_panel(text: &mut String, panel: &OnPanel) -> std::fmt::Result {
    let spread = |spread: &Spread| format!("{:.1} / {:.1}", spread.median_ms, spread.p95_ms);
    writeln!(
        text,
        "| {} x {} | whole page | bare window: a ground, a text | ratio | page change | a finger down |",
        panel.width, panel.height
    )?;
    writeln!(text, "|---|--:|--:|--:|--:|--:|")?;
    for page in &panel.pages {
        writeln!(
            text,
            "| {} | {} | {} | {:.1} | {} | {} |",
            page.page,
            spread(&page.full),
            spread(&page.bare),
            page.full_to_bare,
            spread(&page.change),
            page.tap.as_ref().map_or(String::new(), spread)
        )?;
    }
    writeln!(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES: &str = r#"{"built":"release","draws":3,"panels":[{"width":1280,"height":800,
        "pages":[{"page":"hello","full":{"median_ms":8.0,"p95_ms":9.0},"bare":{"median_ms":2.0,"p95_ms":3.0},
        "full_to_bare":4.0,"change":{"median_ms":12.0,"p95_ms":15.0},"tap":null}]}]}"#;

    #[test]
    fn the_table_says_what_the_files_say() {
        let pages: Pages = serde_json::from_str(PAGES).unwrap();
        let visit: Visit = serde_json::from_str(
            r#"{"outcome":"activated","kioskd_peak_kib":102400,"screen_peak_kib":51200}"#,
        )
        .unwrap();
        let text = tables(Some(&pages), Some(&visit)).unwrap();
        assert!(text.contains("| hello | 8.0 / 9.0 | 2.0 / 3.0 | 4.0 | 12.0 / 15.0 |  |"), "{text}");
        assert!(text.contains("kioskd 100,") && text.contains("both 150"), "{text}");
    }

    #[test]
    fn what_was_not_measured_is_said() {
        assert!(tables(None, None).unwrap().contains("not measured"));
        assert!(serde_json::from_str::<Pages>(r#"{"built":"x"}"#).is_err());
    }
}
