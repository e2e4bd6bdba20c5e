//! The engine that takes Prometheus text by HTTP, as VictoriaMetrics does at
//! `/api/v1/import/prometheus`.

use std::time::Duration;

use metrics::{Buffer, BufferError};
use reqwest::{
    Client, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER},
};
use tuf::store::Disk;

use super::PushSettings;

/// The most that goes out at once.
const MOST_SEGMENTS: usize = 64;
const MOST_BYTES: u64 = 256 * 1024;

/// The engine.
pub struct Engine {
    client: Client,
    address: String,
    bearer: Option<HeaderValue>,
}

/// Why the engine did not take something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// No connection, or a broken one: it may have taken it.
    #[error("the engine cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It has too much to do.
    #[error("the engine is busy")]
    Busy {
        /// How long it wants to be left alone.
        retry_after: Duration,
    },
    /// It will never take this text.
    #[error("the engine refuses the samples (status {code})")]
    Refused {
        /// The HTTP status.
        code: u16,
    },
    /// Another status: the engine is in trouble, does not know us, or is none.
    #[error("the engine answered with status {code}")]
    Status {
        /// The HTTP status.
        code: u16,
    },
}

/// Why something still waits.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrainError {
    /// The engine.
    #[error("not sent")]
    Push(#[from] PushError),
    /// The disk.
    #[error("the buffer")]
    Buffer(#[from] BufferError),
}

impl Engine {
    /// The client brings trust and certificates.
    pub fn new(client: Client, settings: &PushSettings) -> Self {
        Self { client, address: settings.address.as_str().to_owned(), bearer: settings.bearer.clone() }
    }

    /// Sends a text.
    pub async fn push(&self, text: String) -> Result<(), PushError> {
        let mut request = self.client.post(&self.address).header(CONTENT_TYPE, "text/plain; version=0.0.4");
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        let response = request.body(text).send().await.map_err(PushError::Unreachable)?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let seconds = response.headers().get(RETRY_AFTER);
                let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
                Err(PushError::Busy { retry_after: Duration::from_secs(seconds.unwrap_or(0)) })
            }
            status @ (StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY) => Err(PushError::Refused { code: status.as_u16() }),
            status => Err(PushError::Status { code: status.as_u16() }),
        }
    }

    /// Sends what waits, the oldest first, until nothing does or the engine will not. Of segments
    /// that it refuses together, the one that it refuses is found by halves and set aside.
    pub async fn drain<D: Disk>(&self, buffer: &mut Buffer<D>) -> Result<(), DrainError> {
        let mut most = MOST_SEGMENTS;
        while let Some(batch) = buffer.oldest(most, MOST_BYTES)? {
            match self.push(batch.text.clone()).await {
                // After a refusal the other half holds what was refused: no larger batch yet.
                Ok(()) => buffer.taken(&batch)?,
                Err(PushError::Refused { .. }) if batch.segments() > 1 => most = batch.segments() / 2,
                Err(error @ PushError::Refused { .. }) => {
                    tracing::error!(%error, "a sample is set aside");
                    buffer.refused(&batch)?;
                    most = MOST_SEGMENTS;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
