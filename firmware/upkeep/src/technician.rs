//! Who services the machine: `kioskd` says so while somebody is signed in on the staff page.
//! `fleetd` needs it for what only a person beside the machine may start. It takes `kioskd`'s word
//! for nothing: what it believes is a badge's signature over a challenge of its own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Folder, FolderError};

const NAME: &str = "technician.json";
const CHALLENGE: &str = "challenge.json";

/// Somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// The id of the staff file; never a name.
    pub id: String,
    /// What their badge signed, where they have one: a proof of the crate `badge`, as text.
    #[serde(default)]
    pub badge: Option<String>,
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

    /// Whoever is signed in at that moment, by the machine's own clock.
    pub fn signed_in(&self, clock: Timestamp) -> Option<SignedIn> {
        let signed_in: SignedIn = self.get(NAME)?;
        let fresh = clock.duration_since(signed_in.written).as_secs().abs() <= STALE_AFTER;
        fresh.then_some(signed_in)
    }

    /// Says what the next badge is to sign: a challenge of the crate `badge`, as text.
    pub fn ask_badge(&self, challenge: &str) -> Result<(), FolderError> {
        self.put(CHALLENGE, &challenge)
    }

    /// What a badge is to sign for `fleetd`, if there is one that asks.
    pub fn badge_is_asked(&self) -> Option<String> {
        self.get(CHALLENGE)
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
        folder.sign_in(&SignedIn { id: "kt-01".to_owned(), badge: None, written: at(0) }).unwrap();
        for (second, counts) in [(-21, false), (-20, true), (0, true), (20, true), (21, false)] {
            assert_eq!(folder.signed_in(at(second)).is_some(), counts, "{second}");
        }
        folder.sign_out().unwrap();
        assert_eq!(folder.signed_in(at(0)), None);
    }

    #[test]
    fn a_badge_is_asked_for_what_was_said_last() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        assert_eq!(folder.badge_is_asked(), None);
        for challenge in ["aa", "bb"] {
            folder.ask_badge(challenge).unwrap();
            assert_eq!(folder.badge_is_asked().as_deref(), Some(challenge));
        }
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
