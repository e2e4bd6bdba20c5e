//! The signed transaction: canonical JSON `{"key":"…","signature":"…","transaction":…}`.
//! The signature (base64) is the kiosk's over the canonical bytes of `transaction`, in the
//! context `transaction`; `key` (hexadecimal) says which key to check it with.

use jiff::Timestamp;
use keys::{
    DeviceKey, KeyError, PublicKey, ServerKey, Signature, SigningContext,
    canonical::{self, Map, Value},
    seal,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{KioskId, SCHEMA, Sealed, ServiceRef, TransactionError, TransactionId, sealed::associated};

/// What the content consists of; nothing less, nothing else.
const PARTS: [&str; 10] =
    ["at", "citizen", "consent", "face", "form", "id", "identity", "kiosk", "schema", "service"];

/// A transaction under the kiosk's signature. Personal: no `Debug`, wiped on drop.
pub struct Transaction {
    id: TransactionId,
    kiosk: KioskId,
    service: ServiceRef,
    at: Timestamp,
    content: Value,
    key: PublicKey,
    signature: Signature,
}

impl Transaction {
    /// Only `Draft::sign` and `verify` come here: the content is complete.
    pub(crate) fn sign(content: Map, key: &DeviceKey) -> Result<Self, TransactionError> {
        let content = Value::Map(content);
        let signature = key.sign(SigningContext::Transaction, &content.to_bytes());
        Self::of(content, key.public(), signature)
    }

    /// Believes the bytes of a transaction if this kiosk signed them.
    pub fn verify(bytes: &[u8], kiosk: &PublicKey) -> Result<Self, TransactionError> {
        let malformed = |why| TransactionError::Malformed { why };
        let Ok(Value::Map(mut whole)) = canonical::parse(bytes) else {
            return Err(malformed("not canonical JSON"));
        };
        let content = whole.remove("transaction").ok_or(malformed("no content"))?;
        let key = whole.remove("key").ok_or(malformed("no key"))?;
        let signature = whole.remove("signature").ok_or(malformed("no signature"))?;
        if whole.iter().next().is_some() {
            return Err(malformed("something stands beside transaction, key and signature"));
        }
        let signature: Signature = signature
            .as_text()
            .and_then(|text| text.parse().ok())
            .ok_or(malformed("the signature is none"))?;
        if key.as_text() != Some(kiosk.to_string().as_str()) {
            return Err(TransactionError::Signature(KeyError::SignatureWrong));
        }
        kiosk
            .verify(SigningContext::Transaction, &content.to_bytes(), &signature)
            .map_err(TransactionError::Signature)?;
        Self::of(content, *kiosk, signature)
    }

    /// Seals it so that only the server reads it, bound to kiosk, id and schema.
    pub fn seal(&self, to: &ServerKey, chance: &mut dyn CryptoRng) -> Result<Sealed, TransactionError> {
        let sealed = seal(to, &associated(&self.kiosk, self.id), &self.to_bytes(), chance)
            .map_err(TransactionError::Seal)?;
        Ok(Sealed::new(self.id, sealed))
    }

    /// The whole as canonical JSON: what `verify` takes. Personal.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let whole = Map::new()
            .with("key", Value::text(self.key.to_string()))
            .with("signature", Value::text(self.signature.to_string()))
            .with("transaction", self.content.clone());
        Value::Map(whole).to_bytes()
    }

    /// Which transaction.
    pub fn id(&self) -> TransactionId {
        self.id
    }

    /// Which kiosk made it.
    pub fn kiosk(&self) -> &KioskId {
        &self.kiosk
    }

    /// What was asked for.
    pub fn service(&self) -> &ServiceRef {
        &self.service
    }

    /// When it was signed.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Everything that was signed. Personal.
    pub fn content(&self) -> &Map {
        self.content.as_map().expect("`of` takes nothing else")
    }

    fn of(content: Value, key: PublicKey, signature: Signature) -> Result<Self, TransactionError> {
        let malformed = |why| TransactionError::Malformed { why };
        let parts = content.as_map().ok_or(malformed("the content is no object"))?;
        if !parts.iter().map(|(name, _)| name).eq(PARTS) {
            return Err(malformed("the content lacks a part or has one too many"));
        }
        let text = |name| content.get(name).and_then(Value::as_text);
        if text("schema") != Some(SCHEMA) {
            return Err(malformed("another schema"));
        }
        for part in ["citizen", "consent", "face", "form", "identity"] {
            parts.get(part).and_then(Value::as_map).ok_or(malformed("a part is no object"))?;
        }
        let service = content.get("service").and_then(service).ok_or(malformed("no service"))?;
        let at = text("at").and_then(|at| at.parse().ok()).ok_or(malformed("no time"))?;
        let id = text("id").ok_or(malformed("no id"))?.parse()?;
        let kiosk = text("kiosk").ok_or(malformed("no kiosk"))?.parse()?;
        Ok(Self { id, kiosk, service, at, content, key, signature })
    }
}

fn service(value: &Value) -> Option<ServiceRef> {
    let version = u32::try_from(value.get("version")?.as_whole()?).ok()?;
    ServiceRef::new(value.get("id")?.as_text()?, version).ok()
}
