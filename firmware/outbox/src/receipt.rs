//! The platform's signed word that it has a transaction. Paper and screens say
//! *received* or *registered* only because a `Receipt` says so.
//!
//! As bytes: canonical JSON `{"receipt":{…},"signature":"…"}`, the signature (base64)
//! being the platform's over the canonical bytes of `receipt`, in the context `receipt`.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use keys::{
    AnswerContext, PlatformKey, PlatformSecret, Signature,
    canonical::{self, Map, Value},
};
use transaction::{KioskId, TransactionId};

use crate::OutboxError;

/// How far the platform is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It keeps the transaction; the work is still to be done.
    Received,
    /// The work is done: it stands in the register.
    Registered,
}

impl Standing {
    /// `received` or `registered`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Registered => "registered",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Received, Self::Registered].into_iter().find(|standing| standing.word() == word)
    }
}

/// What the platform calls the matter, for the slip: capitals, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for Reference {
    type Err = OutboxError;

    fn from_str(text: &str) -> Result<Self, OutboxError> {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(OutboxError::NoReceipt { why: "the reference is not of capitals, digits and hyphens" })
        }
    }
}

/// What a receipt says, before the platform has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Which transaction.
    pub transaction: TransactionId,
    /// From which kiosk.
    pub kiosk: KioskId,
    /// How far it is.
    pub standing: Standing,
    /// What the platform calls it.
    pub reference: Reference,
    /// When the platform took it.
    pub at: Timestamp,
}

impl Acknowledgement {
    /// The platform's side: the bytes that `Receipt::verify` takes.
    pub fn sign(&self, platform: &PlatformSecret) -> Vec<u8> {
        let content = Map::new()
            .with("at", Value::text(self.at.to_string()))
            .with("kiosk", Value::text(self.kiosk.as_str()))
            .with("reference", Value::text(self.reference.as_str()))
            .with("standing", Value::text(self.standing.word()))
            .with("transaction", Value::text(self.transaction.to_string()));
        let content = Value::Map(content);
        let signature = platform.sign(AnswerContext::Receipt, &content.to_bytes());
        let whole = Map::new().with("receipt", content).with("signature", Value::text(signature.to_string()));
        Value::Map(whole).to_bytes().to_vec()
    }

    fn parse(content: &Value) -> Option<Self> {
        let text = |name| content.get(name)?.as_text();
        // Exactly these five: an unknown field may change what the others mean.
        if content.as_map()?.iter().count() != 5 {
            return None;
        }
        Some(Self {
            transaction: text("transaction")?.parse().ok()?,
            kiosk: text("kiosk")?.parse().ok()?,
            standing: Standing::from_word(text("standing")?)?,
            reference: text("reference")?.parse().ok()?,
            at: text("at")?.parse().ok()?,
        })
    }
}

/// An acknowledgement whose signature was found to be the platform's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt(Acknowledgement);

impl Receipt {
    /// The only way to a receipt: the platform's signature fits, and it is about this
    /// transaction of this kiosk.
    pub fn verify(
        bytes: &[u8],
        platform: &PlatformKey,
        kiosk: &KioskId,
        expected: TransactionId,
    ) -> Result<Self, OutboxError> {
        let no_receipt = |why| OutboxError::NoReceipt { why };
        let whole = canonical::parse(bytes).map_err(|_| no_receipt("not canonical JSON"))?;
        let content = whole.get("receipt").ok_or(no_receipt("no content"))?;
        let signature: Signature = whole
            .get("signature")
            .and_then(Value::as_text)
            .and_then(|text| text.parse().ok())
            .ok_or(no_receipt("no signature"))?;
        platform
            .verify(AnswerContext::Receipt, &content.to_bytes(), &signature)
            .map_err(OutboxError::Signature)?;
        let said = Acknowledgement::parse(content).ok_or(no_receipt("its content is incomplete"))?;
        if said.transaction != expected {
            return Err(OutboxError::OtherReceipt { what: "transaction" });
        }
        if said.kiosk != *kiosk {
            return Err(OutboxError::OtherReceipt { what: "kiosk" });
        }
        Ok(Self(said))
    }

    /// Which transaction.
    pub fn transaction(&self) -> TransactionId {
        self.0.transaction
    }

    /// How far the platform is.
    pub fn standing(&self) -> Standing {
        self.0.standing
    }

    /// What the platform calls the matter.
    pub fn reference(&self) -> &Reference {
        &self.0.reference
    }

    /// When the platform took it.
    pub fn at(&self) -> Timestamp {
        self.0.at
    }
}
