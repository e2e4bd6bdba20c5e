//! Turns `faults.toml` into the `Fault` enum, so code, documents and screens
//! cannot disagree about what can fail.

use std::{collections::HashSet, env, fmt::Write as _, fs, path::Path};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    fault: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    /// What programs, people on the phone and the audit log call it.
    code: String,
    /// What our code calls it.
    name: String,
    vi: String,
    en: String,
    /// Where the visit ends with it, if other than `vi` and `en`.
    end_vi: Option<String>,
    end_en: Option<String>,
    staff_vi: String,
    staff_en: String,
}

fn main() {
    println!("cargo:rerun-if-changed=faults.toml");
    let text = fs::read_to_string("faults.toml").expect("faults.toml is beside build.rs");
    let list: List = toml::from_str(&text).expect("faults.toml follows its format");

    let mut seen = HashSet::new();
    for entry in &list.fault {
        assert!(seen.insert(entry.code.clone()), "{} stands twice", entry.code);
        assert!(seen.insert(entry.name.clone()), "{} stands twice", entry.name);
        let (area, number) = entry.code.split_once('-').expect("a code is AREA-NN");
        assert!(
            area.chars().all(|c| c.is_ascii_uppercase()) && number.len() == 2,
            "{} is not AREA-NN",
            entry.code
        );
        assert_eq!(entry.end_vi.is_some(), entry.end_en.is_some(), "{} ends in one language", entry.code);
    }

    let mut code = String::from(
        "/// Everything that can fail in the field; the list is `faults.toml`.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n\
         pub enum Fault {\n",
    );
    for entry in &list.fault {
        writeln!(code, "    /// `{}`: {}\n    {},", entry.code, entry.en, entry.name).unwrap();
    }
    code.push_str("}\n\nconst ENTRIES: &[Entry] = &[\n");
    for Entry { code: id, name, vi, en, end_vi, end_en, staff_vi, staff_en } in &list.fault {
        let (end_vi, end_en) = (end_vi.as_ref().unwrap_or(vi), end_en.as_ref().unwrap_or(en));
        writeln!(
            code,
            "    Entry {{ fault: Fault::{name}, code: {id:?}, citizen: Words {{ vi: {vi:?}, en: {en:?} }}, \
             at_end: Words {{ vi: {end_vi:?}, en: {end_en:?} }}, staff: Words {{ vi: {staff_vi:?}, en: {staff_en:?} }} }},"
        )
        .unwrap();
    }
    code.push_str("];\n");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("faults.rs"), code).expect("OUT_DIR can be written");
}
