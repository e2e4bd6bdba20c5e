//! Taking a master list into a trust list (ICAO 9303-12, 6 and 9): what would be
//! added, what would go, what stays, and what is left out and why. The update is a
//! value that the operator looks at; nothing changes until its list is written.
//! A certificate goes only where the state whose list had it has it no longer and
//! no other state nor the operator put it in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use serde::Serialize;

use crate::{
    certificate::Certificate,
    error::IdentityError,
    master_list::MasterList,
    trust::{Entry, Source, TrustList},
};

/// Whether a list may take the place of a newer one of the same state. The choice is ours, in
/// no standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OlderList {
    /// It may not: whoever can hand us an old list could bring back certificates
    /// that were withdrawn.
    Refuse,
    /// The operator wants the older one back.
    Accept,
}

/// A certificate, by what people and files call it (RFC 5280, 4.1.2.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Named {
    /// The subject's name.
    pub subject: String,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub fingerprint: String,
}

/// What an import does to a trust list (ICAO 9303-12, 5.3 and 6.1.1).
pub struct TrustUpdate {
    /// In the master list and new here.
    pub added: Vec<Named>,
    /// No longer in any list, and taken out.
    pub gone: Vec<Named>,
    /// Here before, and still.
    pub kept: Vec<Named>,
    /// In the master list, but of no use, with the reason.
    pub left_out: Vec<(Named, String)>,
    list: TrustList,
}

/// Why a master list is not taken in (ICAO 9303-12, 5.3 and 6.1.1).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportFault {
    /// A newer list of the same state was imported before.
    #[error("a list of {country} signed at {present} was imported before, this one was signed at {offered}")]
    Older {
        /// The state.
        country: String,
        /// When the present one was signed.
        present: DateTime,
        /// When this one was.
        offered: DateTime,
    },
    /// What would be left cannot be a trust list.
    #[error("the trust list would be of no use")]
    NoTrustLeft(#[source] IdentityError),
}

impl TrustUpdate {
    /// What taking in `master` would do to `present`; none: to no list at all.
    pub fn plan(
        present: Option<TrustList>,
        master: &MasterList,
        older: OlderList,
    ) -> Result<Self, ImportFault> {
        let mut sources = present.as_ref().map(|list| list.sources().to_vec()).unwrap_or_default();
        let country = master.country();
        if let Some(before) = sources.iter().find(|source| source.country == country) {
            let (present, offered) = (before.signed_at, master.signed_at());
            if offered < present && older == OlderList::Refuse {
                return Err(ImportFault::Older { country: country.to_owned(), present, offered });
            }
        }
        sources.retain(|source| source.country != country);
        sources.push(Source {
            country: country.to_owned(),
            signed_at: master.signed_at(),
            digest: master.digest().to_owned(),
        });
        sources.sort_by(|one, other| one.country.cmp(&other.country));
        let mut merging = Merging::default();
        merging.withdraw(present, country);
        merging.offer(master, country);
        merging.finish(sources)
    }

    /// The list after the import.
    pub fn list(&self) -> &TrustList {
        &self.list
    }

    /// The list after the import, to be kept.
    pub fn into_list(self) -> TrustList {
        self.list
    }
}

/// Entries by fingerprint while two lists become one.
#[derive(Default)]
struct Merging {
    entries: BTreeMap<String, Entry>,
    before: BTreeSet<String>,
    /// The operator's own, which no list takes away.
    own: BTreeSet<String>,
    left_out: Vec<(Named, String)>,
}

impl Merging {
    /// Takes the state's name off every entry that it had listed.
    fn withdraw(&mut self, present: Option<TrustList>, country: &str) {
        for mut entry in present.map(TrustList::into_entries).unwrap_or_default() {
            let fingerprint = entry.certificate.fingerprint().to_owned();
            if entry.listed_by.is_empty() {
                self.own.insert(fingerprint.clone());
            }
            entry.listed_by.remove(country);
            self.before.insert(fingerprint.clone());
            self.entries.insert(fingerprint, entry);
        }
    }

    /// Puts in what the state lists now.
    fn offer(&mut self, master: &MasterList, country: &str) {
        for (at, listed) in master.certificates.iter().enumerate() {
            let certificate = match &listed.certificate {
                Ok(certificate) => certificate,
                Err(problem) => {
                    let subject = format!("certificate {} of the list", at + 1);
                    let named = Named { subject, fingerprint: Certificate::fingerprint_of(&listed.der) };
                    self.left_out.push((named, problem.0.to_owned()));
                    continue;
                }
            };
            if let Err(fault) = certificate.key() {
                self.left_out.push((named(certificate), fault.to_string()));
                continue;
            }
            if self.own.contains(certificate.fingerprint()) {
                continue;
            }
            let fresh = || {
                let again = Certificate::parse(&listed.der).expect("it was read before");
                Entry::new(again, listed.der.clone(), BTreeSet::new())
            };
            let entry = self.entries.entry(certificate.fingerprint().to_owned()).or_insert_with(fresh);
            entry.listed_by.insert(country.to_owned());
        }
    }

    /// What nobody lists any longer goes.
    fn finish(self, sources: Vec<Source>) -> Result<TrustUpdate, ImportFault> {
        let (mut added, mut gone, mut kept, mut entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut all: Vec<(String, Entry)> = self.entries.into_iter().collect();
        // By state and day, so that two versions of the file compare line by line.
        all.sort_by_cached_key(|(fingerprint, entry)| {
            (entry.certificate.country(), entry.certificate.validity().0, fingerprint.clone())
        });
        for (fingerprint, entry) in all {
            let name = named(&entry.certificate);
            if entry.listed_by.is_empty() && !self.own.contains(&fingerprint) {
                gone.push(name);
                continue;
            }
            let list = if self.before.contains(&fingerprint) { &mut kept } else { &mut added };
            list.push(name);
            entries.push(entry);
        }
        let text = crate::trust::written(&entries, &sources);
        let digest = Certificate::fingerprint_of(text.as_bytes());
        let list = TrustList::of(entries, sources, digest).map_err(ImportFault::NoTrustLeft)?;
        Ok(TrustUpdate { added, gone, kept, left_out: self.left_out, list })
    }
}

fn named(certificate: &Certificate) -> Named {
    Named { subject: certificate.subject(), fingerprint: certificate.fingerprint().to_owned() }
}

#[cfg(test)]
mod tests;
