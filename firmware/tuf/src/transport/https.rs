//! A repository behind a web server. What comes is judged by metadata, so TLS adds secrecy and
//! early failure, not trust; `http` serves as well where a site has a mirror of its own.

use bytes::Bytes;
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_RANGE, RANGE},
};

use super::{Body, Pace, Resource, Transport, TransportError, pace::Counted};
use crate::name::quoted_path;

/// Fetches over HTTP.
#[derive(Clone, Debug)]
pub struct HttpsTransport {
    client: Client,
    metadata: String,
    targets: String,
    pace: Pace,
}

impl HttpsTransport {
    /// The client brings the trust, certificates and proxies of its owner; the two addresses
    /// are the folders that metadata and targets lie under.
    pub fn new(client: Client, metadata: &str, targets: &str) -> Self {
        let folder = |address: &str| format!("{}/", address.trim_end_matches('/'));
        Self { client, metadata: folder(metadata), targets: folder(targets), pace: Pace::default() }
    }

    /// With another least speed.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    fn address(&self, resource: Resource<'_>) -> String {
        match resource {
            Resource::Metadata(file) => format!("{}{file}", self.metadata),
            Resource::Target(path) => format!("{}{}", self.targets, quoted_path(path)),
        }
    }
}

impl Transport for HttpsTransport {
    type Body = HttpsBody;

    async fn fetch(&self, resource: Resource<'_>, from: u64) -> Result<Option<HttpsBody>, TransportError> {
        // Bytes as they are: a compressed answer would not be as long as announced.
        let mut request = self.client.get(self.address(resource)).header(ACCEPT_ENCODING, "identity");
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let counted = Counted::start(self.pace);
        let response = counted.wait(request.send()).await?.map_err(connection)?;
        let starts_at = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if from > 0 => start_of_part(&response, from)?,
            StatusCode::NOT_FOUND => return Ok(None),
            other => return Err(TransportError::Status { code: other.as_u16() }),
        };
        Ok(Some(HttpsBody { response, starts_at, counted }))
    }
}

/// RFC 9110, section 14.4: `bytes FIRST-LAST/LENGTH`.
fn start_of_part(response: &Response, asked: u64) -> Result<u64, TransportError> {
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let first = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse().ok());
    if first == Some(asked) { Ok(asked) } else { Err(TransportError::WrongPart) }
}

fn connection(error: reqwest::Error) -> TransportError {
    TransportError::Connection(Box::new(error))
}

/// An answer under way.
#[derive(Debug)]
pub struct HttpsBody {
    response: Response,
    starts_at: u64,
    counted: Counted,
}

impl Body for HttpsBody {
    fn starts_at(&self) -> u64 {
        self.starts_at
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        loop {
            let piece = self.counted.wait(self.response.chunk()).await?.map_err(connection)?;
            let Some(piece) = piece else { return Ok(None) };
            self.counted.came(piece.len())?;
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }
}
