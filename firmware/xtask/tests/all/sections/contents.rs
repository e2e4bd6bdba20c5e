//! Which sections ICAO Doc 9303 has, in the parts whose contents we held in hand, so that a section
//! of an older edition, or none at all, does not stay in a comment. That it exists does not make it
//! the right one. Of ISO/IEC 7816-4 we know some: its editions number most of them anew, so one that
//! is cited for the first time has to be looked up first.

/// Parts by number with their sections: of ICAO Doc 9303 in the eighth edition (2021); of ISO/IEC
/// 7816-4 in the edition of 2013, those that we know of.
const PARTS: &[(&str, &str)] = &[
    (
        "9303-10",
        "1 2 3 3.1 3.2 3.3 3.4 3.4.1 3.4.2 3.5 3.5.1 3.5.2 3.6 3.6.1 3.6.1.1 3.6.1.2 3.6.2 3.6.3 3.6.3.1 \
         3.6.3.2 3.6.4 3.6.4.1 3.6.4.2 3.6.5 3.6.6 3.7 3.7.1 3.7.2 3.7.3 3.8 3.8.1 3.8.2 3.8.3 3.9 3.9.1 3.10 \
         3.11 3.11.1 3.11.2 3.11.3 3.11.4 4 4.1 4.2 4.3 4.4 4.5 4.5.1 4.5.2 4.5.3 4.5.4 4.5.5 4.5.6 4.6 4.6.1 \
         4.6.1.1 4.6.1.2 4.6.2 4.6.2.1 4.6.2.2 4.6.2.3 4.7 4.7.1 4.7.1.1 4.7.1.2 4.7.1.3 4.7.2 4.7.2.1 4.7.2.2 \
         4.7.3 4.7.3.1 4.7.3.2 4.7.3.2.1 4.7.3.2.2 4.7.3.2.3 4.7.3.2.4 4.7.4 4.7.4.1 4.7.4.2 4.7.4.2.1 4.7.4.2.2 \
         4.7.4.2.3 4.7.4.2.4 4.7.5 4.7.5.1 4.7.6 4.7.6.1 4.7.7 4.7.7.1 4.7.8 4.7.8.1 4.7.9 4.7.9.1 4.7.10 \
         4.7.10.1 4.7.11 4.7.11.1 4.7.12 4.7.12.1 4.7.13 4.7.14 4.7.14.1 4.7.14.2 4.7.15 4.7.15.1 4.7.16 \
         4.7.16.1 5 5.1 5.1.1 5.1.2 5.1.3 5.1.4 5.2 5.2.1 5.2.2 5.2.3 5.3 5.3.1 5.3.2 5.3.3 5.4 5.4.1 5.4.2 6 \
         6.1 7 8",
    ),
    (
        "9303-11",
        "1 2 2.1 2.2 3 4 4.1 4.2 4.3 4.3.1 4.3.2 4.3.3 4.3.3.1 4.3.3.2 4.3.4 4.3.4.1 4.3.4.2 4.4 4.4.1 4.4.2 \
         4.4.3 4.4.3.1 4.4.3.2 4.4.3.3 4.4.3.3.1 4.4.3.3.2 4.4.3.3.3 4.4.3.4 4.4.3.5 4.4.3.5.1 4.4.3.5.2 \
         4.4.3.5.3 4.4.3.5.4 4.4.4 4.4.4.1 4.4.4.2 4.4.4.3 4.4.5 4.4.5.1 4.4.5.2 4.4.5.2.1 4.4.5.2.2 4.4.5.2.3 \
         4.4.5.3 4.4.5.4 4.4.5.5 4.4.5.6 5 5.1 5.1.1 5.1.2 6 6.1 6.1.1 6.1.2 6.1.2.1 6.1.2.2 6.1.2.3 6.1.3 \
         6.1.4 6.1.5 6.1.6 6.2 6.2.1 6.2.2 6.2.3 6.2.3.1 6.2.3.2 6.2.4 6.2.4.1 6.2.4.2 6.2.4.3 7 7.1 7.1.2 \
         7.1.3 7.1.4 7.1.4.1 7.1.4.2 7.1.4.3 7.1.5 7.1.5.1 7.1.5.2 7.1.5.3 7.1.5.4 7.1.5.5 7.2 8 8.1 8.2 8.3 \
         8.4 8.5 8.6 8.7 9 9.1 9.2 9.2.1 9.2.2 9.2.3 9.2.4 9.2.5 9.2.6 9.2.7 9.2.8 9.2.9 9.2.10 9.2.11 9.3 \
         9.3.1 9.3.1.1 9.3.1.2 9.3.2 9.3.3 9.4 9.4.1 9.4.2 9.4.3 9.4.4 9.4.5 9.5 9.5.1 9.5.2 9.6 9.7 9.7.1 \
         9.7.1.1 9.7.1.2 9.7.2 9.7.3 9.7.4 9.8 9.8.1 9.8.2 9.8.3 9.8.4 9.8.5 9.8.6 9.8.6.1 9.8.6.2 9.8.6.3 \
         9.8.7 9.8.7.1 9.8.7.2 9.8.7.3 10",
    ),
    (
        "9303-12",
        "1 2 3 3.1 3.2 4 4.1 4.1.1 4.1.2 4.1.3 4.1.4 4.1.5 4.1.6 4.1.7 4.1.8 4.2 4.2.1 4.2.2 5 5.1 5.2 5.3 6 \
         6.1 6.1.1 6.1.2 6.2 6.2.1 7 7.1 7.1.1 7.1.1.1 7.1.1.2 7.1.1.3 7.1.1.4 7.1.1.5 7.1.1.6 7.1.2 7.1.3 \
         7.1.4 7.2 7.2.1 7.2.2 7.2.3 8 8.1 8.2 8.3 9 9.1 9.2 10 10.1 10.2 11",
    ),
    (
        "7816-4",
        "5 5.1 5.2 5.3 5.3.1 5.3.2 5.3.3 5.3.4 5.4 5.4.1 5.4.2 5.5 5.6 6 6.1 6.2 6.3 6.4 10 12 12.1 12.1.1 \
         12.1.1.5 12.1.1.9 12.1.2 12.2 12.7.1",
    ),
];

