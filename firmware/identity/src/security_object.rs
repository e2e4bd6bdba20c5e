//! EF.SOD: the issuer's signature over the digests of all data groups (ICAO
//! 9303-10, 4.6.2; passive authentication, 9303-11, 5.1). Opening it checks the
//! signature with the certificate inside; whether to believe that certificate is
//! the chain's question.

use card::FileId;
use const_oid::ObjectIdentifier;
use jiff::civil::Date;

use crate::{
    algorithm::{self, Digest, INTEGER, OCTET_STRING, SEQUENCE, Scheme},
    certificate::Certificate,
    error::{IdentityError, SignerFault},
    evidence::FoundBy,
    signed_data::{SignedData, SignerName},
    tlv::{self, Malformed, Tlv},
};

const LDS_SECURITY_OBJECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.1");

/// A security object whose signature fits the certificate that it brings along.
pub(crate) struct SecurityObject {
    pub signer: Certificate,
    pub found_by: FoundBy,
    /// How it is signed, for the evidence.
    pub scheme: String,
    /// On which day it says that it was signed.
    pub signing_day: Option<Date>,
    pub list: DigestList,
}

/// LDSSecurityObject: the digest of every data group.
pub(crate) struct DigestList {
    /// 0 or 1.
    pub version: u8,
    pub digest: Digest,
    /// By number of the data group, in the issuer's order.
    digests: Vec<(u8, Vec<u8>)>,
}

impl SecurityObject {
    /// Reads EF.SOD and checks its signature.
    pub fn open(file: &[u8]) -> Result<Self, IdentityError> {
        let unreadable = IdentityError::unreadable;
        let sod = FileId::Sod;
        let whole = tlv::definite(file).map_err(unreadable(sod))?;
        let wrapper = tlv::only(&whole, 0x77, "EF.SOD does not begin with its tag");
        let envelope =
            wrapper.and_then(|wrapper| wrapper.inside().take(SEQUENCE, "EF.SOD holds no envelope"));
        let data = envelope.and_then(SignedData::parse).map_err(unreadable(sod))?;
        if data.content_type != LDS_SECURITY_OBJECT {
            return Err(unreadable(sod)(Malformed("the signed data are no LDS security object")));
        }
        let (signer, found_by) = signer(&data)?;
        let scheme = check_signature(&data, &signer)?;
        Ok(Self {
            signer,
            found_by,
            scheme: scheme.name(),
            signing_day: data.attributes.signing_day,
            list: DigestList::parse(data.content)?,
        })
    }
}

