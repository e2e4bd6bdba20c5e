//! Makes the files of a virtual citizen card and signs them with a test issuer of
//! its own, as ICAO Doc 9303-10 and -12 lay them out and as citizen cards are
//! known to use them. Everything it issues says TEST and is about nobody real.

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use rand_core::CryptoRng;

use crate::{
    people::Person,
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
    Crypto(#[from] openssl::error::ErrorStack),
}

/// How an elliptic curve is written in the issuer's certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CurveForm {
    /// By its name.
    #[default]
    Named,
    /// By its numbers, as most of the world's state issuers do (Doc 9303-12, 4.4).
    Explicit,
}

/// A test country signing authority and its document signer.
pub struct Issuer {}

impl Issuer {
    /// Makes a new issuer whose certificates are valid around `today`.
    pub fn generate(today: Date, chance: &mut dyn CryptoRng) -> Result<Self, PersonaliseError> {
        Self::generate_with(CurveForm::Named, today, chance)
    }

    /// The same with the curve written as asked.
    pub fn generate_with(
        _form: CurveForm,
        _today: Date,
        _chance: &mut dyn CryptoRng,
    ) -> Result<Self, PersonaliseError> {
        unimplemented!()
    }

    /// Loads the issuer kept in a folder, or makes one and keeps it there.
    pub fn open(_folder: &Path, _today: Date, _chance: &mut dyn CryptoRng) -> Result<Self, PersonaliseError> {
        unimplemented!()
    }

    /// The trust list for this issuer: its CSCA certificate.
    pub fn csca_pem(&self) -> String {
        unimplemented!()
    }

    /// Makes one citizen's card as it is on `today`.
    pub fn personalise(
        &self,
        _person: &Person,
        _people_folder: &Path,
        _script: &CardScript,
        _today: Date,
    ) -> Result<Personalised, PersonaliseError> {
        unimplemented!()
    }
}

/// What is written into a chip, and printed on its card.
pub struct Personalised {
    pub(crate) printed_code: String,
}

impl Personalised {
    /// The QR printed on the card, in the layout of 2021 (seven fields).
    pub fn printed_code(&self) -> &str {
        &self.printed_code
    }

    /// The card access number: the last six digits of the number.
    pub fn can(&self) -> &str {
        unimplemented!()
    }

    /// The three lines of the machine readable zone in a row, 90 characters.
    pub fn mrz(&self) -> &str {
        unimplemented!()
    }

    /// An elementary file by its short identifier (1 = DG1 … 1D = SOD, 1E = COM), or
    /// 1C for EF.CardAccess of the master file.
    pub fn file(&self, _short_identifier: u8) -> Option<&[u8]> {
        unimplemented!()
    }
}
