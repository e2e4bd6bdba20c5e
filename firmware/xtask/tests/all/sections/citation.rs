//! What a citation looks like: a document, a comma, a section.

/// How much of a document must be named.
#[derive(Clone, Copy, PartialEq)]
enum Extent {
    /// One of its sections, articles, tables or annexes.
    Section,
    /// It as a whole: it is about this one thing.
    Whole,
}

/// How documents are named here: what stands before their number.
const DOCUMENTS: &[(&str, Extent)] = &[
    ("9303-", Extent::Section),
    ("ISO/IEC 7816-", Extent::Section),
    ("TR-", Extent::Section),
    ("RFC ", Extent::Section),
    ("ITU-T X.", Extent::Section),
    ("Law ", Extent::Section),
    ("Decree ", Extent::Section),
    ("Circular ", Extent::Section),
    // Portraits and their coding; signatures; texts.
    ("ISO/IEC 19794-", Extent::Whole),
    ("ISO/IEC 39794-", Extent::Whole),
    ("ISO/IEC 10918", Extent::Whole),
    ("ISO/IEC 15444-", Extent::Whole),
    ("ISO/IEC 9796-", Extent::Whole),
    ("ISO/IEC 10646", Extent::Whole),
    ("FIPS ", Extent::Whole),
];

/// What a section is called where it is not a bare number.
const PARTS: &[&str] = &["section ", "sections ", "article ", "articles ", "table ", "annex ", "appendix "];

/// Whether a text cites a section.
pub fn is_in(text: &str) -> bool {
    DOCUMENTS.iter().any(|(document, extent)| {
        text.match_indices(document).any(|(at, _)| cites(&text[at + document.len()..], document, *extent))
    })
}

fn cites(after: &str, document: &str, extent: Extent) -> bool {
    let number = after.find(|c: char| !c.is_alphanumeric() && !"/-:".contains(c)).unwrap_or(after.len());
    let (number, after) = after.split_at(number);
    let numbered =
        document.ends_with(|c: char| c.is_ascii_digit()) || number.contains(|c: char| c.is_ascii_digit());
    numbered && (extent == Extent::Whole || after.strip_prefix(", ").is_some_and(is_section))
}

/// `4.3`, `A.4`, `table 4`, `annex E`: a digit, or a letter that goes on with a number or stands
/// behind the name of a part.
fn is_section(text: &str) -> bool {
    let named = PARTS.iter().find_map(|part| text.strip_prefix(part));
    let mut characters = named.unwrap_or(text).chars();
    let (first, second) = (characters.next(), characters.next());
    match first {
        Some('0'..='9') => true,
        Some('A'..='Z') => {
            named.is_some() || second == Some('.') && characters.next().is_some_and(|c| c.is_ascii_digit())
        }
        _ => false,
    }
}

#[test]
fn a_document_with_a_section_is_a_citation() {
    for text in [
        "The portrait (9303-10, 4.7.2).",
        "ICAO Doc 9303-11, 4.3.2 and 4.4.3.",
        "ISO/IEC 7816-4, 5.1 says so.",
        "ISO/IEC 7816-4, annex E.",
        "TR-03110-3, A.1.1.",
        "As in TR-03111, 5.2.2.",
        "RFC 5280, 4.2.1.3.",
        "RFC 7468, section 3.",
        "Rounds of 9303-11, table 4.",
        "Worked in 9303-11, appendix G.",
        "Law 26/2023/QH15, article 21.",
        "Decree 137/2015/NĐ-CP, article 13.",
        "ITU-T X.690, 8.1.",
        "A record of ISO/IEC 19794-5:2005, 5.5.",
        "ISO/IEC 10918-1 or ISO/IEC 15444-1.",
        "FIPS 180-4.",
    ] {
        assert!(is_in(text), "{text}");
    }
}

#[test]
fn a_document_alone_or_a_word_is_none() {
    for text in [
        "ICAO Doc 9303.",
        "ICAO Doc 9303-11 says so.",
        "ICAO Doc 9303-11, which says so.",
        "9303-, 4.3.",
        "ISO/IEC 7816-4, Annexes.",
        "TR-03110-2.",
        "RFC 5280.",
        "RFC 5280, Internet profile.",
        "Law 26/2023/QH15.",
        "The law on identity, article 21.",
        "Section 4.3.",
        "FIPS approved.",
        "",
    ] {
        assert!(!is_in(text), "{text}");
    }
}
