//! One form for what is signed or chained: canonical JSON (RFC 8785), for the subset
//! of JSON that we write. No fractions (a score is an integer with a unit), no
//! integer past 2^53, so no two programs can disagree about a number.
//!
//! `parse` takes only text that is canonical already: a record has one spelling, and
//! another spelling of the same content is refused, not repaired.

use std::{collections::BTreeMap, fmt, fmt::Write as _};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use zeroize::{Zeroize, Zeroizing};

/// The largest integer that every JSON reader keeps exactly (RFC 7493).
pub const LARGEST: i64 = (1 << 53) - 1;

/// A value of our subset. It may be personal: no `Debug`, and texts are wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number, at most 2^53 - 1 from zero.
    Whole(i64),
    /// A text, kept as given; who writes it brings it into NFC.
    Text(Zeroizing<String>),
    /// In the given order.
    List(Vec<Value>),
    /// By name.
    Map(Map),
}

/// Named values, written in the order of their names' UTF-16 units.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Map(BTreeMap<Name, Value>);

/// Why something has no canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    /// It is no JSON of our subset, or a name stands twice in one object.
    #[error("not JSON of our subset")]
    NotOurs,
    /// It is, in another spelling.
    #[error("not in canonical form")]
    OtherSpelling,
}

/// Reads text that is canonical to the byte.
pub fn parse(bytes: &[u8]) -> Result<Value, NotCanonical> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| NotCanonical::NotOurs)?;
    if value.to_bytes().as_slice() == bytes { Ok(value) } else { Err(NotCanonical::OtherSpelling) }
}

/// Brings anything serialisable and not personal (evidence, receipts) into our subset.
pub fn of(plain: &impl Serialize) -> Result<Value, NotCanonical> {
    let text = serde_json::to_vec(plain).map_err(|_| NotCanonical::NotOurs)?;
    serde_json::from_slice(&text).map_err(|_| NotCanonical::NotOurs)
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Roomy, so that growing leaves few copies behind; the last one is wiped.
        let mut out = Zeroizing::new(String::with_capacity(4096));
        self.write(&mut out);
        Zeroizing::new(std::mem::take(&mut *out).into_bytes())
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub fn as_whole(&self) -> Option<i64> {
        if let Self::Whole(number) = self { Some(*number) } else { None }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The value of this name, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_map()?.get(name)
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Self::Whole(number) => write!(out, "{number}").expect("a string takes text"),
            Self::Text(text) => write_text(text, out),
            Self::List(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(']');
            }
            Self::Map(map) => map.write(out),
        }
    }
}

impl Map {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one value; a name is given once.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        let before = self.insert(name, value);
        assert!(before.is_none(), "{name} is given twice");
        self
    }

    /// Sets one value and gives back the one it had.
    pub fn insert(&mut self, name: &str, value: Value) -> Option<Value> {
        self.0.insert(Name::new(name), value)
    }

    /// Takes one value out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(&Name::new(name))
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(&Name::new(name))
    }

    /// Every name with its value, in canonical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.text.as_str(), value))
    }

    fn write(&self, out: &mut String) {
        out.push('{');
        for (at, (name, value)) in self.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            write_text(name, out);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

/// RFC 8785 section 3.2.2.2: the shortest escape, and only where JSON demands one.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' => {
                write!(out, "\\u{:04x}", u32::from(letter)).expect("a string takes text");
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

/// A name, ordered by UTF-16 units (RFC 8785 section 3.2.3), which is not the order
/// of `str` past U+D7FF.
#[derive(Clone, PartialEq, Eq)]
struct Name {
    text: String,
}

impl Name {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.encode_utf16().cmp(other.text.encode_utf16())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON without fractions and without numbers past 2^53")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        if number.unsigned_abs() <= LARGEST.unsigned_abs() {
            Ok(Value::Whole(number))
        } else {
            Err(E::custom("a number past 2^53"))
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        self.visit_i64(i64::try_from(number).map_err(|_| E::custom("a number past 2^53"))?)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = from.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((mut name, value)) = from.next_entry::<String, Value>()? {
            if map.insert(&name, value).is_some() {
                return Err(de::Error::custom("a name stands twice"));
            }
            name.zeroize();
        }
        Ok(Value::Map(map))
    }
}
