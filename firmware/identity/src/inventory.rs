//! What each certificate of a master list is, and whether its signature is true: an
//! issuer's own, a link from an older key to a newer one (ICAO 9303-12, 4.1.4), or
//! one whose issuer is not in the list. Issuer and subject of one name do not make
//! a certificate self-signed: two thirds of the world's links have that too.

use jiff::civil::Date;
use serde::Serialize;

use crate::{
    algorithm::Scheme,
    certificate::Certificate,
    error::SignerFault,
    master_list::MasterList,
    profile::{self, Departure, Role},
    public_key::{KeyKind, PublicKey},
};

/// One certificate of a list (ICAO 9303-12, 9.2), for people and for counting.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub fingerprint: String,
    /// The subject's name.
    pub subject: String,
    /// The subject's country in capitals; empty where it names none.
    pub country: String,
    /// Serial number in hexadecimal digits.
    pub serial: String,
    /// First and last day.
    pub validity: (Date, Date),
    /// What kind of key it holds, or why that cannot be used.
    pub key: Result<KeyKind, String>,
    /// How it is signed, such as `ecdsa-sha512`, or why that is not known.
    pub signature: Result<String, String>,
    /// Whether its signature is true, and whose it is.
    pub standing: Standing,
    /// Whether issuer and subject have one name.
    pub same_name: bool,
    /// Where it departs from the profile of an issuing certificate.
    pub departures: Vec<Departure>,
}

/// Whose signature a certificate of the list bears (ICAO 9303-12, 4.1.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "standing")]
pub enum Standing {
    /// Its own key's, which was verified.
    SelfSigned,
    /// Another key's in the list, which was verified.
    Link {
        /// SHA-256 of a certificate of that key.
        by: String,
    },
    /// Nobody's that could be verified.
    Unverified {
        /// Why not.
        reason: Unverified,
    },
}

/// Why a certificate's signature could not be verified (RFC 5280, 6.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Unverified {
    /// No certificate in the list has its issuer's key, though its name may be there.
    #[error("its issuer's key is not in the list")]
    IssuerAbsent,
    /// The key that it names is in the list and did not sign it.
    #[error("the key that it names did not sign it")]
    NotItsIssuers,
    /// The algorithm or the issuer's key cannot be used.
    #[error("{why}")]
    Unusable {
        /// In words.
        why: String,
    },
}

/// What is in a master list (ICAO 9303-12, 9.2).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inventory {
    /// Every certificate that could be read, in the list's order.
    pub findings: Vec<Finding>,
    /// What is wrong with those that could not, by their place from 1.
    pub unreadable: Vec<(usize, &'static str)>,
}

impl Inventory {
    /// Looks at every certificate of a list and verifies every signature whose key
    /// the list holds.
    pub fn of(list: &MasterList) -> Self {
        let all: Vec<&Certificate> =
            list.certificates.iter().filter_map(|listed| listed.certificate.as_ref().ok()).collect();
        let unreadable =
            list.certificates.iter().enumerate().filter_map(|(at, listed)| {
                listed.certificate.as_ref().err().map(|problem| (at + 1, problem.0))
            });
        Self { findings: all.iter().map(|it| finding(it, &all)).collect(), unreadable: unreadable.collect() }
    }

    /// How many certificates have this standing.
    pub fn count(&self, is: fn(&Standing) -> bool) -> usize {
        self.findings.iter().filter(|finding| is(&finding.standing)).count()
    }
}

impl Standing {
    /// Whether its own key signed it.
    pub fn is_self_signed(&self) -> bool {
        *self == Self::SelfSigned
    }

    /// Whether another key of the list signed it.
    pub fn is_link(&self) -> bool {
        matches!(self, Self::Link { .. })
    }

    /// Whether nobody can tell who signed it.
    pub fn is_unverified(&self) -> bool {
        matches!(self, Self::Unverified { .. })
    }
}

fn finding(certificate: &Certificate, all: &[&Certificate]) -> Finding {
    Finding {
        fingerprint: certificate.fingerprint().to_owned(),
        subject: certificate.subject(),
        country: certificate.country().unwrap_or_default(),
        serial: certificate.serial().to_owned(),
        validity: certificate.validity(),
        key: certificate.key().map(PublicKey::description).map_err(|fault| fault.to_string()),
        signature: certificate.scheme().map(Scheme::name).map_err(|fault| fault.to_string()),
        standing: standing(certificate, all),
        same_name: certificate.has_issuer_named(certificate),
        departures: profile::departures(certificate, Role::Issuer),
    }
}

fn standing(certificate: &Certificate, all: &[&Certificate]) -> Standing {
    if certificate.is_signed_by_itself() {
        return Standing::SelfSigned;
    }
    let mut reason = Unverified::IssuerAbsent;
    for issuer in all.iter().filter(|issuer| !std::ptr::eq(**issuer, certificate)) {
        let named = certificate.names_key_of(issuer) == Some(true);
        if !named && !certificate.has_issuer_named(issuer) {
            continue;
        }
        match certificate.is_signed_by(issuer) {
            Ok(true) => return Standing::Link { by: issuer.fingerprint().to_owned() },
            Ok(false) if named => reason = Unverified::NotItsIssuers,
            Ok(false) => {}
            Err(fault) => reason = unusable(&fault),
        }
    }
    // It may be its own issuer, with a key or an algorithm that cannot be used.
    if let (true, Err(fault)) =
        (certificate.has_issuer_named(certificate), certificate.is_signed_by(certificate))
    {
        reason = unusable(&fault);
    }
    Standing::Unverified { reason }
}

fn unusable(fault: &SignerFault) -> Unverified {
    Unverified::Unusable { why: fault.to_string() }
}
