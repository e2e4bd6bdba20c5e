//! The one list of everything that can fail in the field: a stable code, words
//! for the citizen in each language, and advice for staff. `faults.toml` is the
//! list; the screens, the audit log and the help book read it from here.
//!
//! A crate's own error enums say *why* in full; each of them maps to one `Fault`.

use std::{error::Error, fmt, iter, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

include!(concat!(env!("OUT_DIR"), "/faults.rs"));

/// One text in every language of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Vietnamese.
    pub vi: &'static str,
    /// English.
    pub en: &'static str,
}

struct Entry {
    fault: Fault,
    code: &'static str,
    citizen: Words,
    at_end: Words,
    staff: Words,
}

impl Fault {
    /// Every fault, in the order of the list.
    pub fn all() -> impl Iterator<Item = Fault> {
        ENTRIES.iter().map(|entry| entry.fault)
    }

    /// The stable code, such as `CARD-01`. It never changes its meaning.
    pub fn code(self) -> &'static str {
        self.entry().code
    }

    /// What the citizen reads and hears. It never blames and always says the next step.
    pub fn citizen(self) -> Words {
        self.entry().citizen
    }

    /// The same where the visit ends with it, on the screen and on paper: what a page asked for
    /// while there was still something to do there is asked for no more.
    pub fn citizen_at_end(self) -> Words {
        self.entry().at_end
    }

    /// What the person who services the machine should do.
    pub fn staff(self) -> Words {
        self.entry().staff
    }

    fn entry(self) -> &'static Entry {
        // The list and the enum come out of one loop, in one order.
        &ENTRIES[self as usize]
    }
}

/// One line for a terminal or the journal: the code and the advice.
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code(), self.staff().en)
    }
}

/// The text is no code of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCode(pub String);

impl fmt::Display for UnknownCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "'{}' is no fault code", self.0)
    }
}

impl Error for UnknownCode {}

impl FromStr for Fault {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        ENTRIES
            .iter()
            .find(|entry| entry.code == text)
            .map(|entry| entry.fault)
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An error with all its causes in one line, for a terminal or the journal.
pub fn chain(error: &dyn Error) -> String {
    let causes = iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Behind(&'static str, Option<Box<Self>>);

    impl fmt::Display for Behind {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str(self.0)
        }
    }

    impl Error for Behind {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn an_error_is_said_down_to_its_last_cause() {
        let disk = Behind("the disk is full", None);
        let write = Behind("cannot write", Some(Box::new(disk)));
        let whole = Behind("the record is lost", Some(Box::new(write)));
        assert_eq!(chain(&whole), "the record is lost: cannot write: the disk is full");
    }

    #[test]
    fn every_code_leads_back_to_its_fault() {
        for fault in Fault::all() {
            assert_eq!(fault.code().parse(), Ok(fault));
        }
    }

    #[test]
    fn every_fault_has_words_for_everybody() {
        for fault in Fault::all() {
            for words in [fault.citizen(), fault.citizen_at_end(), fault.staff()] {
                assert!(words.vi.len() > 5 && words.en.len() > 5, "{}", fault.code());
            }
        }
    }

    #[test]
    fn an_unknown_code_is_refused_by_name() {
        assert_eq!("CARD-99".parse::<Fault>(), Err(UnknownCode("CARD-99".into())));
    }
}
