//! The sealed box in which everything about a person travels (`openapi.yaml`, "Nothing
//! about a person outside a sealed box").

use std::convert::Infallible;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keys::ServerKey;
use rand_core::{TryCryptoRng, TryRng};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{GatewayError, TimeAndChance};

/// The body of a request that holds nothing but a box.
#[derive(Serialize)]
struct Body {
    sealed: String,
}

/// Seals what is about a person, bound to this request, and gives the request's body.
pub(crate) fn body(
    to: &ServerKey,
    path: &str,
    key: &str,
    plain: &impl Serialize,
    source: &dyn TimeAndChance,
) -> Result<Vec<u8>, GatewayError> {
    let not_sendable = GatewayError::NotSendable("the sealed part");
    // Roomy, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(4096));
    let bound = format!("POST {path}\n{key}");
    if serde_json::to_writer(&mut *text, plain).is_err() {
        return Err(not_sendable);
    }
    let Ok(sealed) = keys::seal(to, bound.as_bytes(), &text, &mut Chance(source)) else {
        return Err(not_sendable);
    };
    to_json(&Body { sealed: STANDARD.encode(sealed) })
}

/// Anything of ours as JSON.
pub(crate) fn to_json(body: &impl Serialize) -> Result<Vec<u8>, GatewayError> {
    serde_json::to_vec(body).map_err(|_| GatewayError::NotSendable("the body"))
}

/// The source's chance in the form that cryptography takes.
pub(crate) struct Chance<'a>(pub(crate) &'a dyn TimeAndChance);

impl TryRng for Chance<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Chance<'_> {}
