//! What goes over the wire between kiosks and the fleet server, byte by byte, for whoever holds it
//! against the contract.

use std::{fmt, sync::Arc};

use axum::{
    body::{self, Body},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// More than any message has, in bytes.
const LONGEST: usize = 1 << 20;

/// Who hears every exchange.
pub type Heard = Arc<dyn Fn(Exchange) + Send + Sync>;

/// A question and its answer.
#[derive(Clone)]
pub struct Exchange {
    /// How was asked.
    pub method: String,
    /// For what: path and query.
    pub path: String,
    /// The headers of the question.
    pub headers: HeaderMap,
    /// The body of the question.
    pub asked: Vec<u8>,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer where it is JSON; files are not kept.
    pub answered: Vec<u8>,
}

impl fmt::Debug for Exchange {
    /// Without headers: they hold the kiosk's secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, asked, status, answered, .. } = self;
        let text = String::from_utf8_lossy;
        write!(f, "{method} {path} {} -> {status} {}", text(asked), text(answered))
    }
}

pub(super) async fn hear(State(heard): State<Heard>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let Ok(asked) = body::to_bytes(body, LONGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let (method, path) = (head.method.to_string(), head.uri.to_string());
    let headers = head.headers.clone();
    let response = next.run(Request::from_parts(head, Body::from(asked.clone()))).await;
    let (head, body) = response.into_parts();
    let is_json = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
    let (answered, body) = if is_json {
        let bytes = body::to_bytes(body, LONGEST).await.unwrap_or_default();
        (bytes.to_vec(), Body::from(bytes))
    } else {
        (Vec::new(), body)
    };
    let status = head.status.as_u16();
    heard(Exchange { method, path, headers, asked: asked.to_vec(), status, answered });
    Response::from_parts(head, body)
}
