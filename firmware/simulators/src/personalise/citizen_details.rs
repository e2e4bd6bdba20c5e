//! EF.DG13 of a citizen card: a SEQUENCE of version, text encoding and a SET of
//! numbered fields. No standard describes it; the layout is what published readers
//! of real cards expect.

use jiff::civil::Date;

use crate::der;

/// The fields of DG13; names as the card writes them.
pub(super) struct Details<'a> {
    pub number: &'a str,
    pub name: &'a str,
    pub born: Date,
    pub sex: &'a str,
    pub ethnicity: &'a str,
    pub religion: &'a str,
    pub hometown: &'a str,
    pub residence: &'a str,
    pub marks: &'a str,
    pub issued: Date,
    pub expires: Option<Date>,
    pub father: &'a str,
    pub mother: &'a str,
    pub spouse: Option<&'a str>,
    pub old_number: Option<&'a str>,
    pub code: &'a str,
}

impl Details<'_> {
    /// The whole file.
    pub(super) fn file(&self) -> Vec<u8> {
        let person = |name: &str| der::sequence(&[der::utf8(name)]);
        let expires = self.expires.map_or_else(|| "Không thời hạn".to_owned(), day);
        let fields = [
            vec![der::printable(self.number)],
            vec![der::utf8(self.name)],
            vec![der::printable(&day(self.born))],
            vec![der::utf8(self.sex)],
            vec![der::utf8("Việt Nam")],
            vec![der::utf8(self.ethnicity)],
            vec![der::utf8(self.religion)],
            vec![der::utf8(self.hometown)],
            vec![der::utf8(self.residence)],
            vec![der::utf8(self.marks)],
            vec![der::printable(&day(self.issued))],
            vec![der::utf8(&expires)],
            vec![person(self.father), person(self.mother)],
            self.spouse.map(person).into_iter().collect(),
            self.old_number.map(der::printable).into_iter().collect(),
            vec![der::printable(self.code)],
        ];
        let fields: Vec<Vec<u8>> = fields
            .into_iter()
            .zip(1..)
            .map(|(values, number)| der::sequence(&[der::integer(number), values.concat()]))
            .collect();
        // 1.0.10646.1.0.8: ISO/IEC 10646 in UTF-8.
        let content = der::sequence(&[der::integer(1), der::oid("1.0.10646.1.0.8"), der::set(&fields)]);
        der::object(0x6D, &content)
    }
}

fn day(date: Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// Made by hand from the published layout and parsed with another DER tool.
    const BY_HAND: &str = "6D8201B8308201B4020101060628D316010008318201A53011020101130C30303130393530313233343530200201020C1B4E\
        677579E1BB856E205468E1BB8B2042C3AD6368204E67E1BB8D63300F020103130A30322F30392F3139393530090201040C04\
        4EE1BBAF300F0201050C0A5669E1BB8774204E616D30090201060C044B696E68300B0201070C064B68C3B46E67301D020108\
        0C18486FE1BAB16E672048C3B3612C205468616E682048C3B361305D0201090C5853E1BB91203120C490C6B0E1BB9D6E6720\
        4DE1BAAB752C205068C6B0E1BB9D6E672056C3AD2044E1BBA52C205175E1BAAD6E204769E1BAA320C490E1BB8B6E682C2054\
        68C3A06E68207068E1BB912048C3A0204EE1BB9969302B02010A0C264EE1BB9174207275E1BB936920433A2031636D2064C6\
        B0E1BB9B69206DC3A970207472C3A169300F02010B130A31302F30352F32303231300F02010C0C0A30322F30392F32303335\
        303002010D30150C134E677579E1BB856E2056C4836E204DE1BAAB7530140C125472E1BAA76E205468E1BB8B205468E1BBAD\
        300302010E300E02010F13093132333435363738393015020110131041314232433344344535463630373138";

    #[test]
    fn the_file_is_byte_for_byte_the_one_made_by_hand() {
        let details = Details {
            number: "001095012345",
            name: "Nguyễn Thị Bích Ngọc",
            born: date(1995, 9, 2),
            sex: "Nữ",
            ethnicity: "Kinh",
            religion: "Không",
            hometown: "Hoằng Hóa, Thanh Hóa",
            residence: "Số 1 Đường Mẫu, Phường Ví Dụ, Quận Giả Định, Thành phố Hà Nội",
            marks: "Nốt ruồi C: 1cm dưới mép trái",
            issued: date(2021, 5, 10),
            expires: Some(date(2035, 9, 2)),
            father: "Nguyễn Văn Mẫu",
            mother: "Trần Thị Thử",
            spouse: None,
            old_number: Some("123456789"),
            code: "A1B2C3D4E5F60718",
        };
        assert_eq!(hex::encode_upper(details.file()), BY_HAND);
    }
}
