//! One invented citizen as a card writes him or her, and all files of the chip.

use std::collections::BTreeMap;

use jiff::civil::Date;
use openssl::{bn::BigNum, error::ErrorStack, sha::sha256};
use rand_core::Rng;

use super::{
    APPLICATION, ATTRIBUTES, CARD_ACCESS, CARD_SECURITY, DIRECTORY, PersonaliseError, Personalised,
    chip_keys::ChipKeys,
    citizen_details::Details,
    further_groups,
    mrz::Zone,
    names,
    portrait::{self, Picture},
    security_infos,
    security_object::{Signing, UNICODE_VERSION, lds_version},
    tampering::tamper,
    validity::Validity,
};
use crate::{
    card_profile::{CardProfile, DataGroups, Document, SecurityObjectVersion},
    chance::SeededChance,
    der,
    people::Person,
    scenario::CardScript,
};

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

    /// All files of the card, signed, as the script's profile asks for them.
    pub(super) fn files(
        &self,
        picture: &Picture,
        chip_seed: u64,
        signing: &Signing<'_>,
        script: &CardScript,
    ) -> Result<Personalised, PersonaliseError> {
        let number = self.person.number.as_str();
        let profile = script.effective_profile();
        let seed = chip_seed ^ number.parse::<u64>().unwrap_or_default();
        let mut chance = SeededChance::new(seed);
        let keys = ChipKeys::generate(&profile, &mut chance)?;
        let zone = self.zone(profile.document);
        let fingerprints = fingerprints(&mut chance);
        let mut elementary = BTreeMap::new();
        // What is only listed must be made to be listed, and goes later.
        for group in profile.data_groups.present.iter().chain(&script.faults.absent) {
            let file = match group.number() {
                2 => Some(self.portrait(picture, &profile.data_groups)),
                3 => Some(fingerprints.clone()),
                14 => security_infos::dg14(&profile, &keys)?,
                15 => security_infos::dg15(&keys)?,
                number => Some(self.written(number, &zone)?),
            };
            elementary.extend(file.map(|file| (group.number(), file)));
        }
        seal(&mut elementary, signing)?;
        let mut card = Personalised {
            elementary,
            master: master_file(&profile, &keys, signing)?,
            mrz_information: zone.information(),
            can: number[6..].to_owned(),
            keys,
            printed_code: self.printed_code(),
            mrz: zone.text(),
        };
        tamper(&mut card, &profile, &script.faults, seed)?;
        Ok(card)
    }

    fn zone(&self, document: Document) -> Zone<'_> {
        Zone {
            document,
            number: &self.person.number,
            name: &self.person.name,
            born: self.person.born,
            sex: self.sex,
            expires: self.validity.expires,
        }
    }

    /// EF.DG2 around a picture.
    pub(super) fn portrait(&self, picture: &Picture, groups: &DataGroups) -> Vec<u8> {
        portrait::file(picture, self.sex, groups.face, groups.portrait_bytes)
    }

    /// A data group about the holder and the document.
    fn written(&self, group: u8, zone: &Zone<'_>) -> Result<Vec<u8>, PersonaliseError> {
        Ok(match group {
            1 => der::group(0x61, &[der::object(0x5F1F, zone.text().as_bytes())]),
            7 => further_groups::dg7().map_err(PersonaliseError::Signature)?,
            11 => further_groups::dg11(self.person),
            12 => further_groups::dg12(self.validity.issued),
            16 => further_groups::dg16(self.person, self.validity.issued),
            _ => self.details().file(),
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

/// Adds EF.SOD and EF.COM over the data groups that are there.
fn seal(elementary: &mut BTreeMap<u8, Vec<u8>>, signing: &Signing<'_>) -> Result<(), ErrorStack> {
    let groups: Vec<(u8, &[u8])> =
        elementary.iter().map(|(number, file)| (*number, file.as_slice())).collect();
    let security_object = signing.security_object(&groups)?;
    let listed: Vec<u8> = elementary.keys().copied().collect();
    let common = table_of_contents(&listed, signing.profile.version);
    elementary.extend([(0x1D, security_object), (0x1E, common)]);
    Ok(())
}

/// The files beside the application (9303-10, 3.11).
fn master_file(
    profile: &CardProfile,
    keys: &ChipKeys,
    signing: &Signing<'_>,
) -> Result<BTreeMap<u8, Vec<u8>>, ErrorStack> {
    let mut files = BTreeMap::new();
    if !profile.access.pace.is_empty() {
        files.insert(CARD_ACCESS, security_infos::card_access(profile, &profile.access.pace));
    }
    if let Some(infos) = security_infos::card_security(profile, keys)? {
        files.insert(CARD_SECURITY, signing.card_security(&infos)?);
    }
    if profile.master_file.directory {
        // One application template with the identifier of the application.
        files.insert(DIRECTORY, der::group(0x61, &[der::object(0x4F, &APPLICATION)]));
    }
    if let Some(lengths) = profile.master_file.lengths {
        let number = |length: u16| der::object(0x02, &length.to_be_bytes());
        let lengths = der::group(0x7F66, &[number(lengths.command), number(lengths.answer)]);
        // Card capabilities: selection by name and by short identifier; extended length.
        files.insert(ATTRIBUTES, [der::object(0x47, &[0x80, 0x01, 0x40]), lengths].concat());
    }
    Ok(files)
}

/// EF.COM: versions, and the data groups that are said to be there.
pub(super) fn table_of_contents(groups: &[u8], version: SecurityObjectVersion) -> Vec<u8> {
    let tag = |number: u8| match number {
        2 => 0x75,
        3 => 0x63,
        7 => 0x67,
        // 61, then 6B to 70.
        1 | 11..=16 => 0x60 + number,
        other => unreachable!("EF.DG{other} is never made"),
    };
    let tags: Vec<u8> = groups.iter().map(|number| tag(*number)).collect();
    der::group(
        0x60,
        &[
            der::object(0x5F01, lds_version(version).as_bytes()),
            der::object(0x5F36, UNICODE_VERSION.as_bytes()),
            der::object(0x5C, &tags),
        ],
    )
}

/// EF.DG3: signed like the rest, never given out; what it holds does not matter.
fn fingerprints(chance: &mut SeededChance) -> Vec<u8> {
    let mut bytes = [0; 64];
    chance.fill_bytes(&mut bytes);
    der::object(0x63, &bytes)
}
