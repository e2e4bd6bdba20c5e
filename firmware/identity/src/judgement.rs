//! What can be said of a card's files, and what was and was not looked at to say it
//! (ICAO 9303-11, 5.1 and 6; 9303-12). Only [`Verdict::Authentic`] stands behind an
//! [`Identity`](crate::Identity); the others are for the audit log, for staff and for
//! the card tool. Nothing here is personal.

use card::FileId;
use jiff::civil::Date;
use serde::Serialize;

use crate::{
    error::{IdentityError, SignerFault},
    evidence::{AccessOffer, ChipGenuineness, Revocation, SignerEvidence},
    profile::{Deviation, Holder},
};

/// A verdict and everything that it stands on (ICAO 9303-11, 5.1 and 6).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Judgement {
    /// What it comes to.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Every check in its order, done or not.
    pub checks: Vec<Check>,
    /// Who signed, where the signer leads to the trust list.
    pub signer: Option<SignerEvidence>,
    /// Whether the signer could be looked up in a revocation list.
    pub revocation: Revocation,
    /// Whether what EF.CardAccess offers is what the signed DG14 says.
    pub access_offer: AccessOffer,
    /// Whether the chip proved that it is no copy.
    pub chip: ChipGenuineness,
    /// Where what was accepted departs from the standard's profile.
    pub deviations: Vec<Deviation>,
}

/// What a judgement comes to. The words are ours, in no standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
#[non_exhaustive]
pub enum Verdict {
    /// A trusted issuer signed these files, and nothing speaks against it.
    Authentic,
    /// A trusted issuer signed the list of digests, and no file was held against it.
    SecurityObjectOnly,
    /// The files are as somebody signed them; who that was, nobody here knows. Never
    /// to be shown as authentic.
    ChainUnknown {
        /// The issuer that the signer's certificate names.
        issuer: String,
    },
    /// A file is not as it was signed, or was never signed.
    Altered {
        /// Which.
        file: &'static str,
    },
    /// The signer or one of its issuers was called back.
    Revoked {
        /// Whose certificate.
        whose: Holder,
        /// When.
        on: Date,
    },
    /// The signer's certificate is not valid on this day.
    SignerExpired {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// The signer is not one that may sign this card.
    SignerNotValid {
        /// Why, in words.
        why: String,
    },
    /// The chip failed to prove what its issuer says it can: the files may be genuine
    /// and the chip a copy.
    CloneSuspected {
        /// The proof that failed.
        by: ProofKind,
    },
    /// The operator wants a current revocation list, and there is none.
    RevocationUnknown,
    /// The operator wants a proof of the chip, and it was not asked for one.
    ChipNotProven,
    /// A file that is needed is missing or broken, so there is nothing to judge.
    NotJudged {
        /// Why, in words.
        why: String,
    },
}

/// A way in which a chip proves that it is no copy (ICAO 9303-11, 6.1, 6.2, 4.4.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofKind {
    /// Chip authentication, with a key of DG14.
    ChipAuthentication,
    /// Active authentication, with the key of DG15.
    ActiveAuthentication,
    /// PACE with chip authentication mapping, with a key of EF.CardSecurity.
    ChipAuthenticationMapping,
}

/// One check (ICAO 9303-11, 5.1 and 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// Of what.
    pub of: Checked,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What is checked (ICAO 9303-11, 5.1 and 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Checked {
    /// The signature of EF.SOD (9303-10, 4.6.2).
    Signature,
    /// The digest of a data group, by its number (9303-11, 5.1).
    DataGroup(u8),
    /// The way from the signer to the trust list, each signature on it (9303-12, 6.1).
    Chain,
    /// Purposes, days and countries of the certificates on it (9303-12, 7.1).
    Certificates,
    /// Signer and issuers in the revocation lists (9303-12, 6.1.2).
    Revocation,
    /// That the signer signs documents of this type (9303-12, 7.1.1.6).
    DocumentType,
    /// That the signer is of the state that the MRZ names (9303-12, 7.1.1.2).
    IssuingState,
    /// That EF.CardAccess offers the forms of PACE that DG14 names (9303-11, 9.2).
    AccessOffer,
    /// A proof of the chip (9303-11, 6).
    Chip(ProofKind),
}

/// What came of a check. The words are ours, in no standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// In order.
    Passed,
    /// Not in order.
    Failed {
        /// Why, in words.
        why: String,
    },
    /// It was not done.
    NotDone {
        /// Why not.
        because: NotDone,
    },
}

