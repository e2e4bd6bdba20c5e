//! The glass: how large a dot is, and from how far it is read. EN 301 549 V3.2.1,
//! 5.1.4: where nobody can bring a magnifier of their own, there is a mode in which a
//! capital H subtends at least 0.7 degrees at the distance that the maker states.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// What a capital H must subtend, in degrees.
pub const LEAST_ANGLE: f64 = 0.7;

/// A panel. Nothing of it is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PanelSaid", into = "PanelSaid")]
pub struct Panel {
    dots_wide: u32,
    mm_wide: u32,
    viewing_mm: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PanelSaid {
    dots_wide: u32,
    mm_wide: u32,
    viewing_mm: u32,
}

impl Panel {
    /// A panel so many dots and millimetres wide, as the citizen sees it, read from so
    /// many millimetres away; none where one of them is 0.
    pub fn new(dots_wide: u32, mm_wide: u32, viewing_mm: u32) -> Option<Self> {
        let real = dots_wide > 0 && mm_wide > 0 && viewing_mm > 0;
        real.then_some(Self { dots_wide, mm_wide, viewing_mm })
    }

    /// The side of a dot.
    pub fn dot_mm(self) -> f64 {
        f64::from(self.mm_wide) / f64::from(self.dots_wide)
    }

    /// How many dots a capital H must be high to be large enough.
    pub fn least_capital_dots(self) -> f64 {
        f64::from(self.viewing_mm) * LEAST_ANGLE * PI / 180.0 / self.dot_mm()
    }

    /// What a capital so many dots high subtends, in degrees.
    pub fn angle_of(self, capital_dots: f64) -> f64 {
        capital_dots * self.dot_mm() * 180.0 / PI / f64::from(self.viewing_mm)
    }
}

impl TryFrom<PanelSaid> for Panel {
    type Error = &'static str;

    fn try_from(said: PanelSaid) -> Result<Self, Self::Error> {
        Self::new(said.dots_wide, said.mm_wide, said.viewing_mm).ok_or("a panel has a size")
    }
}

impl From<Panel> for PanelSaid {
    fn from(Panel { dots_wide, mm_wide, viewing_mm }: Panel) -> Self {
        Self { dots_wide, mm_wide, viewing_mm }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of table 5.1: 0.7 degrees are 6.1 mm at 500 mm, 7.3 mm at 600 mm.
    #[test]
    fn a_capital_is_as_high_as_the_standard_says() {
        for (viewing_mm, high_mm) in [(450, 5.5), (500, 6.1), (600, 7.3)] {
            let panel = Panel::new(1000, 1000, viewing_mm).unwrap();
            assert!((panel.least_capital_dots() - high_mm).abs() < 0.05, "{}", panel.least_capital_dots());
            assert!((panel.angle_of(panel.least_capital_dots()) - LEAST_ANGLE).abs() < 1e-9);
        }
    }

    #[test]
    fn smaller_dots_ask_for_more_of_them() {
        let dots = |mm_wide| Panel::new(1080, mm_wide, 500).unwrap().least_capital_dots();
        assert!((dots(194) - 34.0).abs() < 0.1 && (dots(268) - 24.6).abs() < 0.1);
    }
}
