//! The machine readable zone in its three sizes, with every check digit
//! (ICAO 9303-3, 4.9; 9303-4 TD3, 9303-5 TD1, 9303-6 TD2). What a Vietnamese card
//! puts into the free part of TD1 is in `data_groups::mrz`.

use jiff::civil::Date;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{birth::Birth, expiry::Expiry, sex::Sex, tlv::Malformed};

/// What the zone says. Wiped when dropped; it does not print.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Mrz {
    /// One or two letters: `ID`, `I`, `P`.
    pub document: String,
    /// Three letters: who issued it.
    pub issuer: String,
    /// Without fillers.
    pub document_number: String,
    /// The free part that follows the document number, fillers included.
    pub optional: String,
    /// Unknown parts are unknown; the century is a guess.
    pub birth: Birth,
    #[zeroize(skip)]
    pub sex: Sex,
    #[zeroize(skip)]
    pub expiry: Expiry,
    /// Three letters.
    pub nationality: String,
    /// `SURNAME GIVEN NAMES`, without diacritics.
    pub name: String,
}

/// Where a size keeps its parts, as positions in all lines joined together.
struct Layout {
    document_number: usize,
    optional: (usize, usize),
    birth: usize,
    sex: usize,
    expiry: usize,
    nationality: usize,
    names: (usize, usize),
    /// The document number may go on in the optional part.
    long_numbers: bool,
    /// What the last check digit covers, and where it stands.
    composite: (&'static [(usize, usize)], usize),
}

/// Three lines of 30.
const TD1: Layout = Layout {
    document_number: 5,
    optional: (15, 30),
    birth: 30,
    sex: 37,
    expiry: 38,
    nationality: 45,
    names: (60, 90),
    long_numbers: true,
    composite: (&[(5, 30), (30, 37), (38, 45), (48, 59)], 59),
};

/// Two lines of 36.
const TD2: Layout = Layout {
    document_number: 36,
    optional: (64, 71),
    birth: 49,
    sex: 56,
    expiry: 57,
    nationality: 46,
    names: (5, 36),
    long_numbers: true,
    composite: (&[(36, 46), (49, 56), (57, 71)], 71),
};

/// Two lines of 44.
const TD3: Layout = Layout {
    document_number: 44,
    optional: (72, 86),
    birth: 57,
    sex: 64,
    expiry: 65,
    nationality: 54,
    names: (5, 44),
    long_numbers: false,
    composite: (&[(44, 54), (57, 64), (65, 87)], 87),
};

impl Mrz {
    /// Reads the lines joined together; line ends and spaces around are ignored.
    /// `today` decides the centuries of two-digit years.
    pub fn parse(text: &str, today: Date) -> Result<Self, Malformed> {
        let text: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect());
        if !text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'<')) {
            return Err(Malformed("the MRZ has a letter that no MRZ has"));
        }
        let layout = match text.len() {
            90 => TD1,
            72 => TD2,
            88 => TD3,
            _ => return Err(Malformed("the MRZ is neither 90, 72 nor 88 letters long")),
        };
        layout.read(&text, today)
    }
}

impl Layout {
    fn read(&self, text: &str, today: Date) -> Result<Mrz, Malformed> {
        let (document_number, optional) = self.document_number(text)?;
        let birth = checked(text, self.birth, 6, Malformed("the check digit of the birthday is wrong"))?;
        let expiry = checked(text, self.expiry, 6, Malformed("the check digit of the expiry is wrong"))?;
        let (parts, at) = self.composite;
        let covered: Zeroizing<String> =
            Zeroizing::new(parts.iter().map(|(from, to)| &text[*from..*to]).collect());
        if !digit_fits(&covered, &text[at..=at]) {
            return Err(Malformed("the last check digit of the MRZ is wrong"));
        }
        let sex = text[self.sex..].chars().next().and_then(Sex::from_mrz);
        Ok(Mrz {
            document: plain(&text[..2]),
            issuer: plain(&text[2..5]),
            document_number,
            optional,
            birth: birth_date(birth, today)?,
            sex: sex.ok_or(Malformed("the sex is none of M, F and <"))?,
            expiry: expiry_date(expiry, today)?,
            nationality: plain(&text[self.nationality..self.nationality + 3]),
            name: plain(&text[self.names.0..self.names.1]),
        })
    }

