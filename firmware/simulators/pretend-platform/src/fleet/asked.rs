//! One call of the DDI: who asks, what goes wrong, how it is answered.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{HeaderMap, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{ActionId, Call, Credential, FleetRefusal, FleetState, Mishap, range::names, server::Shared};
use crate::connection::HangUp;

/// Everything of a call but its body.
pub(super) struct Asked {
    /// Whose it is.
    pub controller: String,
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub hang_up: HangUp,
    named: Vec<(String, String)>,
}

impl FromRequestParts<Arc<Shared>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Infallible> {
        let named = RawPathParams::from_request_parts(parts, shared).await;
        let named = named.iter().flatten().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut asked = Self {
            controller: String::new(),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            hang_up: parts.extensions.get().cloned().unwrap_or_default(),
            named,
        };
        asked.controller = asked.name("controller").to_owned();
        Ok(asked)
    }
}

impl Asked {
    /// What stands for this name in the path.
    pub fn name(&self, name: &str) -> &str {
        self.named.iter().find(|(named, _)| named == name).map_or("", |(_, value)| value)
    }

    /// The action that the path names.
    pub fn action(&self) -> Result<ActionId, FleetRefusal> {
        self.name("action").parse().map_err(|_| FleetRefusal::missing("action", self.name("action")))
    }

    /// How many messages of an action's history are wanted; below nothing means all.
    pub fn messages(&self) -> usize {
        let query = self.uri.query().unwrap_or_default();
        let wanted = query.split('&').find_map(|pair| pair.strip_prefix("actionHistory="));
        let wanted: i64 = wanted.and_then(|wanted| wanted.parse().ok()).unwrap_or(0);
        usize::try_from(wanted).unwrap_or(usize::MAX)
    }

    /// The URL of the base resource, as it was asked.
    pub fn base(&self, shared: &Shared) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or(self.uri.host()).unwrap_or("localhost");
        let scheme = if shared.options.tls.is_some() { "https" } else { "http" };
        let path: Vec<_> = self.uri.path().split('/').take(5).collect();
        format!("{scheme}://{host}{}", path.join("/"))
    }

    /// Whether this is for us, from somebody who may.
    fn admit(&self, shared: &Shared, state: &FleetState) -> Result<(), FleetRefusal> {
        if self.name("tenant") != shared.options.tenant {
            return Err(FleetRefusal::NotAuthorised);
        }
        let text = self.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let credential = match text.and_then(|text| text.split_once(' ')) {
            Some(("TargetToken", token)) => Credential::Target(token),
            Some(("GatewayToken", token)) => Credential::Gateway(token),
            _ => return Err(FleetRefusal::NotAuthorised),
        };
        state.admit(&self.controller, credential)
    }

    /// Answers a call, unless it is to go wrong.
    pub async fn call(
        &self,
        shared: &Shared,
        call: Call,
        work: impl FnOnce(&mut FleetState, Timestamp) -> Result<Value, FleetRefusal>,
    ) -> Response {
        let mishap = match self.begin(shared, call) {
            Ok(mishap) => mishap,
            Err(refusal) => return refuse(&refusal),
        };
        if let Some(answer) = self.spoil(mishap).await {
            return answer;
        }
        let outcome = work(&mut shared.state(), shared.now());
        if mishap == Some(Mishap::DoneButSilent) {
            self.hang_up.now().await;
        }
        match outcome {
            Ok(body) => self.say(&body),
            Err(refusal) => refuse(&refusal),
        }
    }

    /// Who may not ask is told so before anything goes wrong for others.
    pub fn begin(&self, shared: &Shared, call: Call) -> Result<Option<Mishap>, FleetRefusal> {
        let mut state = shared.state();
        self.admit(shared, &state)?;
        Ok(state.mishap(call, &self.controller))
    }

    /// What goes wrong before any work is done.
    pub async fn spoil(&self, mishap: Option<Mishap>) -> Option<Response> {
        let status = match mishap? {
            Mishap::TooManyRequests(seconds) => {
                let wait = [(header::RETRY_AFTER, seconds.to_string())];
                return Some((StatusCode::TOO_MANY_REQUESTS, wait).into_response());
            }
            Mishap::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Mishap::Down => StatusCode::SERVICE_UNAVAILABLE,
            Mishap::Gone => StatusCode::GONE,
            Mishap::HangUp => match self.hang_up.now().await {},
            Mishap::Slow(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                return None;
            }
            Mishap::DropAfter(_) | Mishap::OtherBytes | Mishap::DoneButSilent => return None,
        };
        Some(status.into_response())
    }

    /// A body with an entity tag, or 304 where it is known (RFC 9110, 13.1.2). `null` is no body.
    fn say(&self, body: &Value) -> Response {
        if body.is_null() {
            return StatusCode::OK.into_response();
        }
        let text = body.to_string();
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&text)[..16]));
        let known = self.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        if known.is_some_and(|known| names(known, &tag)) {
            return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
        }
        let wanted =
            self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let hal = wanted.contains("application/hal+json") && !wanted.contains("application/json");
        let media = if hal { "application/hal+json" } else { "application/json" };
        let headers = [(header::CONTENT_TYPE, media.to_owned()), (header::ETAG, tag)];
        (headers, text).into_response()
    }

    pub fn is_json(&self) -> Result<(), FleetRefusal> {
        is_json(&self.headers)
    }
}

/// Whether a body is said to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> Result<(), FleetRefusal> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match media.and_then(|media| media.split(';').next()).unwrap_or_default().trim() {
        "application/json" | "application/hal+json" => Ok(()),
        _ => Err(FleetRefusal::MediaType),
    }
}

pub(super) fn refuse(refusal: &FleetRefusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).expect("a status of ours");
    (status, axum::Json(refusal.body())).into_response()
}
