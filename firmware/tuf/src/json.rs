//! JSON as TUF metadata may be: every name of an object stands once, every number is whole.
//! And its one signed form, canonical JSON as OLPC defined it.
//!
//! Signatures are over the canonical form of the value *as received*, not of what we
//! understood of it: fields that we do not know are signed too (TUF 1.0.34, section 4.1).

use std::fmt;

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::error::MetadataError;

/// Reads one JSON text to its end. Names that stand twice and fractions are refused.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, MetadataError> {
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut from).and_then(|value| from.end().map(|()| value));
    value.map_err(|source| MetadataError::NotStrictJson { source })
}

/// The canonical form (OLPC): names sorted by code point, nothing between the parts, and in
/// texts only `"` and `\` escaped. It need not be valid JSON: a line break in a text stays one.
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend(b"null"),
        Value::Bool(yes) => out.extend(if *yes { &b"true"[..] } else { b"false" }),
        // `parse` lets whole numbers through and no others.
        Value::Number(number) => out.extend(number.to_string().as_bytes()),
        Value::String(text) => write_text(text, out),
        Value::Array(values) => {
            out.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(value, out);
            }
            out.push(b']');
        }
        Value::Object(map) => write_object(map, out),
    }
}

fn write_object(map: &Map<String, Value>, out: &mut Vec<u8>) {
    // The order of UTF-8 bytes is that of code points. Sorted here, since `Map` keeps the
    // order of insertion as soon as any crate of the build asks for that.
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    out.push(b'{');
    for (at, (name, value)) in entries.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
        write(value, out);
    }
    out.push(b'}');
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Builds a `Value` and refuses what `Value`'s own reader would let pass.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON with whole numbers and names that stand once")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = from.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = from.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(de::Error::custom(format_args!("the name {name:?} stands twice")));
            }
            map.insert(name, from.next_value_seed(Strict)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let MetadataError::NotStrictJson { source } = parse(text.as_bytes()).unwrap_err() else { panic!() };
        source.to_string()
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_at_any_depth() {
        assert!(refusal(r#"{"a":1,"a":1}"#).contains(r#""a" stands twice"#));
        // The same name in another spelling.
        assert!(refusal(r#"[{"b":{"a":1,"\u0061":2}}]"#).contains(r#""a" stands twice"#));
    }

    #[test]
    fn fractions_and_numbers_too_large_are_refused() {
        for text in ["1.5", "[1e3]", "-0", "18446744073709551616"] {
            assert!(refusal(text).contains("floating point"), "{text}");
        }
        assert_eq!(canonical(&parse(b"18446744073709551615").unwrap()), b"18446744073709551615");
    }

    #[test]
    fn text_after_the_end_and_endless_nesting_are_refused() {
        assert!(refusal("{} {}").contains("trailing"));
        assert!(refusal(&"[".repeat(100_000)).contains("recursion"));
    }

    /// The examples of the definition, and what distinguishes it from other canonical forms.
    #[test]
    fn the_canonical_form_is_that_of_olpc() {
        for (text, expected) in [
            (r#" { "b" : [ 1 , -2 ] , "a" : null } "#, &br#"{"a":null,"b":[1,-2]}"#[..]),
            // A line break, a slash and letters past ASCII stay as they are.
            (r#""a\n\/\u1ea1""#, "\"a\n/ạ\"".as_bytes()),
            (r#""\\\"""#, br#""\\\"""#),
            // By code point, where UTF-16 would put the second before the first.
            (r#"{"\ud83d\ude00":1,"\uff61":2}"#, "{\"\u{ff61}\":2,\"\u{1f600}\":1}".as_bytes()),
            ("true", b"true"),
            ("[]", b"[]"),
        ] {
            assert_eq!(canonical(&parse(text.as_bytes()).unwrap()), expected, "{text}");
        }
    }
}
