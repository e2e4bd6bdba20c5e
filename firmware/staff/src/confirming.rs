//! The officers who may confirm a person whom the camera fails: each signs with a key
//! of their own, which lies here sealed under their PIN (`keys`).
//!
//! The service number says who tries, so a wrong PIN counts for that officer alone, with
//! the lock of the staff page. A PIN that seals a key can be tried without the machine
//! by whoever has the file, where no lock counts; so it is longer than a staff PIN.

use std::collections::BTreeMap;

use face::{OfficerId, OfficerKeys, Signed, Statement};
use faults::Fault;
use jiff::Timestamp;
use keys::{OfficerKey, OfficerSecret, SealedOfficerKey};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::sign_in::{Lockout, SignInError};

/// Digits of a PIN that seals a key.
const PIN_DIGITS: std::ops::RangeInclusive<usize> = 8..=12;

/// A PIN that seals a key: 8 to 12 digits. Wiped when dropped.
pub struct SigningPin(Zeroizing<String>);

impl SigningPin {
    /// Takes what was typed; none where that cannot be such a PIN.
    pub fn new(digits: &str) -> Option<Self> {
        let fits = PIN_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(Zeroizing::new(digits.to_owned())))
    }
}

/// Everybody who may confirm here; the form of the officers file. Nobody, by default.
#[derive(Clone, Default, Deserialize)]
#[serde(try_from = "OfficersFile")]
pub struct ConfirmingOfficers(BTreeMap<OfficerId, Sealed>);

#[derive(Clone)]
struct Sealed {
    public: OfficerKey,
    key: SealedOfficerKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficersFile {
    officer: Vec<Entry>,
}

/// One officer as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    number: String,
    public_key: OfficerKey,
    sealed_key: SealedOfficerKey,
}

impl TryFrom<OfficersFile> for ConfirmingOfficers {
    type Error = String;

    fn try_from(file: OfficersFile) -> Result<Self, String> {
        let mut officers = BTreeMap::new();
        for Entry { number, public_key: public, sealed_key: key } in file.officer {
            let id = OfficerId::new(&number).map_err(|error| format!("'{number}': {error}"))?;
            if officers.values().any(|sealed: &Sealed| sealed.public == public) {
                return Err(format!("officer {number} has the key of another"));
            }
            if officers.insert(id, Sealed { public, key }).is_some() {
                return Err(format!("officer {number} stands twice"));
            }
        }
        if officers.len() < 2 { Err("two officers must confirm".to_owned()) } else { Ok(Self(officers)) }
    }
}

impl ConfirmingOfficers {
    /// What their signatures are checked with.
    pub fn keys(&self) -> OfficerKeys {
        let mut keys = OfficerKeys::new();
        for (id, sealed) in &self.0 {
            keys.insert(id.clone(), sealed.public);
        }
        keys
    }

    /// An officer opens their key, signs the statement, and the key is wiped. Counts in
    /// `lockouts` what came of the PIN.
    pub fn sign(
        &self,
        officer: &OfficerId,
        pin: &str,
        statement: &Statement,
        lockouts: &mut Lockouts,
        now: Timestamp,
    ) -> Result<Signed, NotSigned> {
        let secret = self.open(officer, pin, lockouts, now)?;
        Ok(statement.sign(officer.clone(), &secret))
    }

    fn open(
        &self,
        officer: &OfficerId,
        pin: &str,
        lockouts: &mut Lockouts,
        now: Timestamp,
    ) -> Result<OfficerSecret, NotSigned> {
        // For whom nobody listed nothing is counted: the count must not grow without end.
        let sealed = self.0.get(officer).ok_or(NotSigned::Unknown)?;
        let lockout = lockouts.0.entry(officer.as_str().to_owned()).or_default();
        let opened = lockout.attempt(now, || {
            let SigningPin(pin) = SigningPin::new(pin)?;
            sealed.key.open(officer.as_str(), &sealed.public, &pin).ok()
        });
        opened.map_err(|error| match (error, lockout.seconds_left(now)) {
            (SignInError::Wrong, None) => NotSigned::PinWrong,
            (SignInError::Wrong, Some(_)) | (SignInError::Locked { .. }, _) => NotSigned::Locked,
        })
    }
}

/// Wrong PINs of each officer so far. The daemon keeps it on disk: a restart forgives
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lockouts(BTreeMap<String, Lockout>);

/// Why an officer did not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// Nobody has this number.
    #[error("this service number is not on the list")]
    Unknown,
    /// The PIN is wrong; the officer may try again.
    #[error("the officer's PIN is wrong")]
    PinWrong,
    /// Too many wrong ones: the officer may not try for a while.
    #[error("the officer is locked out")]
    Locked,
}

