//! Signing in: PINs at rest as argon2id (RFC 9106), and a lock that grows with every
//! wrong one. A PIN of six digits stands against guessing only because of the lock,
//! so the count must outlive a restart: the daemon stores `Lockout` before it tells
//! anybody what came of a try.
//!
//! Nobody is named to the machine before the PIN is right, so a wrong PIN counts for
//! the machine and not for a person.

use std::{collections::BTreeSet, fmt};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use faults::Fault;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Wrong PINs in a row that cost nothing.
const FREE_TRIES: u32 = 3;
/// The first lock; each wrong PIN doubles it.
const FIRST_LOCK: SignedDuration = SignedDuration::from_secs(30);
/// The longest lock.
const LONGEST_LOCK: SignedDuration = SignedDuration::from_hours(8);
/// Memory in KiB, passes and lanes for new hashes (RFC 9106, 4: less memory, more
/// passes, because the kiosk may have 2 GB).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// A PIN as typed: 6 to 12 digits. Wiped when dropped.
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// Takes what was typed; none where that cannot be a PIN.
    pub fn new(digits: &str) -> Option<Self> {
        let fits = (6..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(Zeroizing::new(digits.to_owned())))
    }
}

/// Everybody who may sign in; the form of the staff file.
#[derive(Clone, Deserialize)]
#[serde(try_from = "OfficersFile")]
pub struct Officers(Vec<Officer>);

/// One person.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Officer {
    /// What the audit log says, not a name.
    id: OfficerId,
    pin: PinHash,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficersFile {
    officer: Vec<Officer>,
}

impl TryFrom<OfficersFile> for Officers {
    type Error = String;

    fn try_from(file: OfficersFile) -> Result<Self, String> {
        let ids: BTreeSet<&OfficerId> = file.officer.iter().map(|officer| &officer.id).collect();
        if file.officer.is_empty() {
            Err("nobody could sign in".to_owned())
        } else if ids.len() < file.officer.len() {
            Err("two officers have one id".to_owned())
        } else {
            Ok(Self(file.officer))
        }
    }
}

/// Who signed in, as the audit log says it: never a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct OfficerId(String);

impl OfficerId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OfficerId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(format!("'{text}' is no officer's id: 1 to 32 small letters, digits and hyphens"))
        }
    }
}

impl fmt::Display for OfficerId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A PIN at rest: `$argon2id$v=19$m=...,t=...,p=...$salt$hash`, as other tools write
/// it too.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct PinHash(String);

impl PinHash {
    /// Hashes a new PIN with 16 bytes of chance.
    pub fn of(pin: &Pin, salt: [u8; 16]) -> Self {
        let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt");
        let (memory, passes, lanes) = COST;
        let params = Params::new(memory, passes, lanes, None).expect("the cost is a legal one");
        let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(pin.0.as_bytes(), &salt)
            .expect("a PIN can be hashed");
        Self(hash.to_string())
    }

    /// As it stands in the staff file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn fits(&self, pin: &Pin) -> bool {
        PasswordHash::new(&self.0)
            .is_ok_and(|hash| Argon2::default().verify_password(pin.0.as_bytes(), &hash).is_ok())
    }
}

impl TryFrom<String> for PinHash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let hash = PasswordHash::new(&text).map_err(|error| format!("no argon2id hash: {error}"))?;
        let params = Params::try_from(&hash).map_err(|error| format!("no argon2id hash: {error}"))?;
        if hash.algorithm != Algorithm::Argon2id.ident() {
            return Err(format!("'{}' is not argon2id", hash.algorithm));
        }
        // A file must not make the machine slow, nor a PIN cheap to guess.
        let memory = 8 * 1024..=64 * 1024;
        let passes = 1..=8;
        if !memory.contains(&params.m_cost()) || !passes.contains(&params.t_cost()) || hash.hash.is_none() {
            return Err("an argon2id hash of 8 to 64 MiB and 1 to 8 passes is expected".to_owned());
        }
        Ok(Self(text))
    }
}

