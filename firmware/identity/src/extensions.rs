//! The extensions of a certificate that decide what it may do (RFC 5280, 4.2.1;
//! ICAO 9303-12, 7.1.1). Read leniently where the meaning is clear: issuing
//! states' certificates in use write TRUE as 01, which DER does not allow.

use const_oid::ObjectIdentifier;
use jiff::civil::Date;
use x509_cert::{
    TbsCertificate,
    der::{Decode, asn1::GeneralizedTime},
    ext::Extension,
    time::Time,
};

use crate::{
    algorithm::{
        self, BIT_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, object_identifier,
    },
    certificate::moment,
    error::Purpose,
    tlv::{self, Malformed, Tlv},
};

pub(crate) const SUBJECT_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
pub(crate) const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
pub(crate) const USAGE_PERIOD: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.16");
pub(crate) const SUBJECT_OTHER_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
pub(crate) const ISSUER_OTHER_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.18");
pub(crate) const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
pub(crate) const REVOCATION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");
pub(crate) const AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
pub(crate) const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// Which documents a signer signs (ICAO 9303-12, 7.1.1.6).
pub(crate) const DOCUMENT_TYPES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.6.2");
const POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");
const BOOLEAN: u32 = 0x01;
/// `[0]` and `[1]`, primitive.
const FIRST: u32 = 0x80;
const SECOND: u32 = 0x81;

/// What else may be critical without a risk: it limits nothing that we rely on.
const HARMLESS: [ObjectIdentifier; 4] = [USAGE_PERIOD, SUBJECT_OTHER_NAMES, ISSUER_OTHER_NAMES, POLICIES];

/// Extended key usages of ICAO 9303-12: master lists, deviation lists, seals.
/// Signers of documents have none.
const OF_OTHER_SIGNERS: &str = "2.23.136.1.1.";
const MASTER_LISTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.3");

/// What the extensions say.
#[derive(Default)]
pub(crate) struct Extensions {
    pub subject_key: Option<Vec<u8>>,
    pub authority_key: Option<Vec<u8>>,
    /// How many certificates of authorities may follow.
    pub path_length: Option<u32>,
    /// First and last day on which the private key signs.
    pub usage_period: (Option<Date>, Option<Date>),
    authority: bool,
    usage: Option<Usage>,
    documents: Option<Vec<String>>,
    extended: Vec<ObjectIdentifier>,
    not_understood: bool,
    /// Every extension that there is, and whether it is critical.
    present: Vec<(ObjectIdentifier, bool)>,
}

/// The key usages that matter here.
struct Usage {
    digital_signature: bool,
    certificates: bool,
    revocation_lists: bool,
}

impl Extensions {
    pub fn parse(body: &TbsCertificate) -> Result<Self, Malformed> {
        let mut all = Self::default();
        for extension in body.extensions().into_iter().flatten() {
            if all.criticality(extension.extn_id).is_some() {
                return Err(Malformed("an extension of a certificate stands twice"));
            }
            all.present.push((extension.extn_id, extension.critical));
            all.take(extension)?;
        }
        Ok(all)
    }

    fn take(&mut self, extension: &Extension) -> Result<(), Malformed> {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            SUBJECT_KEY => self.subject_key = Some(algorithm::whole(value, OCTET_STRING)?.value.to_vec()),
            AUTHORITY_KEY => {
                let mut parts = algorithm::whole(value, SEQUENCE)?.inside();
                self.authority_key = parts.take_if(FIRST)?.map(|id| id.value.to_vec());
            }
            BASIC_CONSTRAINTS => {
                let mut parts = algorithm::whole(value, SEQUENCE)?.inside();
                self.authority = parts.take_if(BOOLEAN)?.is_some_and(|is| is.value != [0]);
                self.path_length = parts.take_if(INTEGER)?.map(tlv::small_number).transpose()?;
            }
            KEY_USAGE => self.usage = Some(Usage::parse(algorithm::whole(value, BIT_STRING)?)?),
            USAGE_PERIOD => {
                let mut parts = algorithm::whole(value, SEQUENCE)?.inside();
                self.usage_period =
                    (parts.take_if(FIRST)?.and_then(day), parts.take_if(SECOND)?.and_then(day));
            }
            EXTENDED_KEY_USAGE => {
                for id in algorithm::whole(value, SEQUENCE)?.inside().all()? {
                    if id.tag == OBJECT_IDENTIFIER {
                        self.extended.push(object_identifier(id)?);
                    }
                }
            }
            DOCUMENT_TYPES => {
                let mut parts = algorithm::whole(value, SEQUENCE)?.inside();
                parts.take(INTEGER, "a list of document types has no version")?;
                let types = parts.take(SET, "a list of document types has no types")?.inside().all()?;
                let text = |it: &Tlv<'_>| String::from_utf8_lossy(it.value).into_owned();
                self.documents = Some(types.iter().map(text).collect());
            }
            REVOCATION_POINTS => {}
            other => self.not_understood |= extension.critical && !HARMLESS.contains(&other),
        }
        Ok(())
    }

    /// Whether the extension is critical; none where it is not there.
    pub fn criticality(&self, extension: ObjectIdentifier) -> Option<bool> {
        self.present.iter().find(|(present, _)| *present == extension).map(|(_, critical)| *critical)
    }

    /// Whether they let the certificate's key do this. An issuer must be in the
    /// trust list anyway, so of the two marks of one the key usage decides: eight
    /// of the world's 627 issuing certificates have it and lack the other.
    pub fn allow(&self, purpose: Purpose) -> bool {
        let of_another = |id: &ObjectIdentifier| id.to_string().starts_with(OF_OTHER_SIGNERS);
        let fits = match (purpose, &self.usage) {
            (Purpose::Certificates, Some(usage)) => usage.certificates,
            (Purpose::RevocationLists, Some(usage)) => usage.revocation_lists,
            (Purpose::Certificates | Purpose::RevocationLists, None) => self.authority,
            (Purpose::Documents, Some(usage)) => {
                usage.digital_signature && !self.authority && !self.extended.iter().any(of_another)
            }
            (Purpose::MasterLists, Some(usage)) => {
                usage.digital_signature && !self.authority && self.extended.contains(&MASTER_LISTS)
            }
            (Purpose::Documents | Purpose::MasterLists, None) => false,
        };
        fits && !self.not_understood
    }

    /// Whether the signer's documents are of this type, as the MRZ begins. A signer
    /// that names no types signs all.
    pub fn allow_document(&self, kind: &str) -> bool {
        self.documents.as_ref().is_none_or(|types| types.iter().any(|it| it.trim_end_matches('<') == kind))
    }
}

impl Usage {
    /// The first octet after the count of unused bits, from the left: digital
    /// signature is bit 0, signing certificates bit 5, signing lists bit 6.
    fn parse(bits: Tlv<'_>) -> Result<Self, Malformed> {
        match bits.value {
            [_, first, ..] => Ok(Self {
                digital_signature: first & 0x80 != 0,
                certificates: first & 0x04 != 0,
                revocation_lists: first & 0x02 != 0,
            }),
            _ => Err(Malformed("a key usage is empty")),
        }
    }
}

/// The day of a GeneralizedTime with another tag; none where it is no time, for
/// nothing depends on it but a remark.
fn day(time: Tlv<'_>) -> Option<Date> {
    let time = GeneralizedTime::from_der(&tlv::object(0x18, time.value)).ok()?;
    Some(moment(Time::GeneralTime(time)).date())
}
