//! One certificate: what it says, and whether a key signed it. The bytes that were
//! signed are kept as they came and are never written anew.

use const_oid::ObjectIdentifier;
use der::{Decode, Encode, Tag, Tagged};
use jiff::civil::{Date, DateTime};
use sha2::{Digest as _, Sha256};
use x509_cert::{attr::AttributeTypeAndValue, name::Name, time::Time};

use crate::{
    algorithm::{self, BIT_STRING, SEQUENCE, Scheme},
    error::{Purpose, SignerFault},
    extensions::Extensions,
    public_key::PublicKey,
    tlv::Malformed,
};

/// A certificate.
pub(crate) struct Certificate {
    parsed: x509_cert::Certificate,
    signed: Vec<u8>,
    signature: Vec<u8>,
    scheme: Result<Scheme, SignerFault>,
    key: Result<PublicKey, SignerFault>,
    serial: String,
    fingerprint: String,
    extensions: Extensions,
    subject_name: FoldedName,
    issuer_name: FoldedName,
}

/// The parts of a name as they are compared.
pub(crate) type FoldedName = Vec<Vec<(ObjectIdentifier, String)>>;

impl Certificate {
    /// Reads one certificate in DER. A key or a scheme that we do not know is no
    /// error here: it is one where the certificate is used.
    pub fn parse(der: &[u8]) -> Result<Self, Malformed> {
        const BROKEN: Malformed = Malformed("a certificate breaks its format");
        let mut parts = algorithm::whole(der, SEQUENCE)?.inside();
        let signed = parts.take(SEQUENCE, "a certificate has no body")?;
        let scheme = parts.take(SEQUENCE, "a certificate does not say how it is signed")?;
        let signature = algorithm::bits(parts.take(BIT_STRING, "a certificate has no signature")?)?;
        parts.end()?;
        let parsed = x509_cert::Certificate::from_der(der).map_err(|_| BROKEN)?;
        if parsed.signature_algorithm() != parsed.tbs_certificate().signature() {
            return Err(Malformed("a certificate contradicts itself about how it is signed"));
        }
        let body = parsed.tbs_certificate();
        let key = body.subject_public_key_info().to_der().map_err(|_| BROKEN)?;
        Ok(Self {
            signed: signed.whole.to_vec(),
            signature: signature.to_vec(),
            scheme: Scheme::parse(scheme, None),
            key: PublicKey::parse(&key),
            serial: hex::encode(trimmed(body.serial_number().as_bytes())),
            fingerprint: Self::fingerprint_of(der),
            extensions: Extensions::parse(body)?,
            subject_name: folded(body.subject()),
            issuer_name: folded(body.issuer()),
            parsed,
        })
    }

    /// Whether the key of `issuer` signed this certificate.
    pub fn is_signed_by(&self, issuer: &Self) -> Result<bool, SignerFault> {
        let scheme = self.scheme.clone()?;
        Ok(issuer.key()?.made(&self.signature, scheme, &self.signed))
    }

    /// Whether its own key signed it. A name that is both issuer and subject does
    /// not say so: a third of the world's issuing certificates are links.
    pub fn is_signed_by_itself(&self) -> bool {
        self.has_issuer_named(self) && self.is_signed_by(self).unwrap_or(false)
    }

    /// How it is signed.
    pub fn scheme(&self) -> Result<Scheme, SignerFault> {
        self.scheme.clone()
    }

    pub fn key(&self) -> Result<&PublicKey, SignerFault> {
        self.key.as_ref().map_err(Clone::clone)
    }

    /// Whether both name the issuer's key, and name the same.
    pub fn names_key_of(&self, issuer: &Self) -> Option<bool> {
        Some(self.extensions.authority_key.as_ref()? == issuer.extensions.subject_key.as_ref()?)
    }

    pub fn has_issuer_named(&self, issuer: &Self) -> bool {
        self.issuer_name == issuer.subject_name
    }

    pub fn has_issuer(&self, name: &Name) -> bool {
        self.issuer_name == folded(name)
    }

    pub fn is_issued_by_name(&self, name: &FoldedName) -> bool {
        self.issuer_name == *name
    }

    pub fn is_named(&self, name: &FoldedName) -> bool {
        self.subject_name == *name
    }

    /// Whether both are for one key.
    pub fn has_key_of(&self, other: &Self) -> bool {
        let info = |it: &Self| it.parsed.tbs_certificate().subject_public_key_info().clone();
        info(self) == info(other)
    }

    pub fn has_key_identifier(&self, identifier: &[u8]) -> bool {
        self.extensions.subject_key.as_deref() == Some(identifier)
    }

