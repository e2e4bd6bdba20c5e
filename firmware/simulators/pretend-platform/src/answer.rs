//! An answer before it is signed, and its signature (RFC 9421, RFC 9530).

use axum::http::{HeaderMap, HeaderValue, Method, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use keys::{AnswerContext, PlatformSecret};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::Refusal;

/// What the kiosk is told.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its kind, where there is a body.
    pub kind: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
    /// It was stored under this idempotency key before.
    pub replayed: bool,
}

/// What an answer answers, as far as the signature covers it.
pub struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, no query.
    pub path: &'a str,
    /// The value of `Idempotency-Key`.
    pub key: Option<&'a str>,
}

impl Answer {
    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, body.to_string().into_bytes())
    }

    /// A JSON body that is bytes already.
    pub fn bytes(status: u16, body: Vec<u8>) -> Self {
        Self { status, kind: Some("application/json"), body, replayed: false }
    }

    /// 204: done, nothing to tell.
    pub fn done() -> Self {
        Self { status: 204, kind: None, body: Vec::new(), replayed: false }
    }

    /// A refusal.
    pub fn refused(refusal: Refusal, reference: &str) -> Self {
        let (status, body) = refusal.problem(reference);
        Self { kind: Some("application/problem+json"), ..Self::json(status, &body) }
    }

    /// The headers of the signed answer.
    pub fn signed(&self, asked: &Asked<'_>, key: &PlatformSecret, now: Timestamp) -> HeaderMap {
        let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&self.body)));
        let date = http_date(now);
        let idempotency = if asked.key.is_some() { " \"idempotency-key\";req" } else { "" };
        let params = format!(
            "(\"@status\" \"content-digest\" \"date\" \"@method\";req \"@path\";req{idempotency});\
             created={};keyid=\"platform\"",
            now.as_second()
        );
        let mut base = format!(
            "\"@status\": {}\n\"content-digest\": {digest}\n\"date\": {date}\n\"@method\";req: {}\n\
             \"@path\";req: {}\n",
            self.status, asked.method, asked.path
        );
        if let Some(key) = asked.key {
            base += "\"idempotency-key\";req: ";
            base += key;
            base += "\n";
        }
        base += "\"@signature-params\": ";
        base += &params;
        let signature = key.sign(AnswerContext::Answer, base.as_bytes());
        let signature = format!("platform=:{}:", STANDARD.encode(signature.as_bytes()));

        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, value: &str| {
            headers.insert(name, HeaderValue::from_str(value).expect("our headers are plain ASCII"));
        };
        add(header::DATE.as_str(), &date);
        add("content-digest", &digest);
        add("signature-input", &format!("platform={params}"));
        add("signature", &signature);
        if let Some(kind) = self.kind {
            add(header::CONTENT_TYPE.as_str(), kind);
        }
        if self.replayed {
            add("idempotent-replayed", "true");
        }
        headers
    }
}

/// RFC 9110 section 5.6.7.
pub fn http_date(at: Timestamp) -> String {
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .expect("a clock of this century has such a date")
}
