//! How much paper is left on the roll: counted, and corrected by the printer's sensor.

use devices::{Paper, Raster};
use serde::{Deserialize, Serialize};

/// Dots of a thermal head in one millimetre (203 dpi).
const DOTS_PER_MM: u32 = 8;
/// What a cut takes beside the picture: from head to cutter, in millimetres.
const CUT_MM: u32 = 16;
/// What a near-end sensor leaves on the core, in per cent of a usual roll.
const LOW_PERCENT: u8 = 5;

/// The paper roll. The daemon keeps it on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Roll {
    length_mm: u32,
    used_mm: u32,
}

impl Roll {
    /// A new roll.
    pub fn new(metres: u16) -> Self {
        Self { length_mm: u32::from(metres) * 1000, used_mm: 0 }
    }

    /// Counts a printed picture.
    pub fn printed(&mut self, picture: &Raster) {
        let mm = picture.height().div_ceil(DOTS_PER_MM) + CUT_MM;
        self.used_mm = self.used_mm.saturating_add(mm).min(self.length_mm);
    }

    /// Staff put a new roll in.
    pub fn refilled(&mut self) {
        self.used_mm = 0;
    }

    /// What is left, in per cent. The count is ours and may be wrong, because a roll
    /// may have been begun; the sensor is believed where it says less.
    pub fn percent_left(&self, sensor: Option<Paper>) -> u8 {
        let left = u64::from(self.length_mm - self.used_mm.min(self.length_mm));
        let counted = (left * 100).checked_div(u64::from(self.length_mm)).unwrap_or(0) as u8;
        match sensor {
            Some(Paper::Low) => counted.min(LOW_PERCENT),
            // Not empty: the sensor sees paper.
            Some(Paper::Enough) => counted.max(LOW_PERCENT),
            None => counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roll_of_60_metres_is_used_up_slip_by_slip() {
        let mut roll = Roll::new(60);
        assert_eq!(roll.percent_left(None), 100);
        // 1472 dots are 184 mm, and 16 mm go with the cut: 20 cm a slip.
        for _ in 0..150 {
            roll.printed(&Raster::white(576, 1472));
        }
        assert_eq!(roll.percent_left(None), 50);
        for _ in 0..200 {
            roll.printed(&Raster::white(576, 1472));
        }
        assert_eq!(roll.percent_left(None), 0);
        assert_eq!(roll.percent_left(Some(Paper::Enough)), LOW_PERCENT);
        roll.refilled();
        assert_eq!(roll.percent_left(Some(Paper::Enough)), 100);
        assert_eq!(roll.percent_left(Some(Paper::Low)), LOW_PERCENT);
    }

    #[test]
    fn a_stored_roll_of_nonsense_does_no_harm() {
        let roll: Roll = toml::from_str("length-mm = 0\nused-mm = 4000000000").unwrap();
        assert_eq!(roll.percent_left(None), 0);
    }
}
