//! The machine readable zone: three lines of thirty, two of thirty-six or two of
//! forty-four (ICAO Doc 9303-5, -6 and -4, 4.2; check digits: 9303-3, 4.9).

use jiff::civil::Date;

use super::names;
use crate::card_profile::Document;

/// What the zone says.
pub(super) struct Zone<'a> {
    /// Size and layout.
    pub document: Document,
    /// Twelve digits.
    pub number: &'a str,
    /// With diacritics; they are taken off here.
    pub name: &'a str,
    /// Day of birth.
    pub born: Date,
    /// `M` or `F`.
    pub sex: char,
    /// Last day; none: the card does not expire.
    pub expires: Option<Date>,
}

impl Zone<'_> {
    /// The lines in a row.
    pub(super) fn text(&self) -> String {
        match self.document {
            Document::Td1 => self.three_lines(),
            // The card's number is the end of the citizen's, as on citizen cards.
            Document::Td2 => self.two_lines("I<", &self.number[3..], "").text(36),
            // Passports have a letter and seven digits; the citizen's number is optional data.
            Document::Td3 => self.two_lines("P<", &format!("C{}", &self.number[5..]), self.number).text(44),
        }
    }

    /// What the BAC key is made of: number, birth and expiry, each with its check
    /// digit (Doc 9303-11, 4.3.2).
    pub(super) fn information(&self) -> String {
        let text = self.text();
        match self.document {
            Document::Td1 => [&text[5..15], &text[30..37], &text[38..45]].concat(),
            Document::Td2 | Document::Td3 => {
                let second = &text[text.len() / 2..];
                [&second[..10], &second[13..20], &second[21..28]].concat()
            }
        }
    }

    /// TD1 as citizen cards fill it in: the whole number is optional data.
    fn three_lines(&self) -> String {
        let short = &self.number[3..];
        let first =
            format!("IDVNM{short}{}{}<<{}", check_digit(short), self.number, check_digit(self.number));
        let born = digits(self.born);
        let expires = self.expiry_digits();
        let second = format!(
            "{born}{}{}{expires}{}VNM{}",
            check_digit(&born),
            self.sex,
            check_digit(&expires),
            "<".repeat(11)
        );
        let over_both = [&first[5..], &second[..7], &second[8..15], &second[18..]].concat();
        format!("{first}{second}{}{:<<30.30}", check_digit(&over_both), self.name_line())
    }

    fn two_lines(&self, code: &'static str, number: &str, optional: &str) -> TwoLines {
        TwoLines {
            code,
            state: "VNM",
            names: self.name_line(),
            number: number.to_owned(),
            born: digits(self.born),
            sex: self.sex,
            expires: self.expiry_digits(),
            optional: optional.to_owned(),
        }
    }

    /// A card without expiry shows the last day that six digits can say.
    fn expiry_digits(&self) -> String {
        self.expires.map_or_else(|| "991231".to_owned(), digits)
    }

    fn name_line(&self) -> String {
        let plain = names::without_diacritics(self.name);
        let (family, given) = plain.split_once(' ').unwrap_or((&plain, ""));
        format!("{family}<<{}", given.replace(' ', "<"))
    }
}

/// The fields of TD2 and TD3, which differ in how much room there is.
struct TwoLines {
    code: &'static str,
    state: &'static str,
    names: String,
    number: String,
    born: String,
    sex: char,
    expires: String,
    optional: String,
}

