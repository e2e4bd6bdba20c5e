//! Digests and signature schemes by their object identifiers (ICAO 9303-12, 4.1.6;
//! RFC 4055, RFC 5480, RFC 5758). What is not in these tables is not accepted.

use const_oid::ObjectIdentifier;
use openssl::hash::{MessageDigest, hash};

use crate::{
    error::SignerFault,
    policy::Sha1,
    tlv::{self, Malformed, Tlv, Walk},
};

pub(crate) const SEQUENCE: u32 = 0x30;
pub(crate) const SET: u32 = 0x31;
pub(crate) const INTEGER: u32 = 0x02;
pub(crate) const BIT_STRING: u32 = 0x03;
pub(crate) const OCTET_STRING: u32 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u32 = 0x06;

const SHA1: ObjectIdentifier = oid("1.3.14.3.2.26");
const SHA224: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.4");
const SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");

const RSA_ENCRYPTION: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");

/// Schemes whose identifier names the digest too.
const COMBINED: [(ObjectIdentifier, Scheme); 10] = [
    (oid("1.2.840.10045.4.1"), Scheme::Ecdsa(Digest::Sha1)),
    (oid("1.2.840.10045.4.3.1"), Scheme::Ecdsa(Digest::Sha224)),
    (oid("1.2.840.10045.4.3.2"), Scheme::Ecdsa(Digest::Sha256)),
    (oid("1.2.840.10045.4.3.3"), Scheme::Ecdsa(Digest::Sha384)),
    (oid("1.2.840.10045.4.3.4"), Scheme::Ecdsa(Digest::Sha512)),
    (oid("1.2.840.113549.1.1.5"), Scheme::RsaPkcs1(Digest::Sha1)),
    (oid("1.2.840.113549.1.1.14"), Scheme::RsaPkcs1(Digest::Sha224)),
    (oid("1.2.840.113549.1.1.11"), Scheme::RsaPkcs1(Digest::Sha256)),
    (oid("1.2.840.113549.1.1.12"), Scheme::RsaPkcs1(Digest::Sha384)),
    (oid("1.2.840.113549.1.1.13"), Scheme::RsaPkcs1(Digest::Sha512)),
];

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// A digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    /// From an AlgorithmIdentifier. Its parameters are NULL or absent, and ignored.
    pub fn parse(identifier: Tlv<'_>) -> Result<Self, SignerFault> {
        let (name, _) = parts(identifier).map_err(|_| malformed())?;
        match name {
            SHA1 => Ok(Self::Sha1),
            SHA224 => Ok(Self::Sha224),
            SHA256 => Ok(Self::Sha256),
            SHA384 => Ok(Self::Sha384),
            SHA512 => Ok(Self::Sha512),
            other => Err(SignerFault::UnknownAlgorithm(other.to_string())),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    pub fn openssl(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha224 => MessageDigest::sha224(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }

    /// How many octets it has.
    pub fn length(self) -> usize {
        self.openssl().size()
    }

    /// The digest of these bytes.
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        hash(self.openssl(), bytes).expect("the crypto library has every digest of the table").to_vec()
    }

    /// Refuses SHA-1, with which two files can be made that have one digest, unless
    /// the operator accepts it.
    pub fn allowed(self, sha1: Sha1) -> Result<Self, SignerFault> {
        match (self, sha1) {
            (Self::Sha1, Sha1::Refused) => Err(SignerFault::Weak("SHA-1")),
            (digest, _) => Ok(digest),
        }
    }
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Ecdsa(Digest),
    RsaPkcs1(Digest),
    RsaPss { digest: Digest, mask: Digest, salt: u16 },
}

impl Scheme {
    /// From the AlgorithmIdentifier of a signature. In a CMS signature the bare
    /// `rsaEncryption` takes the digest that stands beside it.
    pub fn parse(identifier: Tlv<'_>, beside: Option<Digest>) -> Result<Self, SignerFault> {
        let (name, parameters) = parts(identifier).map_err(|_| malformed())?;
        if let Some((_, scheme)) = COMBINED.iter().find(|(known, _)| *known == name) {
            return Ok(*scheme);
        }
        match (name, beside, parameters) {
            (RSA_ENCRYPTION, Some(digest), _) => Ok(Self::RsaPkcs1(digest)),
            (RSASSA_PSS, _, Some(parameters)) => pss(parameters),
            // Everything at its default (RFC 4055, 3.1).
            (RSASSA_PSS, _, None) => Ok(Self::RsaPss { digest: Digest::Sha1, mask: Digest::Sha1, salt: 20 }),
            (other, ..) => Err(SignerFault::UnknownAlgorithm(other.to_string())),
        }
    }

    /// The digest over the signed bytes.
    pub fn digest(self) -> Digest {
        match self {
            Self::Ecdsa(digest) | Self::RsaPkcs1(digest) | Self::RsaPss { digest, .. } => digest,
        }
    }

    /// For the evidence, such as `ecdsa-sha256`.
    pub fn name(self) -> String {
        let kind = match self {
            Self::Ecdsa(_) => "ecdsa",
            Self::RsaPkcs1(_) => "rsa-pkcs1",
            Self::RsaPss { .. } => "rsa-pss",
        };
        format!("{kind}-{}", self.digest().name())
    }
}

/// RSASSA-PSS-params (RFC 4055, 3.1): everything has a default, which is SHA-1 and
/// a salt of 20 octets.
fn pss(parameters: Tlv<'_>) -> Result<Scheme, SignerFault> {
    let read = || -> Result<_, Malformed> {
        if parameters.tag != SEQUENCE {
            return Err(Malformed("the parameters of RSA-PSS are no sequence"));
        }
        let mut list = parameters.inside();
        let digest = list.take_if(0xA0)?.map(|part| one(part, SEQUENCE)).transpose()?;
        let mask = list.take_if(0xA1)?.map(|part| one(part, SEQUENCE)).transpose()?;
        let salt = list.take_if(0xA2)?.map(|part| tlv::small_number(one(part, INTEGER)?)).transpose()?;
        let trailer = list.take_if(0xA3)?.map(|part| tlv::small_number(one(part, INTEGER)?)).transpose()?;
        list.end()?;
        if trailer.is_some_and(|number| number != 1) {
            return Err(Malformed("an RSA-PSS trailer is not the one that exists"));
        }
        Ok((digest, mask, salt))
    };
    let (digest, mask, salt) = read().map_err(|_| malformed())?;
    let digest = digest.map_or(Ok(Digest::Sha1), Digest::parse)?;
    let mask = match mask {
        None => Digest::Sha1,
        Some(identifier) => match parts(identifier) {
            Ok((MGF1, Some(digest))) => Digest::parse(digest)?,
            Ok((other, _)) => return Err(SignerFault::UnknownAlgorithm(other.to_string())),
            Err(_) => return Err(malformed()),
        },
    };
    let salt = salt.unwrap_or(20);
    // No salt is longer than the largest key that we accept.
    let salt = u16::try_from(salt).ok().filter(|salt| *salt <= 1024).ok_or_else(malformed)?;
    Ok(Scheme::RsaPss { digest, mask, salt })
}

fn one(part: Tlv<'_>, tag: u32) -> Result<Tlv<'_>, Malformed> {
    let mut inside = part.inside();
    let object = inside.take(tag, "a parameter of RSA-PSS is not what it must be")?;
    inside.end()?;
    Ok(object)
}

/// Name and parameters of an AlgorithmIdentifier.
pub(crate) fn parts(identifier: Tlv<'_>) -> Result<(ObjectIdentifier, Option<Tlv<'_>>), Malformed> {
    if identifier.tag != SEQUENCE {
        return Err(Malformed("an algorithm identifier is no sequence"));
    }
    let mut list = identifier.inside();
    let name = object_identifier(list.take(OBJECT_IDENTIFIER, "an algorithm has no name")?)?;
    let parameters = list.step()?;
    list.end()?;
    Ok((name, parameters))
}

/// An OBJECT IDENTIFIER.
pub(crate) fn object_identifier(object: Tlv<'_>) -> Result<ObjectIdentifier, Malformed> {
    if object.tag != OBJECT_IDENTIFIER {
        return Err(Malformed("an object identifier is none"));
    }
    ObjectIdentifier::from_bytes(object.value).map_err(|_| Malformed("an object identifier is none"))
}

/// The bits of a BIT STRING that is whole octets.
pub(crate) fn bits(object: Tlv<'_>) -> Result<&[u8], Malformed> {
    match (object.tag, object.value) {
        (BIT_STRING, [0, bits @ ..]) => Ok(bits),
        _ => Err(Malformed("a bit string is not whole octets")),
    }
}

/// The one object in these bytes, which nothing follows.
pub(crate) fn whole(bytes: &[u8], tag: u32) -> Result<Tlv<'_>, Malformed> {
    let mut walk = Walk::new(bytes);
    let object = walk.take(tag, "an object has another tag than it must")?;
    walk.end()?;
    Ok(object)
}

fn malformed() -> SignerFault {
    SignerFault::UnknownAlgorithm("malformed".to_owned())
}
