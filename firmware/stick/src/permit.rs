//! What the fleet team says of a stick: the `custom` of a target `usb/NAME` in signed metadata,
//! written by `kiosk-repo`, so that its signers are shown every word of it. A field that is not
//! known here is refused: it may be a condition.

use std::{collections::BTreeSet, num::NonZeroU16};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The folder of permits among the targets.
const FOLDER: &str = "usb/";
/// Of a permit's id, a device's, a site's or a set's name, in bytes.
const LONGEST_NAME: usize = 128;
/// More releases are on no stick.
const MOST_RELEASES: usize = 16;
/// A permit is for some kiosks, not for a fleet.
const MOST_PLACES: usize = 1_000;

/// A permit whose fields fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PermitFile", into = "PermitFile")]
pub struct Permit {
    file: PermitFile,
}

/// The fields. `Permit::new` checks them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermitFile {
    /// Its name. Kiosks count its uses by it, whatever else changes.
    pub id: String,
    /// Kiosks that it is for, by their names in the fleet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub devices: BTreeSet<String>,
    /// Sites whose kiosks it is for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sites: BTreeSet<String>,
    /// Until when it is good.
    pub not_after: Timestamp,
    /// How often each kiosk may act on it.
    pub uses: NonZeroU16,
    /// Whether a technician must be at the machine.
    pub staff_card: StaffCard,
    /// What may be installed. A kiosk takes the first that it may install.
    pub releases: Vec<PermittedRelease>,
}

/// Whether a technician must be at the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffCard {
    /// Always.
    Required,
    /// Only where nothing else says that the stick is fresh.
    IfStale,
}

/// A release that a permit is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermittedRelease {
    /// Its path among the targets.
    pub target: String,
    /// What the fleet server calls its distribution set, to report it as installed.
    pub name: String,
    /// The set's version there.
    pub version: String,
}

/// Why fields make no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PermitFault {
    /// A name.
    #[error("a permit, a kiosk and a site are named with letters, digits, '-', '_' and '.', 128 at most")]
    Name,
    /// For nobody.
    #[error("a permit is for at least one kiosk or site, and 1000 at most")]
    Places,
    /// No release, or too many.
    #[error("a permit is for 1 to 16 releases")]
    Releases,
    /// Not a release's path.
    #[error("a permit is for releases, app/NAME or os/NAME")]
    Target,
    /// Not a set.
    #[error("a set of the fleet server has a name and a version, 128 letters at most")]
    Set,
}

impl Permit {
    /// Checks that the fields fit.
    pub fn new(file: PermitFile) -> Result<Self, PermitFault> {
        let names = file.devices.iter().chain(&file.sites);
        if !names.chain([&file.id]).all(|name| is_name(name)) {
            return Err(PermitFault::Name);
        }
        if !(1..=MOST_PLACES).contains(&(file.devices.len() + file.sites.len())) {
            return Err(PermitFault::Places);
        }
        if !(1..=MOST_RELEASES).contains(&file.releases.len()) {
            return Err(PermitFault::Releases);
        }
        for release in &file.releases {
            let name = release.target.strip_prefix("app/").or(release.target.strip_prefix("os/"));
            if !name.is_some_and(is_name) {
                return Err(PermitFault::Target);
            }
            let is_text =
                |text: &str| (1..=LONGEST_NAME).contains(&text.len()) && !text.chars().any(char::is_control);
            if !is_text(&release.name) || !is_text(&release.version) {
                return Err(PermitFault::Set);
            }
        }
        Ok(Self { file })
    }

    /// The fields.
    pub fn fields(&self) -> &PermitFile {
        &self.file
    }

    /// Whether a path is one of permits: those alone may sign them who may list `usb/`.
    pub fn is_path(path: &str) -> bool {
        path.strip_prefix(FOLDER).is_some_and(is_name)
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('.')
}

impl TryFrom<PermitFile> for Permit {
    type Error = PermitFault;

    fn try_from(file: PermitFile) -> Result<Self, PermitFault> {
        Self::new(file)
    }
}

impl From<Permit> for PermitFile {
    fn from(permit: Permit) -> Self {
        permit.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"id":"lang-son-12","devices":["ls-0017"],"sites":["ls-03"],"not_after":"2026-12-31T17:00:00Z","uses":2,"staff_card":"required","releases":[{"target":"app/kiosk-7","name":"kiosk","version":"7"}]}"#;

    #[test]
    fn a_permit_is_written_as_it_is_read() {
        let permit: Permit = serde_json::from_str(WHOLE).unwrap();
        assert_eq!(serde_json::to_string(&permit).unwrap(), WHOLE);
        assert_eq!((permit.fields().uses.get(), permit.fields().staff_card), (2, StaffCard::Required));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let many: Vec<_> = (0..1_001).map(|number| format!("\"k-{number}\"")).collect();
        let many = format!(r#""devices":[{}]"#, many.join(","));
        for (from, to, why) in [
            (r#""id":"lang-son-12""#, r#""id":"lạng sơn""#, "are named with"),
            (r#""id":"lang-son-12""#, r#""id":"""#, "are named with"),
            (r#""devices":["ls-0017"],"sites":["ls-03"],"#, "", "at least one kiosk"),
            (r#""devices":["ls-0017"]"#, &many, "1000 at most"),
            (r#""ls-03""#, r#""../ls""#, "are named with"),
            (r#""uses":2"#, r#""uses":0"#, "nonzero"),
            (r#""uses":2"#, r#""uses":65536"#, "invalid value"),
            (r#""required""#, r#""no""#, "unknown variant"),
            (r#""staff_card":"required","#, "", "missing field"),
            (r#""uses":2"#, r#""uses":2,"only_at_night":true"#, "unknown field"),
            (r#"[{"target":"app/kiosk-7","name":"kiosk","version":"7"}]"#, "[]", "1 to 16"),
            ("app/kiosk-7", "config/ha-noi/x", "app/NAME"),
            ("app/kiosk-7", "app/../usb/x", "app/NAME"),
            (r#""version":"7""#, r#""version":"""#, "name and a version"),
            ("2026-12-31T17:00:00Z", "tomorrow", "invalid digit"),
        ] {
            let text = WHOLE.replacen(from, to, 1);
            assert_ne!(text, WHOLE, "{from}");
            let error = serde_json::from_str::<Permit>(&text).unwrap_err().to_string();
            assert!(error.contains(why), "{from}: {error}");
        }
    }

    #[test]
    fn permits_lie_in_one_folder() {
        assert!(Permit::is_path("usb/lang-son-12.json"));
        for path in ["usb/", "usb/a/b", "config/usb/a", "app/a", "usb/../app/a", "usb/.a", "/usb/a"] {
            assert!(!Permit::is_path(path), "{path}");
        }
    }
}
