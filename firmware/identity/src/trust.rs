//! Whom we believe: the certificates of issuing states (CSCA), out of the
//! operator's settings. Only one that its own key signed is a beginning of trust;
//! a link certificate is believed as far as another in the list signed it.
//!
//! The file is PEM with lines for people between the certificates (RFC 7468, 5.2).
//! Two kinds of lines mean something, and are written by an import: `Master-list:`
//! names a list that was imported, `Listed-by:` before a certificate the states
//! whose lists have it. A certificate without that line is the operator's own.

use std::{collections::BTreeSet, fmt::Write as _, sync::OnceLock};

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::civil::{Date, DateTime};
use sha2::{Digest as _, Sha256};

use crate::{
    certificate::Certificate,
    error::{IdentityError, TrustListFault},
};

/// The trusted certificates (ICAO 9303-12, 6.1.1).
pub struct TrustList {
    entries: Vec<Entry>,
    sources: Vec<Source>,
    digest: String,
}

/// A master list of which the trust list has certificates (ICAO 9303-12, 5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The state that published it.
    pub country: String,
    /// When it says that it was signed, in UTC.
    pub signed_at: DateTime,
    /// SHA-256 of its file, in hexadecimal digits.
    pub digest: String,
}

impl Source {
    /// For how many days it has been out (ICAO 9303-12: a state's list changes with its own
    /// certificates and those of others, so an old one misses some).
    pub fn age(&self, today: Date) -> i32 {
        days_since(self.signed_at, today)
    }
}

/// Days from the day of a moment to another.
pub(crate) fn days_since(moment: DateTime, today: Date) -> i32 {
    today.since(moment.date()).map_or(0, |span| span.get_days())
}

/// One certificate of the list.
pub(crate) struct Entry {
    pub certificate: Certificate,
    pub der: Vec<u8>,
    /// Signed by its own key; looked at when it is first asked, for a list of all
    /// states has hundreds of certificates, of which one reading needs a few.
    anchor: OnceLock<bool>,
    /// The states whose master lists have it; none: the operator put it in.
    pub listed_by: BTreeSet<String>,
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const MASTER_LIST: &str = "Master-list: ";
const LISTED_BY: &str = "Listed-by: ";

impl TrustList {
    /// Reads certificates in PEM; text between them is ignored but for the lines
    /// that an import writes. A certificate that is broken is an error which says
    /// which: a list that shrinks in silence would turn genuine cards away.
    pub fn from_pem(text: &str) -> Result<Self, IdentityError> {
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        let mut reading = Reading::default();
        let mut rest = text;
        while let Some(begin) = next_begin(rest) {
            let at = text.len() - rest.len();
            // Lines are counted only for a fault: a list of all states is long.
            let damaged = |line| TrustListFault::BadRemark { line: text[..at].lines().count() + line };
            reading.remarks(&rest[..begin]).map_err(|line| IdentityError::TrustList(damaged(line)))?;
            let broken = |problem| TrustListFault::Broken {
                number: reading.entries.len() + 1,
                line: text[..at + begin].lines().count() + 1,
                problem,
            };
            let inside = &rest[begin + BEGIN.len()..];
            let read = inside.find(END).ok_or("it does not end").and_then(|end| {
                rest = &inside[end + END.len()..];
                decode(&inside[..end])
            });
            let (der, certificate) = read.map_err(|problem| IdentityError::TrustList(broken(problem)))?;
            let listed_by = std::mem::take(&mut reading.listed_by);
            reading.entries.push(Entry::new(certificate, der, listed_by));
        }
        Self::of(reading.entries, reading.sources, digest)
    }

    /// One certificate in DER, as states hand out their roots.
    pub fn from_der(der: &[u8]) -> Result<Self, IdentityError> {
        let broken =
            |problem| IdentityError::TrustList(TrustListFault::Broken { number: 1, line: 1, problem });
        let certificate = usable(der).map_err(broken)?;
        let entry = Entry::new(certificate, der.to_vec(), BTreeSet::new());
        Self::of(vec![entry], Vec::new(), hex::encode(Sha256::digest(der)))
    }

    /// Nothing is trusted without a certificate that its own key signed.
    pub(crate) fn of(
        entries: Vec<Entry>,
        sources: Vec<Source>,
        digest: String,
    ) -> Result<Self, IdentityError> {
        if entries.is_empty() {
            return Err(IdentityError::TrustList(TrustListFault::Empty));
        }
        if !entries.iter().any(Entry::anchor) {
            return Err(IdentityError::TrustList(TrustListFault::NoAnchor));
        }
        Ok(Self { entries, sources, digest })
    }