/// The certificate that the signer's name means. Some states' objects name none
/// that is there; where there is only one, its key decides.
fn signer(data: &SignedData<'_>) -> Result<(Certificate, FoundBy), IdentityError> {
    let parsed: Result<Vec<Certificate>, Malformed> =
        data.certificates.iter().map(|der| Certificate::parse(der)).collect();
    let mut certificates = parsed.map_err(IdentityError::unreadable(FileId::Sod))?;
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

/// Content type, digest of the content, signature over both (RFC 5652, 5.4 to 5.6).
fn check_signature(data: &SignedData<'_>, signer: &Certificate) -> Result<Scheme, IdentityError> {
    const ALTERED: IdentityError = IdentityError::Altered { file: FileId::Sod };
    let digest = Digest::parse(data.digest)?.strong()?;
    let scheme = Scheme::parse(data.scheme, Some(digest))?;
    scheme.digest().strong()?;
    let attributes = &data.attributes;
    if attributes.content_type != data.content_type || attributes.message_digest != digest.of(data.content) {
        return Err(ALTERED);
    }
    if !signer.key()?.made(data.signature, scheme, &attributes.signed) {
        return Err(ALTERED);
    }
    Ok(scheme)
}

impl DigestList {
    fn parse(content: &[u8]) -> Result<Self, IdentityError> {
        let read = || -> Result<_, Malformed> {
            let mut list = algorithm::whole(content, SEQUENCE)?.inside();
            let version = tlv::small_number(list.take(INTEGER, "the security object has no version")?)?;
            let version = u8::try_from(version).ok().filter(|version| *version <= 1);
            let version = version.ok_or(Malformed("the security object has an unknown version"))?;
            let digest = list.take(SEQUENCE, "the security object has no digest")?;
            let digests = list.take(SEQUENCE, "the security object has no list")?;
            Ok((version, digest, digests.inside().all()?))
        };
        let (version, digest, entries) = read().map_err(IdentityError::unreadable(FileId::Sod))?;
        let digest = Digest::parse(digest)?.strong()?;
        let digests: Result<Vec<_>, Malformed> = entries.into_iter().map(|it| entry(it, digest)).collect();
        let digests = digests.map_err(IdentityError::unreadable(FileId::Sod))?;
        let twice =
            |(at, (group, _)): (usize, &(u8, Vec<u8>))| digests[..at].iter().any(|(it, _)| it == group);
        if digests.iter().enumerate().any(twice) {
            let problem = Malformed("a data group stands twice in the security object");
            return Err(IdentityError::Unreadable { file: FileId::Sod, problem });
        }
        Ok(Self { version, digest, digests })
    }

    /// The data groups that the issuer signed, by number.
    pub fn groups(&self) -> Vec<u8> {
        self.digests.iter().map(|(group, _)| *group).collect()
    }

    /// Refuses a file that is not the one the issuer signed.
    pub fn check(&self, file: FileId, group: u8, bytes: &[u8]) -> Result<(), IdentityError> {
        match self.digests.iter().find(|(listed, _)| *listed == group) {
            None => Err(IdentityError::NotListed { file }),
            Some((_, signed)) if *signed == self.digest.of(bytes) => Ok(()),
            Some(_) => Err(IdentityError::Altered { file }),
        }
    }
}

/// DataGroupHash: number and digest.
fn entry(entry: Tlv<'_>, digest: Digest) -> Result<(u8, Vec<u8>), Malformed> {
    if entry.tag != SEQUENCE {
        return Err(Malformed("an entry of the security object is no sequence"));
    }
    let mut parts = entry.inside();
    let group = tlv::small_number(parts.take(INTEGER, "an entry of the security object has no number")?)?;
    let group = u8::try_from(group).ok().filter(|group| (1..=16).contains(group));
    let group = group.ok_or(Malformed("the security object lists a data group that does not exist"))?;
    let octets = parts.take(OCTET_STRING, "an entry of the security object has no digest")?.value;
    if octets.len() != digest.length() {
        return Err(Malformed("a digest in the security object has a wrong length"));
    }
    Ok((group, octets.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::object;

    const SHA256: [u8; 11] = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

    fn listed(group: u8, digest: &[u8]) -> Vec<u8> {
        object(SEQUENCE, &[object(INTEGER, &[group]), object(OCTET_STRING, digest)].concat())
    }

    fn content(version: u8, entries: &[Vec<u8>], after: &[u8]) -> Vec<u8> {
        let parts = [
            object(INTEGER, &[version]),
            object(SEQUENCE, &SHA256),
            object(SEQUENCE, &entries.concat()),
            after.to_vec(),
        ];
        object(SEQUENCE, &parts.concat())
    }

    fn problem(content: &[u8]) -> &'static str {
        match DigestList::parse(content) {
            Err(IdentityError::Unreadable { file: FileId::Sod, problem }) => problem.0,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("the list is accepted"),
        }
    }

    #[test]
    fn both_versions_are_read() {
        let entries = [listed(2, &[2; 32]), listed(1, &[1; 32])];
        let old = DigestList::parse(&content(0, &entries, &[])).ok().unwrap();
        assert_eq!((old.version, old.groups()), (0, vec![2, 1]));
        let versions = [object(0x13, b"0108"), object(0x13, b"040000")].concat();
        let new = DigestList::parse(&content(1, &entries, &object(SEQUENCE, &versions))).ok().unwrap();
        assert_eq!((new.version, new.groups()), (1, vec![2, 1]));
    }

    #[test]
    fn a_list_that_could_mean_two_things_is_refused() {
        let one = listed(1, &[1; 32]);
        let check = |version, entries: &[Vec<u8>], expected| {
            assert_eq!(problem(&content(version, entries, &[])), expected);
        };
        check(0, &[one.clone(), listed(1, &[2; 32])], "a data group stands twice in the security object");
        check(0, &[listed(17, &[1; 32])], "the security object lists a data group that does not exist");
        check(0, &[listed(0, &[1; 32])], "the security object lists a data group that does not exist");
        check(0, &[listed(1, &[1; 20])], "a digest in the security object has a wrong length");
        check(2, std::slice::from_ref(&one), "the security object has an unknown version");
        let mut longer = content(0, &[one], &[]);
        longer.push(0);
        assert_eq!(problem(&longer), "something follows where nothing may");
    }
}
