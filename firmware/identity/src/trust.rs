//! Whom we believe: the certificates of issuing states (CSCA), out of the
//! operator's settings. Only one that its own key signed is a beginning of trust;
//! a link certificate is believed as far as another in the list signed it.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::{
    certificate::Certificate,
    error::{IdentityError, TrustListFault},
};

/// The trusted certificates.
pub struct TrustList {
    entries: Vec<Entry>,
    digest: String,
}

/// One certificate of the list.
pub(crate) struct Entry {
    pub certificate: Certificate,
    /// Signed by its own key.
    pub anchor: bool,
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

impl TrustList {
    /// Reads certificates in PEM; text between them is ignored. One that is broken
    /// is an error which says which: a list that shrinks in silence would turn
    /// genuine cards away.
    pub fn from_pem(text: &str) -> Result<Self, IdentityError> {
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        let mut entries = Vec::new();
        let mut rest = text;
        while let Some(begin) = rest.find(BEGIN) {
            let at = text.len() - rest.len() + begin;
            let broken = |problem| TrustListFault::Broken {
                number: entries.len() + 1,
                line: text[..at].lines().count() + 1,
                problem,
            };
            let inside = &rest[begin + BEGIN.len()..];
            let read = inside.find(END).ok_or("it does not end").and_then(|end| {
                rest = &inside[end..];
                decode(&inside[..end])
            });
            let certificate = read.map_err(|problem| IdentityError::TrustList(broken(problem)))?;
            entries.push(Entry { anchor: certificate.is_signed_by_itself(), certificate });
        }
        if entries.is_empty() {
            return Err(IdentityError::TrustList(TrustListFault::Empty));
        }
        if !entries.iter().any(|entry| entry.anchor) {
            return Err(IdentityError::TrustList(TrustListFault::NoAnchor));
        }
        Ok(Self { entries, digest })
    }

    /// How many certificates there are.
    pub fn count(&self) -> usize {
        self.entries.len()
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
}

fn decode(block: &str) -> Result<Certificate, &'static str> {
    let text: String = block.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let der = BASE64_STANDARD.decode(text).map_err(|_| "its text is not Base64")?;
    let certificate = Certificate::parse(&der).map_err(|problem| problem.0)?;
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
    fn a_list_says_what_is_in_it() {
        let (old, new) = (authority(date(2015, 3, 4)), authority(date(2024, 5, 6)));
        let text = format!("# operator's list\n{}\nnewer:\n{}", old.pem(), new.pem());
        let list = TrustList::from_pem(&text).ok().unwrap();
        assert_eq!(list.count(), 2);
        assert_eq!(list.oldest_and_newest(), (date(2015, 3, 4), date(2024, 5, 6)));
        assert_eq!(list.digest(), hex::encode(Sha256::digest(text.as_bytes())));
        assert!(list.entries().iter().all(|entry| entry.anchor));
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
