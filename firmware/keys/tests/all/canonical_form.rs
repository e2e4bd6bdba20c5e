//! RFC 8785: one content, one spelling.

use keys::canonical::{LARGEST, Map, NotCanonical, Value, of, parse};

fn written(value: impl Into<Value>) -> String {
    String::from_utf8(value.into().to_bytes().to_vec()).unwrap()
}

/// A small repeatable source of variety; not for keys.
struct Variety(u64);

impl Variety {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn text(&mut self) -> String {
        let letters: Vec<char> =
            "aZ09 _\"\\/\u{0}\u{7}\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}\u{80}\u{2028}ệẮỮđĐ€\u{fb33}😀\u{10ffff}"
                .chars()
                .collect();
        (0..self.below(9)).map(|_| letters[self.below(letters.len() as u64) as usize]).collect()
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::Whole((self.below(1 << 54)).cast_signed() - LARGEST),
            3 => Value::text(self.text()),
            4 => Value::List((0..self.below(4)).map(|_| self.value(depth - 1)).collect()),
            _ => {
                let mut map = Map::new();
                for _ in 0..self.below(5) {
                    map.insert(&self.text(), self.value(depth - 1));
                }
                Value::Map(map)
            }
        }
    }
}

#[test]
fn whatever_is_written_is_read_back_the_same() {
    let mut variety = Variety(0x5eed);
    for round in 0..3000 {
        let value = variety.value(4);
        let bytes = value.to_bytes();
        let back = parse(&bytes).unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert!(back == value, "round {round}");
        assert_eq!(back.to_bytes(), bytes, "round {round}");
        // Another reader of JSON sees the same content.
        let other: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert!(of(&other) == Ok(value), "round {round}");
    }
}

#[test]
fn names_stand_in_the_order_of_their_utf16_units() {
    // RFC 8785 section 3.2.3, its own example of names.
    let mut map = Map::new();
    for name in ["\u{20ac}", "\r", "\u{fb33}", "1", "\u{1f600}", "\u{80}", "\u{f6}"] {
        map.insert(name, Value::Null);
    }
    let order: Vec<_> = map.iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(order, ["\r", "1", "\u{80}", "\u{f6}", "\u{20ac}", "\u{1f600}", "\u{fb33}"]);
}

#[test]
fn the_order_of_filling_does_not_matter() {
    let mut variety = Variety(7);
    for _ in 0..300 {
        let entries: Vec<_> =
            (0..6).map(|at| (format!("{}{at}", variety.text()), variety.value(2))).collect();
        let fill = |entries: &mut dyn Iterator<Item = &(String, Value)>| {
            let mut map = Map::new();
            for (name, value) in entries {
                map.insert(name, value.clone());
            }
            written(map)
        };
        assert_eq!(fill(&mut entries.iter()), fill(&mut entries.iter().rev()));
    }
}

#[test]
fn escapes_are_the_shortest_and_only_where_needed() {
    // RFC 8785 section 3.2.2.2.
    assert_eq!(
        written(Value::text("\u{20ac}$\u{f}\u{a}A'\u{42}\u{22}\u{5c}\\\"/")),
        r#""€$\u000f\nA'B\"\\\\\"/""#
    );
    assert_eq!(written(Value::text("\u{8}\t\n\u{c}\r\u{b}\u{7f}")), "\"\\b\\t\\n\\f\\r\\u000b\u{7f}\"");
    assert_eq!(written(Value::text("Trần Đắc Khuê")), "\"Trần Đắc Khuê\"");
}

#[test]
fn other_spellings_of_the_same_content_are_refused() {
    for text in [
        r#"{"a":1, "b":2}"#,
        r#"{"b":2,"a":1}"#,
        r#" {"a":1}"#,
        "{\"a\":1}\n",
        r#"{"a":"\u0041"}"#,
        r#"{"a":"\/"}"#,
        r#"{"a":-0}"#,
        r#"{"a":"\u000A"}"#,
    ] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(parse(br#"{"b":2,"a":1}"#).err() == Some(NotCanonical::OtherSpelling));
}

#[test]
fn what_two_programs_could_read_differently_is_refused() {
    for text in
        ["1.0", "1e2", "0.1", "9007199254740992", "-9007199254740992", r#"{"a":1,"a":2}"#, "NaN", "{", ""]
    {
        assert!(parse(text.as_bytes()).err() == Some(NotCanonical::NotOurs), "{text}");
    }
    for text in ["9007199254740991", "-9007199254740991", "0"] {
        assert!(parse(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for bytes in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", b"\"\\ud800\"", b"\xef\xbb\xbf{}"] {
        assert!(parse(bytes).is_err(), "{bytes:x?}");
    }
}
