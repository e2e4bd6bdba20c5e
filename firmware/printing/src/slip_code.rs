//! The signed code on a slip: what the kiosk vouches for, checked by another
//! machine without a network. `MC1:` and base45 (RFC 9285) of the facts and an
//! Ed25519 signature over them. It names no citizen.
//!
//! Layout: version 1, standing, 16 bytes transaction, 8 bytes seconds since 1970,
//! kiosk and reference each behind one byte of length, 64 bytes signature.

use std::str;

use jiff::Timestamp;
use keys::{DeviceKey, PublicKey, Signature, SigningContext};
use outbox::{Receipt, Reference, Standing};
use transaction::{KioskId, TransactionId};

use crate::base45;

const PREFIX: &str = "MC1:";
const VERSION: u8 = 1;
const SIGNATURE: usize = 64;

/// What a slip vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlipFacts {
    standing: Standing,
    transaction: TransactionId,
    reference: Reference,
    kiosk: KioskId,
    at: Timestamp,
}

impl SlipFacts {
    /// The kiosk keeps the request and the platform has not answered: *received*.
    pub fn kept(transaction: TransactionId, reference: Reference, kiosk: KioskId, at: Timestamp) -> Self {
        Self { standing: Standing::Received, transaction, reference, kiosk, at: whole_second(at) }
    }

    /// The platform's signed word. *Registered* comes from here alone.
    pub fn acknowledged(receipt: &Receipt, kiosk: KioskId) -> Self {
        Self {
            standing: receipt.standing(),
            transaction: receipt.transaction(),
            reference: receipt.reference().clone(),
            kiosk,
            at: whole_second(receipt.at()),
        }
    }

    /// How far the request is.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The request's record.
    pub fn transaction(&self) -> TransactionId {
        self.transaction
    }

    /// What staff can look up.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Which kiosk vouches.
    pub fn kiosk(&self) -> &KioskId {
        &self.kiosk
    }

    /// Since when it stands so, to the second.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Signs the facts with the kiosk's key.
    pub fn sign(self, key: &DeviceKey) -> SlipCode {
        let mut bytes = self.bytes();
        bytes.extend(key.sign(SigningContext::Slip, &bytes).as_bytes());
        SlipCode { facts: self, text: write(&bytes) }
    }

    fn bytes(&self) -> Vec<u8> {
        let standing = match self.standing {
            Standing::Received => 1,
            Standing::Registered => 2,
        };
        let mut bytes = vec![VERSION, standing];
        bytes.extend(self.transaction.as_bytes());
        bytes.extend(self.at.as_second().to_be_bytes());
        for word in [self.kiosk.as_str(), self.reference.as_str()] {
            // Both types are at most 64 letters long.
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
        rest.is_empty().then_some(Self {
            standing,
            transaction: TransactionId::from_bytes(transaction).ok()?,
            reference: reference.parse().ok()?,
            kiosk: kiosk.parse().ok()?,
            at: Timestamp::from_second(i64::from_be_bytes(*seconds)).ok()?,
        })
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn word(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (word, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((str::from_utf8(word).ok()?, rest))
}

fn write(bytes: &[u8]) -> String {
    format!("{PREFIX}{}", base45::encode(bytes))
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
pub fn check_slip(text: &str, key: &PublicKey) -> Result<SlipFacts, SlipCodeError> {
    let bytes = text.strip_prefix(PREFIX).and_then(base45::decode).ok_or(SlipCodeError::NotASlip)?;
    let (facts, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(SlipCodeError::NotASlip)?;
    let read = SlipFacts::parse(facts).ok_or(SlipCodeError::NotASlip)?;
    Signature::from_bytes(signature)
        .and_then(|signature| key.verify(SigningContext::Slip, facts, &signature))
        .map_err(|_| SlipCodeError::NotSigned)?;
    Ok(read)
}

/// Why a slip's code is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlipCodeError {
    /// It is some other code, or a part of one.
    #[error("this is no slip of a kiosk")]
    NotASlip,
    /// The signature is not the kiosk's.
    #[error("the slip was not signed by this kiosk")]
    NotSigned,
}

#[cfg(test)]
mod tests {
    use rand_core::UnwrapErr;

    use super::*;

    fn key() -> DeviceKey {
        DeviceKey::generate(&mut UnwrapErr(getrandom::SysRng))
    }

    fn facts() -> SlipFacts {
        let at = "2026-11-21T07:05:09.7Z".parse().unwrap();
        let transaction = TransactionId::new(at, &mut UnwrapErr(getrandom::SysRng));
        SlipFacts::kept(transaction, "MC-7F3K-29QD".parse().unwrap(), "hn-nghiado-01".parse().unwrap(), at)
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        let key = key();
        let facts = facts();
        let code = facts.clone().sign(&key);
        assert_eq!(check_slip(code.text(), &key.public()), Ok(facts));
        assert!(code.text().len() < 200, "{} letters make a QR too fine to print", code.text().len());
    }

    #[test]
    fn a_received_slip_cannot_be_turned_into_a_registered_one() {
        let key = key();
        let code = facts().sign(&key);
        let mut bytes = base45::decode(&code.text()[PREFIX.len()..]).unwrap();
        assert_eq!(bytes[1], 1);
        bytes[1] = 2;
        assert_eq!(check_slip(&write(&bytes), &key.public()), Err(SlipCodeError::NotSigned));
    }

    #[test]
    fn a_slip_of_another_kiosk_is_not_believed() {
        let code = facts().sign(&key());
        assert_eq!(check_slip(code.text(), &key().public()), Err(SlipCodeError::NotSigned));
    }

    #[test]
    fn no_letter_of_a_code_can_change_or_be_missing() {
        let key = key();
        let code = facts().sign(&key);
        let text = code.text();
        for at in 0..text.len() {
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert!(check_slip(&changed, &key.public()).is_err(), "letter {at} may change");
            assert!(check_slip(&text[..at], &key.public()).is_err(), "{at} letters are enough");
        }
    }
}
