//! Properties of the signed form, on values drawn by a seeded generator: spelling does not
//! matter, content doesand what others signed stays as it is.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use tuf::{
    metadata::{Metadata, Targets},
    repository::{Draft, Ed25519Signer, Signer},
};

/// SplitMix64: enough chance for a test, the same on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut drawn = self.0;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        drawn ^ (drawn >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn text(&mut self) -> String {
        const LETTERS: [char; 12] =
            ['a', 'Z', '"', '\\', '/', '\n', '\0', '\u{7f}', 'ạ', '\u{ffff}', '😀', ' '];
        (0..self.below(6)).map(|_| LETTERS[self.below(12) as usize]).collect()
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::from(self.next() as i64),
            3 => Value::from(self.next()),
            4 => Value::String(self.text()),
            5 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => Value::Object((0..self.below(5)).map(|_| (self.text(), self.value(depth - 1))).collect()),
        }
    }

    /// The same value, spelt another way: order, spaces, escapes.
    fn spell(&mut self, value: &Value, out: &mut String) {
        out.push_str(["", " ", "\n\t"][self.below(3) as usize]);
        match value {
            Value::String(text) => self.spell_text(text, out),
            Value::Array(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    out.push_str(if at > 0 { " ," } else { "" });
                    self.spell(value, out);
                }
                out.push(']');
            }
            Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                for at in (1..entries.len()).rev() {
                    entries.swap(at, self.below(at as u64 + 1) as usize);
                }
                out.push('{');
                for (at, (name, value)) in entries.into_iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    self.spell_text(name, out);
                    out.push(':');
                    self.spell(value, out);
                }
                out.push('}');
            }
            plain => out.push_str(&plain.to_string()),
        }
        out.push_str(["", " "][self.below(2) as usize]);
    }

    fn spell_text(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for letter in text.chars() {
            if self.below(2) == 0 || letter < ' ' || matches!(letter, '"' | '\\') {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04X}").unwrap();
                }
            } else {
                out.push(letter);
            }
        }
        out.push('"');
    }
}

fn key() -> Ed25519Signer {
    Ed25519Signer::new(&[7; 32])
}

/// A signed file whose body carries this value in a field that nobody knows.
fn carrying(value: &Value) -> Draft {
    let mut body = Targets::first("2027-01-01T00:00:00Z".parse().unwrap());
    body.extra = Map::from_iter([("unknown".to_owned(), value.clone())]);
    Draft::signed_by(&body, &[&key()]).unwrap()
}

fn is_signed(file: &[u8]) -> bool {
    let metadata = Metadata::<Targets>::parse(file).unwrap();
    let keys = [(key().key_id(), key().key())].into();
    let one = tuf::metadata::RoleKeys::new(tuf::metadata::Threshold::ONE, &[&key().key()]);
    metadata.verify("a test", &keys, &one).is_ok()
}

#[test]
fn a_signature_is_over_content_and_not_over_spelling() {
    let mut chance = Chance(1);
    for _ in 0..2_000 {
        let value = chance.value(4);
        let file: Value = serde_json::from_slice(&carrying(&value).bytes()).unwrap();
        let mut spelt = String::new();
        chance.spell(&file, &mut spelt);
        assert!(is_signed(spelt.as_bytes()), "{value}");
        // What was received is what is kept.
        assert_eq!(Metadata::<Targets>::parse(spelt.as_bytes()).unwrap().bytes(), spelt.as_bytes());
    }
}

#[test]
fn two_values_have_one_canonical_form_only_if_they_are_one() {
    let mut chance = Chance(2);
    for _ in 0..2_000 {
        let (one, other) = (chance.value(2), chance.value(2));
        let same = carrying(&one).to_sign() == carrying(&other).to_sign();
        assert_eq!(same, one == other, "{one} and {other}");
    }
}

#[test]
fn a_draft_that_others_began_keeps_what_they_signed() {
    let mut chance = Chance(3);
    for _ in 0..200 {
        let draft = carrying(&chance.value(3));
        let mut resumed = Draft::resume::<Targets>(&draft.bytes()).unwrap();
        assert_eq!(resumed.to_sign(), draft.to_sign());
        resumed.sign(&Ed25519Signer::new(&[8; 32])).unwrap();
        assert!(is_signed(&resumed.bytes()));
        let signatures = Metadata::<Targets>::parse(&resumed.bytes()).unwrap().signatures().len();
        assert_eq!(signatures, 2);
    }
}
