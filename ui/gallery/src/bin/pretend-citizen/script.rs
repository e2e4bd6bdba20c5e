//! What a scenario says of whoever stands at the screen: its sections `[citizen]` and
//! `[technician]` and `[officers]`, and nothing else.

use std::{collections::VecDeque, fs, io, path::Path};

use serde::Deserialize;

use crate::{officers, technician};

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file is not there.
    #[error("cannot read the scenario: {0}")]
    Read(io::Error),
    /// The file breaks its format.
    #[error("the scenario is broken: {0}")]
    Format(Box<toml::de::Error>),
}

/// The sections that are played here.
#[derive(Debug, Deserialize)]
pub struct Script {
    /// What the citizen does.
    #[serde(default)]
    pub citizen: Citizen,
    /// A technician comes instead of a citizen.
    pub technician: Option<technician::Script>,
    /// Officers come where the camera fails the citizen.
    pub officers: Option<officers::Script>,
}

/// What the citizen does; everything right, by default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Citizen {
    /// Shows the card's QR to the scanner instead of typing six digits.
    pub shows_qr: bool,
    /// Phone numbers typed, one a try; then the person's own.
    pub phones: Vec<String>,
    /// Codes typed, one a try; then the platform's.
    pub otps: Vec<String>,
    /// Passcodes typed: pairs of first entry and repeat; the last pair again and again.
    pub passcodes: Vec<(String, String)>,
    /// The password, where one is asked for.
    pub password: String,
    /// Leaves without a word when this page comes.
    pub walks_away_at: Option<String>,
    /// Taps "End" when this page comes.
    pub ends_at: Option<String>,
    /// Does not move when the camera asks for it.
    pub keeps_still: bool,
    /// Asks for the movements to be slower.
    pub goes_slower: bool,
    /// Takes the VNeID way when the face fails.
    pub uses_vneid: bool,
    /// Says no to the consent.
    pub declines: bool,
    /// Switches to English when this page comes.
    pub switches_to_english_at: Option<String>,
}

impl Default for Citizen {
    fn default() -> Self {
        Self {
            shows_qr: true,
            phones: Vec::new(),
            otps: Vec::new(),
            passcodes: vec![("830219".to_owned(), "830219".to_owned())],
            password: "Ao-Dai-2026".to_owned(),
            walks_away_at: None,
            ends_at: None,
            keeps_still: false,
            goes_slower: false,
            uses_vneid: false,
            declines: false,
            switches_to_english_at: None,
        }
    }
}

impl Script {
    /// Reads the sections out of a scenario file.
    pub fn load(path: &Path) -> Result<Self, ScriptError> {
        let text = fs::read_to_string(path).map_err(ScriptError::Read)?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, ScriptError> {
        toml::from_str(text).map_err(|error| ScriptError::Format(Box::new(error)))
    }
}

/// Texts for one box, one a try.
pub struct Tries {
    planned: VecDeque<String>,
    /// After the planned ones.
    then: String,
    now: Option<String>,
    typed_out: bool,
}

impl Tries {
    /// These in turn, then that one for ever.
    pub fn new(planned: Vec<String>, then: String) -> Self {
        Self { planned: planned.into(), then, now: None, typed_out: false }
    }

    /// What to type, where so many characters stand already. A box that was full
    /// and is not any more asks for the next try.
    pub fn text(&mut self, entered: usize) -> String {
        if self.typed_out && entered == 0 {
            self.now = None;
        }
        let text = match self.now.take() {
            Some(text) => text,
            None => self.planned.pop_front().unwrap_or_else(|| self.then.clone()),
        };
        self.typed_out = entered + 1 >= text.chars().count();
        self.now = Some(text.clone());
        text
    }

    /// Gives this try up, because the box says it was wrong.
    pub fn give_up(&mut self) {
        self.now = None;
        self.typed_out = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sections_of_people_are_read() {
        let script =
            Script::parse("title = 'x'\n[card]\nexpired = true\n[citizen]\ndeclines = true").unwrap();
        assert!(script.citizen.declines && script.citizen.shows_qr && script.technician.is_none());
        assert!(Script::parse("[citizen]\ndeclins = true").is_err());
        assert!(Script::parse("[technician]\nserves = [['test-prin']]").is_err());
        assert!(Script::parse("[officers]\nturns = [{ numer = '1' }]").is_err());
    }

    #[test]
    fn each_try_types_the_next_text() {
        let mut tries = Tries::new(vec!["11".into()], "22".into());
        assert_eq!((tries.text(0), tries.text(1)), ("11".into(), "11".into()));
        // still full: the machine thinks
        assert_eq!(tries.text(2), "11");
        assert_eq!((tries.text(0), tries.text(1)), ("22".into(), "22".into()));
        assert_eq!(tries.text(0), "22");
    }
}