    /// The list as a file that [`TrustList::from_pem`] reads.
    pub fn to_pem(&self) -> String {
        written(&self.entries, &self.sources)
    }

    /// How many certificates there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// The master lists that were imported.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The first day of the oldest certificate and that of the newest.
    pub fn oldest_and_newest(&self) -> (Date, Date) {
        let first_days = || self.entries.iter().map(|entry| entry.certificate.validity().0);
        first_days().min().zip(first_days().max()).expect("a trust list is never empty")
    }

    /// SHA-256 of the text that was read, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Entries whose keys links lead back to from this entry's key: its own, the one
    /// that signed a link to it, and so on (ICAO 9303-12, 4.1.4).
    pub(crate) fn predecessors(&self, of: &Entry) -> Vec<&Entry> {
        let position = |of: &Entry| self.entries.iter().position(|it| std::ptr::eq(it, of));
        let mut found: Vec<usize> = position(of).into_iter().collect();
        let mut at = 0;
        while let Some(&key) = found.get(at) {
            let key = &self.entries[key].certificate;
            for (number, other) in self.entries.iter().enumerate() {
                let older = &other.certificate;
                let links = key.names_key_of(older) == Some(true) || key.has_issuer_named(older);
                let leads = older.has_key_of(key) || (links && key.is_signed_by(older).unwrap_or(false));
                if !found.contains(&number) && leads {
                    found.push(number);
                }
            }
            at += 1;
        }
        found.into_iter().map(|number| &self.entries[number]).collect()
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl Entry {
    pub fn new(certificate: Certificate, der: Vec<u8>, listed_by: BTreeSet<String>) -> Self {
        Self { certificate, der, anchor: OnceLock::new(), listed_by }
    }

    /// Whether its own key signed it.
    pub fn anchor(&self) -> bool {
        *self.anchor.get_or_init(|| self.certificate.is_signed_by_itself())
    }
}

/// The file of these entries.
pub(crate) fn written(entries: &[Entry], sources: &[Source]) -> String {
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("a string takes all");
    for source in sources {
        line(format!("{MASTER_LIST}{} {} {}", source.country, source.signed_at, source.digest));
    }
    for entry in entries {
        let (from, until) = entry.certificate.validity();
        line(format!("\nSubject: {}", entry.certificate.subject().replace(['\n', '\r'], " ")));
        line(format!("Valid: {from} to {until}"));
        if !entry.listed_by.is_empty() {
            let states: Vec<&str> = entry.listed_by.iter().map(String::as_str).collect();
            line(format!("{LISTED_BY}{}", states.join(" ")));
        }
        line(BEGIN.to_owned());
        let base64 = BASE64_STANDARD.encode(&entry.der);
        for start in (0..base64.len()).step_by(64) {
            line(base64[start..base64.len().min(start + 64)].to_owned());
        }
        line(END.to_owned());
    }
    text
}

/// What has been read of a file so far.
#[derive(Default)]
struct Reading {
    entries: Vec<Entry>,
    sources: Vec<Source>,
    /// Of the next certificate.
    listed_by: BTreeSet<String>,
}

impl Reading {
    /// The lines between certificates that mean something; the first that is damaged,
    /// counted from 1.
    fn remarks(&mut self, between: &str) -> Result<(), usize> {
        for (at, line) in between.lines().enumerate() {
            if let Some(rest) = line.strip_prefix(MASTER_LIST) {
                self.sources.push(Source::parse(rest).ok_or(at + 1)?);
            } else if let Some(states) = line.strip_prefix(LISTED_BY) {
                let states = states.split_whitespace().map(str::to_owned);
                self.listed_by = states
                    .map(|word| is_state(&word).then_some(word).ok_or(at + 1))
                    .collect::<Result<_, _>>()?;
            }
        }
        Ok(())
    }
}

impl Source {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (country, signed_at, digest) = (words.next()?, words.next()?, words.next()?);
        let digits = |text: &str| text.len() == 64 && text.bytes().all(|it| it.is_ascii_hexdigit());
        (words.next().is_none() && is_state(country) && digits(digest)).then_some(Self {
            country: country.to_owned(),
            signed_at: signed_at.parse().ok()?,
            digest: digest.to_owned(),
        })
    }
}

/// Where the next certificate begins: at the beginning of a line (RFC 7468, section 3), so
/// that no name in a line for people can begin one.
fn next_begin(text: &str) -> Option<usize> {
    let starts_line = |at: &usize| *at == 0 || text[..*at].ends_with('\n');
    text.match_indices(BEGIN).map(|(at, _)| at).find(starts_line)
}

/// A state by its code: two letters, or three in old certificates (ISO 3166-1).
pub(crate) fn is_state(word: &str) -> bool {
    matches!(word.len(), 2 | 3) && word.bytes().all(|letter| letter.is_ascii_uppercase())
}

fn decode(block: &str) -> Result<(Vec<u8>, Certificate), &'static str> {
    let text: String = block.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let der = BASE64_STANDARD.decode(text).map_err(|_| "its text is not Base64")?;
    let certificate = usable(&der)?;
    Ok((der, certificate))
}

fn usable(der: &[u8]) -> Result<Certificate, &'static str> {
    let certificate = Certificate::parse(der).map_err(|problem| problem.0)?;
    certificate.key().map_err(|_| "its key is of a kind that we cannot use")?;
    Ok(certificate)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::pretend_state::{AUTHORITY, Holder, SIGNER, Wanted, p256};

