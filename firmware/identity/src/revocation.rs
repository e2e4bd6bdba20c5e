//! Revocation lists (ICAO 9303-12, 7.1.4; RFC 5280, 5): which document signers and
//! issuing certificates a state has called back. A list exists only if a trusted
//! issuing key of its state signed it. After a roll-over the state signs one list
//! with its newest key for all of them, so a list speaks of every key that links
//! lead back to from its own.

use std::collections::BTreeMap;

use const_oid::ObjectIdentifier;
use jiff::civil::{Date, DateTime};
use x509_cert::{der::Decode, name::Name, time::Time};

use crate::{
    algorithm::{
        self, BIT_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Scheme, object_identifier,
    },
    certificate::{Certificate, FoldedName, folded, moment, trimmed},
    chain::Chain,
    error::{Purpose, SignerFault},
    evidence::Revocation,
    policy::Policy,
    profile::Holder,
    tlv::{self, Malformed, Tlv, Walk},
    trust::{Entry, TrustList},
};

const AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const LIST_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
const UTC_TIME: u32 = 0x17;
const GENERALIZED_TIME: u32 = 0x18;
const BOOLEAN: u32 = 0x01;
/// `[0]`, constructed and primitive.
const EXTENSIONS: u32 = 0xA0;
const KEY_IDENTIFIER: u32 = 0x80;

/// No list is longer.
const LONGEST: usize = 16 << 20;

/// A revocation list that a trusted issuing key signed (ICAO 9303-12, 7.1.4; RFC 5280, 5).
pub struct RevocationList {
    issuer: String,
    issuer_name: FoldedName,
    this_update: DateTime,
    next_update: DateTime,
    /// The day of revocation by serial number.
    revoked: BTreeMap<String, Date>,
    /// SHA-256 of the certificate whose key signed it.
    signer: String,
}

/// Why a revocation list is not believed (ICAO 9303-12, 6.1.2 and 7.1.4).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationListFault {
    /// It is longer than any list is.
    #[error("the file is longer than any revocation list")]
    TooLong,
    /// It breaks its format.
    #[error("the revocation list breaks its format")]
    Malformed(#[source] Malformed),
    /// No trusted certificate is its issuer's.
    #[error("the issuer of the revocation list is not trusted: {issuer}")]
    UnknownIssuer {
        /// Its name, as the list says.
        issuer: String,
    },
    /// A trusted issuer is named, and something is not in order.
    #[error("the signer of the revocation list is not valid")]
    SignerNotValid(#[source] SignerFault),
    /// It says that it was signed on a day that has not come.
    #[error("the revocation list is of {on}, which has not come")]
    FromTheFuture {
        /// That day.
        on: Date,
    },
    /// A newer list of the same issuer is there already.
    #[error("a list of {present} is there already, this one is of {offered}")]
    Older {
        /// When the present one was signed.
        present: DateTime,
        /// When this one was.
        offered: DateTime,
    },
}

/// The parts of a list, not yet believed.
struct Parts<'a> {
    signed: &'a [u8],
    scheme: Result<Scheme, SignerFault>,
    signature: &'a [u8],
    issuer: Name,
    authority_key: Option<Vec<u8>>,
    this_update: DateTime,
    next_update: DateTime,
    revoked: BTreeMap<String, Date>,
}

impl RevocationList {
    /// Reads a list in DER and verifies it with the issuing keys of `trust`.
    pub fn open(
        file: &[u8],
        trust: &TrustList,
        policy: &Policy,
        today: Date,
    ) -> Result<Self, RevocationListFault> {
        if file.len() > LONGEST {
            return Err(RevocationListFault::TooLong);
        }
        let whole = tlv::definite_whole(file)?;
        let parts = Parts::parse(&whole)?;
        if parts.this_update.date() > today {
            return Err(RevocationListFault::FromTheFuture { on: parts.this_update.date() });
        }
        let scheme = parts.scheme.clone()?;
        scheme.digest().allowed(policy.sha1.on(today))?;
        let signer = &parts.signer(trust, scheme)?.certificate;
        signer.may_sign(Purpose::RevocationLists)?;
        let (from, until) = signer.validity();
        let signed = parts.this_update.date();
        if signed < from || signed > until {
            return Err(SignerFault::IssuerOutsideValidity { from, until, signed }.into());
        }
        Ok(Self {
            issuer: parts.issuer.to_string(),
            issuer_name: folded(&parts.issuer),
            this_update: parts.this_update,
            next_update: parts.next_update,
            revoked: parts.revoked,
            signer: signer.fingerprint().to_owned(),
        })
    }

