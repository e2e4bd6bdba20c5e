//! The invented citizens of demo and tests (`people/people.toml`). None exists;
//! the faces are public-domain photographs of people with other names.

use std::{collections::BTreeMap, path::Path};

use jiff::civil::Date;
use serde::Deserialize;

use crate::{presentation::Features, scenario::SimulatorError};

/// All invented citizens by their short name.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct People(pub BTreeMap<String, Person>);

/// One invented citizen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Person {
    /// The 12-digit number.
    pub number: String,
    /// As on the card, with diacritics, in capitals.
    pub name: String,
    /// Day of birth.
    pub born: Date,
    /// `Nam` or `Nữ`.
    pub sex: String,
    /// Where the family comes from.
    pub hometown: String,
    /// Where the citizen lives.
    pub address: String,
    /// Father's name.
    pub father: String,
    /// Mother's name.
    pub mother: String,
    /// Phone number in the citizen's own name.
    pub phone: String,
    /// The photograph on the chip, a file beside `people.toml`.
    pub portrait: String,
    /// What the camera sees.
    pub live: String,
    /// Where the features lie in that photograph.
    pub live_features: Features,
    /// How many different photographs there are of this face. With one, `portrait`
    /// and `live` are cut from the same, and a match of the two proves nothing.
    pub photographs: u8,
}

impl People {
    /// Reads `people.toml` in a folder.
    pub fn load(folder: &Path) -> Result<Self, SimulatorError> {
        crate::scenario::read_toml(&folder.join("people.toml"))
    }

    /// One citizen by short name.
    pub fn person(&self, name: &str) -> Result<&Person, SimulatorError> {
        self.0.get(name).ok_or_else(|| SimulatorError::NoSuchPerson(name.to_owned()))
    }
}