    /// In hexadecimal digits, without leading zero octets.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The issuer's name, for people.
    pub fn issuer(&self) -> String {
        self.parsed.tbs_certificate().issuer().to_string()
    }

    /// Its own name, for people.
    pub fn subject(&self) -> String {
        self.parsed.tbs_certificate().subject().to_string()
    }

    /// What it may do.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The country of the subject in capitals.
    pub fn country(&self) -> Option<String> {
        country(self.parsed.tbs_certificate().subject())
    }

    /// SHA-256 of these bytes, in hexadecimal digits.
    pub fn fingerprint_of(bytes: &[u8]) -> String {
        hex::encode(Sha256::digest(bytes))
    }

    /// SHA-256 of the whole certificate.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// First and last day, in UTC.
    pub fn validity(&self) -> (Date, Date) {
        let validity = self.parsed.tbs_certificate().validity();
        (day(validity.not_before), day(validity.not_after))
    }

    /// Whether it signs documents whose MRZ begins like this.
    pub fn may_sign_document(&self, kind: &str) -> Result<(), SignerFault> {
        if self.extensions.allow_document(kind) {
            Ok(())
        } else {
            Err(SignerFault::WrongPurpose(Purpose::Documents))
        }
    }

    /// Whether it may do this.
    pub fn may_sign(&self, purpose: Purpose) -> Result<(), SignerFault> {
        if self.extensions.allow(purpose) { Ok(()) } else { Err(SignerFault::WrongPurpose(purpose)) }
    }
}

/// A certificate's time, in UTC.
pub(crate) fn moment(time: Time) -> DateTime {
    let time = time.to_date_time();
    let (hour, minute) = (time.hour() as i8, time.minutes() as i8);
    // A leap second counts as the one before it.
    let second = time.seconds().min(59) as i8;
    DateTime::new(time.year() as i16, time.month() as i8, time.day() as i8, hour, minute, second, 0)
        .expect("a certificate's time is one of the calendar")
}

/// Its day.
fn day(time: Time) -> Date {
    moment(time).date()
}

/// Without the zero octets that only keep a number from being negative.
pub(crate) fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    &number[zeros.min(number.len().saturating_sub(1))..]
}

/// Names are one when they have the same parts in the same order; kind of string,
/// capitals and spaces do not count (RFC 5280, 7.1, roughly).
pub(crate) fn folded(name: &Name) -> FoldedName {
    name.iter_rdn()
        .map(|part| part.iter().map(|attribute| (attribute.oid, text(attribute))).collect())
        .collect()
}

fn country(name: &Name) -> Option<String> {
    const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
    let attribute = name.iter().find(|attribute| attribute.oid == COUNTRY)?;
    Some(text(attribute).to_uppercase())
}

/// A name's text in small letters with single spaces.
fn text(attribute: &AttributeTypeAndValue) -> String {
    let bytes = attribute.value.value();
    let text = match attribute.value.tag() {
        Tag::BmpString => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pretend_state::{AUTHORITY, Holder, p256};

    fn der() -> Vec<u8> {
        Holder::root(p256(), &AUTHORITY()).certificate.to_der().unwrap()
    }

    #[test]
    fn a_certificate_that_contradicts_itself_about_its_signature_is_refused() {
        let mut certificate = der();
        // ecdsa-with-SHA256, of which the second one stands outside of what is signed.
        let name = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2];
        let at = certificate.windows(name.len()).rposition(|octets| octets == name).unwrap();
        certificate[at + 7] = 3;
        let problem = Certificate::parse(&certificate).err().expect("the certificate is refused");
        assert_eq!(problem.0, "a certificate contradicts itself about how it is signed");
    }

    #[test]
    fn a_cut_or_padded_certificate_is_refused_and_never_a_panic() {
        let whole = der();
        for length in 0..whole.len() {
            assert!(Certificate::parse(&whole[..length]).is_err(), "{length} bytes");
        }
        assert!(Certificate::parse(&[&whole[..], &[0]].concat()).is_err());
    }

    #[test]
    fn names_are_one_whatever_their_capitals_and_spaces() {
        let certificate = Certificate::parse(&der()).ok().unwrap();
        let named = |text: &str| certificate.has_issuer(&text.parse().unwrap());
        assert!(named("CN=TEST  csca ,C=vn"));
        assert!(!named("CN=Test CSCA 2,C=VN") && !named("CN=Test CSCA,C=UT") && !named("CN=Test CSCA"));
    }

    #[test]
    fn serial_numbers_are_compared_without_leading_zeros() {
        assert_eq!(trimmed(&[0, 0, 0x80, 0]), [0x80, 0]);
        assert_eq!(trimmed(&[0, 0]), [0]);
        assert_eq!(trimmed(&[]), [0_u8; 0]);
    }
}
