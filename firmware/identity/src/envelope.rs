//! A CMS envelope whose signature fits the certificate that it brings along (RFC
//! 5652, 5.4 to 5.6): what EF.SOD (ICAO 9303-10, 4.6.2), EF.CardSecurity (9303-11,
//! 9.2) and a master list (9303-12, 9) have in common. Whether to believe that
//! certificate is the chain's question.

use const_oid::ObjectIdentifier;
use jiff::civil::DateTime;

use crate::{
    algorithm::{Digest, Scheme},
    certificate::Certificate,
    error::SignerFault,
    evidence::FoundBy,
    policy::Sha1,
    signed_data::{SignedData, SignerName},
    tlv::{Malformed, Tlv},
};

/// A signed content and its signer.
pub(crate) struct Envelope<'a> {
    pub content: &'a [u8],
    pub signer: Certificate,
    pub found_by: FoundBy,
    /// The digest over the content.
    pub digest: Digest,
    /// How it is signed.
    pub scheme: Scheme,
    /// When it says that it was signed.
    pub signed_at: Option<DateTime>,
}

/// Why an envelope cannot be opened.
#[derive(Debug)]
pub(crate) enum EnvelopeFault {
    Malformed(Malformed),
    Signer(SignerFault),
    /// Content and signature do not fit each other.
    Altered,
}

impl<'a> Envelope<'a> {
    /// Opens a ContentInfo in definite form, whose content must be of this type.
    pub fn open(
        content_info: Tlv<'a>,
        content_type: ObjectIdentifier,
        sha1: Sha1,
    ) -> Result<Self, EnvelopeFault> {
        let data = SignedData::parse(content_info)?;
        if data.content_type != content_type {
            return Err(Malformed("the signed data are not of the type that they must be").into());
        }
        let (signer, found_by) = signer(&data)?;
        let digest = Digest::parse(data.digest)?.allowed(sha1)?;
        let scheme = Scheme::parse(data.scheme, Some(digest))?;
        scheme.digest().allowed(sha1)?;
        let attributes = &data.attributes;
        let fits = attributes.content_type == data.content_type
            && attributes.message_digest == digest.of(data.content);
        if !fits || !signer.key()?.made(data.signature, scheme, &attributes.signed) {
            return Err(EnvelopeFault::Altered);
        }
        let signed_at = attributes.signed_at;
        Ok(Self { content: data.content, signer, found_by, digest, scheme, signed_at })
    }
}

/// The certificate that the signer's name means. Some states' objects name none
/// that is there; where there is only one, its key decides.
fn signer(data: &SignedData<'_>) -> Result<(Certificate, FoundBy), EnvelopeFault> {
    let parsed: Result<Vec<Certificate>, Malformed> =
        data.certificates.iter().map(|der| Certificate::parse(der)).collect();
    let mut certificates = parsed?;
    let (named, found_by) = match &data.signer {
        SignerName::IssuerAndSerial { issuer, serial } => (
            certificates.iter().position(|it| it.serial() == serial && it.has_issuer(issuer)),
            FoundBy::IssuerAndSerial,
        ),
        SignerName::KeyIdentifier(identifier) => {
            (certificates.iter().position(|it| it.has_key_identifier(identifier)), FoundBy::KeyIdentifier)
        }
    };
    match named {
        Some(at) => Ok((certificates.swap_remove(at), found_by)),
        None if certificates.len() == 1 => Ok((certificates.remove(0), FoundBy::OnlyCertificate)),
        None => Err(SignerFault::CertificateMissing.into()),
    }
}

impl From<Malformed> for EnvelopeFault {
    fn from(problem: Malformed) -> Self {
        Self::Malformed(problem)
    }
}

impl From<SignerFault> for EnvelopeFault {
    fn from(reason: SignerFault) -> Self {
        Self::Signer(reason)
    }
}
