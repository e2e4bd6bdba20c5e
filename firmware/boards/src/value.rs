//! The values that a board may have. A value outside its range does not exist.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::section::Place;

/// How a chip may be opened (ICAO 9303-11, 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChipAccess {
    /// With PACE; a chip that does not offer it is not read.
    PaceOnly,
    /// With BAC where the chip does not offer PACE: who listens in can find its key by trying.
    PaceOrBac,
}

impl Place for ChipAccess {}

/// A whole number from `LEAST` to `MOST`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Within<const LEAST: u32, const MOST: u32>(u32);

impl<const LEAST: u32, const MOST: u32> Within<LEAST, MOST> {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<const LEAST: u32, const MOST: u32> fmt::Debug for Within<LEAST, MOST> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl<const LEAST: u32, const MOST: u32> TryFrom<i64> for Within<LEAST, MOST> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        u32::try_from(number)
            .ok()
            .filter(|number| (LEAST..=MOST).contains(number))
            .map(Self)
            .ok_or_else(|| format!("{number} is not within {LEAST} to {MOST}"))
    }
}

impl<const LEAST: u32, const MOST: u32> From<Within<LEAST, MOST>> for i64 {
    fn from(number: Within<LEAST, MOST>) -> Self {
        number.0.into()
    }
}

impl<const LEAST: u32, const MOST: u32> Place for Within<LEAST, MOST> {}

/// A file, folder or device. In a file, a relative one counts from that file's folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PathBuf")]
pub struct Location(PathBuf);

impl Location {
    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for Location {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl TryFrom<PathBuf> for Location {
    type Error = String;

    fn try_from(path: PathBuf) -> Result<Self, String> {
        if path.as_os_str().is_empty() { Err("the path is empty".to_owned()) } else { Ok(Self(path)) }
    }
}

impl Place for Location {
    fn place(&mut self, folder: &Path) {
        self.0 = folder.join(&self.0);
    }
}

/// Numbers of which only some are possible.
macro_rules! one_of {
    ($(#[$doc:meta])* $name:ident: $($number:literal),+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "i64")]
        pub struct $name(u32);

        impl $name {
            /// The number.
            pub fn get(self) -> u32 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = String;

            fn try_from(number: i64) -> Result<Self, String> {
                let known = [$($number),+].into_iter().find(|known| i64::from(*known) == number);
                known.map(Self).ok_or_else(|| format!("{number} is none of {:?}", [$($number),+]))
            }
        }

        impl Place for $name {}
    };
}

one_of! {
    /// The speed of a serial line, in bits a second.
    Baud: 9600_u32, 19_200, 38_400, 57_600, 115_200, 230_400
}
one_of! {
    /// Dots across the paper: 80 mm or 58 mm rolls at 203 dpi.
    PaperDots: 576_u32, 384
}
one_of! {
    /// The frequency of the mains.
    Hertz: 50_u32, 60
}
one_of! {
    /// How a panel is mounted, in degrees clockwise.
    Rotation: 0_u32, 90, 180, 270
}

/// A USB product, or any: `046d:0825` by its maker's and its own number, or `any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct UsbName(Option<(u16, u16)>);

impl UsbName {
    /// The numbers; none: any product.
    pub fn numbers(self) -> Option<(u16, u16)> {
        self.0
    }
}

impl TryFrom<String> for UsbName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "any" {
            return Ok(Self(None));
        }
        let number = |text: &str| {
            // `from_str_radix` alone would take a sign.
            let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            digits.then(|| u16::from_str_radix(text, 16).ok()).flatten()
        };
        let numbers = text.split_once(':').and_then(|(maker, own)| Some((number(maker)?, number(own)?)));
        match numbers {
            Some(numbers) => Ok(Self(Some(numbers))),
            None => Err(format!("'{text}' is neither any nor a USB product such as 046d:0825 (lsusb)")),
        }
    }
}

impl Place for UsbName {}

/// Texts with a form of their own.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident: $fits:expr, $else:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
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

        impl Place for $name {}
    };
}

text! {
    /// A kiosk's id, such as `hn-nghiado-01`.
    KioskName:
    |text| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=64).contains(&text.len())
            && text.bytes().all(plain)
            && !text.starts_with('-')
            && !text.ends_with('-')
    },
    "is no kiosk id: up to 64 small letters, digits and inner hyphens"
}
text! {
    /// Words for people, in one line.
    Line:
    |text| (1..=120).contains(&text.chars().count()) && !text.chars().any(char::is_control),
    "is not one line of 1 to 120 letters"
}
text! {
    /// Where a server listens, over TLS.
    HttpsUrl:
    |text| {
        text.strip_prefix("https://").is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(|b| b.is_ascii_graphic() && b != b'@')
        })
    },
    "is no address that begins with https:// and names a server"
}
