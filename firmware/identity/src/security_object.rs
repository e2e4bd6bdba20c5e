//! EF.SOD: the issuer's signature over the digests of all data groups (ICAO
//! 9303-10, 4.6.2; passive authentication, 9303-11, 5.1). Opening it checks the
//! signature with the certificate inside; whether to believe that certificate is
//! the chain's question.

use card::FileId;
use const_oid::ObjectIdentifier;
use jiff::civil::{Date, DateTime};

use crate::{
    algorithm::{self, Digest, INTEGER, OCTET_STRING, SEQUENCE, Scheme},
    certificate::Certificate,
    envelope::{Envelope, EnvelopeFault},
    error::IdentityError,
    evidence::FoundBy,
    policy::Sha1,
    tlv::{self, Malformed, Tlv},
};

const LDS_SECURITY_OBJECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.1");

/// A security object whose signature fits the certificate that it brings along.
pub(crate) struct SecurityObject {
    pub signer: Certificate,
    pub found_by: FoundBy,
    /// The digest over the list.
    pub digest: Digest,
    /// How it is signed.
    pub scheme: Scheme,
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
    pub fn open(file: &[u8], sha1: Sha1) -> Result<Self, IdentityError> {
        let sod = FileId::Sod;
        let unreadable = IdentityError::unreadable;
        let whole = tlv::definite(file).map_err(unreadable(sod))?;
        let wrapper = tlv::only(&whole, 0x77, "EF.SOD does not begin with its tag");
        let envelope =
            wrapper.and_then(|wrapper| wrapper.inside().take(SEQUENCE, "EF.SOD holds no envelope"));
        let envelope = Envelope::open(envelope.map_err(unreadable(sod))?, LDS_SECURITY_OBJECT, sha1);
        let envelope = envelope.map_err(|fault| match fault {
            EnvelopeFault::Malformed(problem) => unreadable(sod)(problem),
            EnvelopeFault::Signer(reason) => reason.into(),
            EnvelopeFault::Altered => IdentityError::Altered { file: sod },
        })?;
        Ok(Self {
            list: DigestList::parse(envelope.content, sha1)?,
            signer: envelope.signer,
            found_by: envelope.found_by,
            digest: envelope.digest,
            scheme: envelope.scheme,
            signing_day: envelope.signed_at.map(DateTime::date),
        })
    }
}

impl DigestList {
    fn parse(content: &[u8], sha1: Sha1) -> Result<Self, IdentityError> {
        let content = tlv::definite_whole(content).map_err(IdentityError::unreadable(FileId::Sod))?;
        let read = || -> Result<_, Malformed> {
            let mut list = algorithm::whole(&content, SEQUENCE)?.inside();
            let version = tlv::small_number(list.take(INTEGER, "the security object has no version")?)?;
            let version = u8::try_from(version).ok().filter(|version| *version <= 1);
            let version = version.ok_or(Malformed("the security object has an unknown version"))?;
            let digest = list.take(SEQUENCE, "the security object has no digest")?;
            let digests = list.take(SEQUENCE, "the security object has no list")?;
            Ok((version, digest, digests.inside().all()?))
        };
        let (version, digest, entries) = read().map_err(IdentityError::unreadable(FileId::Sod))?;
        let digest = Digest::parse(digest)?.allowed(sha1)?;
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
        match DigestList::parse(content, Sha1::Refused) {
            Err(IdentityError::Unreadable { file: FileId::Sod, problem }) => problem.0,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("the list is accepted"),
        }
    }

    #[test]
    fn both_versions_are_read() {
        let entries = [listed(2, &[2; 32]), listed(1, &[1; 32])];
        let old = DigestList::parse(&content(0, &entries, &[]), Sha1::Refused).ok().unwrap();
        assert_eq!((old.version, old.groups()), (0, vec![2, 1]));
        let versions = [object(0x13, b"0108"), object(0x13, b"040000")].concat();
        let new = DigestList::parse(&content(1, &entries, &object(SEQUENCE, &versions)), Sha1::Refused)
            .ok()
            .unwrap();
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
