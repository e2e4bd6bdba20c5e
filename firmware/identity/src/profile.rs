//! Where certificates and signatures depart from the profile of ICAO 9303-12, 7.1,
//! without being untrue for it. The world's issuing states depart often; what is
//! accepted all the same is named in the evidence, never passed over.

use serde::Serialize;

use crate::{
    certificate::Certificate,
    extensions::{
        AUTHORITY_KEY, BASIC_CONSTRAINTS, DOCUMENT_TYPES, EXTENDED_KEY_USAGE, KEY_USAGE, REVOCATION_POINTS,
        SUBJECT_KEY, USAGE_PERIOD,
    },
    public_key::{CurveForm, KeyKind},
};

/// One departure, and whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Deviation {
    /// Whose certificate or signature.
    pub of: Holder,
    /// What about it.
    pub what: Departure,
}

/// Whose certificate or signature departs from the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// The signed object itself.
    Object,
    /// Who signed it.
    Signer,
    /// An issuing certificate on the way up, counted from 1 above the signer.
    Issuer(u8),
}

/// What departs from the profile (ICAO 9303-12, 7.1.1; 4.4 for algorithms).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Departure {
    /// The object names no certificate that it holds; its only one was taken.
    SignerNameFitsNone,
    /// SHA-1, which the operator accepts.
    Sha1,
    /// The curve is named, not written out (9303-12, 4.4.3).
    CurveByName,
    /// No authority key identifier.
    AuthorityKeyMissing,
    /// The authority key identifier is not that of the key that signed.
    AuthorityKeyOfAnother,
    /// No subject key identifier, which an issuer must have.
    SubjectKeyMissing,
    /// No key usage, or it is not critical.
    KeyUsageNotCritical,
    /// An issuer without basic constraints, or they are not critical.
    BasicConstraintsNotCritical,
    /// An issuer whose path length is not zero.
    PathLengthNotZero,
    /// No period for the private key.
    UsagePeriodMissing,
    /// It signed on a day that is not in its private key's period.
    SignedOutsideUsagePeriod,
    /// An issuer that was valid when it signed, and is not today.
    NotValidToday,
    /// No place where its revocation list is published.
    RevocationPointsMissing,
    /// A document signer that does not say which documents it signs.
    DocumentTypesMissing,
    /// A signer of master lists whose extended key usage is not critical.
    ExtendedUsageNotCritical,
}

/// What a certificate is there for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    DocumentSigner,
    MasterListSigner,
    Issuer,
}

/// Where a certificate departs from the profile of its role.
pub(crate) fn departures(certificate: &Certificate, role: Role) -> Vec<Departure> {
    let extensions = certificate.extensions();
    let missing = |extension| extensions.criticality(extension).is_none();
    let not_critical = |extension| extensions.criticality(extension) != Some(true);
    let issuer = role == Role::Issuer;
    let by_name = |kind| matches!(kind, KeyKind::Ec { written: CurveForm::Named, .. });
    let rules = [
        (certificate.key().is_ok_and(|key| by_name(key.description())), Departure::CurveByName),
        // A root may leave out what would only say its own name again.
        (missing(AUTHORITY_KEY) && !issuer, Departure::AuthorityKeyMissing),
        (missing(SUBJECT_KEY) && issuer, Departure::SubjectKeyMissing),
        (not_critical(KEY_USAGE), Departure::KeyUsageNotCritical),
        (not_critical(BASIC_CONSTRAINTS) && issuer, Departure::BasicConstraintsNotCritical),
        (extensions.path_length != Some(0) && issuer, Departure::PathLengthNotZero),
        (missing(USAGE_PERIOD), Departure::UsagePeriodMissing),
        (missing(REVOCATION_POINTS), Departure::RevocationPointsMissing),
        (missing(DOCUMENT_TYPES) && role == Role::DocumentSigner, Departure::DocumentTypesMissing),
        (
            not_critical(EXTENDED_KEY_USAGE) && role == Role::MasterListSigner,
            Departure::ExtendedUsageNotCritical,
        ),
    ];
    rules.into_iter().filter(|(holds, _)| *holds).map(|(_, departure)| departure).collect()
}