    /// The number and what is left of the optional part. Where `<` stands in place
    /// of the check digit the number goes on, and the digit closes it (9303-5,
    /// 4.2.2.1, note j).
    fn document_number(&self, text: &str) -> Result<(String, String), Malformed> {
        const WRONG: Malformed = Malformed("the check digit of the document number is wrong");
        let (from, to) = self.optional;
        let at = self.document_number;
        let rest = &text[from..to];
        let goes_on = rest.bytes().take_while(|byte| *byte != b'<').count();
        if self.long_numbers && &text[at + 9..at + 10] == "<" && goes_on >= 2 {
            let number = Zeroizing::new([&text[at..at + 9], &rest[..goes_on - 1]].concat());
            if !digit_fits(&number, &rest[goes_on - 1..goes_on]) {
                return Err(WRONG);
            }
            return Ok((number.to_string(), rest[goes_on..].to_owned()));
        }
        let number = checked(text, at, 9, WRONG)?;
        Ok((plain(number), rest.to_owned()))
    }
}

/// Letters followed by their check digit.
fn checked(text: &str, at: usize, length: usize, or_else: Malformed) -> Result<&str, Malformed> {
    let (part, digit) = (&text[at..at + length], &text[at + length..=at + length]);
    if digit_fits(part, digit) { Ok(part) } else { Err(or_else) }
}

fn digit_fits(part: &str, digit: &str) -> bool {
    digit.parse() == Ok(check_digit(part))
}

/// Weights 7, 3, 1, modulo 10 (ICAO 9303-3, 4.9).
pub(crate) fn check_digit(part: &str) -> u8 {
    let sum: u32 = part
        .bytes()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(byte, weight)| {
            weight
                * match byte {
                    b'0'..=b'9' => u32::from(byte - b'0'),
                    b'A'..=b'Z' => u32::from(byte - b'A') + 10,
                    _ => 0,
                }
        })
        .sum();
    (sum % 10) as u8
}

