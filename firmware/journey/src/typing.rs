//! What is typed at the screen: digits, passwords, answers. Held in memory that
//! is wiped and never grows, because growing would leave a copy behind.

use faults::Fault;
use identity::Birth;
use screen::PasswordRules;
use services::RulesOfDay;
use unicode_normalization::{UnicodeNormalization, char::compose};
use zeroize::Zeroizing;

/// The longest text that any page takes, in bytes.
const LONGEST: usize = 256;

/// Vietnamese tone marks as a keyboard sends them: combining characters.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// A text being typed. Wiped when dropped.
pub struct Typed(Zeroizing<String>);

impl Typed {
    /// Nothing typed yet.
    pub fn empty() -> Self {
        Self(Zeroizing::new(String::with_capacity(LONGEST)))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// How many characters were typed.
    pub fn count(&self) -> u8 {
        self.0.chars().count() as u8
    }

    /// The last character, for the page to show briefly.
    pub fn last(&self) -> Option<char> {
        self.0.chars().next_back()
    }

    /// Adds a digit while there are fewer than `most`.
    pub fn digit(&mut self, key: char, most: u8) {
        if key.is_ascii_digit() && self.count() < most {
            self.0.push(key);
        }
    }

    /// Adds a printable ASCII character while there are fewer than `most`.
    pub fn ascii(&mut self, key: char, most: u8) {
        if key.is_ascii_graphic() && self.count() < most {
            self.0.push(key);
        }
    }

    /// Adds a letter, digit or blank while there are fewer than `most`; a tone mark
    /// changes the last vowel instead.
    pub fn letter(&mut self, key: char, most: u8) {
        if TONES.contains(&key) {
            self.tone(key);
        } else if (key.is_alphanumeric() || key == ' ') && self.count() < most && self.0.len() + 4 <= LONGEST
        {
            self.0.push(key);
        }
    }

    /// Takes the last character back.
    pub fn erase(&mut self) {
        self.0.pop();
    }

    /// Wipes everything typed.
    pub fn clear(&mut self) {
        *self = Self::empty();
    }

    /// Whether two entries are the same.
    pub fn equals(&self, other: &Self) -> bool {
        self.text() == other.text()
    }

    /// The text, taken out for the one who needs it.
    pub fn into_secret(self) -> Zeroizing<String> {
        self.0
    }

    fn tone(&mut self, tone: char) {
        let Some((at, toned)) = self
            .0
            .char_indices()
            .rev()
            .find_map(|(at, letter)| with_tone(letter, tone).map(|toned| (at, toned)))
        else {
            return;
        };
        let mut text = Zeroizing::new(String::with_capacity(LONGEST));
        text.push_str(&self.0[..at]);
        text.push(toned);
        text.extend(self.0[at..].chars().skip(1));
        self.0 = text;
    }
}

/// A vowel with that tone instead of its own; none for a letter that takes no tone.
fn with_tone(letter: char, tone: char) -> Option<char> {
    let untoned: String = letter.nfd().filter(|mark| !TONES.contains(mark)).nfc().collect();
    let mut letters = untoned.chars();
    let base = letters.next()?;
    let plain = base.nfd().next()?.to_ascii_lowercase();
    if letters.next().is_some() || !"aeiouy".contains(plain) {
        return None;
    }
    compose(base, tone)
}

/// Whether a phone number is one of this country: ten digits, first 0.
pub fn check_phone(digits: &str) -> Result<(), Fault> {
    if digits.len() == 10 && digits.starts_with('0') { Ok(()) } else { Err(Fault::PhoneMalformed) }
}

/// Refuses passcodes that anybody would try first.
pub fn check_passcode(digits: &str, birth: Birth) -> Result<(), Fault> {
    let bytes = digits.as_bytes();
    if bytes.len() != 6 {
        return Err(Fault::PasscodeWeak);
    }
    let steps: Vec<i16> = bytes.windows(2).map(|pair| i16::from(pair[1]) - i16::from(pair[0])).collect();
    let runs = [0, 1, -1].iter().any(|run| steps.iter().all(|step| step == run));
    let repeats = bytes[..2] == bytes[2..4] && bytes[2..4] == bytes[4..] || bytes[..3] == bytes[3..];
    if runs || repeats || is_birthday(digits, birth) {
        return Err(Fault::PasscodeWeak);
    }
    Ok(())
}

/// Whether the digits are the day of birth, or as much of it as is known, in any
/// usual order.
fn is_birthday(digits: &str, birth: Birth) -> bool {
    let (Some(month), year) = (birth.month(), birth.year()) else { return false };
    let short = year % 100;
    let mut birthdays = vec![format!("{month:02}{year:04}"), format!("{year:04}{month:02}")];
    if let Some(day) = birth.day() {
        birthdays.push(format!("{day:02}{month:02}{short:02}"));
        birthdays.push(format!("{month:02}{day:02}{short:02}"));
        birthdays.push(format!("{short:02}{month:02}{day:02}"));
    }
    birthdays.iter().any(|birthday| birthday == digits)
}

/// Which of the password rules a text fulfils.
pub fn password_rules(text: &str, rules: &RulesOfDay) -> PasswordRules {
    let count = text.chars().count() as u32;
    PasswordRules {
        length: (rules.password_least..=rules.password_most).contains(&count),
        upper: text.chars().any(|sign| sign.is_ascii_uppercase()),
        lower: text.chars().any(|sign| sign.is_ascii_lowercase()),
        digit: text.chars().any(|sign| sign.is_ascii_digit()),
        special: text.chars().any(|sign| sign.is_ascii_punctuation()),
    }
}

/// Whether all of them are fulfilled.
pub fn check_password(text: &str, rules: &RulesOfDay) -> Result<(), Fault> {
    let fulfilled = password_rules(text, rules);
    let all = fulfilled.length && fulfilled.upper && fulfilled.lower && fulfilled.digit && fulfilled.special;
    if all { Ok(()) } else { Err(Fault::PasswordPolicy) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_changes_the_last_vowel() {
        for (keys, expected) in [
            ("nguye\u{303}n", "nguyẽn"),
            ("nguyê\u{303}n", "nguyễn"),
            ("tươ\u{300}ng", "tường"),
            ("tương\u{300}", "tường"),
            ("á\u{300}", "à"),
            ("xyz\u{301}", "xýz"),
            ("b\u{301}", "b"),
        ] {
            let mut typed = Typed::empty();
            keys.chars().for_each(|key| typed.letter(key, 40));
            assert_eq!(typed.text(), expected, "{keys}");
        }
    }

    #[test]
    fn a_full_field_takes_no_more() {
        let mut typed = Typed::empty();
        "1234567".chars().for_each(|key| typed.digit(key, 6));
        assert_eq!(typed.text(), "123456");
    }

    #[test]
    fn weak_passcodes_are_refused() {
        let birth = Birth::new(1990, Some(11), Some(7)).unwrap();
        for weak in ["111111", "123456", "987654", "071190", "110790", "901107", "199011", "121212", "123123"]
        {
            assert_eq!(check_passcode(weak, birth), Err(Fault::PasscodeWeak), "{weak}");
        }
        assert_eq!(check_passcode("830219", birth), Ok(()));
    }

    #[test]
    fn a_phone_number_has_ten_digits_and_starts_with_zero() {
        assert_eq!(check_phone("0912000158"), Ok(()));
        for wrong in ["091200015", "1912000158", "09120001580", ""] {
            assert_eq!(check_phone(wrong), Err(Fault::PhoneMalformed), "{wrong}");
        }
    }
}
