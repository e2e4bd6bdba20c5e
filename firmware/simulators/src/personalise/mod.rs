//! Makes the files of a virtual citizen card and signs them with a test issuer of
//! its own, as ICAO Doc 9303-10 and -12 lay them out and as citizen cards are
//! known to use them. Everything it issues says TEST and is about nobody real.

mod authority;
mod certificate;
pub(crate) mod chip_keys;
mod citizen_details;
mod folder;
mod further_groups;
mod issuer;
mod mrz;
mod names;
mod portrait;
mod record;
mod rsa_key;
mod security_infos;
mod security_object;
mod signed_data;
mod signing;
mod tampering;
mod validity;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use openssl::{error::ErrorStack, sha::sha256};
use rand_core::CryptoRng;
use serde::Deserialize;

pub use self::{
    authority::{CountryDraft, CountrySigner, DocumentSigner, SignerDraft},
    certificate::{CertificateUse, Period, State},
};
use self::{
    chip_keys::ChipKeys,
    issuer::{Office, usual_validity},
    record::Record,
    security_object::Signing,
};
use crate::{
    card_profile::{SecurityObject, SignerFault, Splice},
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
    /// The picture of a signature cannot be made.
    #[error("the signature cannot be drawn")]
    Signature(#[source] image::ImageError),
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
    /// By its numbers, as most of the world's state issuers do (Doc 9303-12, 4.1.6).
    Explicit,
}

/// A test country signing authority and its document signer, a second one that no
/// trust list holds, and one of another country.
pub struct Issuer {
    trusted: Office,
    stranger: Office,
    foreign: Office,
    chip_seed: u64,
    today: Date,
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
        let mut office = |state, name| Office::generate(state, name, form, today, chance);
        Ok(Self {
            trusted: office(State::VIET_NAM, "Citizen Card")?,
            stranger: office(State::VIET_NAM, "Stranger")?,
            foreign: office(State::UTOPIA, "Utopia")?,
            chip_seed: chance.next_u64(),
            today,
        })
    }

    /// The same under an authority of the caller's, whose document signer is usual.
    pub fn under(
        csca: CountrySigner,
        today: Date,
        chance: &mut dyn CryptoRng,
    ) -> Result<Self, PersonaliseError> {
        let fresh = Self::generate(today, chance)?;
        let mut trusted = Office { csca, ..fresh.trusted };
        let dates = (today, today);
        trusted.signer = trusted.special_signer(None, None, dates, fresh.chip_seed)?;
        Ok(Self { trusted, ..fresh })
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
        self.trusted.csca.certificate_pem().expect("a certificate can be written as PEM")
    }

    /// The authority that signs its document signers.
    pub fn csca(&self) -> &CountrySigner {
        &self.trusted.csca
    }

    /// An authority of another country that a trust list may well hold.
    pub fn foreign_csca(&self) -> &CountrySigner {
        &self.foreign.csca
    }

    /// The revocation list of its authority: it names the signer of cards whose
    /// script says `signer = "revoked"`.
    pub fn revocation_list(&self) -> Result<Vec<u8>, PersonaliseError> {
        let dates = (self.today, self.today);
        let fault = Some(SignerFault::Revoked);
        let signer = self.trusted.special_signer(None, fault, dates, self.signer_seed(fault))?;
        let validity = Period { from: self.today, to: usual_validity(self.today).to };
        Ok(self.trusted.csca.revocation_list(&[&signer], validity, 1)?)
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
        let width = script.profile.data_groups.portrait_width;
        let portrait = portrait::for_chip(&people_folder.join(&person.portrait), width)?;
        let signer = self.signer(script, record.issued(), today)?;
        let signing = Signing {
            profile: &script.profile.security_object,
            signer: &signer,
            signed_on: record.issued(),
            altered: script.faults.altered_security_object,
        };
        let mut files = record.files(&portrait, self.chip_seed, &signing, script)?;
        if let Some(name) = &script.forged_portrait {
            let people = People::load(people_folder).map_err(PersonaliseError::People)?;
            let other = people.person(name).map_err(PersonaliseError::People)?;
            let picture = portrait::for_chip(&people_folder.join(&other.portrait), width)?;
            let file = record.portrait(&picture, &script.profile.data_groups);
            files.elementary.insert(2, file);
        }
        if let Some(splice) = &script.faults.spliced {
            self.splice(&mut files, splice, people_folder, script, today)?;
        }
        Ok(files)
    }

    /// Puts data groups of another genuine card of the same kind in.
    fn splice(
        &self,
        files: &mut Personalised,
        splice: &Splice,
        people_folder: &Path,
        script: &CardScript,
        today: Date,
    ) -> Result<(), PersonaliseError> {
        let people = People::load(people_folder).map_err(PersonaliseError::People)?;
        let other = people.person(&splice.from).map_err(PersonaliseError::People)?;
        let genuine = CardScript { profile: script.profile.clone(), ..CardScript::default() };
        let mut other = self.personalise(other, people_folder, &genuine, today)?;
        for group in &splice.groups {
            files.elementary.extend(other.elementary.remove_entry(&group.number()));
        }
        Ok(())
    }

    /// The same card with other contents in some data groups, or in EF.COM (1E), and all
    /// of it signed: whatever an issuer can put on a card by mistake. EF.SOD is made anew.
    pub fn rewrite(
        &self,
        card: &Personalised,
        files: &[(u8, &[u8])],
    ) -> Result<Personalised, PersonaliseError> {
        let mut card = card.clone();
        card.elementary.extend(files.iter().map(|(number, file)| (*number, file.to_vec())));
        let groups = card.elementary.iter().filter(|(number, _)| **number <= LAST_GROUP);
        let groups: Vec<(u8, &[u8])> = groups.map(|(number, file)| (*number, file.as_slice())).collect();
        let signing = Signing {
            profile: &SecurityObject::default(),
            signer: &self.trusted.signer,
            signed_on: self.today,
            altered: None,
        };
        let security_object = signing.security_object(&groups)?;
        card.elementary.insert(CARD_SECURITY, security_object);
        Ok(card)
    }

    fn signer(
        &self,
        script: &CardScript,
        issued: Date,
        today: Date,
    ) -> Result<DocumentSigner, PersonaliseError> {
        let fault = script.faults.signer;
        let office = match fault {
            _ if script.unknown_issuer => &self.stranger,
            Some(SignerFault::Foreign) => &self.foreign,
            _ => &self.trusted,
        };
        let profile = &script.profile.security_object;
        match (profile.key, fault) {
            (None, None | Some(SignerFault::Foreign)) => Ok(office.signer.clone()),
            // The revocation list must know this signer, whatever the card says.
            (_, Some(SignerFault::Revoked)) => {
                let dates = (self.today, self.today);
                Ok(office.special_signer(None, fault, dates, self.signer_seed(fault))?)
            }
            (key, fault) => {
                let key = key.map(|key| (key, profile.hash));
                Ok(office.special_signer(key, fault, (issued, today), self.signer_seed(fault))?)
            }
        }
    }

    /// A stream of chance for each fault, so that no two signers have one serial number.
    /// It comes of the authority's certificate, so that two programs that opened the same
    /// folder speak of the same signer when one issues a card and the other calls back.
    fn signer_seed(&self, fault: Option<SignerFault>) -> u64 {
        let digest = sha256(self.trusted.csca.certificate());
        let begin = digest.first_chunk().expect("a digest is longer");
        u64::from_be_bytes(*begin) ^ fault.map_or(0, |fault| fault as u64 + 1)
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

/// The identity application (Doc 9303-10, 3.6.2).
pub(crate) const APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];
/// EF.CardAccess of the master file.
pub(crate) const CARD_ACCESS: u8 = 0x1C;
/// EF.CardSecurity of the master file; in the application, this is EF.SOD.
pub(crate) const CARD_SECURITY: u8 = 0x1D;
/// EF.DIR of the master file; in the application, this is EF.COM.
pub(crate) const DIRECTORY: u8 = 0x1E;
/// EF.DG16.
const LAST_GROUP: u8 = 16;
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
