//! Makes the files of a virtual citizen card and signs them with a test issuer of
//! its own, as ICAO Doc 9303-10 and -12 lay them out and as citizen cards are
//! known to use them. Everything it issues says TEST and is about nobody real.

mod certificates;
pub(crate) mod chip_keys;
mod citizen_details;
mod folder;
mod mrz;
mod names;
mod portrait;
mod record;
mod rsa_key;
mod security_infos;
mod security_object;
mod validity;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use openssl::error::ErrorStack;
use rand_core::CryptoRng;
use serde::Deserialize;

use self::{certificates::Authority, chip_keys::ChipKeys, record::Record};
use crate::{
    people::{People, Person},
    scenario::{CardScript, SimulatorError},
};

/// Why no card could be made.
#[derive(Debug, thiserror::Error)]
pub enum PersonaliseError {
    /// `people.toml` or a person in it.
    #[error("the invented citizens cannot be read")]
    People(#[source] SimulatorError),
    /// The portrait is not there.
    #[error("cannot read the portrait {}", path.display())]
    Portrait {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The portrait is no picture.
    #[error("the portrait {} is no picture that can be read", path.display())]
    Picture {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: image::ImageError,
    },
    /// A citizen's record cannot stand on a card.
    #[error("'{value}' cannot stand on a card as {field}")]
    Record {
        /// Which field of `people.toml`.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// The issuer's folder cannot be used.
    #[error("cannot use the issuer's file {}", path.display())]
    Folder {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// OpenSSL refuses a key, a certificate or a signature.
    #[error("the test issuer's cryptography failed")]
    Crypto(#[from] ErrorStack),
}

/// How an elliptic curve is written in a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurveForm {
    /// By its name.
    #[default]
    Named,
    /// By its numbers, as most of the world's state issuers do (Doc 9303-12, 4.4).
    Explicit,
}

/// A test country signing authority and its document signer, and a second one
/// that no trust list holds.
pub struct Issuer {
    trusted: Authority,
    stranger: Authority,
    chip_seed: u64,
}

impl Issuer {
    /// Makes a new issuer whose certificates are valid around `today`. Its keys come
    /// out of `chance`; the signatures' own nonces are OpenSSL's.
    pub fn generate(today: Date, chance: &mut dyn CryptoRng) -> Result<Self, PersonaliseError> {
        Self::generate_with(CurveForm::Named, today, chance)
    }

    /// The same with the curves written as asked.
    pub fn generate_with(
        form: CurveForm,
        today: Date,
        chance: &mut dyn CryptoRng,
    ) -> Result<Self, PersonaliseError> {
        Ok(Self {
            trusted: Authority::generate("Citizen Card", form, today, chance)?,
            stranger: Authority::generate("Stranger", form, today, chance)?,
            chip_seed: chance.next_u64(),
        })
    }

    /// Loads the issuer kept in a folder, or makes one and keeps it there. Its trust
    /// list is the folder's `csca.pem`.
    pub fn open(folder: &Path, today: Date, chance: &mut dyn CryptoRng) -> Result<Self, PersonaliseError> {
        let fresh = Self::generate(today, chance)?;
        if let Some(kept) = folder::load(folder)? {
            return Ok(Self { trusted: kept, ..fresh });
        }
        folder::keep(folder, &fresh.trusted)?;
        Ok(fresh)
    }

    /// The trust list for this issuer: its CSCA certificate.
    pub fn csca_pem(&self) -> String {
        let pem = self.trusted.csca.to_pem().expect("a certificate can be written as PEM");
        String::from_utf8(pem).expect("PEM is text")
    }

    /// Makes one citizen's card as it is on `today`.
    pub fn personalise(
        &self,
        person: &Person,
        people_folder: &Path,
        script: &CardScript,
        today: Date,
    ) -> Result<Personalised, PersonaliseError> {
        let record = Record::read(person, script, today)?;
        let portrait = portrait::for_chip(&people_folder.join(&person.portrait))?;
        let authority = if script.unknown_issuer { &self.stranger } else { &self.trusted };
        let mut files = record.files(&portrait, self.chip_seed, authority, script)?;
        if let Some(name) = &script.forged_portrait {
            let people = People::load(people_folder).map_err(PersonaliseError::People)?;
            let other = people.person(name).map_err(PersonaliseError::People)?;
            let picture = portrait::for_chip(&people_folder.join(&other.portrait))?;
            files.elementary.insert(2, portrait::file(&picture, record.sex));
        }
        Ok(files)
    }
}

/// What is written into a chip, and printed on its card.
#[derive(Clone)]
pub struct Personalised {
    /// Elementary files of the application by short identifier.
    pub(crate) elementary: BTreeMap<u8, Vec<u8>>,
    /// Elementary files of the master file by short identifier.
    pub(crate) master: BTreeMap<u8, Vec<u8>>,
    /// What the BAC key and the PACE key of the zone are made of.
    pub(crate) mrz_information: String,
    pub(crate) can: String,
    pub(crate) keys: ChipKeys,
    printed_code: String,
    mrz: String,
}

/// EF.CardAccess of the master file.
pub(crate) const CARD_ACCESS: u8 = 0x1C;
/// EF.CardSecurity of the master file; in the application, this is EF.SOD.
pub(crate) const CARD_SECURITY: u8 = 0x1D;
/// EF.DIR of the master file; in the application, this is EF.COM.
pub(crate) const DIRECTORY: u8 = 0x1E;
/// EF.ATR/INFO of the master file.
pub(crate) const ATTRIBUTES: u8 = 0x01;

impl Personalised {
    /// The QR printed on the card, in the layout of 2021 (seven fields).
    pub fn printed_code(&self) -> &str {
        &self.printed_code
    }

    /// The card access number: the last six digits of the number.
    pub fn can(&self) -> &str {
        &self.can
    }

    /// The lines of the machine readable zone in a row: 90, 72 or 88 characters.
    pub fn mrz(&self) -> &str {
        &self.mrz
    }

    /// What the keys of basic access control and of PACE with the zone are made of:
    /// number, birth and expiry, each with its check digit (Doc 9303-11, 4.3.2).
    pub fn mrz_information(&self) -> &str {
        &self.mrz_information
    }

    /// An elementary file by its short identifier (1 = DG1 … 1D = SOD, 1E = COM), or
    /// 1C for EF.CardAccess of the master file.
    pub fn file(&self, short_identifier: u8) -> Option<&[u8]> {
        match short_identifier {
            CARD_ACCESS => self.master_file(CARD_ACCESS),
            other => self.elementary.get(&other).map(Vec::as_slice),
        }
    }

    /// An elementary file of the master file by its short identifier: 01 EF.ATR/INFO,
    /// 1C EF.CardAccess, 1D EF.CardSecurity, 1E EF.DIR (Doc 9303-10, 3.11).
    pub fn master_file(&self, short_identifier: u8) -> Option<&[u8]> {
        self.master.get(&short_identifier).map(Vec::as_slice)
    }

    /// A chip with chosen files, as the worked examples of the standard have it.
    #[cfg(test)]
    pub(crate) fn for_tests(
        information: &str,
        can: &str,
        elementary: BTreeMap<u8, Vec<u8>>,
        profile: &crate::card_profile::CardProfile,
    ) -> Self {
        let mut chance = crate::chance::SeededChance::new(3);
        let card_access = security_infos::card_access(profile, &profile.access.pace);
        Self {
            elementary,
            master: [(CARD_ACCESS, card_access)].into(),
            mrz_information: information.to_owned(),
            can: can.to_owned(),
            keys: ChipKeys::generate(profile, &mut chance).expect("OpenSSL makes keys"),
            printed_code: String::new(),
            mrz: String::new(),
        }
    }
}
