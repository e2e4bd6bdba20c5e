//! Names that stand in a command.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kiosk, a site or a source of logs: letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// Which command: 32 hexadecimal digits, drawn by whoever signs it first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandId(String);

impl Name {
    /// The longest name.
    const MOST: usize = 64;

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CommandId {
    /// The id that these bytes, drawn by chance, make.
    pub fn new(drawn: [u8; 16]) -> Self {
        Self(hex::encode(drawn))
    }

    /// As text: also a safe name of a file.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=Self::MOST).contains(&text.len()) && text.bytes().all(sign) && !text.starts_with('.');
        if fits { Ok(Self(text)) } else { Err("a name is 1 to 64 letters, digits, '-', '_' and '.'") }
    }
}

impl TryFrom<String> for CommandId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let fits = text.len() == 32 && text.bytes().all(digit);
        if fits { Ok(Self(text)) } else { Err("an id is 32 hexadecimal digits in lower case") }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl From<CommandId> for String {
    fn from(id: CommandId) -> Self {
        id.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
