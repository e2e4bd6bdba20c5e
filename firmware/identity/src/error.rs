//! Why a card's files make no identity. No variant holds anything personal but
//! `Expired`, whose day the screen may show; nothing here prints it.

use std::fmt;

use card::FileId;
use jiff::civil::Date;

use crate::{judgement::ProofKind, profile::Holder, tlv::Malformed};

/// Why there is no [`Identity`](crate::Identity) (ICAO 9303-11, 5.1 and 6). A new reason is
/// one that every caller must look at, so this may be matched to the last variant.
#[derive(thiserror::Error)]
pub enum IdentityError {
    /// A file without which nobody can be identified was not read.
    #[error("{file} was not read")]
    Missing {
        /// Which.
        file: FileId,
    },
    /// A file breaks its format.
    #[error("{file} breaks its format")]
    Unreadable {
        /// Which.
        file: FileId,
        /// Where in it.
        #[source]
        problem: Malformed,
    },
    /// The file is not the one that the issuer signed; for the security object
    /// itself, its signature is wrong.
    #[error("{file} is not as the issuer signed it")]
    Altered {
        /// Which.
        file: FileId,
    },
    /// The card has a file that the issuer's list of files does not have.
    #[error("{file} is not in the issuer's list of files")]
    NotListed {
        /// Which.
        file: FileId,
    },
    /// Nobody in the trust list issued the document signer's certificate.
    #[error("the document signer's issuer is not in the trust list: {issuer}")]
    UnknownIssuer {
        /// The issuer's name, as the certificate says.
        issuer: String,
    },
    /// The chain to a trusted issuer exists, and something in it is not in order.
    #[error("the document signer is not valid")]
    SignerNotValid {
        /// What.
        #[source]
        reason: SignerFault,
    },
    /// The signer or one of its issuers was called back (ICAO 9303-12, 6.1.2).
    #[error("a certificate of the card's issuer was revoked on {on}")]
    Revoked {
        /// Whose.
        whose: Holder,
        /// The day in the revocation list.
        on: Date,
    },
    /// The operator wants a current revocation list of this issuer, and has none.
    #[error("there is no current revocation list of the card's issuer")]
    RevocationUnknown,
    /// The chip failed to prove what its issuer says it can (9303-11, 6).
    #[error("the chip did not prove that it is no copy")]
    CloneSuspected {
        /// The proof that failed.
        by: ProofKind,
    },
    /// The operator wants a proof of the chip where its issuer signed a key for one,
    /// and the chip was not asked.
    #[error("the chip was not asked to prove that it is no copy")]
    ChipNotProven,
    /// The card is past its last day.
    #[error("the card has expired")]
    Expired {
        /// Its last day. It is the holder's birthday but for the year: for the
        /// screen only.
        on: Date,
    },
    /// Two files that the issuer signed contradict each other.
    #[error("two files contradict each other about the {what}")]
    FilesDisagree {
        /// About what.
        what: Fact,
    },
    /// A genuine-looking document, but no citizen's card of Viet Nam.
    #[error("this is no citizen's identity card of Viet Nam")]
    NotACitizenCard,
    /// The trust list cannot be used.
    #[error("the trust list cannot be used")]
    TrustList(#[source] TrustListFault),
}

/// What is wrong with a document signer or its issuer (ICAO 9303-12, 6.1.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerFault {
    /// The security object names a signer whose certificate it does not hold.
    #[error("the signer's certificate is missing")]
    CertificateMissing,
    /// A certificate names a trusted key as its issuer, which did not sign it.
    #[error("the issuer named in a certificate did not sign it")]
    NotSignedByItsIssuer,
    /// The document signer's certificate is not valid today.
    #[error("the document signer's certificate is valid from {from} to {until}")]
    OutsideValidity {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// The security object says that it was signed on a day on which its signer
    /// was not valid.
    #[error("signed on {signed}, when the document signer was not valid")]
    SignedOutsideValidity {
        /// The day in the security object.
        signed: Date,
    },
    /// The issuer's certificate was not valid when it signed.
    #[error("the issuer's certificate was valid from {from} to {until}, and signed on {signed}")]
    IssuerOutsideValidity {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
        /// The day from which the signed certificate is valid.
        signed: Date,
    },
    /// The certificate is for another purpose.
    #[error("the certificate is not one that may sign {0}")]
    WrongPurpose(Purpose),
    /// The signer's country is not the card's.
    #[error("the signer belongs to another country")]
    ForeignCountry,
    /// Digest, key or curve is weaker than we accept.
    #[error("{0} is too weak")]
    Weak(&'static str),
    /// An algorithm that this program does not know.
    #[error("unknown algorithm {0}")]
    UnknownAlgorithm(String),
    /// A key that cannot be used: not on its curve, or not encoded as it must be.
    #[error("the public key cannot be used")]
    BadKey,
}

/// What a certificate is wanted for (ICAO 9303-12, 7.1.1; RFC 5280, 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signing documents.
    Documents,
    /// Signing certificates.
    Certificates,
    /// Signing master lists (ICAO 9303-12, 7.1.1.3).
    MasterLists,
    /// Signing revocation lists.
    RevocationLists,
}

impl fmt::Display for Purpose {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Documents => "documents",
            Self::Certificates => "certificates",
            Self::MasterLists => "master lists",
            Self::RevocationLists => "revocation lists",
        })
    }
}

/// What two files can contradict each other about. To compare them is ours, in no standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The twelve-digit number.
    Number,
    /// The day of birth.
    Birth,
    /// The sex.
    Sex,
}

impl fmt::Display for Fact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Number => "number",
            Self::Birth => "day of birth",
            Self::Sex => "sex",
        })
    }
}

/// Why a trust list cannot be used (ICAO 9303-12, 6.1.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustListFault {
    /// There is no certificate in it.
    #[error("it holds no certificate")]
    Empty,
    /// A certificate is broken.
    #[error("certificate {number}, which begins in line {line}: {problem}")]
    Broken {
        /// Counted from 1.
        number: usize,
        /// Line of its `BEGIN`, counted from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A line that an import writes was changed.
    #[error("line {line} begins as an import writes it, and goes on otherwise")]
    BadRemark {
        /// Counted from 1.
        line: usize,
    },
    /// No certificate in it is signed by its own key, so nothing in it can be the
    /// beginning of trust.
    #[error("it holds no certificate that is signed by its own key")]
    NoAnchor,
}

impl IdentityError {
    pub(crate) fn unreadable(file: FileId) -> impl FnOnce(Malformed) -> Self {
        move |problem| Self::Unreadable { file, problem }
    }
}

impl From<SignerFault> for IdentityError {
    fn from(reason: SignerFault) -> Self {
        Self::SignerNotValid { reason }
    }
}

/// As `Display`, with the cause: a derived `Debug` would print the day of expiry.
impl fmt::Debug for IdentityError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")?;
        match std::error::Error::source(self) {
            Some(cause) => write!(out, ": {cause}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_day_of_expiry_is_never_printed() {
        let error = IdentityError::Expired { on: date(2021, 9, 2) };
        assert_eq!(format!("{error} {error:?}"), "the card has expired the card has expired");
    }

    #[test]
    fn an_error_says_which_file_and_why() {
        let error = IdentityError::Unreadable { file: FileId::Dg2, problem: Malformed("cut short") };
        assert_eq!(format!("{error:?}"), "DG2 breaks its format: cut short");
    }
}
