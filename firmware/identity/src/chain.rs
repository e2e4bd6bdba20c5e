//! From a document signer's certificate up to the trust list (ICAO 9303-12, 4 and
//! 7; RFC 5280, 6). Built by us, by key identifier and then by name, because the
//! usual builders refuse curves written out, which most issuing states use. The
//! length that basic constraints allow is not looked at: link certificates make
//! chains longer than the certificates, which were made before them, foresee.

use jiff::civil::Date;

use crate::{
    certificate::Certificate,
    error::{IdentityError, Purpose, SignerFault},
    trust::{Entry, TrustList},
};

/// Links that lie between a document signer and the beginning of trust, at most.
const LONGEST: usize = 8;

/// A document signer's certificate and those that vouch for it.
pub(crate) struct Chain<'t> {
    signer: &'t Certificate,
    /// Upwards; the last one is signed by its own key.
    issuers: Vec<&'t Certificate>,
}

impl<'t> Chain<'t> {
    /// Finds the way up. Each step's signature is checked; days are not, yet.
    pub fn build(signer: &'t Certificate, trust: &'t TrustList) -> Result<Self, IdentityError> {
        let mut issuers: Vec<&Certificate> = Vec::new();
        while issuers.len() < LONGEST {
            let below = issuers.last().copied().unwrap_or(signer);
            let entry = issuer_of(below, trust, &issuers)?;
            issuers.push(&entry.certificate);
            if entry.anchor {
                return Ok(Self { signer, issuers });
            }
        }
        Err(IdentityError::UnknownIssuer { issuer: signer.issuer() })
    }

    /// Whether each certificate was valid when it mattered, may do what it did, and
    /// is of one country: the signer today and when it says that it signed, an
    /// issuer on the day from which the certificate below it is valid.
    pub fn check(&self, today: Date, signed: Option<Date>) -> Result<(), SignerFault> {
        self.signer.may_sign(Purpose::Documents)?;
        let (from, until) = self.signer.validity();
        if today < from || today > until {
            return Err(SignerFault::OutsideValidity { from, until });
        }
        if let Some(signed) = signed.filter(|day| *day < from || *day > until) {
            return Err(SignerFault::SignedOutsideValidity { signed });
        }
        let mut below = self.signer;
        for issuer in &self.issuers {
            check_issuer(issuer, below)?;
            below = issuer;
        }
        Ok(())
    }

    /// The country for which the signer signs, in capitals.
    pub fn country(&self) -> Option<String> {
        self.issuers.last()?.country()
    }

    /// SHA-256 of the certificates that vouch, upwards.
    pub fn fingerprints(&self) -> Vec<String> {
        self.issuers.iter().map(|issuer| issuer.fingerprint().to_owned()).collect()
    }
}

fn check_issuer(issuer: &Certificate, below: &Certificate) -> Result<(), SignerFault> {
    below.strong()?;
    issuer.may_sign(Purpose::Certificates)?;
    let (from, until) = issuer.validity();
    let signed = below.validity().0;
    if signed < from || signed > until {
        return Err(SignerFault::IssuerOutsideValidity { from, until, signed });
    }
    if below.country() != issuer.country() {
        return Err(SignerFault::ForeignCountry);
    }
    Ok(())
}

/// The entry whose key signed this certificate. Where it names its issuer's key and
/// the list has that key, the signature must be that key's; where it names none,
/// everybody of the issuer's name is tried.
fn issuer_of<'t>(
    certificate: &Certificate,
    trust: &'t TrustList,
    passed: &[&Certificate],
) -> Result<&'t Entry, IdentityError> {
    let unknown = || IdentityError::UnknownIssuer { issuer: certificate.issuer() };
    let candidates = |named: bool| {
        let mut found: Vec<&Entry> = trust
            .entries()
            .iter()
            .filter(|entry| match certificate.names_key_of(&entry.certificate) {
                Some(same) => named && same,
                None => !named && certificate.has_issuer_named(&entry.certificate),
            })
            .filter(|entry| !passed.iter().any(|below| std::ptr::eq(*below, &raw const entry.certificate)))
            .collect();
        // The shortest way up: a key's own certificate before a link to it.
        found.sort_by_key(|entry| !entry.anchor);
        found
    };
    let named = candidates(true);
    let by_name = candidates(false);
    for entry in named.iter().chain(&by_name) {
        if certificate.is_signed_by(&entry.certificate)? {
            return Ok(entry);
        }
    }
    if named.is_empty() { Err(unknown()) } else { Err(SignerFault::NotSignedByItsIssuer.into()) }
}