    /// The issuer's name.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// When it was signed, and until when the next one is due, in UTC.
    pub fn updates(&self) -> (DateTime, DateTime) {
        (self.this_update, self.next_update)
    }

    /// How many certificates it calls back.
    pub fn count(&self) -> usize {
        self.revoked.len()
    }

    /// Whether it would name this certificate, were it called back: its issuer is
    /// the list's, or holds a key from which links lead to the one that signed the
    /// list.
    fn speaks_of(&self, certificate: &Certificate, trust: &TrustList) -> bool {
        if certificate.is_issued_by_name(&self.issuer_name) {
            return true;
        }
        let signer = trust.entries().iter().find(|entry| entry.certificate.fingerprint() == self.signer);
        signer.is_some_and(|signer| {
            let keys = trust.predecessors(signer);
            keys.iter().any(|entry| certificate.is_signed_by(&entry.certificate).unwrap_or(false))
        })
    }

    fn is_current(&self, today: Date) -> bool {
        today <= self.next_update.date()
    }
}

/// The lists that are there, one for each issuer (ICAO 9303-12, 6.1.2).
#[derive(Default)]
pub struct RevocationLists {
    lists: Vec<RevocationList>,
}

impl RevocationLists {
    /// No list of anybody's.
    pub fn none() -> &'static Self {
        static NONE: RevocationLists = RevocationLists { lists: Vec::new() };
        &NONE
    }

    /// Puts a list in, in the place of an older one of its issuer.
    pub fn add(&mut self, list: RevocationList) -> Result<(), RevocationListFault> {
        if let Some(present) = self.lists.iter_mut().find(|it| it.issuer_name == list.issuer_name) {
            if list.this_update < present.this_update {
                let (present, offered) = (present.this_update, list.this_update);
                return Err(RevocationListFault::Older { present, offered });
            }
            *present = list;
        } else {
            self.lists.push(list);
        }
        Ok(())
    }

    /// How many lists there are.
    pub fn count(&self) -> usize {
        self.lists.len()
    }

    /// The day on which a certificate was called back, if any list that speaks of
    /// it says so. An old list is enough for that: what is called back stays so.
    fn revoked(&self, certificate: &Certificate, trust: &TrustList) -> Option<Date> {
        let speaking = self.lists.iter().filter(|list| list.speaks_of(certificate, trust));
        speaking.filter_map(|list| list.revoked.get(certificate.serial())).min().copied()
    }

    /// Whoever on the way up was called back, the lowest first, and when.
    pub(crate) fn revoked_among(&self, chain: &Chain<'_>, trust: &TrustList) -> Option<(Holder, Date)> {
        chain.certificates().enumerate().find_map(|(step, certificate)| {
            let whose = if step == 0 { Holder::Signer } else { Holder::Issuer(step as u8) };
            Some((whose, self.revoked(certificate, trust)?))
        })
    }

    /// How far the lists can speak of a certificate that none of them names.
    pub(crate) fn status(&self, certificate: &Certificate, trust: &TrustList, today: Date) -> Revocation {
        let speaking = self.lists.iter().filter(|list| list.speaks_of(certificate, trust));
        match speaking.max_by_key(|list| list.this_update) {
            None => Revocation::NotChecked,
            Some(list) if list.is_current(today) => Revocation::CheckedOn { list: list.this_update.date() },
            Some(list) => Revocation::Stale { list: list.this_update.date(), due: list.next_update.date() },
        }
    }
}

impl<'a> Parts<'a> {
    /// CertificateList (RFC 5280, 5.1).
    fn parse(file: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = algorithm::whole(file, SEQUENCE)?.inside();
        let signed = parts.take(SEQUENCE, "a revocation list has no body")?;
        let outer = parts.take(SEQUENCE, "a revocation list does not say how it is signed")?;
        let signature = algorithm::bits(parts.take(BIT_STRING, "a revocation list has no signature")?)?;
        parts.end()?;
        let mut body = signed.inside();
        // Version 2 is written as 1; version 1 has no extensions, and is not allowed.
        let version = body.take(INTEGER, "a revocation list has no version")?;
        if tlv::small_number(version)? != 1 {
            return Err(Malformed("a revocation list has an unknown version"));
        }
        let inner = body.take(SEQUENCE, "a revocation list does not say how it is signed")?;
        if inner.whole != outer.whole {
            return Err(Malformed("a revocation list contradicts itself about how it is signed"));
        }
        let issuer = body.take(SEQUENCE, "a revocation list has no issuer")?;
        let issuer = Name::from_der(issuer.whole).map_err(|_| Malformed("the issuer's name is none"))?;
        let this_update = time(body.step()?)?;
        let next_update = time(body.step()?)?;
        let revoked = body.take_if(SEQUENCE)?.map(entries).transpose()?.unwrap_or_default();
        let extensions = body.take_if(EXTENSIONS)?;
        body.end()?;
        let authority_key = extensions.map(authority_key).transpose()?.flatten();
        let scheme = Scheme::parse(outer, None);
        Ok(Self {
            signed: signed.whole,
            scheme,
            signature,
            issuer,
            authority_key,
            this_update,
            next_update,
            revoked,
        })
    }

