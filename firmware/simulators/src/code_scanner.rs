//! A code scanner on a pseudo-terminal.

use std::path::Path;

use crate::scenario::SimulatorError;

/// The scanner. Unplugged when dropped.
pub struct PretendScanner {}

impl PretendScanner {
    /// Starts a scanner that can be opened at `link`.
    pub fn start(link: &Path) -> Result<Self, SimulatorError> {
        let _ = link;
        unimplemented!()
    }

    /// "Scans": sends the text and a CR.
    pub fn scan(&self, text: &str) -> Result<(), SimulatorError> {
        let _ = text;
        unimplemented!()
    }
}
