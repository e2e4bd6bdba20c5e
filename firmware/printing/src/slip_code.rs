//! The signed code on a slip: what the kiosk vouches for, readable without a
//! network. `MC1:` and base45 (RFC 9285) of facts and Ed25519 signature.

use jiff::Timestamp;
use uuid::Uuid;

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

/// Reads a slip's code and believes it only if the key signed it.
pub fn check_slip(text: &str, verify: &dyn Fn(&[u8], &[u8; 64]) -> bool) -> Result<SlipFacts, SlipCodeError> {
    let _ = (text, verify);
    unimplemented!()
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