    fn fault(text: &str) -> TrustListFault {
        match TrustList::from_pem(text) {
            Err(IdentityError::TrustList(fault)) => fault,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("the list is accepted"),
        }
    }

    fn authority(from: Date) -> Holder {
        Holder::root(p256(), &Wanted { valid: (from, date(2300, 1, 1)), ..AUTHORITY() })
    }

    #[test]
    fn a_master_list_grows_old_by_whole_days() {
        let signed_at = date(2026, 5, 28).at(23, 59, 0, 0);
        let source = Source { country: "DE".into(), signed_at, digest: String::new() };
        assert_eq!((source.age(date(2026, 5, 28)), source.age(date(2026, 11, 27))), (0, 183));
    }

    #[test]
    fn a_list_says_what_is_in_it() {
        let (old, new) = (authority(date(2015, 3, 4)), authority(date(2024, 5, 6)));
        let text = format!("# operator's list\n{}\nnewer:\n{}", old.pem(), new.pem());
        let list = TrustList::from_pem(&text).ok().unwrap();
        assert_eq!(list.count(), 2);
        assert_eq!(list.oldest_and_newest(), (date(2015, 3, 4), date(2024, 5, 6)));
        assert_eq!(list.digest(), hex::encode(Sha256::digest(text.as_bytes())));
        assert!(list.entries().iter().all(Entry::anchor));
    }

    #[test]
    fn a_broken_certificate_is_named_by_number_and_line() {
        let good = authority(date(2020, 1, 1)).pem();
        let lines = good.lines().count();
        let at = |text: &str, expected: &'static str| {
            let broken = TrustListFault::Broken { number: 2, line: lines + 2, problem: expected };
            assert_eq!(fault(text), broken);
        };
        at(&format!("{good}\n{BEGIN}\n!!!\n{END}\n"), "its text is not Base64");
        at(&format!("{good}\n{BEGIN}\nAAAA\n{END}\n"), "an object has another tag than it must");
        at(&format!("{good}\n{BEGIN}\nMAAA"), "it does not end");
        let cut = good.replacen("MII", "MIH", 1);
        assert!(matches!(fault(&cut), TrustListFault::Broken { number: 1, line: 1, .. }));
    }

    /// Found by fuzzing: written anew, such a line began a certificate.
    #[test]
    fn a_line_for_people_cannot_begin_a_certificate() {
        let good = authority(date(2020, 1, 1)).pem();
        let named = format!("Subject: c=vn, o={BEGIN} x\n{good}");
        let list = TrustList::from_pem(&named).ok().unwrap();
        assert_eq!(list.count(), 1);
        assert!(TrustList::from_pem(&list.to_pem()).is_ok());
    }

    #[test]
    fn only_states_list_a_certificate() {
        let good = authority(date(2020, 1, 1)).pem();
        let list = TrustList::from_pem(&format!("{LISTED_BY}DE NL UTO\n{good}")).ok().unwrap();
        assert_eq!(list.entries()[0].listed_by.len(), 3);
        for word in ["-----BEGIN", "d", "de", "D3", "GERM"] {
            let text = format!("\n{LISTED_BY}DE {word}\n{good}");
            assert_eq!(fault(&text), TrustListFault::BadRemark { line: 2 }, "{word}");
        }
    }

    #[test]
    fn a_list_that_nothing_can_begin_with_is_refused() {
        assert_eq!(fault(""), TrustListFault::Empty);
        assert_eq!(fault("no certificate here"), TrustListFault::Empty);
        let root = authority(date(2020, 1, 1));
        // A link: issuer and subject have one name, and another key signed it.
        let link = Holder::under(&root, p256(), &AUTHORITY());
        let signer = Holder::under(&root, p256(), &SIGNER());
        assert_eq!(fault(&[link.pem(), signer.pem()].concat()), TrustListFault::NoAnchor);
    }
}
