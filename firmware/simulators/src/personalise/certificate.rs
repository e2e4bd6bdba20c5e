//! Certificates of the test issuers as ICAO Doc 9303-12, 7.1 profiles them, written
//! in DER, because the library's builder knows no RSA-PSS.

use jiff::civil::Date;
use openssl::error::ErrorStack;
use rand_core::CryptoRng;

use super::signing::SigningPair;
use crate::der;

/// A state by the two and the three letters of ISO 3166-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// As in names.
    pub two: &'static str,
    /// As in machine readable zones.
    pub three: &'static str,
}

impl State {
    /// Viet Nam.
    pub const VIET_NAM: Self = Self { two: "VN", three: "VNM" };
    /// Utopia, the state of ICAO's specimens.
    pub const UTOPIA: Self = Self { two: "UT", three: "UTO" };
}

/// First and last day of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day, which ends as it begins: at midnight, UTC.
    pub to: Date,
}

/// What a certificate's key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateUse {
    /// Signs certificates and revocation lists: a CSCA, or the link to its successor.
    Country,
    /// Signs documents.
    Documents,
    /// Signs documents, says its certificate, but its key usage says certificates.
    DocumentsByMistake,
    /// Signs master lists (9303-12, 9).
    MasterLists,
}

/// Everything of a certificate but the signature.
pub(super) struct CertificateDraft<'a> {
    pub issuer: &'a [u8],
    pub subject: &'a [u8],
    pub state: State,
    pub key: &'a SigningPair,
    pub usage: CertificateUse,
    pub validity: Period,
    pub key_period: Period,
    /// The issuer's key identifier.
    pub authority: [u8; 20],
    /// Subject and issuer are one under two names.
    pub renamed: bool,
}

impl CertificateDraft<'_> {
    /// The certificate under the issuer's signature.
    pub(super) fn sign(&self, by: &SigningPair, chance: &mut dyn CryptoRng) -> Result<Vec<u8>, ErrorStack> {
        let mut serial = [0; 16];
        chance.fill_bytes(&mut serial);
        // Positive, and as long on every card.
        serial[0] = serial[0] & 0x7F | 0x40;
        let tbs = der::sequence(&[
            der::object(0xA0, &der::integer(2)),
            der::unsigned(&serial),
            by.algorithm(),
            self.issuer.to_vec(),
            der::sequence(&[moment(self.validity.from), moment(self.validity.to)]),
            self.subject.to_vec(),
            self.key.public_key()?,
            der::object(0xA3, &der::sequence(&self.extensions()?)),
        ]);
        signed(&tbs, by)
    }

    fn extensions(&self) -> Result<Vec<Vec<u8>>, ErrorStack> {
        let place = der::sequence(&[attribute("2.5.4.7", &der::printable(self.state.three))]);
        let names = der::sequence(&[der::object(0xA4, &place)]);
        let day = |date: Date| date.strftime("%Y%m%d000000Z").to_string();
        let mut extensions = vec![
            critical("2.5.29.15", &self.key_usage()),
            authority_key(&self.authority),
            extension("2.5.29.14", &der::octets(&self.key.key_identifier()?)),
            extension(
                "2.5.29.16",
                &der::sequence(&[
                    der::object(0x80, day(self.key_period.from).as_bytes()),
                    der::object(0x81, day(self.key_period.to).as_bytes()),
                ]),
            ),
            extension("2.5.29.17", &names),
            extension("2.5.29.18", &names),
        ];
        match self.usage {
            CertificateUse::Country => {
                let authority = der::sequence(&[der::object(0x01, &[0xFF]), der::integer(0)]);
                extensions.push(critical("2.5.29.19", &authority));
            }
            CertificateUse::Documents | CertificateUse::DocumentsByMistake => {
                // documentTypeList (7.1.1.6): what the zone may begin with.
                let kinds = ["I", "ID", "P"].map(der::printable).to_vec();
                let types = der::sequence(&[der::integer(0), der::sorted_set(kinds)]);
                extensions.push(extension("2.23.136.1.1.6.2", &types));
            }
            CertificateUse::MasterLists => {
                let purpose = der::sequence(&[der::oid("2.23.136.1.1.3")]);
                extensions.push(critical("2.5.29.37", &purpose));
            }
        }
        if self.renamed {
            extensions.push(extension("2.23.136.1.1.6.1", &der::object(0x05, &[])));
        }
        Ok(extensions)
    }

    fn key_usage(&self) -> Vec<u8> {
        match self.usage {
            // keyCertSign and cRLSign.
            CertificateUse::Country | CertificateUse::DocumentsByMistake => der::object(0x03, &[1, 0x06]),
            // digitalSignature.
            CertificateUse::Documents | CertificateUse::MasterLists => der::object(0x03, &[7, 0x80]),
        }
    }
}

/// What a signature stands under: the bytes, the algorithm, the signature itself.
pub(super) fn signed(tbs: &[u8], by: &SigningPair) -> Result<Vec<u8>, ErrorStack> {
    Ok(der::sequence(&[tbs.to_vec(), by.algorithm(), der::bits(&by.sign(tbs)?)]))
}

/// The name of a test issuer, which says that it is one.
pub(super) fn distinguished_name(state: State, common: &str) -> Vec<u8> {
    der::sequence(&[
        attribute("2.5.4.6", &der::printable(state.two)),
        attribute("2.5.4.10", &der::utf8("TEST, issued by no authority")),
        attribute("2.5.4.3", &der::utf8(common)),
    ])
}

/// A day in certificates and lists: UTCTime up to 2049 (RFC 5280, 4.1.2.5).
pub(super) fn moment(day: Date) -> Vec<u8> {
    if day.year() < 2050 {
        der::object(0x17, day.strftime("%y%m%d000000Z").to_string().as_bytes())
    } else {
        der::object(0x18, day.strftime("%Y%m%d000000Z").to_string().as_bytes())
    }
}

/// The extension that names the issuer's key.
pub(super) fn authority_key(identifier: &[u8]) -> Vec<u8> {
    extension("2.5.29.35", &der::sequence(&[der::object(0x80, identifier)]))
}

pub(super) fn extension(oid: &str, value: &[u8]) -> Vec<u8> {
    der::sequence(&[der::oid(oid), der::octets(value)])
}

fn critical(oid: &str, value: &[u8]) -> Vec<u8> {
    der::sequence(&[der::oid(oid), der::object(0x01, &[0xFF]), der::octets(value)])
}

fn attribute(oid: &str, value: &[u8]) -> Vec<u8> {
    der::set(&[der::sequence(&[der::oid(oid), value.to_vec()])])
}