/// Why a check was not done. The words are ours, in no standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotDone {
    /// The file was not read.
    NotRead,
    /// An earlier check failed on which it stands.
    NothingToStandOn,
    /// There is no revocation list of this issuer.
    NoList,
    /// The revocation list of this issuer is past its day.
    StaleList,
    /// The issuer signed nothing for it.
    NotOffered,
    /// The chip was not asked.
    NotAsked,
    /// The MRZ names a state that is not in our table.
    UnknownState,
    /// The file was not read: what another chip had shown was used in its place.
    Remembered,
    /// It would fail, and the operator wants that stated and not held against the card.
    OnlyStated,
}

impl Verdict {
    pub(crate) fn of(error: &IdentityError) -> Self {
        match error {
            IdentityError::UnknownIssuer { issuer } => Self::ChainUnknown { issuer: issuer.clone() },
            IdentityError::Altered { file } | IdentityError::NotListed { file } => {
                Self::Altered { file: file.name() }
            }
            IdentityError::Revoked { whose, on } => Self::Revoked { whose: *whose, on: *on },
            IdentityError::SignerNotValid { reason: SignerFault::OutsideValidity { from, until } } => {
                Self::SignerExpired { from: *from, until: *until }
            }
            IdentityError::SignerNotValid { reason } => Self::SignerNotValid { why: reason.to_string() },
            IdentityError::CloneSuspected { by } => Self::CloneSuspected { by: *by },
            IdentityError::RevocationUnknown => Self::RevocationUnknown,
            IdentityError::ChipNotProven => Self::ChipNotProven,
            other => Self::NotJudged { why: format!("{other:?}") },
        }
    }

    /// A number for the exit code of the card tool: 0 for authentic only.
    pub fn number(&self) -> u8 {
        match self {
            Self::Authentic => 0,
            Self::ChainUnknown { .. } => 10,
            Self::Altered { .. } => 11,
            Self::Revoked { .. } => 12,
            Self::SignerExpired { .. } => 13,
            Self::SignerNotValid { .. } => 14,
            Self::CloneSuspected { .. } => 15,
            Self::RevocationUnknown => 16,
            Self::ChipNotProven => 17,
            Self::SecurityObjectOnly => 18,
            Self::NotJudged { .. } => 19,
        }
    }
}

/// The checks of one card as they are done.
pub(crate) struct Checks {
    done: Vec<Check>,
    /// What failed, the gravest first: the order of the checks.
    failed: Vec<IdentityError>,
}

impl Checks {
    pub fn new() -> Self {
        Self { done: Vec::new(), failed: Vec::new() }
    }

    /// Notes a result, and gives its value.
    pub fn note<T>(&mut self, of: Checked, result: Result<T, IdentityError>) -> Option<T> {
        let (outcome, value) = match result {
            Ok(value) => (Outcome::Passed, Some(value)),
            Err(error) => {
                let why = format!("{error:?}");
                self.failed.push(error);
                (Outcome::Failed { why }, None)
            }
        };
        self.done.push(Check { of, outcome });
        value
    }

    pub fn not_done(&mut self, of: Checked, because: NotDone) {
        self.done.push(Check { of, outcome: Outcome::NotDone { because } });
    }

    /// Something that the operator wants is not there, though no check failed.
    pub fn require(&mut self, error: IdentityError) {
        self.failed.push(error);
    }

    /// What failed first, and all checks.
    pub fn finish(self) -> (Option<IdentityError>, Vec<Check>) {
        (self.failed.into_iter().next(), self.done)
    }
}

/// Whether a file is a data group, and which.
pub(crate) fn group(file: FileId) -> Option<u8> {
    file.tag().and_then(crate::data_groups::directory::group_of)
}