impl TwoLines {
    fn text(&self, width: usize) -> String {
        let number = format!("{:<<9}", self.number);
        let front = format!("{number}{}{}", check_digit(&number), self.state);
        let dates = format!(
            "{}{}{}{}{}",
            self.born,
            check_digit(&self.born),
            self.sex,
            self.expires,
            check_digit(&self.expires)
        );
        // Passports give the optional data a check digit of its own (9303-4, 4.2.2).
        let optional = match width {
            44 => {
                let optional = format!("{:<<14.14}", self.optional);
                let digit = check_digit(&optional);
                let empty = self.optional.is_empty();
                if empty { format!("{optional}<") } else { format!("{optional}{digit}") }
            }
            _ => format!("{:<<7.7}", self.optional),
        };
        let second = format!("{front}{dates}{optional}");
        let over_all = [&second[..10], &second[13..20], &second[21..]].concat();
        let names = &self.names;
        let first = format!("{}{}{names}", self.code, self.state);
        format!("{first:<<width$.width$}{second}{}", check_digit(&over_all))
    }
}

fn digits(day: Date) -> String {
    day.strftime("%y%m%d").to_string()
}

/// Weights 7, 3, 1; digits count as themselves, letters from 10, fillers zero.
fn check_digit(text: &str) -> u32 {
    let value = |sign: char| match sign {
        '<' => 0,
        sign => sign.to_digit(36).expect("the zone holds only digits, letters and fillers"),
    };
    text.chars().zip([7, 3, 1].into_iter().cycle()).map(|(sign, weight)| value(sign) * weight).sum::<u32>()
        % 10
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn zone() -> Zone<'static> {
        Zone {
            document: Document::Td1,
            number: "001095012345",
            name: "NGUYỄN THỊ BÍCH NGỌC",
            born: date(1995, 9, 2),
            sex: 'F',
            expires: Some(date(2035, 9, 2)),
        }
    }

    #[test]
    fn the_zone_reads_as_on_cards_that_were_checked_by_hand() {
        let expected = [
            "IDVNM0950123455001095012345<<6",
            "9509023F3509021VNM<<<<<<<<<<<2",
            "NGUYEN<<THI<BICH<NGOC<<<<<<<<<",
        ];
        assert_eq!(zone().text(), expected.concat());
        assert_eq!(zone().information(), "095012345595090233509021");
    }

    /// ICAO's specimens, Doc 9303-4 and 9303-6, appendix B.
    #[test]
    fn two_lines_read_as_on_the_specimens() {
        let specimen = |code, number: &str, expires: &str, optional: &str| TwoLines {
            code,
            state: "UTO",
            names: "ERIKSSON<<ANNA<MARIA".to_owned(),
            number: number.to_owned(),
            born: "740812".to_owned(),
            sex: 'F',
            expires: expires.to_owned(),
            optional: optional.to_owned(),
        };
        let passport =
            ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
        assert_eq!(specimen("P<", "L898902C3", "120415", "ZE184226B").text(44), passport.concat());
        let card = ["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"];
        assert_eq!(specimen("I<", "D23145890", "120415", "").text(36), card.concat());
    }

    #[test]
    fn the_key_material_of_two_lines_has_the_same_three_fields() {
        for (document, length, expected) in
            [(Document::Td2, 72, "095012345595090233509021"), (Document::Td3, 88, "C5012345<895090233509021")]
        {
            let zone = Zone { document, ..zone() };
            assert_eq!(zone.text().len(), length);
            assert_eq!(zone.information(), expected);
        }
    }

    #[test]
    fn a_card_without_expiry_says_the_last_day_of_1999() {
        let zone =
            Zone {
                number: "079158000015", name: "ĐỖ Ý", born: date(1958, 10, 26), expires: None, ..zone()
            };
        let expected = [
            "IDVNM1580000158079158000015<<8",
            "5810262F9912315VNM<<<<<<<<<<<6",
            "DO<<Y<<<<<<<<<<<<<<<<<<<<<<<<<",
        ];
        assert_eq!(zone.text(), expected.concat());
    }

    #[test]
    fn a_long_name_is_cut_at_the_line() {
        let long = Zone { name: "NGUYỄN PHÚC TRƯỜNG THANH HẢI ĐƯỜNG NGỌC", ..zone() };
        assert_eq!(&long.text()[60..], "NGUYEN<<PHUC<TRUONG<THANH<HAI<");
    }
}
