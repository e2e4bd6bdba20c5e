//! The operator's message on the first page: plain text, short, until its time.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Folder, FolderError};

const NAME: &str = "message.json";
/// More than any message is shown; one beyond it is of a broken clock.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

/// A message and its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What it says.
    pub words: Words,
    /// Until when it is shown.
    pub until: Timestamp,
}

/// One message in every language of the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// In Vietnamese.
    pub vi: Line,
    /// In English.
    pub en: Line,
}

/// A short plain text: Vietnamese and English letters, digits and usual signs, and nothing that
/// draws, turns or hides letters. Every letter is in the screen's fonts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line(String);

/// Why a text is no line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// Nothing, or more than fits with the largest words.
    #[error("a message has 1 to {most} letters", most = Line::MOST_LETTERS)]
    Length,
    /// A space where it begins or ends.
    #[error("a message begins and ends without a space")]
    Edge,
    /// A letter that is not shown.
    #[error("{0:?} is no letter of a message (letters with their marks are one letter each: NFC)")]
    Letter(char),
}

impl Line {
    /// The most letters: what fits on the first page with the largest words.
    pub const MOST_LETTERS: usize = 120;

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a letter may stand in it.
    pub fn has_letter(letter: char) -> bool {
        matches!(letter,
            ' '..='~' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ý' | 'Ă' | 'ă' | 'Đ' | 'đ' | 'Ĩ' | 'ĩ' | 'Ũ' | 'ũ'
            | 'Ơ' | 'ơ' | 'Ư' | 'ư' | 'Ạ'..='ỹ' | '–' | '‘' | '’' | '“' | '”' | '…' | '₫')
    }
}

impl TryFrom<String> for Line {
    type Error = LineFault;

    fn try_from(text: String) -> Result<Self, LineFault> {
        if !(1..=Self::MOST_LETTERS).contains(&text.chars().count()) {
            return Err(LineFault::Length);
        }
        if let Some(letter) = text.chars().find(|letter| !Self::has_letter(*letter)) {
            return Err(LineFault::Letter(letter));
        }
        if text.starts_with(' ') || text.ends_with(' ') {
            return Err(LineFault::Edge);
        }
        Ok(Self(text))
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

impl Folder {
    /// Shows a message, in place of the one before.
    pub fn show(&self, message: &Message) -> Result<(), FolderError> {
        self.put(NAME, message)
    }

    /// Shows none.
    pub fn show_none(&self) -> Result<(), FolderError> {
        self.take_away(NAME)
    }

    /// The message as it lies there, over or not; none where it cannot be read.
    pub fn current_message(&self) -> Option<Message> {
        self.get(NAME)
    }

    /// What is to be shown at that moment, if anything is.
    pub fn message(&self, now: Timestamp) -> Option<Words> {
        let message = self.current_message()?;
        let left = message.until.duration_since(now);
        (SignedDuration::ZERO < left && left <= LONGEST).then_some(message.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn line(text: &str) -> Result<Line, LineFault> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_message_is_shown_until_its_time() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        assert_eq!(folder.message(at(0)), None);
        let words = Words {
            vi: line("Thứ Bảy mở cửa đến 11:30").unwrap(),
            en: line("Open until 11:30 on Saturday").unwrap(),
        };
        folder.show(&Message { words: words.clone(), until: at(60) }).unwrap();
        assert_eq!(folder.message(at(59)), Some(words));
        assert_eq!(folder.message(at(60)), None);
        assert_eq!(folder.message(at(-32 * 86_400)), None, "the clock is wrong");
        folder.show_none().unwrap();
        assert_eq!(folder.message(at(59)), None);
    }

    #[test]
    fn what_is_no_plain_short_text_is_no_line() {
        assert_eq!(line(""), Err(LineFault::Length));
        assert_eq!(line(&"ệ".repeat(121)), Err(LineFault::Length));
        assert!(line(&"ệ".repeat(120)).is_ok());
        for text in
            ["two\nlines", "tab\t", "\u{202e}turned", "zero\u{200b}width", "e\u{302}", "\u{1b}[2J", "🙂", "×"]
        {
            assert!(matches!(line(text), Err(LineFault::Letter(_))), "{text:?}");
        }
        assert_eq!(line(" edge"), Err(LineFault::Edge));
    }

    #[test]
    fn a_file_with_another_text_shows_nothing() {
        let place = tempfile::tempdir().unwrap();
        let file = r#"{"words":{"vi":"a\u0007","en":"a"},"until":"2027-01-15T08:01:00Z"}"#;
        std::fs::write(place.path().join(NAME), file).unwrap();
        assert_eq!(Folder::new(place.path()).message(at(0)), None);
    }
}
