//! A transaction that only the server can read: what the outbox keeps and sends.
//! Bound to kiosk, transaction and schema, so no row can be passed off as another.

use keys::{
    ServerSecret,
    canonical::{Map, Value},
};
use zeroize::Zeroizing;

use crate::{KioskId, TransactionError, TransactionId};

/// The form of the sealed content; a change of form is a new word.
pub const SCHEMA: &str = "mot-cham/transaction/1";

/// A transaction sealed to the server: nothing personal can be read from it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    id: TransactionId,
    bytes: Vec<u8>,
}

impl Sealed {
    pub(crate) fn new(id: TransactionId, bytes: Vec<u8>) -> Self {
        Self { id, bytes }
    }

    /// Which transaction.
    pub fn id(&self) -> TransactionId {
        self.id
    }

    /// The sealed bytes, as they are kept and sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The server's side: opens what a kiosk sealed. The result is the text that
/// `Transaction::verify` takes.
pub fn open(
    secret: &ServerSecret,
    kiosk: &KioskId,
    id: TransactionId,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, TransactionError> {
    secret.open(&associated(kiosk, id), sealed).map_err(TransactionError::Seal)
}

/// What is bound to the sealed bytes but not hidden: canonical JSON of who, which, what form.
pub(crate) fn associated(kiosk: &KioskId, id: TransactionId) -> Zeroizing<Vec<u8>> {
    let map = Map::new()
        .with("kiosk", Value::text(kiosk.as_str()))
        .with("schema", Value::text(SCHEMA))
        .with("transaction", Value::text(id.to_string()));
    Value::Map(map).to_bytes()
}
