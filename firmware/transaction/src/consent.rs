//! What the citizen agreed to, so that it can be proved years later: purposes, the
//! very text that was shown (its hash), language, time, and how it was given.
//! Law 91/2025: each purpose for itself; silence and defaults are no consent.

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::Timestamp;
use keys::canonical::{Map, Value};
use screen::Language;

use crate::{TransactionError, id::word};

/// One thing that is done with personal data, such as `read-card`; the catalogue of
/// services says which ones a service needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Purpose(String);

impl Purpose {
    /// The purpose as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Purpose {
    type Err = TransactionError;

    fn from_str(text: &str) -> Result<Self, TransactionError> {
        word("purpose", text, "-.").map(Self)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// How the citizen said yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsentMethod {
    /// By touching the button.
    Touch,
    /// By the keypad, after hearing the text.
    SpokenAndKeypad,
}

impl ConsentMethod {
    fn word(self) -> &'static str {
        match self {
            Self::Touch => "touch",
            Self::SpokenAndKeypad => "spoken-and-keypad",
        }
    }
}

/// One consent, given by one person in one visit.
#[derive(Clone, PartialEq, Eq)]
pub struct Consent {
    /// Everything that was agreed to.
    pub purposes: BTreeSet<Purpose>,
    /// SHA-256 of the text on the screen, as UTF-8 in NFC.
    pub text_sha256: [u8; 32],
    /// The language of that text.
    pub language: Language,
    /// When the citizen said yes.
    pub at: Timestamp,
    /// How.
    pub method: ConsentMethod,
}

impl Consent {
    /// Does it cover all these? The first that is missing is named.
    pub fn covers(&self, needed: &[Purpose]) -> Result<(), TransactionError> {
        match needed.iter().find(|purpose| !self.purposes.contains(*purpose)) {
            None => Ok(()),
            Some(purpose) => Err(TransactionError::ConsentLacks { purpose: purpose.to_string() }),
        }
    }

    pub(crate) fn canonical(&self) -> Value {
        let purposes = self.purposes.iter().map(|purpose| Value::text(purpose.as_str())).collect();
        Map::new()
            .with("at", Value::text(self.at.to_string()))
            .with("language", Value::text(language_word(self.language)))
            .with("method", Value::text(self.method.word()))
            .with("purposes", Value::List(purposes))
            .with("text-sha256", Value::text(hex::encode(self.text_sha256)))
            .into()
    }
}

fn language_word(language: Language) -> &'static str {
    match language {
        Language::Vi => "vi",
        Language::En => "en",
    }
}
