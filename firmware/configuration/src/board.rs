//! A set over a board: what `kioskd` then goes by.

use std::path::Path;

use boards::{Board, Location};

use crate::Configuration;

/// A value that a board holds more strictly. The set is for other boards, or a mistake.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("face.accept = {said} is looser than the board's {board}")]
pub struct Looser {
    /// What the set says.
    pub said: f64,
    /// What the board says.
    pub board: f64,
}

impl Configuration {
    /// Lays this over a board. The set's files lie in `folder`. Closed services are the
    /// catalogue's business, which the board only names.
    pub fn lay_over(&self, board: &mut Board, folder: &Path) -> Result<(), Looser> {
        if let Some(said) = &self.face.accept {
            let ours = board.face.get("accept").and_then(toml::Value::as_float).unwrap_or(0.0);
            if said.is.get() < ours {
                return Err(Looser { said: said.is.get(), board: ours });
            }
            board.face.insert("accept".to_owned(), toml::Value::Float(said.is.get()));
        }
        if let Some(said) = self.idle.ask_after_seconds {
            board.idle.ask_after_seconds = said.is;
        }
        if let Some(said) = self.idle.end_after_seconds {
            board.idle.end_after_seconds = said.is;
        }
        if let Some(said) = self.camera.backlight_compensation {
            board.camera.backlight_compensation = said.is;
        }
        let place = |location: &mut Location, is_said: bool, name: &str| {
            if is_said && let Ok(said) = Location::try_from(folder.join(name)) {
                *location = said;
            }
        };
        let (files, ours) = (&self.files, &mut board.files);
        place(&mut ours.trust_list, files.trust_list.is_some(), Self::TRUST_LIST);
        place(&mut ours.revocation_lists, files.revocation_lists.is_some(), Self::REVOCATION_LISTS);
        place(&mut ours.catalogue, files.catalogue.is_some(), Self::CATALOGUE);
        place(&mut ours.rules, files.rules.is_some(), Self::RULES);
        Ok(())
    }
}
