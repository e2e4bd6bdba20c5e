//! Who services the machine: `kioskd` says so while somebody is signed in on the staff page.
//! `fleetd` needs it for what only a person beside the machine may start.
//!
//! It is as good as the PIN that was typed, and as `kioskd` itself: nothing here proves a card.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Folder, FolderError};

const NAME: &str = "technician.json";

/// Somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// The id of the staff file; never a name.
    pub id: String,
    /// When this was written; renewed every few seconds.
    pub written: Timestamp,
}

/// What is older says nothing about now. In seconds.
const STALE_AFTER: i64 = 20;

impl Folder {
    /// Says who is signed in, or says it again.
    pub fn sign_in(&self, signed_in: &SignedIn) -> Result<(), FolderError> {
        self.put(NAME, signed_in)
    }

    /// Nobody is any more.
    pub fn sign_out(&self) -> Result<(), FolderError> {
        self.take_away(NAME)
    }

    /// The id of whoever is signed in at that moment, by the machine's own clock.
    pub fn signed_in(&self, clock: Timestamp) -> Option<String> {
        let signed_in: SignedIn = self.get(NAME)?;
        let fresh = clock.duration_since(signed_in.written).as_secs().abs() <= STALE_AFTER;
        fresh.then_some(signed_in.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_counts_until_it_is_taken_back_or_not_renewed() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        assert_eq!(folder.signed_in(at(0)), None);
        folder.sign_in(&SignedIn { id: "kt-01".to_owned(), written: at(0) }).unwrap();
        for (second, counts) in [(-21, false), (-20, true), (0, true), (20, true), (21, false)] {
            assert_eq!(folder.signed_in(at(second)).is_some(), counts, "{second}");
        }
        folder.sign_out().unwrap();
        assert_eq!(folder.signed_in(at(0)), None);
    }

    #[test]
    fn what_is_no_sign_in_signs_nobody_in() {
        let place = tempfile::tempdir().unwrap();
        for text in
            ["", "{}", r#"{"id":"kt-01","written":"2027-01-15T08:00:00Z","until":"2099-01-01T00:00:00Z"}"#]
        {
            std::fs::write(place.path().join(NAME), text).unwrap();
            let written = Timestamp::from_second(1_800_000_000).unwrap();
            assert_eq!(Folder::new(place.path()).signed_in(written), None, "{text}");
        }
    }
}
