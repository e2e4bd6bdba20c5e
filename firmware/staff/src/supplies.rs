//! How much paper is left on the roll, counted.

use devices::{Paper, Raster};
use serde::{Deserialize, Serialize};

/// The paper roll. The daemon keeps it on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Roll {
    /// How long it was when new.
    pub length_mm: u32,
    /// What was printed since.
    pub used_mm: u32,
}

impl Roll {
    /// A new roll.
    pub fn new(metres: u16) -> Self {
        Self { length_mm: u32::from(metres) * 1000, used_mm: 0 }
    }

    /// Counts a printed picture.
    pub fn printed(&mut self, picture: &Raster) {
        let _ = picture;
        unimplemented!()
    }

    /// Staff put a new roll in.
    pub fn refilled(&mut self) {
        self.used_mm = 0;
    }

    /// What is left, in per cent; the sensor is believed where it says less.
    pub fn percent_left(&self, sensor: Option<Paper>) -> u8 {
        let _ = sensor;
        unimplemented!()
    }
}
