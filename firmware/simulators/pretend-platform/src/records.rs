//! Signed records: opened, checked to the byte, kept once, acknowledged.
//!
//! Written from the contract alone: `openapi.yaml` and the record's form. What it
//! accepts is what a national platform could check: the box opens with our key, the
//! text is canonical JSON, the kiosk's signature fits, names agree.

use std::{collections::BTreeMap, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use keys::{
    AnswerContext, PlatformSecret, PublicKey, ServerSecret, Signature, SigningContext,
    canonical::{self, Map, Value},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{Code, Refusal, world::Request};

/// The form of records that is understood here.
const SCHEMA: &str = "mot-cham/transaction/1";

/// All records by id.
#[derive(Default)]
pub struct Records(BTreeMap<Uuid, Kept>);

struct Kept {
    text: Vec<u8>,
    receipt: Vec<u8>,
}

/// A record that was found good.
pub struct Record {
    id: Uuid,
    /// As it was signed, to the byte.
    pub text: Vec<u8>,
    content: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedRecord {
    transaction: Uuid,
    kiosk: String,
    schema: String,
    sealed: String,
}

impl Record {
    /// Whose it is.
    pub fn number(&self) -> Option<&str> {
        self.content.get("citizen")?.get("number")?.as_text()
    }

    /// The activation that it completes, if that is its service.
    pub fn completes(&self) -> Option<&str> {
        let service = self.content.get("service")?.get("id")?.as_text()?;
        if service != "eid.activate" {
            return None;
        }
        self.content.get("form")?.get("activation")?.as_text()
    }
}

impl Records {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Every id.
    pub fn ids(&self) -> Vec<Uuid> {
        self.0.keys().copied().collect()
    }

    /// The text of a record. Personal: for the demo's own report.
    pub fn text(&self, id: Uuid) -> Option<&[u8]> {
        self.0.get(&id).map(|kept| kept.text.as_slice())
    }

    /// The receipt of a record.
    pub fn receipt(&self, id: Uuid) -> Option<&[u8]> {
        self.0.get(&id).map(|kept| kept.receipt.as_slice())
    }

    /// Keeps a record for ever and gives its receipt; the same receipt if it was here
    /// before.
    pub fn keep(
        &mut self,
        record: Record,
        registered: bool,
        kiosk: &str,
        signing: &PlatformSecret,
        now: Timestamp,
    ) -> Vec<u8> {
        let Record { id, text, .. } = record;
        let kept = self.0.entry(id).or_insert_with(|| {
            let said = Map::new()
                .with("at", Value::text(now.to_string()))
                .with("kiosk", Value::text(kiosk))
                .with("reference", Value::text(reference(id)))
                .with("standing", Value::text(if registered { "registered" } else { "received" }))
                .with("transaction", Value::text(id.to_string()));
            Kept { text, receipt: signed_receipt(Value::Map(said), signing) }
        });
        kept.receipt.clone()
    }
}

/// Opens a submitted record and checks all that can be checked.
pub fn open(
    request: &Request<'_>,
    sealing: &ServerSecret,
    kiosk: &str,
    dir: &Path,
) -> Result<Record, Refusal> {
    let body: SealedRecord = serde_json::from_slice(request.body).map_err(|_| Code::SchemaInvalid)?;
    let id = body.transaction;
    let names_agree =
        request.key == Some(id.to_string().as_str()) && body.kiosk == kiosk && body.schema == SCHEMA;
    if !names_agree {
        return Err(Code::TransactionInvalid.into());
    }
    let sealed = STANDARD.decode(&body.sealed).map_err(|_| Code::SchemaInvalid)?;
    let bound = format!(r#"{{"kiosk":"{kiosk}","schema":"{SCHEMA}","transaction":"{id}"}}"#);
    let text = sealing.open(bound.as_bytes(), &sealed).map_err(|_| Code::TransactionInvalid)?.to_vec();
    let content = content(&text, &kiosk_key(dir)?).ok_or(Code::TransactionInvalid)?;
    let said = |name: &str| content.get(name).and_then(Value::as_text).map(str::to_owned);
    let names_agree = said("id") == Some(id.to_string())
        && said("kiosk").as_deref() == Some(kiosk)
        && said("schema").as_deref() == Some(SCHEMA);
    if !names_agree {
        return Err(Code::TransactionInvalid.into());
    }
    Ok(Record { id, text, content })
}

/// The canonical bytes of a receipt's content and the signature over it.
fn signed_receipt(said: Value, signing: &PlatformSecret) -> Vec<u8> {
    let signature = signing.sign(AnswerContext::Receipt, &said.to_bytes());
    let whole = Map::new().with("receipt", said).with("signature", Value::text(signature.to_string()));
    Value::Map(whole).to_bytes().to_vec()
}

/// The same receipt, signed with a key that is not the platform's.
pub fn forge(receipt: &[u8], stray: &PlatformSecret) -> Vec<u8> {
    let said = canonical::parse(receipt).ok().and_then(|whole| whole.get("receipt").cloned());
    said.map_or_else(|| receipt.to_vec(), |said| signed_receipt(said, stray))
}

/// The signed content, if text and signature are good and nothing stands beside them.
fn content(text: &[u8], kiosk: &PublicKey) -> Option<Value> {
    let whole = canonical::parse(text).ok()?;
    if !whole.as_map()?.iter().map(|(name, _)| name).eq(["key", "signature", "transaction"]) {
        return None;
    }
    if whole.get("key")?.as_text()? != kiosk.to_string() {
        return None;
    }
    let content = whole.get("transaction")?;
    let signature: Signature = whole.get("signature")?.as_text()?.parse().ok()?;
    kiosk.verify(SigningContext::Transaction, &content.to_bytes(), &signature).ok()?;
    Some(content.clone())
}

/// The kiosk's key, from the folder: it may be made after this platform started.
fn kiosk_key(dir: &Path) -> Result<PublicKey, Refusal> {
    let path = dir.join("kiosk-signing.pub");
    let text = fs::read_to_string(&path).map_err(|_| {
        eprintln!("pretend-platform: a record came, but there is no kiosk-signing.pub in the folder");
        Code::DeviceSuspended
    })?;
    text.trim().parse().map_err(|_| Code::DeviceSuspended.into())
}

/// Short, and the same for the same record: eight of the 32 signs that nobody misreads.
fn reference(id: Uuid) -> String {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digest = Sha256::digest(id.as_bytes());
    let signs: String = digest[..8].iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect();
    format!("DD-{}-{}", &signs[..4], &signs[4..])
}
