//! The signed code on a slip: what the kiosk vouches for, checked by another
//! machine without a network. `MC1:` and base45 (RFC 9285) of the facts and an
//! Ed25519 signature over them. It names no citizen.
//!
//! Layout: version 1, standing, 16 bytes transaction, 8 bytes seconds since 1970,
//! kiosk and reference each behind one byte of length, 64 bytes signature.

use jiff::Timestamp;
use uuid::Uuid;

use crate::base45;

const PREFIX: &str = "MC1:";
const VERSION: u8 = 1;
/// Signed in front of the facts, so that no other signature of the key fits here.
const DOMAIN: &[u8] = b"mot-cham slip 1\n";
const SIGNATURE: usize = 64;
/// The longest kiosk id or reference.
const LONGEST: usize = 32;

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Signed and kept by the kiosk; the platform has not registered it.
    Received,
    /// The platform said, signed, that it is done.
    Registered,
}

/// What a slip vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlipFacts {
    standing: Standing,
    transaction: Uuid,
    reference: String,
    kiosk: String,
    at: Timestamp,
}

impl SlipFacts {
    /// Facts about a request. The reference and the kiosk's id are at most 32
    /// letters, digits and dashes; anything else might be personal.
    pub fn new(
        standing: Standing,
        transaction: Uuid,
        reference: &str,
        kiosk: &str,
        at: Timestamp,
    ) -> Result<Self, SlipCodeError> {
        for word in [reference, kiosk] {
            let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !plain || word.is_empty() || word.len() > LONGEST {
                return Err(SlipCodeError::NotAReference);
            }
        }
        let at = Timestamp::from_second(at.as_second()).map_err(|_| SlipCodeError::NotASlip)?;
        Ok(Self { standing, transaction, reference: reference.to_owned(), kiosk: kiosk.to_owned(), at })
    }

    /// How far the request is.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The request's record.
    pub fn transaction(&self) -> Uuid {
        self.transaction
    }

    /// What staff can look up.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// Which kiosk vouches.
    pub fn kiosk(&self) -> &str {
        &self.kiosk
    }

    /// Since when it stands so, to the second.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Signs the facts with the kiosk's key.
    pub fn sign(self, sign: &dyn Fn(&[u8]) -> [u8; SIGNATURE]) -> SlipCode {
        let mut bytes = self.bytes();
        bytes.extend(sign(&signed(&bytes)));
        SlipCode { facts: self, text: format!("{PREFIX}{}", base45::encode(&bytes)) }
    }

    fn bytes(&self) -> Vec<u8> {
        let standing = match self.standing {
            Standing::Received => 1,
            Standing::Registered => 2,
        };
        let mut bytes = vec![VERSION, standing];
        bytes.extend(self.transaction.as_bytes());
        bytes.extend(self.at.as_second().to_be_bytes());
        for word in [&self.kiosk, &self.reference] {
            bytes.push(word.len() as u8);
            bytes.extend(word.as_bytes());
        }
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[VERSION, standing], rest) = bytes.split_first_chunk::<2>()? else { return None };
        let (transaction, rest) = rest.split_first_chunk::<16>()?;
        let (seconds, rest) = rest.split_first_chunk::<8>()?;
        let (kiosk, rest) = word(rest)?;
        let (reference, rest) = word(rest)?;
        let standing = match standing {
            1 => Standing::Received,
            2 => Standing::Registered,
            _ => return None,
        };
        let at = Timestamp::from_second(i64::from_be_bytes(*seconds)).ok()?;
        let facts = Self::new(standing, Uuid::from_bytes(*transaction), reference, kiosk, at).ok()?;
        rest.is_empty().then_some(facts)
    }
}

fn word(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (word, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(word).ok()?, rest))
}

fn signed(facts: &[u8]) -> Vec<u8> {
    [DOMAIN, facts].concat()
}

/// A slip's code, signed.
#[derive(Clone)]
pub struct SlipCode {
    facts: SlipFacts,
    text: String,
}

impl SlipCode {
    /// What it vouches for.
    pub fn facts(&self) -> &SlipFacts {
        &self.facts
    }

    /// What the QR holds.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Reads a slip's code and believes it only if the kiosk's key signed it.
pub fn check_slip(
    text: &str,
    verify: &dyn Fn(&[u8], &[u8; SIGNATURE]) -> bool,
) -> Result<SlipFacts, SlipCodeError> {
    let bytes = text.strip_prefix(PREFIX).and_then(base45::decode).ok_or(SlipCodeError::NotASlip)?;
    let (facts, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(SlipCodeError::NotASlip)?;
    let read = SlipFacts::parse(facts).ok_or(SlipCodeError::NotASlip)?;
    if verify(&signed(facts), signature) { Ok(read) } else { Err(SlipCodeError::NotSigned) }
}

/// Why a slip's code is not made or not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlipCodeError {
    /// It is some other code, or a part of one.
    #[error("this is no slip of a kiosk")]
    NotASlip,
    /// The signature is not the kiosk's.
    #[error("the slip was not signed by this kiosk")]
    NotSigned,
    /// A reference or a kiosk's id is something else than letters, digits, dashes.
    #[error("a reference has 1 to 32 letters, digits and dashes")]
    NotAReference,
}
