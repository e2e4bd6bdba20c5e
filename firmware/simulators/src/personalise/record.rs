//! One invented citizen as a card writes him or her, and all files of the chip.

use std::collections::BTreeMap;

use jiff::civil::Date;
use openssl::{bn::BigNum, sha::sha256};
use rand_core::Rng;

use super::{
    CARD_ACCESS, CARD_SECURITY, PersonaliseError, Personalised, chip_keys::ChipKeys,
    citizen_details::Details, mrz::Zone, names, portrait, security_infos, security_object::Signing,
    validity::Validity,
};
use crate::{chance::SeededChance, der, people::Person, scenario::CardScript};

/// A citizen whose fields fit on a card.
pub(super) struct Record<'a> {
    person: &'a Person,
    name: String,
    /// `M` or `F`.
    pub sex: char,
    validity: Validity,
    /// Field 16 of DG13: sixteen signs whose meaning nobody outside knows.
    code: String,
}

impl<'a> Record<'a> {
    pub(super) fn read(
        person: &'a Person,
        script: &CardScript,
        today: Date,
    ) -> Result<Self, PersonaliseError> {
        let refuse = |field, value: &str| PersonaliseError::Record { field, value: value.to_owned() };
        if person.number.len() != 12 || !person.number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse("number of twelve digits", &person.number));
        }
        let plain = names::without_diacritics(&person.name);
        if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ') {
            return Err(refuse("name", &person.name));
        }
        let sex = match person.sex.as_str() {
            "Nam" => 'M',
            "Nữ" => 'F',
            other => return Err(refuse("sex", other)),
        };
        let validity =
            if script.expired { Validity::expired(today) } else { Validity::on(today, person.born) };
        let code = BigNum::from_slice(&sha256(person.number.as_bytes())[..8])?.to_hex_str()?.to_string();
        Ok(Self { person, name: names::in_title_case(&person.name), sex, validity, code })
    }

    pub(super) fn files(
        &self,
        picture: &[u8],
        chip_seed: u64,
        signing: &Signing<'_>,
        script: &CardScript,
    ) -> Result<Personalised, PersonaliseError> {
        let number = self.person.number.as_str();
        let profile = script.effective_profile();
        let mut chance = SeededChance::new(chip_seed ^ number.parse::<u64>().unwrap_or_default());
        let keys = ChipKeys::generate(&profile, &mut chance)?;
        let zone = Zone {
            number,
            name: &self.person.name,
            born: self.person.born,
            sex: self.sex,
            expires: self.validity.expires,
        };
        let mut elementary = BTreeMap::from([
            (1, der::group(0x61, &[der::object(0x5F1F, zone.text().as_bytes())])),
            (2, portrait::file(picture, self.sex)),
            (3, fingerprints(&mut chance)),
            (13, self.details().file()),
        ]);
        elementary.extend(security_infos::dg14(&profile, &keys)?.map(|file| (14, file)));
        elementary.extend(security_infos::dg15(&keys)?.map(|file| (15, file)));
        let groups: Vec<(u8, &[u8])> =
            elementary.iter().map(|(number, file)| (*number, file.as_slice())).collect();
        let sod = signing.security_object(&groups)?;
        elementary.extend([(0x1D, sod), (0x1E, table_of_contents())]);
        let mut master = BTreeMap::new();
        if !profile.access.pace.is_empty() {
            master.insert(CARD_ACCESS, security_infos::card_access(&profile, &profile.access.pace));
        }
        if let Some(infos) = security_infos::card_security(&profile, &keys)? {
            master.insert(CARD_SECURITY, signing.card_security(&infos)?);
        }
        Ok(Personalised {
            elementary,
            master,
            mrz_information: zone.information(),
            can: number[6..].to_owned(),
            keys,
            printed_code: self.printed_code(),
            mrz: zone.text(),
        })
    }

    /// The day on which the card was signed.
    pub(super) fn issued(&self) -> Date {
        self.validity.issued
    }

    fn details(&self) -> Details<'_> {
        Details {
            number: &self.person.number,
            name: &self.name,
            born: self.person.born,
            sex: &self.person.sex,
            ethnicity: "Kinh",
            religion: "Không",
            hometown: &self.person.hometown,
            residence: &self.person.address,
            marks: "Không có dấu vết riêng",
            issued: self.validity.issued,
            expires: self.validity.expires,
            father: &self.person.father,
            mother: &self.person.mother,
            spouse: None,
            old_number: None,
            code: &self.code,
        }
    }

    /// Number, old number, name, birth, sex, residence, issue.
    fn printed_code(&self) -> String {
        let day = |date: Date| date.strftime("%d%m%Y").to_string();
        [
            &self.person.number,
            "",
            &self.name,
            &day(self.person.born),
            &self.person.sex,
            &self.person.address,
            &day(self.validity.issued),
        ]
        .join("|")
    }
}

/// EF.COM: LDS 1.7, Unicode 4.0.0, and the data groups that are there.
fn table_of_contents() -> Vec<u8> {
    der::group(
        0x60,
        &[
            der::object(0x5F01, b"0107"),
            der::object(0x5F36, b"040000"),
            der::object(0x5C, &[0x61, 0x75, 0x63, 0x6D, 0x6E, 0x6F]),
        ],
    )
}

/// EF.DG3: signed like the rest, never given out; what it holds does not matter.
fn fingerprints(chance: &mut SeededChance) -> Vec<u8> {
    let mut bytes = [0; 64];
    chance.fill_bytes(&mut bytes);
    der::object(0x63, &bytes)
}
