//! The machine readable zone of a citizen card: TD1, three lines of thirty
//! (ICAO Doc 9303-5, 4.2; check digits: Doc 9303-3, 4.9).

use jiff::civil::Date;

use super::names;

/// What the zone says.
pub(super) struct Zone<'a> {
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
    /// The three lines in a row.
    pub(super) fn text(&self) -> String {
        let short = &self.number[3..];
        let first =
            format!("IDVNM{short}{}{}<<{}", check_digit(short), self.number, check_digit(self.number));
        let born = self.born.strftime("%y%m%d").to_string();
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

    /// What the BAC key is made of: number, birth and expiry, each with its check
    /// digit (Doc 9303-11, 4.3.2).
    pub(super) fn information(&self) -> String {
        let text = self.text();
        [&text[5..15], &text[30..37], &text[38..45]].concat()
    }

    /// A card without expiry shows the last day that six digits can say.
    fn expiry_digits(&self) -> String {
        self.expires.map_or_else(|| "991231".to_owned(), |day| day.strftime("%y%m%d").to_string())
    }

    fn name_line(&self) -> String {
        let plain = names::without_diacritics(self.name);
        let (family, given) = plain.split_once(' ').unwrap_or((&plain, ""));
        format!("{family}<<{}", given.replace(' ', "<"))
    }
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