/// Fillers become single spaces; none at the ends.
fn plain(part: &str) -> String {
    part.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The latest year that is not in the future. Parts may be unknown.
fn birth_date(text: &str, today: Date) -> Result<Birth, Malformed> {
    const WRONG: Malformed = Malformed("the birthday is no day of the calendar");
    let part = |at: usize| match &text[at..at + 2] {
        "<<" => Ok(None),
        digits => digits.parse::<i8>().map(Some).map_err(|_| WRONG),
    };
    let year = i16::from(part(0)?.ok_or(WRONG)?);
    let (month, day) = (part(2)?, part(4)?);
    let century = today.year() / 100 * 100;
    let in_century = |century| Birth::new(century + year, month, day);
    // 29 February may exist in one century only.
    let not_future = |birth: &Birth| {
        Date::new(birth.year(), birth.month().unwrap_or(1), birth.day().unwrap_or(1))
            .is_ok_and(|first| first <= today)
    };
    in_century(century).filter(not_future).or_else(|| in_century(century - 100)).ok_or(WRONG)
}

/// `991231` is "never" on Vietnamese cards. Else the year is within half a century
/// of today.
fn expiry_date(text: &str, today: Date) -> Result<Expiry, Malformed> {
    const WRONG: Malformed = Malformed("the day of expiry is no day of the calendar");
    if text == "991231" {
        return Ok(Expiry::None);
    }
    let number = |at: usize| text[at..at + 2].parse::<i8>().map_err(|_| WRONG);
    let mut year = today.year() / 100 * 100 + i16::from(number(0)?);
    if year < today.year() - 50 {
        year += 100;
    } else if year >= today.year() + 50 {
        year -= 100;
    }
    Date::new(year, number(2)?, number(4)?).map(Expiry::On).map_err(|_| WRONG)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 11, 21);

    fn read(lines: &[&str]) -> Mrz {
        Mrz::parse(&lines.join("\n"), TODAY).unwrap_or_else(|problem| panic!("{problem}"))
    }

    fn problem(lines: &[&str]) -> Malformed {
        Mrz::parse(&lines.concat(), TODAY).err().expect("the MRZ is refused")
    }

    const CARD: [&str; 3] = [
        "IDVNM0950123455001095012345<<6",
        "9509023F3509021VNM<<<<<<<<<<<2",
        "NGUYEN<<THI<BICH<NGOC<<<<<<<<<",
    ];

    #[test]
    fn a_vietnamese_card_is_read() {
        let mrz = read(&CARD);
        assert_eq!([&*mrz.document, &mrz.issuer, &mrz.nationality], ["ID", "VNM", "VNM"]);
        assert_eq!([&*mrz.document_number, &mrz.optional], ["095012345", "001095012345<<6"]);
        assert_eq!(*mrz.birth.written(), "02/09/1995");
        assert!(mrz.sex == Sex::Female);
        assert!(mrz.expiry == Expiry::On(date(2035, 9, 2)));
        assert_eq!(mrz.name, "NGUYEN THI BICH NGOC");
    }

    #[test]
    fn the_three_sizes_of_the_standards_specimen_are_read() {
        let check = |lines: &[&str], number: &str, name: &str| {
            let mrz = read(lines);
            assert_eq!([&*mrz.document_number, &mrz.name], [number, name]);
            assert_eq!(mrz.nationality, "UTO");
        };
        check(
            &[
                "I<UTOD231458907<<<<<<<<<<<<<<<",
                "7408122F1204159UTO<<<<<<<<<<<6",
                "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
            ],
            "D23145890",
            "ERIKSSON ANNA MARIA",
        );
        check(
            &["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"],
            "D23145890",
            "ERIKSSON ANNA MARIA",
        );
        check(
            &["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"],
            "L898902C3",
            "ERIKSSON ANNA MARIA",
        );
        check(
            &[
                "I<UTOD23145890<7349<<<<<<<<<<<",
                "3407127M9507122UTO<<<<<<<<<<<2",
                "STEVENSON<<PETER<JOHN<<<<<<<<<",
            ],
            "D23145890734",
            "STEVENSON PETER JOHN",
        );
    }

    #[test]
    fn every_wrong_digit_is_found() {
        // Each position of the two lines with digits in them, one changed at a time.
        for (line, text) in CARD.iter().enumerate().take(2) {
            for at in text.match_indices(|letter: char| letter.is_ascii_digit()).map(|(at, _)| at) {
                let other = if text.as_bytes()[at] == b'9' { "0" } else { "9" };
                let mut lines = CARD.map(str::to_owned);
                lines[line].replace_range(at..=at, other);
                assert!(Mrz::parse(&lines.concat(), TODAY).is_err(), "line {line}, letter {at}");
            }
        }
    }

    #[test]
    fn a_card_without_expiry_has_none() {
        let mrz = read(&["IDVNM1580000158079158000015<<8", "5810262F9912315VNM<<<<<<<<<<<6", CARD[2]]);
        assert!(mrz.expiry == Expiry::None);
        assert_eq!(*mrz.birth.written(), "26/10/1958");
    }

    #[test]
    fn centuries_follow_the_day_of_reading() {
        let year = |text, today| birth_date(text, today).unwrap().year();
        assert_eq!(year("261121", TODAY), 2026);
        assert_eq!(year("261122", TODAY), 1926);
        assert_eq!(year("950902", TODAY), 1995);
        assert_eq!(year("000229", TODAY), 2000);
        let until = |text, today| match expiry_date(text, today).unwrap() {
            Expiry::On(date) => date.year(),
            Expiry::None => 0,
        };
        assert_eq!(until("350902", TODAY), 2035);
        assert_eq!(until("200902", TODAY), 2020);
        assert_eq!(until("750902", TODAY), 2075);
        assert_eq!(until("760902", TODAY), 1976);
        assert_eq!(until("991230", date(2098, 1, 1)), 2099);
        assert_eq!(until("020902", date(2098, 1, 1)), 2102);
    }

    #[test]
    fn unknown_parts_of_a_birthday_are_unknown() {
        assert_eq!(*birth_date("58<<<<", TODAY).unwrap().written(), "1958");
        assert_eq!(*birth_date("5810<<", TODAY).unwrap().written(), "10/1958");
        assert!(birth_date("<<1026", TODAY).is_err());
        assert!(birth_date("58<<26", TODAY).is_err());
    }

    #[test]
    fn other_text_is_refused() {
        assert_eq!(problem(&["IDVNM"]).0, "the MRZ is neither 90, 72 nor 88 letters long");
        assert_eq!(problem(&["é"; 45]).0, "the MRZ has a letter that no MRZ has");
        assert_eq!(problem(&["<"; 90]).0, "the check digit of the document number is wrong");
    }
}
