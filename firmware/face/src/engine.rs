//! The three models, loaded and checked once.

use std::path::Path;

use crate::FaceError;

/// Finds, measures and compares faces. Share it; it holds no person's data.
pub struct Engine {}

impl Engine {
    /// Loads the models of a folder and checks each against `manifest.toml`.
    pub fn load(folder: &Path) -> Result<Self, FaceError> {
        _ = folder;
        unimplemented!()
    }
}
