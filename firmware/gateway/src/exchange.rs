//! One request and its answer: sent, timed, trusted, and sent again where that is
//! harmless and may help.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use keys::{PlatformKey, ServerKey};
use reqwest::{Client, Method, header::HeaderMap};
use tokio::sync::watch;

use crate::{
    GatewayConfig, GatewayError, Link, Problem, TimeAndChance,
    config::public_key,
    link::Meter,
    signed::{self, Answered, Asked},
};

/// No answer of the contract is longer.
const LONGEST_ANSWER: usize = 256 * 1024;
/// Between two tries of one request.
const PAUSE: Duration = Duration::from_millis(250);
/// A platform that asks for more patience than this gets it from the citizen, not from us.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The connection and everything that belongs to it.
pub(crate) struct Line {
    client: Client,
    base: String,
    signing: PlatformKey,
    pub(crate) sealing: ServerKey,
    pub(crate) kiosk: String,
    pub(crate) source: Arc<dyn TimeAndChance>,
    pub(crate) answer_timeout: Duration,
    pub(crate) submit_timeout: Duration,
    pub(crate) tries: u8,
    meter: Mutex<Meter>,
    link: watch::Sender<Link>,
}

/// What is to be sent.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    /// Behind the path; nothing about a person.
    pub(crate) query: Option<String>,
    /// Always, where the method is POST.
    pub(crate) key: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) timeout: Duration,
    pub(crate) tries: u8,
}

/// A success of the platform's own.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Line {
    pub(crate) fn new(config: &GatewayConfig, source: Arc<dyn TimeAndChance>) -> Result<Self, GatewayError> {
        let time = GatewayConfig::time;
        let client = Client::builder()
            .tls_backend_preconfigured(config.tls()?)
            .https_only(true)
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(time("connect-timeout-ms", config.connect_timeout_ms)?)
            .build()
            .map_err(|error| GatewayError::Unreachable(Box::new(error.without_url())))?;
        let slow_after = time("slow-after-ms", config.slow_after_ms)?;
        Ok(Self {
            client,
            base: config.base()?,
            signing: public_key("signing key of the platform", &config.platform_signing_key)?,
            sealing: public_key("sealing key of the platform", &config.platform_sealing_key)?,
            kiosk: config.kiosk_name()?,
            source,
            answer_timeout: time("answer-timeout-ms", config.answer_timeout_ms)?,
            submit_timeout: time("submit-timeout-ms", config.submit_timeout_ms)?,
            tries: config.tries_at_most()?,
            meter: Mutex::new(Meter::new(slow_after)),
            link: watch::Sender::new(Link::Down),
        })
    }

    pub(crate) fn link(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    /// Sends until there is an answer or no use in trying. Every try has the same
    /// idempotency key and the same bytes, so the platform does the work once.
    pub(crate) async fn exchange(&self, request: &Request<'_>) -> Result<Reply, GatewayError> {
        let mut tried = 0;
        loop {
            tried += 1;
            let begun = Instant::now();
            let outcome = self.once(request).await;
            self.note(outcome.as_ref().map(|_| ()), begun.elapsed());
            let error = match outcome {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            tracing::info!(
                path = pattern(request.path),
                fault = error.fault().code(),
                tried,
                "no answer to use"
            );
            let pause = error.problem().and_then(|problem| problem.retry_after).unwrap_or(PAUSE);
            if tried >= request.tries || !error.retryable() || pause > LONGEST_PAUSE {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
    }

    fn note(&self, outcome: Result<(), &GatewayError>, took: Duration) {
        let link = self.meter.lock().unwrap_or_else(PoisonError::into_inner).note(outcome, took);
        self.link.send_if_modified(|before| std::mem::replace(before, link) != link);
    }

    async fn once(&self, request: &Request<'_>) -> Result<Reply, GatewayError> {
        let query = request.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
        let url = format!("{}{}{query}", self.base, request.path);
        let mut sending = self.client.request(request.method.clone(), url).timeout(request.timeout);
        if let Some(key) = &request.key {
            sending = sending
                .header("idempotency-key", key)
                .header("content-type", "application/json")
                .body(request.body.clone());
        }
        let mut response = sending.send().await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = read(&mut response).await?;
        self.judge(request, status, &headers, body)
    }

    fn judge(
        &self,
        request: &Request<'_>,
        status: u16,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> Result<Reply, GatewayError> {
        if matches!(status, 502..=504) && !signed::is_signed(headers) {
            return Err(GatewayError::ProxySaysDown { status });
        }
        let asked =
            Asked { method: request.method.as_str(), path: request.path, key: request.key.as_deref() };
        let answered = Answered { status, headers, body: &body };
        signed::check(&asked, &answered, &self.signing, self.source.now())?;
        match status {
            200..=299 => Ok(Reply { status, body }),
            400..=599 => {
                Err(Problem::parse(status, &body)
                    .map_or(GatewayError::Garbled { status }, GatewayError::Refused))
            }
            _ => Err(GatewayError::Garbled { status }),
        }
    }
}

/// Reads a body of bearable length.
async fn read(response: &mut reqwest::Response) -> Result<Vec<u8>, GatewayError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(GatewayError::NotTrusted { why: "the answer does not end" });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why nothing came back.
fn no_answer(error: reqwest::Error) -> GatewayError {
    match tls_error(&error) {
        Some(rustls::Error::AlertReceived(_)) => return GatewayError::NotEnrolled,
        Some(rustls::Error::InvalidCertificate(_)) => {
            return GatewayError::NotTrusted { why: "the certificate is not of the pinned authority" };
        }
        Some(_) => return GatewayError::NotTrusted { why: "this is no TLS of the platform" },
        None => {}
    }
    if error.is_timeout() && !error.is_connect() {
        return GatewayError::Slow;
    }
    GatewayError::Unreachable(Box::new(error.without_url()))
}

/// The TLS error under an HTTP error, if there is one.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // An I/O error does not show what it wraps as its source.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// A path without the handles in it, for logs.
fn pattern(path: &str) -> String {
    let plain = |part: &&str| part.len() < 16;
    path.split('/')
        .map(|part| if plain(&part) || part.contains(':') { part } else { "…" })
        .collect::<Vec<_>>()
        .join("/")
}
