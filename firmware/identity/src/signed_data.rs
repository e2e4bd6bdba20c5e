//! A CMS envelope taken apart: what was signed, by whom, and how (RFC 5652, 5; ICAO
//! 9303-10, 4.6.2.2). Not judged; that is `envelope`. The signed
//! attributes keep their bytes and their order, for that is what was signed.

use const_oid::ObjectIdentifier;
use jiff::civil::DateTime;
use x509_cert::{der::Decode, name::Name, time::Time};

use crate::{
    algorithm::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, object_identifier},
    certificate::{moment, trimmed},
    tlv::{Malformed, Tlv, Walk},
};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
/// `[0]` and `[1]`, constructed.
const FIRST: u32 = 0xA0;
const SECOND: u32 = 0xA1;
/// `[0]`, primitive.
const KEY_IDENTIFIER: u32 = 0x80;

/// SignedData with exactly one signer, as 9303-10 recommends and states do.
pub(crate) struct SignedData<'a> {
    /// What the content claims to be.
    pub content_type: ObjectIdentifier,
    /// The content.
    pub content: &'a [u8],
    /// The certificates beside it, in DER.
    pub certificates: Vec<&'a [u8]>,
    /// How the signer is named.
    pub signer: SignerName<'a>,
    /// The digest over the content.
    pub digest: Tlv<'a>,
    /// What the signature is over.
    pub attributes: Attributes<'a>,
    /// How the signature is made.
    pub scheme: Tlv<'a>,
    /// The signature.
    pub signature: &'a [u8],
}

/// How the security object names its signer.
pub(crate) enum SignerName<'a> {
    IssuerAndSerial { issuer: Box<Name>, serial: String },
    KeyIdentifier(&'a [u8]),
}

/// The signed attributes (RFC 5652, 11).
pub(crate) struct Attributes<'a> {
    /// As they were signed: a SET.
    pub signed: Vec<u8>,
    pub content_type: ObjectIdentifier,
    pub message_digest: &'a [u8],
    /// When the signer says that it signed, in UTC.
    pub signed_at: Option<DateTime>,
}

impl<'a> SignedData<'a> {
    /// Takes a ContentInfo in definite form apart.
    pub fn parse(content_info: Tlv<'a>) -> Result<Self, Malformed> {
        let mut outer = content_info.inside();
        let kind = outer.take(OBJECT_IDENTIFIER, "the envelope has no type")?;
        if object_identifier(kind)? != SIGNED_DATA {
            return Err(Malformed("the envelope is not of signed data"));
        }
        let mut list = outer
            .take(FIRST, "the envelope is empty")?
            .inside()
            .take(SEQUENCE, "the signed data are no sequence")?
            .inside();
        list.take(INTEGER, "the signed data have no version")?;
        list.take(SET, "the signed data have no digests")?;
        let mut content = list.take(SEQUENCE, "the signed data have no content")?.inside();
        let content_type = object_identifier(content.take(OBJECT_IDENTIFIER, "the content has no type")?)?;
        let content = content.take(FIRST, "the content is not there")?.inside();
        let content = content.clone().take(OCTET_STRING, "the content is no octet string")?.value;
        let certificates = match list.take_if(FIRST)? {
            None => Vec::new(),
            Some(set) => certificates(set)?,
        };
        list.take_if(SECOND)?;
        let mut signers = list.take(SET, "the signed data have no signers")?.inside();
        let info = signers.take(SEQUENCE, "the signed data have no signer")?;
        signers.end().map_err(|_| Malformed("the signed data have more than one signer"))?;
        Self::signer(info.inside(), content_type, content, certificates)
    }

    /// SignerInfo (RFC 5652, 5.3).
    fn signer(
        mut info: Walk<'a>,
        content_type: ObjectIdentifier,
        content: &'a [u8],
        certificates: Vec<&'a [u8]>,
    ) -> Result<Self, Malformed> {
        info.take(INTEGER, "the signer has no version")?;
        let name = info.step()?.ok_or(Malformed("the signer has no name"))?;
        let signer = SignerName::parse(name)?;
        let digest = info.take(SEQUENCE, "the signer has no digest")?;
        // Without them a content could be passed off as attributes of another one.
        let attributes = info.take(FIRST, "the signer signed no attributes")?;
        let scheme = info.take(SEQUENCE, "the signer does not say how it signed")?;
        let signature = info.take(OCTET_STRING, "there is no signature")?.value;
        let attributes = Attributes::parse(attributes)?;
        Ok(Self { content_type, content, certificates, signer, digest, attributes, scheme, signature })
    }
}

/// Certificates proper; attribute certificates and other kinds are left out.
fn certificates(set: Tlv<'_>) -> Result<Vec<&[u8]>, Malformed> {
    let all = set.inside().all()?;
    Ok(all.into_iter().filter(|object| object.tag == SEQUENCE).map(|object| object.whole).collect())
}

impl<'a> SignerName<'a> {
    fn parse(name: Tlv<'a>) -> Result<Self, Malformed> {
        match name.tag {
            KEY_IDENTIFIER => Ok(Self::KeyIdentifier(name.value)),
            SEQUENCE => {
                let mut parts = name.inside();
                let issuer = parts.take(SEQUENCE, "the signer's issuer has no name")?;
                let issuer = Name::from_der(issuer.whole)
                    .map_err(|_| Malformed("the name of the signer's issuer is none"))?;
                let serial = parts.take(INTEGER, "the signer has no serial number")?.value;
                Ok(Self::IssuerAndSerial { issuer: Box::new(issuer), serial: hex::encode(trimmed(serial)) })
            }
            _ => Err(Malformed("the signer is named in an unknown way")),
        }
    }
}

impl<'a> Attributes<'a> {
    fn parse(set: Tlv<'a>) -> Result<Self, Malformed> {
        let mut content_type = None;
        let mut message_digest = None;
        let mut signed_at = None;
        for attribute in set.inside().all()? {
            let mut parts = attribute.inside();
            let name = object_identifier(parts.take(OBJECT_IDENTIFIER, "an attribute has no name")?)?;
            let mut values = parts.take(SET, "an attribute has no values")?.inside();
            let value = values.step()?.ok_or(Malformed("an attribute has no value"))?;
            let twice = match name {
                CONTENT_TYPE => content_type.replace(object_identifier(value)?).is_some(),
                MESSAGE_DIGEST => message_digest.replace(octets(value)?).is_some(),
                SIGNING_TIME => signed_at.replace(time(value)?).is_some(),
                _ => continue,
            };
            if twice || values.end().is_err() {
                return Err(Malformed("an attribute stands twice"));
            }
        }
        // The tag is `[0]` on the chip and SET in what was signed (RFC 5652, 5.4).
        let mut signed = set.whole.to_vec();
        signed[0] = SET as u8;
        Ok(Self {
            signed,
            content_type: content_type.ok_or(Malformed("no attribute says what the content is"))?,
            message_digest: message_digest.ok_or(Malformed("no attribute has the content's digest"))?,
            signed_at,
        })
    }
}

fn octets(value: Tlv<'_>) -> Result<&[u8], Malformed> {
    if value.tag == OCTET_STRING { Ok(value.value) } else { Err(Malformed("a digest is no octet string")) }
}

fn time(value: Tlv<'_>) -> Result<DateTime, Malformed> {
    Time::from_der(value.whole).map(moment).map_err(|_| Malformed("the time of signing is no time"))
}
