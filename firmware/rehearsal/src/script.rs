//! What must be known of a scenario file here; the simulators read the rest.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;

/// What must be known of a scenario file.
#[derive(Clone, Deserialize)]
pub struct Script {
    /// One sentence.
    pub title: String,
    /// Who comes, by short name.
    pub person: String,
    #[serde(default)]
    platform: PlatformPart,
    #[serde(default)]
    citizen: CitizenPart,
    /// What must come of it.
    pub expect: Expectation,
}

#[derive(Clone, Default, Deserialize)]
struct PlatformPart {
    otp: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct CitizenPart {
    shows_qr: Option<bool>,
}

/// What must come of a scenario.
#[derive(Clone, Deserialize)]
pub struct Expectation {
    /// The outcome's word, or `none`.
    pub outcome: String,
    /// Events of the audit log, in this order.
    #[serde(default)]
    pub events: Vec<String>,
    /// Pages, in this order.
    #[serde(default)]
    pub pages: Vec<String>,
    /// Hints of the camera, in this order.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Transactions that the platform holds in the end.
    #[serde(default)]
    pub transactions: u32,
    /// Whether a slip came out.
    #[serde(default)]
    pub paper: bool,
}

/// What must be known of an invented citizen.
#[derive(Clone, Deserialize)]
pub struct Person {
    /// The 12-digit number.
    pub number: String,
    /// The name.
    pub name: String,
    /// The phone.
    pub phone: String,
}

impl Script {
    /// Reads a scenario file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// The code that the platform "sends".
    pub fn otp(&self) -> &str {
        self.platform.otp.as_deref().unwrap_or("246813")
    }

    /// Whether the citizen shows the card's QR instead of typing digits.
    pub fn shows_qr(&self) -> bool {
        self.citizen.shows_qr != Some(false)
    }

    /// Who comes.
    pub fn person(&self, people: &Path) -> Result<Person> {
        let path = people.join("people.toml");
        let mut people: std::collections::BTreeMap<String, Person> =
            toml::from_str(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
        people.remove(&self.person).with_context(|| format!("no invented citizen '{}'", self.person))
    }
}
