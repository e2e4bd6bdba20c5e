//! What kiosks send, named as in `openapi.yaml`. What is not in the contract is refused.

#![allow(missing_docs, reason = "the members are explained in openapi.yaml")]

use std::collections::BTreeMap;

use serde::Deserialize;

/// A body that is one sealed box.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedBody {
    pub sealed: String,
}

/// In the box of `lookUpAccount`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub number: String,
}

/// In the box of `beginActivation`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    pub number: String,
    pub phone: String,
}

/// In the box of `checkCode`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    pub code: String,
}

/// The body of `sendCode`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    pub channel: Channel,
}

/// How the code is sent.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    Sms,
    Voice,
}

/// In the box of `createVneidAuthorization`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VneidQuestion {
    pub number: String,
    pub identity: String,
    pub scopes: Vec<String>,
}

/// The body of `heartbeat`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code, reason = "read so that a wrong type is refused")]
pub struct Heartbeat {
    pub version: String,
    pub queue_depth: u32,
    pub devices: BTreeMap<String, bool>,
}