/// The sections that the comments of a source cite and no part has, as `9303-12, 4.4`.
pub fn missing(source: &str) -> Vec<String> {
    let comments = comments(source);
    let mut missing = Vec::new();
    for (part, known) in PARTS {
        let before = format!("{part}, ");
        let cited = comments.split(before.as_str()).skip(1).flat_map(sections_at);
        let gone = cited.filter(|section| !known.split_whitespace().any(|known| known == section));
        missing.extend(gone.map(|section| format!("{part}, {section}")));
    }
    missing
}

/// The comments of a source on one line; a comment is what follows slashes at the line's beginning.
fn comments(source: &str) -> String {
    let lines = source.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
    lines.map(|line| line.trim_start_matches(['/', '!']).trim()).collect::<Vec<_>>().join(" ")
}

/// The numbers at the beginning of a text: `4.1.4 and 7.1.1`, `6.1, 6.2 and 9.2`.
fn sections_at(text: &str) -> Vec<String> {
    let mut sections = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let section = rest[..end].trim_end_matches('.');
        if section.is_empty() {
            return sections;
        }
        sections.push(section.to_owned());
        let Some(next) = [", ", " and "].iter().find_map(|between| rest[end..].strip_prefix(between)) else {
            return sections;
        };
        rest = next;
    }
}

#[test]
fn a_section_that_a_part_does_not_have_is_found() {
    assert_eq!(missing("/// Curves (9303-12, 4.4.3) are written out."), ["9303-12, 4.4.3"]);
    assert_eq!(missing("//! As 9303-11, 6.1, 6.3 and 9.2.\nfn f() {}"), ["9303-11, 6.3"]);
    // Command chaining in the edition of 2005; in that of 2013 it is 5.3.3.
    assert_eq!(missing("/// ISO/IEC 7816-4, 5.1.1.1"), ["7816-4, 5.1.1.1"]);
}

#[test]
fn a_line_break_hides_no_section() {
    assert_eq!(missing("/// None below the 224 bits of ICAO 9303-12,\n    /// 4.4.3."), ["9303-12, 4.4.3"]);
}

#[test]
fn what_exists_and_what_is_no_section_is_let_be() {
    for source in
        ["// 9303-12, 4.1.4 and 7.1.1; 4.4 of TR-03111", "/// 9303-11, table 4.", "/// 9303-11, 4.2, step 1"]
    {
        assert_eq!(missing(source), Vec::<String>::new());
    }
}
