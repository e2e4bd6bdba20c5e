//! The ruler: what a machine can find wrong with a drawn page.

use std::{collections::HashSet, fmt};

use i_slint_backend_testing::{ElementHandle, ElementQuery};
use screen::{TextSize, panel::LEAST_ANGLE};
use serde::Serialize;

use crate::stage::Stage;

/// The smallest side of a touch target, in logical pixels.
pub const TARGET: f32 = 88.0;

/// Half a pixel of rounding is no fault.
const SLACK: f32 = 0.6;

/// How high a capital H is, as a share of the size of the font of words, and of data.
pub const CAPITALS: [f64; 2] = [0.74, 0.714];
/// Sizes are told in tenths of a pixel, so a half of that is no fault.
const ANGLE_SLACK: f64 = 0.001;

/// Something wrong with a page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flaw {
    /// What is wrong.
    pub what: Wrong,
    /// The words on the element, or its place.
    pub element: String,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// A button that says nothing to people who cannot see it.
    NoLabel,
    /// A button smaller than a finger.
    TooSmall,
    /// Something reaches out of the window.
    OutsideWindow,
    /// A word does not fit its box.
    Cut,
    /// Words too small for this panel at its distance (EN 301 549 V3.2.1, 5.1.4).
    TooFine,
    /// Two buttons lie over one another, or words over a button.
    Overlap,
    /// There is nothing to look at.
    Empty,
}

impl fmt::Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}: {}", self.what, self.element)
    }
}

/// Everything wrong with the page as it stands.
pub fn flaws(stage: &Stage, width: f32, height: f32) -> Vec<Flaw> {
    let window = Area { x: 0.0, y: 0.0, width, height };
    let columns: HashSet<String> = ElementQuery::from_root(stage.app())
        .match_inherits("Scroller")
        .find_all()
        .iter()
        .flat_map(|column| column.query_descendants().find_all())
        .map(|element| Seen::of(&element, false).name)
        .collect();
    let over: HashSet<String> = ElementQuery::from_root(stage.app())
        .match_inherits("Modal")
        .find_all()
        .iter()
        .flat_map(|modal| modal.query_descendants().find_all())
        .map(|element| Seen::of(&element, false).name)
        .collect();
    let seen = |elements: Vec<ElementHandle>| -> Vec<Seen> {
        let all = elements.iter().map(|element| {
            let name = Seen::of(element, false).name;
            Seen::of(element, columns.contains(&name))
        });
        // under a modal only the modal counts: what is behind cannot be pressed
        all.filter(|one| one.area.is_real() && (over.is_empty() || over.contains(&one.name))).collect()
    };
    let buttons = seen(stage.buttons());
    let words = seen(ElementQuery::from_root(stage.app()).match_inherits("KText").find_all());
    let mut found = Vec::new();
    let mut report = |what, one: &Seen| found.push(Flaw { what, element: one.name.clone() });

    for button in &buttons {
        if button.label.is_empty() {
            report(Wrong::NoLabel, button);
        }
        if button.area.width < TARGET - SLACK || button.area.height < TARGET - SLACK {
            report(Wrong::TooSmall, button);
        }
    }
    for one in buttons.iter().chain(&words).filter(|one| !one.scrolls) {
        if !window.holds(&one.area) {
            report(Wrong::OutsideWindow, one);
        }
    }
    for one in words.iter().filter(|one| one.cut) {
        report(Wrong::Cut, one);
    }
    for one in words.iter().filter(|one| too_fine(one, stage)) {
        report(Wrong::TooFine, one);
    }
    overlaps(&buttons, &words, &mut report);
    if words.is_empty() {
        found.push(Flaw { what: Wrong::Empty, element: "the page".into() });
    }
    found
}

/// What is read or pressed must be large enough at every text size, what stands beside
/// it at the largest. On a panel that nobody knows, nothing can be said.
fn too_fine(text: &Seen, stage: &Stage) -> bool {
    let Some((panel, size)) = stage.panel().zip(text.font_size) else { return false };
    let must = !text.beside || stage.text_size() == TextSize::Largest;
    let capital = f64::from(size) * CAPITALS[usize::from(text.data)];
    must && panel.angle_of(capital) < LEAST_ANGLE - ANGLE_SLACK
}

fn overlaps(buttons: &[Seen], words: &[Seen], report: &mut impl FnMut(Wrong, &Seen)) {
    for (place, one) in buttons.iter().enumerate() {
        let beside = buttons[place + 1..].iter().filter(|other| !one.scrolls && !other.scrolls);
        for other in beside.filter(|other| other.enabled == one.enabled) {
            if one.area.meets(&other.area) && !one.area.holds(&other.area) && !other.area.holds(&one.area) {
                report(Wrong::Overlap, other);
            }
        }
        for text in words.iter().filter(|text| !text.scrolls && !one.scrolls) {
            if one.area.meets(&text.area) && !one.area.holds(&text.area) {
                report(Wrong::Overlap, text);
            }
        }
    }
}

/// An element as far as the checks care.
struct Seen {
    name: String,
    label: String,
    area: Area,
    enabled: bool,
    cut: bool,
    /// Of words, in pixels.
    font_size: Option<f32>,
    /// In the font of data.
    data: bool,
    /// Only stands beside what is read or pressed.
    beside: bool,
    /// Stands in a column that may be pushed, so it may lie outside for now.
    scrolls: bool,
}

impl Seen {
    fn of(element: &ElementHandle, scrolls: bool) -> Self {
        let at = element.absolute_position();
        let size = element.size();
        let label = element.accessible_label().unwrap_or_default().to_string();
        // What `text.slint` tells of words, and what buttons say to people.
        let told = element.accessible_description().unwrap_or_default();
        let told: Vec<&str> = told.split(' ').collect();
        Self {
            name: format!("{label} ({:.0}, {:.0}; {:.0} x {:.0})", at.x, at.y, size.width, size.height),
            label,
            area: Area { x: at.x, y: at.y, width: size.width, height: size.height },
            enabled: element.accessible_enabled() != Some(false),
            cut: told.contains(&"cut"),
            font_size: told.last().and_then(|tenths| tenths.parse().ok()).map(|tenths: f32| tenths / 10.0),
            data: told.contains(&"data"),
            beside: told.contains(&"beside"),
            scrolls,
        }
    }
}

#[derive(Clone, Copy)]
struct Area {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

impl Area {
    fn is_real(&self) -> bool {
        self.width > 0.0 && self.height > 0.0
    }

    fn holds(&self, other: &Self) -> bool {
        other.x >= self.x - SLACK
            && other.y >= self.y - SLACK
            && other.x + other.width <= self.x + self.width + SLACK
            && other.y + other.height <= self.y + self.height + SLACK
    }

    fn meets(&self, other: &Self) -> bool {
        self.x + SLACK < other.x + other.width
            && other.x + SLACK < self.x + self.width
            && self.y + SLACK < other.y + other.height
            && other.y + SLACK < self.y + self.height
    }
}
