//! Windows, and the panels that they stand for, on command lines.

use screen::Panel;

/// From how far a panel is read, where only its width is said.
const VIEWING_MM: u32 = 500;

/// What pages are drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glass {
    /// Dots across.
    pub width: u32,
    /// Dots down.
    pub height: u32,
    /// How large the dots are, where that is known.
    pub panel: Option<Panel>,
}

/// What the pages must look right on: the panels of `board-configs`, and a window on a
/// desk, which stands for the wall's panel too: as many dots, 3 % finer. Each is a third of the
/// sheets. A test holds this list against the boards.
pub fn glasses() -> [Glass; 3] {
    let glass = |width, height, mm| Glass { width, height, panel: Panel::new(width, mm, VIEWING_MM) };
    [glass(1080, 1920, 194), glass(1080, 1920, 270), glass(1280, 800, 320)]
}

/// `1280x800`, or `1280x800@320` for a panel 320 mm wide that is read from half a metre.
pub fn parse_glass(text: &str) -> Option<Glass> {
    let (size, mm) = text.split_once('@').map_or((text, None), |(size, mm)| (size, Some(mm)));
    let (width, height) = parse_size(size)?;
    let panel = match mm {
        None => None,
        Some(mm) => Some(Panel::new(width, mm.parse().ok()?, VIEWING_MM)?),
    };
    Some(Glass { width, height, panel })
}

/// `1280x800`; a window that nobody can use is none.
pub fn parse_size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    let side = |text: &str| text.parse().ok().filter(|side| (320..=16384).contains(side));
    Some((side(width)?, side(height)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glass_is_said_with_or_without_its_panel() {
        let glass = |panel| Some(Glass { width: 1280, height: 800, panel });
        assert_eq!(parse_glass("1280x800"), glass(None));
        assert_eq!(parse_glass("1280x800@320"), glass(Panel::new(1280, 320, 500)));
        for wrong in ["1280", "1280x8", "1280x800@", "1280x800@0", "1280x800@wide"] {
            assert_eq!(parse_glass(wrong), None, "{wrong}");
        }
    }
}
