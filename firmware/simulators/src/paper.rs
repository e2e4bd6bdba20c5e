//! An ESC/POS receipt printer on a pseudo-terminal, written from the command
//! manual, not from the driver.

use std::path::{Path, PathBuf};

use crate::scenario::{PrinterScript, SimulatorError};

/// The printer. Runs on a thread of its own until it is dropped.
pub struct PaperPrinter {
    folder: PathBuf,
}

impl PaperPrinter {
    /// Starts a printer, `dots` across, that keeps each cut receipt as a PNG in
    /// `folder` and can be opened at `link`.
    pub fn start(
        folder: &Path,
        link: &Path,
        dots: u32,
        script: &PrinterScript,
    ) -> Result<Self, SimulatorError> {
        let _ = (folder, link, dots, script);
        unimplemented!()
    }

    /// Changes how the printer is.
    pub fn set(&self, script: &PrinterScript) {
        let _ = script;
    }

    /// The receipts cut so far, oldest first.
    pub fn receipts(&self) -> Vec<PathBuf> {
        let _ = &self.folder;
        unimplemented!()
    }
}
