//! Every public item of `card` and `identity` says which section of which standard or law it is
//! made after, so that whoever reviews it can open that page.
//!
//! The rule:
//!
//! - A crate, module, type, trait, free function, constant, static or macro that can be named from
//!   outside cites a section itself ([`citation`]). What is said above it does not count for it.
//! - Methods, variants and fields are covered by their type. Where one has a section of its own it
//!   should cite that; no program can tell where.
//! - What follows nobody's paper says so in the words of [`WORDS`], such as "the words are ours, in
//!   no standard", and its name is on the list [`IN_NO_STANDARD`]: the words are no way round the
//!   rule.
//! - `missing_docs` is denied in the crate itself and nowhere allowed again.
//!
//! Whether a section is the right one, only a reader with the standard can say; whether it exists, we
//! say of the parts of ICAO Doc 9303 and the sections of ISO/IEC 7816-4 whose [`contents`] we know.

mod citation;
mod contents;
mod public;

use std::path::{Path, PathBuf};

use public::{Crate, Item};

/// The crates of which this is promised.
const CRATES: [&str; 2] = ["card", "identity"];

/// The crates whose comments cite only sections that exist.
const CITING: [&str; 6] = ["badge", "card", "chip-reader", "fuzz", "identity", "simulators"];

/// How an item says that it follows nobody's paper.
const WORDS: &str = "in no standard";

/// The items that may, in the order of their names.
const IN_NO_STANDARD: &[&str] = &[
    "card::session::Progress",
    "card::session::ReadLog",
    "identity::card_code",
    "identity::card_code::CardCode",
    "identity::card_code::CardCodeError",
    "identity::error::Fact",
    "identity::judgement::NotDone",
    "identity::judgement::Outcome",
    "identity::judgement::Verdict",
    "identity::policy::Policy",
    "identity::portrait::LARGEST_SIDE",
    "identity::portrait::Picture",
    "identity::trust_update::OlderList",
];

fn sources(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(name).join("src")
}

fn items(name: &str) -> Vec<Item> {
    Crate::read(&sources(name)).unwrap().public(name).unwrap()
}

fn is_in_none(item: &Item) -> bool {
    item.documentation.contains(WORDS)
}

/// The items that cite nothing and do not say that there is nothing to cite.
fn without_section(items: &[Item]) -> Vec<&str> {
    let bare = items.iter().filter(|item| !citation::is_in(&item.documentation) && !is_in_none(item));
    bare.map(|item| item.name.as_str()).collect()
}

#[test]
fn every_public_item_cites_a_section() {
    let items: Vec<_> = CRATES.into_iter().flat_map(items).collect();
    assert!(items.len() > 120, "only {} public items were found", items.len());
    let bare = without_section(&items);
    assert!(bare.is_empty(), "{} of {} items cite no section:\n{}", bare.len(), items.len(), bare.join("\n"));
}

#[test]
fn what_is_in_no_standard_is_listed() {
    let items: Vec<_> = CRATES.into_iter().flat_map(items).collect();
    let mut found: Vec<_> =
        items.iter().filter(|item| is_in_none(item)).map(|item| item.name.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, IN_NO_STANDARD);
}

#[test]
fn missing_documentation_is_denied_by_the_crates_themselves() {
    for name in CRATES {
        let mentions = public::files(&sources(name)).unwrap().into_iter().filter_map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            let lines: Vec<_> =
                text.lines().filter(|line| line.contains("missing_docs")).map(str::to_owned).collect();
            (!lines.is_empty()).then_some((file, lines))
        });
        let lib = (sources(name).join("lib.rs"), vec!["#![deny(missing_docs)]".to_owned()]);
        assert_eq!(mentions.collect::<Vec<_>>(), [lib]);
    }
}

#[test]
fn no_comment_cites_a_section_that_does_not_exist() {
    let mut faults = Vec::new();
    for file in CITING.into_iter().flat_map(|name| public::files(&sources(name)).unwrap()) {
        let missing = contents::missing(&std::fs::read_to_string(&file).unwrap());
        faults.extend(missing.into_iter().map(|section| format!("{}: {section}", file.display())));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn bare(source: &str) -> Vec<String> {
    let items = Crate::parse(source).unwrap().public("it").unwrap();
    without_section(&items).into_iter().map(str::to_owned).collect()
}

#[test]
fn an_item_is_not_covered_by_what_stands_around_it() {
    let source = "//! 9303-11, 4.3.\n/// A number.\npub const N: u8 = 1;\n/// 9303-11, 4.4.\npub struct S;";
    assert_eq!(bare(source), ["it::N"]);
}

#[test]
fn what_cannot_be_named_from_outside_need_not_cite() {
    let source = "//! 9303-11, 4.3.\nmod inner { pub struct Hidden; pub(crate) struct Half; }\nfn f() {}";
    assert_eq!(bare(source), Vec::<String>::new());
}

#[test]
fn what_is_handed_out_from_a_private_module_is_found() {
    let source = "//! 9303-11, 4.3.
        mod inner {
            pub mod deep { pub struct One; pub enum Two {} pub fn three() {} }
            pub use deep::Two;
        }
        pub use crate::inner::{deep::One as First, Two};
        pub use inner::deep::three;";
    assert_eq!(bare(source), ["it::inner::deep::One", "it::inner::deep::Two", "it::inner::deep::three"]);
}

#[test]
fn a_whole_module_and_a_star_are_gone_into() {
    let source = "//! 9303-11, 4.3.
        mod inner { pub mod deep { pub struct One; } pub mod flat { pub trait Two {} } }
        pub use inner::deep;
        pub use inner::flat::*;";
    assert_eq!(bare(source), ["it::inner::deep", "it::inner::deep::One", "it::inner::flat::Two"]);
}

#[test]
fn a_name_that_leads_nowhere_is_an_error() {
    let lost = Crate::parse("mod inner {} pub use inner::Gone;").unwrap().public("it");
    assert_eq!(lost.unwrap_err(), "inner::Gone is not found");
}

#[test]
fn what_is_for_tests_only_is_not_public() {
    let source = "//! 9303-11, 4.3.\n#[cfg(test)]\npub mod tests { pub struct S; }";
    assert_eq!(bare(source), Vec::<String>::new());
}

#[test]
fn words_can_stand_for_a_section_only_as_they_are() {
    let source = "//! 9303-11, 4.3.\n/// A log. Ours, in no\n/// standard.\npub struct Log;\n/// Ours.\npub struct Other;";
    assert_eq!(bare(source), ["it::Other"]);
}
