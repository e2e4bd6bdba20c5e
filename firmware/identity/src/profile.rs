//! Where certificates and signatures depart from the profile of ICAO 9303-12, 7.1,
//! without being untrue for it. The world's issuing states depart often; what is
//! accepted all the same is named in the evidence, never passed over.

use jiff::civil::Date;
use serde::Serialize;

use crate::{
    algorithm::Digest,
    certificate::Certificate,
    chain::Chain,
    evidence::FoundBy,
    extensions::{
        AUTHORITY_KEY, BASIC_CONSTRAINTS, DOCUMENT_TYPES, EXTENDED_KEY_USAGE, KEY_USAGE, REVOCATION_POINTS,
        SUBJECT_KEY, USAGE_PERIOD,
    },
    public_key::{CurveForm, KeyKind},
};

/// One departure, and whose (ICAO 9303-12, 7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Deviation {
    /// Whose certificate or signature.
    pub of: Holder,
    /// What about it.
    pub what: Departure,
}

/// Whose certificate or signature departs from the profile (ICAO 9303-12, 7.1.1).
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

/// What departs from the profile (ICAO 9303-12, 7.1.1; 4.1.6 for algorithms).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Departure {
    /// The object names no certificate that it holds; its only one was taken.
    SignerNameFitsNone,
    /// SHA-1, which the operator accepts.
    Sha1,
    /// The curve is named, not written out (9303-12, 4.1.6).
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

/// Where the way to a signer departs from the profile: the object, each certificate,
/// and each signature on it.
pub(crate) fn deviations(chain: &Chain<'_>, role: Role, object: Object, today: Date) -> Vec<Deviation> {
    let mut found = Vec::new();
    let mut note = |of: Holder, what: Departure, holds: bool| {
        if holds {
            found.push(Deviation { of, what });
        }
    };
    note(Holder::Object, Departure::SignerNameFitsNone, object.found_by == FoundBy::OnlyCertificate);
    note(Holder::Object, Departure::Sha1, object.uses_sha1);
    let mut signed = object.signed;
    let mut holder = Holder::Signer;
    for (step, certificate) in chain.certificates().enumerate() {
        let role = if step == 0 { role } else { Role::Issuer };
        for what in departures(certificate, role) {
            note(holder, what, true);
        }
        let (from, until) = certificate.extensions().usage_period;
        let outside =
            |day: Date| from.is_some_and(|from| day < from) || until.is_some_and(|until| day > until);
        note(holder, Departure::SignedOutsideUsagePeriod, signed.is_some_and(outside));
        note(holder, Departure::NotValidToday, certificate.validity().1 < today);
        if let Some(issuer) = chain.issuers().get(step) {
            let sha1 = certificate.scheme().is_ok_and(|scheme| scheme.digest() == Digest::Sha1);
            note(holder, Departure::Sha1, sha1);
            let another = certificate.names_key_of(issuer) == Some(false);
            note(holder, Departure::AuthorityKeyOfAnother, another);
        }
        signed = Some(certificate.validity().0);
        holder = Holder::Issuer(step as u8 + 1);
    }
    found
}

/// What is to be known of the signed object itself.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    pub found_by: FoundBy,
    pub uses_sha1: bool,
    /// On which day it says that it was signed.
    pub signed: Option<Date>,
}
