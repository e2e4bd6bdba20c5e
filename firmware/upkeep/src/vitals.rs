//! How the kiosk is, as `kioskd` sees it. The health gate of an update reads this, and the
//! heartbeat. Counts and codes, never what anybody did.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Folder, FolderError};

const NAME: &str = "vitals.json";

/// How the kiosk is. Fields that are not known here are passed over: the other program may be
/// a release ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vitals {
    /// The version of `kioskd`.
    pub version: String,
    /// When it was started: another time is another start.
    pub started: Timestamp,
    /// When this was written.
    pub written: Timestamp,
    /// Whether the touchscreen drew a page lately.
    pub screen_draws: bool,
    /// The devices, by the word of the audit log.
    pub devices: BTreeMap<String, DeviceHealth>,
    /// Since when nobody is served; none while somebody is.
    pub idle_since: Option<Timestamp>,
    /// Transactions that wait to be sent.
    pub waiting: u32,
    /// Events of the audit log since the start, by their word.
    pub events: BTreeMap<String, u64>,
    /// The settings from afar that it goes by, by their digest; none: what is built in.
    #[serde(default)]
    pub configuration: Option<String>,
}

/// How a device is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceHealth {
    /// It is looked for, or resting.
    Starting,
    /// It works.
    Ready,
    /// It works, with something to be done; the code.
    Degraded(String),
    /// It does not work; the code.
    Failed(String),
}

/// Vitals that are older say nothing about now. In seconds; `kioskd` writes every few.
const STALE_AFTER: i64 = 30;

impl Vitals {
    /// Whether they speak of that moment.
    pub fn are_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.written).as_secs().abs() <= STALE_AFTER
    }
}

impl DeviceHealth {
    /// Whether it can be used.
    pub fn works(&self) -> bool {
        matches!(self, Self::Ready | Self::Degraded(_))
    }
}

impl Folder {
    /// Puts the vitals in place of the ones before.
    pub fn tell(&self, vitals: &Vitals) -> Result<(), FolderError> {
        self.put(NAME, vitals)
    }

    /// The newest vitals, if there are any.
    pub fn vitals(&self) -> Option<Vitals> {
        self.get(NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vitals_are_read_as_they_were_told_and_a_newer_kiosk_may_say_more() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        assert_eq!(folder.vitals(), None);
        let vitals = Vitals {
            version: "0.1.0".to_owned(),
            started: Timestamp::from_second(1_799_999_000).unwrap(),
            written: Timestamp::from_second(1_800_000_000).unwrap(),
            screen_draws: true,
            devices: [
                ("card-reader".to_owned(), DeviceHealth::Ready),
                ("camera".to_owned(), DeviceHealth::Failed("CAMERA-01".to_owned())),
            ]
            .into(),
            idle_since: None,
            waiting: 3,
            events: [("visit-started".to_owned(), 12)].into(),
            configuration: Some("0a".to_owned()),
        };
        folder.tell(&vitals).unwrap();
        assert_eq!(folder.vitals(), Some(vitals.clone()));

        let path = place.path().join(NAME);
        let more = std::fs::read_to_string(&path).unwrap().replacen('{', r#"{"mood":"good","#, 1);
        std::fs::write(&path, more).unwrap();
        assert_eq!(folder.vitals(), Some(vitals));
    }

    #[test]
    fn vitals_of_half_a_minute_ago_say_nothing_about_now() {
        let mut vitals: Vitals = serde_json::from_str(
            r#"{"version":"0.1.0","started":"2027-01-15T08:00:00Z","written":"2027-01-15T08:00:30Z",
                "screen_draws":true,"devices":{},"idle_since":null,"waiting":0,"events":{}}"#,
        )
        .unwrap();
        let now = vitals.written;
        assert!(vitals.are_fresh(now));
        vitals.written = now - jiff::SignedDuration::from_secs(31);
        assert!(!vitals.are_fresh(now));
        vitals.written = now + jiff::SignedDuration::from_secs(31);
        assert!(!vitals.are_fresh(now));
    }

    #[test]
    fn a_device_that_wants_something_works() {
        assert!(DeviceHealth::Degraded("PRINT-02".to_owned()).works());
        assert!(!DeviceHealth::Failed("PRINT-01".to_owned()).works());
        assert!(!DeviceHealth::Starting.works());
    }
}