/// Wrong PINs so far. The daemon keeps it on disk: a restart forgives nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lockout {
    wrong: u32,
    until: Option<Timestamp>,
    /// When it was locked: a clock that was put back locks no longer than it should.
    since: Option<Timestamp>,
}

impl Lockout {
    /// For how many seconds nobody may try; none where one may.
    pub fn seconds_left(&self, now: Timestamp) -> Option<u32> {
        let (until, since) = (self.until?, self.since?);
        // Before `since`, the clock is wrong: the whole lock counts from now.
        let left = if now < since { since.duration_until(until) } else { now.duration_until(until) };
        let left = u32::try_from((left.as_millis().max(0) + 999) / 1000).unwrap_or(u32::MAX);
        (left > 0).then_some(left)
    }

    /// A clock that was put back behind the beginning of the lock: begin it anew, or it
    /// would last until that moment comes again.
    fn follow_the_clock(&mut self, now: Timestamp) {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && now < since
        {
            self.until = now.checked_add(since.duration_until(until)).ok();
            self.since = Some(now);
        }
    }

    /// Makes one try, unless there is a lock, and counts what came of it: none is a wrong
    /// PIN, which `attempt` alone can say.
    pub(crate) fn attempt<T>(
        &mut self,
        now: Timestamp,
        attempt: impl FnOnce() -> Option<T>,
    ) -> Result<T, SignInError> {
        self.follow_the_clock(now);
        if let Some(seconds) = self.seconds_left(now) {
            return Err(SignInError::Locked { seconds });
        }
        let Some(came_of_it) = attempt() else {
            self.count(now);
            return Err(SignInError::Wrong);
        };
        *self = Self::default();
        Ok(came_of_it)
    }

    fn count(&mut self, now: Timestamp) {
        self.wrong = self.wrong.saturating_add(1);
        let Some(doublings) = self.wrong.checked_sub(FREE_TRIES) else { return };
        let lock =
            FIRST_LOCK.checked_mul(1 << doublings.min(20)).map_or(LONGEST_LOCK, |l| l.min(LONGEST_LOCK));
        self.since = Some(now);
        self.until = Some(now.checked_add(lock).unwrap_or(Timestamp::MAX));
    }
}

/// Tries a PIN and counts in `lockout` what came of it. A locked machine does not even
/// look at the PIN. Takes some 50 ms, on purpose, for each officer in the file.
pub fn sign_in(
    officers: &Officers,
    pin: &str,
    lockout: &mut Lockout,
    now: Timestamp,
) -> Result<OfficerId, SignInError> {
    lockout.attempt(now, || {
        let pin = Pin::new(pin)?;
        // Every hash is tried, so that time tells nobody's place in the list.
        let fitting = officers.0.iter().filter(|officer| officer.pin.fits(&pin));
        fitting.fold(None, |_, officer| Some(officer.id.clone()))
    })
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Nobody has this PIN.
    #[error("the PIN is wrong")]
    Wrong,
    /// Too many wrong ones.
    #[error("sign-in is locked for {seconds} seconds")]
    Locked {
        /// For how long still.
        seconds: u32,
    },
}

