//! The values that a layer may have beside those of boards. One outside its range does not
//! exist.

use std::fmt;

use release::Sha256Digest;
use serde::{Deserialize, Serialize};

/// Likeness from which a face counts as the holder's. Never below what every board has: at
/// 0.46, 1 of 10 000 strangers is taken for the holder among the East and South-East Asian faces of
/// LFW; over all of its faces that is so at 0.415 (`firmware/face/README.md`).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct AcceptScore(f64);

impl AcceptScore {
    /// The lowest.
    pub const LEAST: f64 = 0.46;
    /// Above it hardly any holder is taken for themselves.
    pub const MOST: f64 = 0.70;

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for AcceptScore {
    type Error = String;

    fn try_from(score: f64) -> Result<Self, String> {
        if (Self::LEAST..=Self::MOST).contains(&score) {
            return Ok(Self(score));
        }
        Err(format!("{score} is not within {} to {}", Self::LEAST, Self::MOST))
    }
}

impl From<AcceptScore> for f64 {
    fn from(score: AcceptScore) -> Self {
        score.0
    }
}

/// Texts with a form of their own.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident: $fits:expr, $else:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let fits: fn(&str) -> bool = $fits;
                if fits(&text) { Ok(Self(text)) } else { Err(format!("'{text}' {}", $else)) }
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

fn plain(text: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    (1..=64).contains(&text.len())
        && text.bytes().all(sign)
        && text.split('.').all(|part| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-'))
}

text! {
    /// A service of the catalogue, such as `eid.activate`.
    ServiceName: |text| plain(text) && text.contains('.'), "is no service such as eid.activate"
}
text! {
    /// The name of a file, such as `eid.activate.toml`: it becomes one on the kiosk.
    FileName: |text| plain(text) && text.contains('.'), "is no name of a file: up to 64 small letters, digits, inner hyphens and dots"
}
text! {
    /// Hours of the day, such as `22:00-05:00`.
    Window: is_window, "is not HH:MM-HH:MM with two different times"
}

fn is_window(text: &str) -> bool {
    let time = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let two = |digits: &str, most: u8| {
            let number: u8 = digits.parse().ok()?;
            (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()) && number <= most)
                .then_some(number)
        };
        Some((two(hour, 23)?, two(minute, 59)?))
    };
    text.split_once('-').and_then(|(from, to)| Some(time(from)? != time(to)?)).unwrap_or(false)
}

/// A file that is fetched beside a layer, signed as a target of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// What it hashes to; it lies under this name.
    pub sha256: Sha256Digest,
    /// Its length in bytes.
    pub length: u64,
}

/// One of several files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    /// Its name on the kiosk.
    pub name: FileName,
    /// What it hashes to.
    pub sha256: Sha256Digest,
    /// Its length in bytes.
    pub length: u64,
}
