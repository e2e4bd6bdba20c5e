//! Whom we believe: the certificates of issuing states (CSCA), out of the
//! operator's settings. Only one that its own key signed is a beginning of trust;
//! a link certificate is believed as far as another in the list signed it.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::{
    certificate::Certificate,
    error::{IdentityError, TrustListFault},
};

/// The trusted certificates.
pub struct TrustList {
    entries: Vec<Entry>,
    digest: String,
}

/// One certificate of the list.
pub(crate) struct Entry {
    pub certificate: Certificate,
    /// Signed by its own key.
    pub anchor: bool,
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

impl TrustList {
    /// Reads certificates in PEM; text between them is ignored. One that is broken
    /// is an error which says which: a list that shrinks in silence would turn
    /// genuine cards away.
    pub fn from_pem(text: &str) -> Result<Self, IdentityError> {
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        let mut entries = Vec::new();
        let mut rest = text;
        while let Some(begin) = rest.find(BEGIN) {
            let at = text.len() - rest.len() + begin;
            let broken = |problem| TrustListFault::Broken {
                number: entries.len() + 1,
                line: text[..at].lines().count() + 1,
                problem,
            };
            let inside = &rest[begin + BEGIN.len()..];
            let read = inside.find(END).ok_or("it does not end").and_then(|end| {
                rest = &inside[end..];
                decode(&inside[..end])
            });
            let certificate = read.map_err(|problem| IdentityError::TrustList(broken(problem)))?;
            entries.push(Entry { anchor: certificate.is_signed_by_itself(), certificate });
        }
        if entries.is_empty() {
            return Err(IdentityError::TrustList(TrustListFault::Empty));
        }
        if !entries.iter().any(|entry| entry.anchor) {
            return Err(IdentityError::TrustList(TrustListFault::NoAnchor));
        }
        Ok(Self { entries, digest })
    }

    /// How many certificates there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// The first day of the oldest certificate and that of the newest.
    pub fn oldest_and_newest(&self) -> (Date, Date) {
        let first_days = || self.entries.iter().map(|entry| entry.certificate.validity().0);
        first_days().min().zip(first_days().max()).expect("a trust list is never empty")
    }

    /// SHA-256 of the text that was read, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

fn decode(block: &str) -> Result<Certificate, &'static str> {
    let text: String = block.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let der = BASE64_STANDARD.decode(text).map_err(|_| "its text is not Base64")?;
    let certificate = Certificate::parse(&der).map_err(|problem| problem.0)?;
    certificate.key().map_err(|_| "its key is of a kind that we cannot use")?;
    Ok(certificate)
}
