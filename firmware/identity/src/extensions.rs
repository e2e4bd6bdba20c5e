//! The extensions of a certificate that decide what it may do (RFC 5280, 4.2.1;
//! ICAO 9303-12, table 5). Read leniently where the meaning is clear: issuing
//! states' certificates in use write TRUE as 01, which DER does not allow.

use const_oid::ObjectIdentifier;
use x509_cert::{TbsCertificate, ext::Extension};

use crate::{
    algorithm::{
        self, BIT_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, object_identifier,
    },
    error::Purpose,
    tlv::{Malformed, Tlv},
};

const SUBJECT_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// Which documents a signer signs (ICAO 9303-12, 7.1.1.6).
const DOCUMENT_TYPES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.6.2");
const BOOLEAN: u32 = 0x01;
/// `[0]`, primitive.
const KEY_IDENTIFIER: u32 = 0x80;

/// What else may be critical without a risk: it limits nothing that we rely on.
const HARMLESS: [&str; 4] = [
    "2.5.29.16", // private key usage period
    "2.5.29.17", // subject's other names
    "2.5.29.18", // issuer's other names
    "2.5.29.32", // policies
];

/// Extended key usages of ICAO 9303-12: master lists, deviation lists, seals.
/// Signers of documents have none.
const OF_OTHER_SIGNERS: &str = "2.23.136.1.1.";

/// What the extensions say.
#[derive(Default)]
pub(crate) struct Extensions {
    pub subject_key: Option<Vec<u8>>,
    pub authority_key: Option<Vec<u8>>,
    authority: bool,
    usage: Option<Usage>,
    documents: Option<Vec<String>>,
    of_another_signer: bool,
    not_understood: bool,
}

/// The two key usages that matter here.
struct Usage {
    digital_signature: bool,
    certificates: bool,
}

impl Extensions {
    pub fn parse(body: &TbsCertificate) -> Result<Self, Malformed> {
        let mut all = Self::default();
        let mut seen = Vec::new();
        for extension in body.extensions().into_iter().flatten() {
            if seen.contains(&extension.extn_id) {
                return Err(Malformed("an extension of a certificate stands twice"));
            }
            seen.push(extension.extn_id);
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
                self.authority_key = parts.take_if(KEY_IDENTIFIER)?.map(|id| id.value.to_vec());
            }
            BASIC_CONSTRAINTS => {
                let mut parts = algorithm::whole(value, SEQUENCE)?.inside();
                self.authority = parts.take_if(BOOLEAN)?.is_some_and(|is| is.value != [0]);
            }
            KEY_USAGE => self.usage = Some(Usage::parse(algorithm::whole(value, BIT_STRING)?)?),
            EXTENDED_KEY_USAGE => {
                for id in algorithm::whole(value, SEQUENCE)?.inside().all()? {
                    let id = if id.tag == OBJECT_IDENTIFIER { object_identifier(id)? } else { continue };
                    self.of_another_signer |= id.to_string().starts_with(OF_OTHER_SIGNERS);
                }
            }
            DOCUMENT_TYPES => {
                let mut parts = algorithm::whole(value, SEQUENCE)?.inside();
                parts.take(INTEGER, "a list of document types has no version")?;
                let types = parts.take(SET, "a list of document types has no types")?.inside().all()?;
                let text = |it: &Tlv<'_>| String::from_utf8_lossy(it.value).into_owned();
                self.documents = Some(types.iter().map(text).collect());
            }
            other => {
                self.not_understood |= extension.critical && !HARMLESS.contains(&other.to_string().as_str());
            }
        }
        Ok(())
    }

    /// Whether they let the certificate's key do this. An issuer must be in the
    /// trust list anyway, so of the two marks of one the key usage decides: eight
    /// of the world's 627 issuing certificates have it and lack the other.
    pub fn allow(&self, purpose: Purpose) -> bool {
        let fits = match (purpose, &self.usage) {
            (Purpose::Certificates, Some(usage)) => usage.certificates,
            (Purpose::Certificates, None) => self.authority,
            (Purpose::Documents, Some(usage)) => {
                usage.digital_signature && !self.authority && !self.of_another_signer
            }
            (Purpose::Documents, None) => false,
        };
        fits && !self.not_understood
    }
}

impl Extensions {
    /// Whether the signer's documents are of this type, as the MRZ begins. A signer
    /// that names no types signs all.
    pub fn allow_document(&self, kind: &str) -> bool {
        self.documents.as_ref().is_none_or(|types| types.iter().any(|it| it.trim_end_matches('<') == kind))
    }
}

impl Usage {
    /// The first octet after the count of unused bits, from the left: digital
    /// signature is bit 0, signing certificates bit 5.
    fn parse(bits: Tlv<'_>) -> Result<Self, Malformed> {
        match bits.value {
            [_, first, ..] => {
                Ok(Self { digital_signature: first & 0x80 != 0, certificates: first & 0x04 != 0 })
            }
            _ => Err(Malformed("a key usage is empty")),
        }
    }
}