    /// The trusted entry whose key signed the list: the key that it names, else
    /// everybody of its issuer's name.
    fn signer<'t>(&self, trust: &'t TrustList, scheme: Scheme) -> Result<&'t Entry, RevocationListFault> {
        let name = folded(&self.issuer);
        let named = |entry: &Entry| {
            self.authority_key.as_ref().is_some_and(|key| entry.certificate.has_key_identifier(key))
        };
        let mut candidates: Vec<&Entry> =
            trust.entries().iter().filter(|it| named(it) || it.certificate.is_named(&name)).collect();
        candidates.sort_by_key(|entry| (!named(entry), !entry.anchor()));
        let leads_up = |entry: &Entry| entry.anchor() || Chain::build(&entry.certificate, trust).is_ok();
        let made = |entry: &Entry| {
            entry.certificate.key().is_ok_and(|key| key.made(self.signature, scheme, self.signed))
        };
        match candidates.iter().find(|entry| made(entry) && leads_up(entry)) {
            Some(entry) => Ok(entry),
            None if candidates.iter().any(|entry| named(entry)) => {
                Err(SignerFault::NotSignedByItsIssuer.into())
            }
            None => Err(RevocationListFault::UnknownIssuer { issuer: self.issuer.to_string() }),
        }
    }
}

fn time(object: Option<Tlv<'_>>) -> Result<DateTime, Malformed> {
    const NONE: Malformed = Malformed("a revocation list lacks one of its times");
    let object = object.filter(|it| matches!(it.tag, UTC_TIME | GENERALIZED_TIME)).ok_or(NONE)?;
    Time::from_der(object.whole).map(moment).map_err(|_| NONE)
}

/// The certificates that are called back.
fn entries(list: Tlv<'_>) -> Result<BTreeMap<String, Date>, Malformed> {
    let mut revoked = BTreeMap::new();
    let mut walk = list.inside();
    while let Some(entry) = walk.step()? {
        let mut parts = entry.inside();
        let serial = parts.take(INTEGER, "a revoked certificate has no serial number")?;
        let on = time(parts.step()?)?.date();
        if let Some(extensions) = parts.take_if(SEQUENCE)? {
            // A critical one would say that the entry is about another issuer.
            each_extension(extensions.inside(), |_, critical, _| {
                if critical {
                    Err(Malformed("an entry has an extension that is not understood"))
                } else {
                    Ok(())
                }
            })?;
        }
        parts.end()?;
        let earliest = revoked.entry(hex::encode(trimmed(serial.value))).or_insert(on);
        *earliest = on.min(*earliest);
    }
    Ok(revoked)
}

/// The key that signed the list. A list that is only a part, or a difference to
/// another, says so in a critical extension, and 9303-12 allows neither.
fn authority_key(wrapper: Tlv<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    let list = wrapper.inside().take(SEQUENCE, "the extensions of a revocation list are none")?;
    let mut key = None;
    each_extension(list.inside(), |name, critical, value| {
        match name {
            AUTHORITY_KEY => {
                let mut parts = algorithm::whole(value, SEQUENCE)?.inside();
                key = parts.take_if(KEY_IDENTIFIER)?.map(|id| id.value.to_vec());
            }
            LIST_NUMBER => {}
            _ if critical => {
                return Err(Malformed("a revocation list has an extension that is not understood"));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(key)
}

fn each_extension(
    mut list: Walk<'_>,
    mut each: impl FnMut(ObjectIdentifier, bool, &[u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    while let Some(extension) = list.step()? {
        let mut parts = extension.inside();
        let name = object_identifier(parts.take(OBJECT_IDENTIFIER, "an extension has no name")?)?;
        let critical = parts.take_if(BOOLEAN)?.is_some_and(|is| is.value != [0]);
        let value = parts.take(OCTET_STRING, "an extension has no value")?.value;
        parts.end()?;
        each(name, critical, value)?;
    }
    Ok(())
}

impl From<Malformed> for RevocationListFault {
    fn from(problem: Malformed) -> Self {
        Self::Malformed(problem)
    }
}

impl From<SignerFault> for RevocationListFault {
    fn from(reason: SignerFault) -> Self {
        Self::SignerNotValid(reason)
    }
}

#[cfg(test)]
mod tests;