impl SignInError {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> Fault {
        match self {
            Self::Wrong => Fault::PinWrong,
            Self::Locked { .. } => Fault::PinLocked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn officers() -> Officers {
        let file = format!(
            "[[officer]]\nid = \"cb-01\"\npin = \"{}\"\n[[officer]]\nid = \"cb-02\"\npin = \"{}\"\n",
            PinHash::of(&Pin::new("402817").unwrap(), [1; 16]).as_str(),
            PinHash::of(&Pin::new("993104").unwrap(), [2; 16]).as_str(),
        );
        toml::from_str(&file).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_right_pin_says_who_and_forgives() {
        let officers = officers();
        let mut lockout = Lockout::default();
        assert_eq!(sign_in(&officers, "000000", &mut lockout, at(0)), Err(SignInError::Wrong));
        assert_eq!(sign_in(&officers, "993104", &mut lockout, at(1)).unwrap().as_str(), "cb-02");
        assert_eq!(lockout, Lockout::default());
        assert_eq!(sign_in(&officers, "402817", &mut lockout, at(2)).unwrap().as_str(), "cb-01");
    }

    #[test]
    fn the_lock_doubles_with_every_wrong_pin_up_to_a_shift() {
        let officers = officers();
        let mut lockout = Lockout::default();
        let mut now = 0;
        let mut locks = Vec::new();
        for _ in 0..14 {
            assert_eq!(sign_in(&officers, "1", &mut lockout, at(now)), Err(SignInError::Wrong));
            let left = lockout.seconds_left(at(now)).unwrap_or(0);
            locks.push(left);
            now += i64::from(left);
        }
        let hours = 28_800;
        let expected = [0, 0, 30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, hours, hours];
        assert_eq!(locks, expected);
    }

    #[test]
    fn a_locked_machine_takes_not_even_the_right_pin() {
        let officers = officers();
        let mut lockout = Lockout::default();
        for _ in 0..3 {
            let _ = sign_in(&officers, "123123", &mut lockout, at(0));
        }
        let before = lockout.clone();
        let told = sign_in(&officers, "402817", &mut lockout, at(10));
        assert_eq!(told, Err(SignInError::Locked { seconds: 20 }));
        assert_eq!(lockout, before, "a try while locked does not prolong the lock");
        assert!(sign_in(&officers, "402817", &mut lockout, at(30)).is_ok());
    }

    #[test]
    fn a_restart_forgives_nothing() {
        let mut lockout = Lockout::default();
        for _ in 0..4 {
            lockout.count(at(0));
        }
        let stored = toml::to_string(&lockout).unwrap();
        assert_eq!(toml::from_str::<Lockout>(&stored).unwrap(), lockout);
    }

    #[test]
    fn a_clock_put_back_does_not_lock_for_years() {
        let mut lockout = Lockout::default();
        for _ in 0..3 {
            lockout.count(at(0));
        }
        let back = -1_000_000;
        assert_eq!(lockout.seconds_left(at(back)), Some(30));
        let told = sign_in(&officers(), "402817", &mut lockout, at(back));
        assert_eq!(told, Err(SignInError::Locked { seconds: 30 }));
        assert_eq!(lockout.seconds_left(at(back + 30)), None);
        assert_eq!(lockout.seconds_left(at(1_000_000)), None);
    }

    #[test]
    fn the_file_holds_hashes_that_are_worth_something() {
        let file = |pin: &str| format!("[[officer]]\nid = \"cb-01\"\npin = \"{pin}\"\n");
        let good = PinHash::of(&Pin::new("402817").unwrap(), [1; 16]);
        assert!(toml::from_str::<Officers>(&file(good.as_str())).is_ok());
        assert!(good.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", good.as_str());
        for wrong in [
            "402817",
            "$argon2i$v=19$m=19456,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AQEBAQEBAQEBAQEBAQEBAQ",
            "$argon2id$v=19$m=64,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AQEBAQEBAQEBAQEBAQEBAQ",
            "$argon2id$v=19$m=4194304,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AQEBAQEBAQEBAQEBAQEBAQ",
        ] {
            assert!(toml::from_str::<Officers>(&file(wrong)).is_err(), "{wrong}");
        }
        let twice = file(good.as_str()).repeat(2);
        let told = toml::from_str::<Officers>(&twice).err().unwrap().to_string();
        assert!(told.contains("two officers have one id"), "{told}");
        assert!(toml::from_str::<Officers>("officer = []").is_err());
    }

    /// Made with the reference program: `echo -n 402817 | argon2 saltsaltsalt -id -t 2 -k 19456 -p 1 -e`
    #[test]
    fn a_hash_of_the_reference_program_is_taken() {
        let hash: PinHash = REFERENCE.to_owned().try_into().unwrap();
        assert!(hash.fits(&Pin::new("402817").unwrap()));
        assert!(!hash.fits(&Pin::new("402818").unwrap()));
    }

    const REFERENCE: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$kJZzIzoiBA6zXF8tmKSQN1recdvCtyYxNqifcPfzzjU";
}