impl NotSigned {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> Fault {
        match self {
            Self::Unknown => Fault::OfficerUnknown,
            Self::PinWrong => Fault::PinWrong,
            Self::Locked => Fault::OfficerLocked,
        }
    }
}

/// A new officer for the officers file: a key that nobody has seen, sealed under the PIN.
pub fn new_officer(officer: &OfficerId, SigningPin(pin): &SigningPin, chance: &mut dyn CryptoRng) -> String {
    let secret = OfficerSecret::generate(chance);
    let sealed = secret.seal(officer.as_str(), pin, chance);
    format!(
        "[[officer]]\nnumber = \"{}\"\npublic-key = \"{}\"\nsealed-key = \"{sealed}\"\n",
        officer.as_str(),
        secret.public()
    )
}

#[cfg(test)]
mod tests {
    use simulators::chance::SeededChance;

    use super::*;

    const PINS: [&str; 2] = ["80246137", "57913508"];

    fn id(number: &str) -> OfficerId {
        OfficerId::new(number).unwrap()
    }

    fn entries() -> [String; 2] {
        let mut chance = SeededChance::new(1);
        [("100001", PINS[0]), ("100002", PINS[1])]
            .map(|(number, pin)| new_officer(&id(number), &SigningPin::new(pin).unwrap(), &mut chance))
    }

    fn officers() -> ConfirmingOfficers {
        toml::from_str(&entries().concat()).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn try_pin(
        officers: &ConfirmingOfficers,
        number: &str,
        pin: &str,
        lockouts: &mut Lockouts,
        now: i64,
    ) -> Result<(), NotSigned> {
        officers.open(&id(number), pin, lockouts, at(now)).map(|_| ())
    }

    #[test]
    fn each_officer_opens_the_key_that_is_listed_with_their_own_pin_only() {
        let officers = officers();
        let secret = officers.open(&id("100001"), PINS[0], &mut Lockouts::default(), at(0)).ok().unwrap();
        assert_eq!(secret.public(), officers.0[&id("100001")].public);
        let told = try_pin(&officers, "100001", PINS[1], &mut Lockouts::default(), 0);
        assert_eq!(told, Err(NotSigned::PinWrong));
    }

    #[test]
    fn three_wrong_pins_lock_that_officer_and_no_other() {
        let (officers, mut lockouts) = (officers(), Lockouts::default());
        for told in [NotSigned::PinWrong, NotSigned::PinWrong, NotSigned::Locked] {
            assert_eq!(try_pin(&officers, "100001", "00000000", &mut lockouts, 0), Err(told));
        }
        assert_eq!(try_pin(&officers, "100001", PINS[0], &mut lockouts, 10), Err(NotSigned::Locked));
        assert_eq!(try_pin(&officers, "100002", PINS[1], &mut lockouts, 10), Ok(()));
        let stored = serde_json::to_string(&lockouts).unwrap();
        let mut lockouts: Lockouts = serde_json::from_str(&stored).unwrap();
        assert_eq!(try_pin(&officers, "100001", PINS[0], &mut lockouts, 20), Err(NotSigned::Locked));
        assert_eq!(try_pin(&officers, "100001", PINS[0], &mut lockouts, 30), Ok(()));
    }

    #[test]
    fn a_pin_too_short_to_seal_a_key_counts_as_a_wrong_one() {
        let (officers, mut lockouts) = (officers(), Lockouts::default());
        assert!(SigningPin::new("8024613").is_none() && SigningPin::new("80246137a").is_none());
        for told in [NotSigned::PinWrong, NotSigned::PinWrong, NotSigned::Locked] {
            assert_eq!(try_pin(&officers, "100001", "1", &mut lockouts, 0), Err(told));
        }
    }

    #[test]
    fn for_a_number_that_nobody_listed_nothing_is_counted() {
        let mut lockouts = Lockouts::default();
        let told = try_pin(&officers(), "100003", PINS[0], &mut lockouts, 0);
        assert_eq!((told, lockouts), (Err(NotSigned::Unknown), Lockouts::default()));
    }

    #[test]
    fn a_file_with_which_nobody_could_confirm_is_refused() {
        let [one, other] = entries();
        let twin = one.replace("100001", "100003");
        for (file, reason) in [
            (one.clone(), "two officers must confirm"),
            ("officer = []".to_owned(), "two officers must confirm"),
            (format!("{one}{twin}"), "officer 100003 has the key of another"),
            (format!("{one}{}", other.replace("100002", "100001")), "officer 100001 stands twice"),
            (format!("{one}{}", other.replace("100002", "CB-2")), "four to eight digits"),
            (format!("{one}{}", other.replace("v1.", "v0.")), "sealed key"),
        ] {
            let told = toml::from_str::<ConfirmingOfficers>(&file).err().unwrap().to_string();
            assert!(told.contains(reason), "{told}");
        }
    }
}
