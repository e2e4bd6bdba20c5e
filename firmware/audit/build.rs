//! Turns `events.toml` into `Event`, its word lists and its catalogue, so the code
//! can write nothing into the audit log that the list does not allow.

use std::{
    collections::{BTreeMap, HashSet},
    env,
    fmt::Write as _,
    fs,
    path::Path,
};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    words: Vec<Words>,
    event: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    name: String,
    doc: String,
    #[serde(rename = "words")]
    each: Vec<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    vi: String,
    en: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

fn main() {
    println!("cargo:rerun-if-changed=events.toml");
    let text = fs::read_to_string("events.toml").expect("events.toml is beside build.rs");
    let list: List = toml::from_str(&text).expect("events.toml follows its format");
    check(&list);

    let mut code = String::new();
    for words in &list.words {
        write_words(words, &mut code);
    }
    write_events(&list, &mut code);
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("events.rs"), code).expect("OUT_DIR can be written");
}

fn check(list: &List) {
    let kebab = |word: &str| {
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        word.starts_with(|letter: char| letter.is_ascii_lowercase()) && word.chars().all(plain)
    };
    let mut seen = HashSet::new();
    for entry in &list.event {
        assert!(seen.insert(&entry.name), "{} stands twice", entry.name);
        assert!(kebab(&entry.name), "{} is not kebab-case", entry.name);
        for field in entry.fields.keys() {
            assert!(kebab(field), "{field} is not kebab-case");
            let taken = ["at", "event", "hash", "previous", "seq", "visit"];
            assert!(!taken.contains(&field.as_str()), "{field} is every line's own");
        }
    }
    for word in list.words.iter().flat_map(|words| &words.each) {
        assert!(kebab(word), "{word} is not kebab-case");
    }
}

fn write_words(Words { name, doc, each }: &Words, code: &mut String) {
    let mut variants = String::new();
    let (mut to_word, mut all) = (String::new(), String::new());
    for word in each {
        let variant = camel(word);
        writeln!(variants, "    /// `{word}`\n    {variant},").unwrap();
        writeln!(to_word, "            Self::{variant} => {word:?},").unwrap();
        write!(all, "Self::{variant}, ").unwrap();
    }
    write!(
        code,
        "/// {doc}\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\npub enum {name} {{\n{variants}}}\n\n\
         impl {name} {{\n    /// Every word of the list.\n    pub const ALL: &[Self] = &[{all}];\n\n    \
         /// As it stands in the log.\n    pub fn word(self) -> &'static str {{\n        \
         match self {{\n{to_word}        }}\n    }}\n\n    \
         /// Reads the word back.\n    pub fn from_word(word: &str) -> Option<Self> {{\n        \
         Self::ALL.iter().copied().find(|known| known.word() == word)\n    }}\n}}\n\n\
         impl Field for {name} {{\n    fn value(&self) -> Value {{\n        Value::text(self.word())\n    }}\n}}\n\n"
    )
    .unwrap();
}

fn write_events(list: &List, code: &mut String) {
    let lists: HashSet<&str> = list.words.iter().map(|words| words.name.as_str()).collect();
    let (mut variants, mut names, mut fields, mut kinds) =
        (String::new(), String::new(), String::new(), String::new());
    for Entry { name, vi, en, fields: of } in &list.event {
        let variant = camel(name);
        let (opens, closes) = if of.is_empty() { ("", "") } else { (" {\n", "    }") };
        write!(variants, "    /// `{name}`: {en}.\n    {variant}{opens}").unwrap();
        let mut writes = String::new();
        for (field, kind) in of {
            let rust = field.replace('-', "_");
            writeln!(variants, "        /// `{field}`: {kind}\n        {rust}: {},", rust_type(kind, &lists))
                .unwrap();
            writeln!(writes, "                put({field:?}, {rust}, to);").unwrap();
        }
        writeln!(variants, "{closes},").unwrap();
        writeln!(names, "            Self::{variant} {{ .. }} => {name:?},").unwrap();
        let bound: Vec<_> = of.keys().map(|field| field.replace('-', "_")).collect();
        writeln!(
            fields,
            "            Self::{variant} {{ {} }} => {{\n{writes}            }}",
            bound.join(", ")
        )
        .unwrap();
        let of: Vec<_> = of.iter().collect();
        writeln!(
            kinds,
            "    Kind {{ name: {name:?}, words: Words {{ vi: {vi:?}, en: {en:?} }}, fields: &{of:?} }},"
        )
        .unwrap();
    }
    write!(
        code,
        "/// Everything that the audit log can say; the list is `events.toml`.\n\
         #[derive(Clone, Debug, PartialEq)]\npub enum Event {{\n{variants}}}\n\n\
         impl Event {{\n    /// The event's name, as in the log.\n    pub fn name(&self) -> &'static str {{\n        \
         match self {{\n{names}        }}\n    }}\n\n    #[expect(clippy::match_same_arms, reason = \"one arm an event\")]\n    fn fields(&self, to: &mut Map) {{\n        \
         match self {{\n{fields}        }}\n    }}\n}}\n\n\
         /// Every kind of event, in the order of the list.\npub const KINDS: &[Kind] = &[\n{kinds}];\n"
    )
    .unwrap();
}

fn rust_type(kind: &str, lists: &HashSet<&str>) -> String {
    if let Some(inner) = kind.strip_suffix('?') {
        return format!("Option<{}>", rust_type(inner, lists));
    }
    if let Some(inner) = kind.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return format!("Vec<{}>", rust_type(inner, lists));
    }
    match kind {
        "count" => "u16".to_owned(),
        "fault" => "Fault".to_owned(),
        "version" => "Version".to_owned(),
        "transaction" => "Uuid".to_owned(),
        "service" => "ServiceName".to_owned(),
        "officer" => "OfficerNumber".to_owned(),
        "key" => "Box<PublicKey>".to_owned(),
        "signature" => "Box<Signature>".to_owned(),
        list if lists.contains(list) => list.to_owned(),
        unknown => panic!("'{unknown}' is no type of a field"),
    }
}

fn camel(word: &str) -> String {
    word.split('-')
        .map(|part| {
            let (first, rest) = part.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect()
}
