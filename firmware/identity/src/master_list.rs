//! CSCA master lists (ICAO 9303-12, 9): one state's list of the issuing
//! certificates of all states, in a signed envelope. A list exists only if its
//! signature leads to a certificate that was trusted before; the certificates
//! inside the envelope vouch for nothing. What each certificate of the list is
//! worth is said one by one.

use const_oid::ObjectIdentifier;
use jiff::civil::{Date, DateTime};
use sha2::{Digest as _, Sha256};

use crate::{
    Grounds,
    algorithm::{self, INTEGER, SEQUENCE, SET},
    certificate::Certificate,
    chain::{Chain, ChainFault, Days},
    envelope::{Envelope, EnvelopeFault},
    error::{Purpose, SignerFault},
    evidence::{Revocation, SignerEvidence},
    policy::RevocationPolicy,
    profile::Holder,
    tlv::{self, Malformed},
    trust::{days_since, is_state},
};

const MASTER_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.2");

/// No list is longer: the longest in use has less than a megabyte.
const LONGEST: usize = 16 << 20;

/// A master list (ICAO 9303-12, 9) whose signature leads to a trusted certificate.
pub struct MasterList {
    country: String,
    signed_at: DateTime,
    digest: String,
    signer: SignerEvidence,
    pub(crate) certificates: Vec<Listed>,
}

/// One certificate of the list.
pub(crate) struct Listed {
    pub der: Vec<u8>,
    pub certificate: Result<Certificate, Malformed>,
}

/// Why a master list is not believed (ICAO 9303-12, 9.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MasterListFault {
    /// It is longer than any list is.
    #[error("the file is longer than any master list")]
    TooLong,
    /// It breaks its format.
    #[error("the master list breaks its format")]
    Malformed(#[source] Malformed),
    /// Content and signature do not fit each other.
    #[error("the master list is not as it was signed")]
    Altered,
    /// No trusted certificate issued the signer's.
    #[error("the issuer of the master list's signer is not trusted: {issuer}")]
    UnknownIssuer {
        /// Its name, as the signer's certificate says.
        issuer: String,
    },
    /// A trusted certificate did, and something is not in order.
    #[error("the signer of the master list is not valid")]
    SignerNotValid(#[source] SignerFault),
    /// Its signer or one of its issuers was called back.
    #[error("a certificate of the master list's signer was revoked on {on}")]
    Revoked {
        /// Whose.
        whose: Holder,
        /// When.
        on: Date,
    },
    /// The operator wants a current revocation list of the publisher, and has none.
    #[error("there is no current revocation list of the master list's publisher")]
    RevocationUnknown,
    /// It does not say when it was signed, so its age cannot be told.
    #[error("the master list does not say when it was signed")]
    Undated,
    /// Its publisher's certificate names no state (ICAO 9303-12, 7.1: two letters).
    #[error("the signer of the master list names no state")]
    Stateless,
    /// It says that it was signed on a day that has not come.
    #[error("the master list says that it was signed on {on}")]
    FromTheFuture {
        /// That day.
        on: Date,
    },
}

impl MasterList {
    /// Opens a list whose signer a trusted certificate issued, directly or over link
    /// certificates that are trusted too, and that nobody called back.
    pub fn open(file: &[u8], grounds: &Grounds<'_>, today: Date) -> Result<Self, MasterListFault> {
        if file.len() > LONGEST {
            return Err(MasterListFault::TooLong);
        }
        let sha1 = grounds.policy.sha1.on(today);
        let whole = tlv::definite_whole(file)?;
        let envelope = Envelope::open(algorithm::whole(&whole, SEQUENCE)?, MASTER_LIST, sha1)?;
        let signed_at = envelope.signed_at.ok_or(MasterListFault::Undated)?;
        if signed_at.date() > today {
            return Err(MasterListFault::FromTheFuture { on: signed_at.date() });
        }
        let chain = Chain::build(&envelope.signer, grounds.trust)?;
        not_revoked(&chain, grounds, today)?;
        let days = Days { today, signed: Some(signed_at.date()) };
        chain.check(Purpose::MasterLists, days, sha1).map_err(MasterListFault::SignerNotValid)?;
        Ok(Self {
            country: chain.country().filter(|code| is_state(code)).ok_or(MasterListFault::Stateless)?,
            signed_at,
            digest: hex::encode(Sha256::digest(file)),
            signer: SignerEvidence::of(&envelope.signer, envelope.found_by, envelope.scheme, &chain),
            certificates: certificates(envelope.content)?,
        })
    }

    /// The state that published it, by its two letters in capitals.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// When it says that it was signed, in UTC.
    pub fn signed_at(&self) -> DateTime {
        self.signed_at
    }

    /// For how many days it has been out.
    pub fn age(&self, today: Date) -> i32 {
        days_since(self.signed_at, today)
    }

    /// SHA-256 of the file, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Who signed it.
    pub fn signer(&self) -> &SignerEvidence {
        &self.signer
    }

    /// How many certificates it holds.
    pub fn count(&self) -> usize {
        self.certificates.len()
    }
}

/// Refuses a signer that was called back, and one of whom nobody can tell where the
/// operator wants to know.
fn not_revoked(chain: &Chain<'_>, grounds: &Grounds<'_>, today: Date) -> Result<(), MasterListFault> {
    if let Some((whose, on)) = grounds.revoked.revoked_among(chain, grounds.trust) {
        return Err(MasterListFault::Revoked { whose, on });
    }
    let status = grounds.revoked.status(chain.signer(), grounds.trust, today);
    match (status, grounds.policy.revocation) {
        (Revocation::CheckedOn { .. }, _) | (_, RevocationPolicy::StateOnly) => Ok(()),
        (_, RevocationPolicy::CurrentListRequired) => Err(MasterListFault::RevocationUnknown),
    }
}

/// CscaMasterList: version 0 and a SET of certificates. One that cannot be read is
/// kept as such, for a list must not shrink in silence.
fn certificates(content: &[u8]) -> Result<Vec<Listed>, Malformed> {
    let content = tlv::definite_whole(content)?;
    let mut list = algorithm::whole(&content, SEQUENCE)?.inside();
    if tlv::small_number(list.take(INTEGER, "the master list has no version")?)? != 0 {
        return Err(Malformed("the master list has an unknown version"));
    }
    let set = list.take(SET, "the master list has no certificates")?;
    list.end()?;
    let all = set.inside().all()?;
    let listed = |der: &[u8]| Listed { der: der.to_vec(), certificate: Certificate::parse(der) };
    Ok(all.into_iter().map(|object| listed(object.whole)).collect())
}

impl From<Malformed> for MasterListFault {
    fn from(problem: Malformed) -> Self {
        Self::Malformed(problem)
    }
}

impl From<EnvelopeFault> for MasterListFault {
    fn from(fault: EnvelopeFault) -> Self {
        match fault {
            EnvelopeFault::Malformed(problem) => Self::Malformed(problem),
            EnvelopeFault::Signer(reason) => Self::SignerNotValid(reason),
            EnvelopeFault::Altered => Self::Altered,
        }
    }
}

impl From<ChainFault> for MasterListFault {
    fn from(fault: ChainFault) -> Self {
        match fault {
            ChainFault::Unknown { issuer } => Self::UnknownIssuer { issuer },
            ChainFault::Signer(reason) => Self::SignerNotValid(reason),
        }
    }
}

#[cfg(test)]
mod tests;
