//! Where the programs and data of a release lie.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Where everything lies that a rehearsal needs.
#[derive(Clone, Debug)]
pub struct Places {
    /// The folder of the programs.
    pub programs: PathBuf,
    /// The folder of the board files.
    pub boards: PathBuf,
    /// The folder of the models.
    pub models: PathBuf,
    /// The folder of the catalogue.
    pub catalogue: PathBuf,
    /// The file of the dated rules.
    pub rules: PathBuf,
    /// The folder of the invented citizens.
    pub people: PathBuf,
    /// The folder of the scenarios.
    pub scenarios: PathBuf,
}

impl Places {
    /// As they lie in a slot's image: see the README.
    pub fn of_image(image: &Path) -> Self {
        let share = image.join("share/kiosk");
        Self {
            programs: image.join("lib/rehearsal"),
            boards: share.join("boards"),
            models: share.join("models"),
            catalogue: share.join("catalogue"),
            rules: share.join("rules.toml"),
            people: share.join("rehearsal/people"),
            scenarios: share.join("rehearsal/scenarios"),
        }
    }

    /// As they lie in the project, with the programs in a folder of cargo's.
    pub fn of_project(root: &Path, programs: PathBuf) -> Self {
        let firmware = root.join("firmware");
        Self {
            programs,
            boards: root.join("board-configs"),
            models: firmware.join("face/models"),
            catalogue: firmware.join("services/catalogue"),
            rules: firmware.join("services/rules.toml"),
            people: firmware.join("simulators/people"),
            scenarios: firmware.join("simulators/scenarios"),
        }
    }

    /// One of the programs.
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.programs.join(name))
    }
}
