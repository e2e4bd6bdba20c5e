//! From a signer's certificate up to the trust list (ICAO 9303-12, 6.1 and 7.1; RFC
//! 5280, 6). Built by us, by key identifier and then by name, because the usual
//! builders refuse curves written out, which most issuing states use. Every issuer
//! in a chain stands in the trust list itself, so the length that basic constraints
//! allow cannot be passed by a stranger: only by link certificates, which come after
//! the certificates whose lengths do not foresee them (9303-12, 4.1.4 and 7.1.1).

use jiff::civil::Date;

use crate::{
    certificate::Certificate,
    error::{IdentityError, Purpose, SignerFault},
    policy::Sha1,
    trust::{Entry, TrustList},
};

/// Links that lie between a signer and the beginning of trust, at most.
const LONGEST: usize = 8;

/// A signer's certificate and those that vouch for it.
pub(crate) struct Chain<'t> {
    signer: &'t Certificate,
    /// Upwards; the last one is signed by its own key.
    issuers: Vec<&'t Certificate>,
}

/// Why there is no way up.
#[derive(Debug)]
pub(crate) enum ChainFault {
    /// Nobody in the trust list issued the signer's certificate.
    Unknown { issuer: String },
    /// A trusted issuer is named, and something is not in order.
    Signer(SignerFault),
}

/// When what was signed is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Days {
    pub today: Date,
    /// On which day the signer says that it signed.
    pub signed: Option<Date>,
}

impl<'t> Chain<'t> {
    /// Finds the way up. Each step's signature is checked; days are not, yet.
    pub fn build(signer: &'t Certificate, trust: &'t TrustList) -> Result<Self, ChainFault> {
        let mut issuers: Vec<&Certificate> = Vec::new();
        while issuers.len() < LONGEST {
            let below = issuers.last().copied().unwrap_or(signer);
            let entry = issuer_of(below, trust, &issuers)?;
            issuers.push(&entry.certificate);
            if entry.anchor() {
                return Ok(Self { signer, issuers });
            }
        }
        Err(ChainFault::Unknown { issuer: signer.issuer() })
    }

    /// Whether each certificate was valid when it mattered, may do what it did, and
    /// is of one country: the signer today and when it says that it signed, an
    /// issuer on the day from which the certificate below it is valid.
    pub fn check(&self, purpose: Purpose, days: Days, sha1: Sha1) -> Result<(), SignerFault> {
        self.signer.may_sign(purpose)?;
        let (from, until) = self.signer.validity();
        if days.today < from || days.today > until {
            return Err(SignerFault::OutsideValidity { from, until });
        }
        if let Some(signed) = days.signed.filter(|day| *day < from || *day > until) {
            return Err(SignerFault::SignedOutsideValidity { signed });
        }
        let mut below = self.signer;
        for issuer in &self.issuers {
            check_issuer(issuer, below, sha1)?;
            below = issuer;
        }
        Ok(())
    }

    /// The country for which the signer signs, in capitals.
    pub fn country(&self) -> Option<String> {
        self.issuers.last()?.country()
    }

    /// The certificate at the lower end.
    pub fn signer(&self) -> &'t Certificate {
        self.signer
    }

    /// The certificates that vouch, upwards.
    pub fn issuers(&self) -> &[&'t Certificate] {
        &self.issuers
    }

    /// The signer's certificate and those that vouch for it, upwards.
    pub fn certificates(&self) -> impl Iterator<Item = &'t Certificate> {
        std::iter::once(self.signer).chain(self.issuers.iter().copied())
    }

    /// SHA-256 of the certificates that vouch, upwards.
    pub fn fingerprints(&self) -> Vec<String> {
        self.issuers.iter().map(|issuer| issuer.fingerprint().to_owned()).collect()
    }
}

fn check_issuer(issuer: &Certificate, below: &Certificate, sha1: Sha1) -> Result<(), SignerFault> {
    below.scheme()?.digest().allowed(sha1)?;
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

/// The entry whose key signed this certificate. Tried in this order: the key that
/// it names; everybody of the issuer's name. The signature decides; a name alone
/// never does.
fn issuer_of<'t>(
    certificate: &Certificate,
    trust: &'t TrustList,
    passed: &[&Certificate],
) -> Result<&'t Entry, ChainFault> {
    let fresh =
        |entry: &&Entry| !passed.iter().any(|below| std::ptr::eq(*below, &raw const entry.certificate));
    let (mut named, mut by_name): (Vec<&Entry>, Vec<&Entry>) = trust
        .entries()
        .iter()
        .filter(fresh)
        .filter(|entry| {
            certificate.names_key_of(&entry.certificate) == Some(true)
                || certificate.has_issuer_named(&entry.certificate)
        })
        .partition(|entry| certificate.names_key_of(&entry.certificate) == Some(true));
    // The shortest way up: a key's own certificate before a link to it.
    named.sort_by_key(|entry| !entry.anchor());
    by_name.sort_by_key(|entry| !entry.anchor());
    let mut unusable = None;
    for entry in named.iter().chain(&by_name) {
        match certificate.is_signed_by(&entry.certificate) {
            Ok(true) => return Ok(entry),
            Ok(false) => {}
            Err(reason) => unusable = Some(reason),
        }
    }
    match (unusable, named.is_empty()) {
        (Some(reason), _) => Err(reason.into()),
        (None, false) => Err(SignerFault::NotSignedByItsIssuer.into()),
        (None, true) => Err(ChainFault::Unknown { issuer: certificate.issuer() }),
    }
}

impl From<SignerFault> for ChainFault {
    fn from(reason: SignerFault) -> Self {
        Self::Signer(reason)
    }
}

impl From<ChainFault> for IdentityError {
    fn from(fault: ChainFault) -> Self {
        match fault {
            ChainFault::Unknown { issuer } => Self::UnknownIssuer { issuer },
            ChainFault::Signer(reason) => Self::SignerNotValid { reason },
        }
    }
}
