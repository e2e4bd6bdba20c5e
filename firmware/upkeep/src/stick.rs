//! What became of the USB stick that is in, for whoever put it in and stands before the staff page.

use faults::Fault;
use serde::{Deserialize, Serialize};

use crate::{Folder, FolderError};

const NAME: &str = "stick.json";

/// How far a stick has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StickState {
    /// It is being read, and must stay in.
    Reading,
    /// Its permit was taken: what it brings is installed once nobody is at the machine.
    Admitted,
    /// What it brought runs, and is well.
    Installed,
    /// What it brought does not run; what ran before does.
    NotInstalled,
    /// The logs are on it.
    LogsTaken,
    /// Nothing is done with it, and why.
    Refused(Fault),
}

impl Folder {
    /// Says how far the stick has come that is in; `None`: none is in.
    pub fn tell_stick(&self, state: Option<StickState>) -> Result<(), FolderError> {
        match state {
            Some(state) => self.put(NAME, &state),
            None => self.take_away(NAME),
        }
    }

    /// How far the stick has come that is in; `None`: none is in.
    pub fn stick(&self) -> Option<StickState> {
        self.get(NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stick_is_spoken_of_while_it_is_in() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        assert_eq!(folder.stick(), None);
        for state in [StickState::Reading, StickState::Refused(Fault::PermitMissing), StickState::LogsTaken] {
            folder.tell_stick(Some(state)).unwrap();
            assert_eq!(folder.stick(), Some(state));
        }
        folder.tell_stick(None).unwrap();
        folder.tell_stick(None).unwrap();
        assert_eq!(folder.stick(), None);
        std::fs::write(place.path().join(NAME), r#"{"refused":"STICK-99"}"#).unwrap();
        assert_eq!(folder.stick(), None, "of another version");
    }
}
