//! Mutual TLS, HTTP, and what can go wrong on the way.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{RawPathParams, State},
    http::{HeaderMap, Method, Uri},
    response::Response,
    routing::{MethodFilter, on},
};
use getrandom::{SysRng, rand_core::UnwrapErr};
use simulators::scenario::PlatformMishap;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    Code, Exchange, Operation,
    answer::{Answer, Asked},
    connection::{self, HangUp},
    platform::Shared,
    records,
    world::{Done, Request, World},
};

/// One request as axum gives it.
struct Incoming {
    operation: Operation,
    method: Method,
    path: String,
    query: Option<String>,
    named: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Incoming {
    fn key(&self) -> Option<&str> {
        self.headers.get("idempotency-key").and_then(|value| value.to_str().ok())
    }

    fn request(&self) -> Request<'_> {
        Request {
            operation: self.operation,
            path: &self.path,
            named: self.named.as_deref(),
            key: self.key(),
            body: &self.body,
        }
    }

    /// How long the kiosk lets an answer wait for news.
    fn wait(&self) -> Duration {
        let query = self.query.as_deref().unwrap_or_default();
        let seconds = query.split('&').find_map(|pair| pair.strip_prefix("wait="));
        Duration::from_secs(seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(0).min(25))
    }
}

/// Serves kiosks until the task is aborted; connections end with it.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Arc<tokio_rustls::rustls::ServerConfig>,
    shared: Arc<Shared>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let router = router(shared);
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let (acceptor, router) = (acceptor.clone(), router.clone());
        connections.spawn(async move {
            // Whoever has no certificate of ours gets no further than this line.
            let stream = match acceptor.accept(stream).into_fallible().await {
                Ok(stream) => stream,
                Err((_, refused)) => return linger(refused).await,
            };
            connection::serve(stream, &router).await;
        });
    }
}

/// Reads on for a moment: a closed socket with unread bytes is reset, and the reset
/// would overtake the TLS alert that says why.
async fn linger(mut refused: TcpStream) {
    let mut rest = [0; 1024];
    let reading = async {
        // Both may fail: the other side is gone, which is what we wait for.
        let _ = refused.shutdown().await;
        while matches!(refused.read(&mut rest).await, Ok(read) if read > 0) {}
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), reading).await;
}

fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new();
    for operation in Operation::ALL {
        let filter = if operation.method() == Method::GET { MethodFilter::GET } else { MethodFilter::POST };
        let handler = move |State(shared): State<Arc<Shared>>,
                            Extension(hang_up): Extension<HangUp>,
                            params: RawPathParams,
                            method: Method,
                            uri: Uri,
                            headers: HeaderMap,
                            body: Bytes| async move {
            let incoming = Incoming {
                operation,
                method,
                path: uri.path().to_owned(),
                query: uri.query().map(str::to_owned),
                named: params.iter().next().map(|(_, value)| value.to_owned()),
                headers,
                body,
            };
            handle(&shared, &hang_up, incoming).await
        };
        router = router.route(operation.path(), on(filter, handler));
    }
    router.fallback(nowhere).with_state(shared)
}

/// A path that the contract does not have.
async fn nowhere(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let mut world = shared.world();
    let answer = world.refuse(Code::NotFound.into());
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let asked = Asked { method: &method, path: uri.path(), key };
    let headers = answer.signed(&asked, &world.secrets.signing, (shared.options.clock)());
    respond(&answer, headers)
}

async fn handle(shared: &Shared, hang_up: &HangUp, incoming: Incoming) -> Result<Response, Infallible> {
    let mishap = shared.world().mishap(incoming.operation);
    if mishap == Some(PlatformMishap::Down) {
        return Ok(proxy_says_down());
    }
    let mut done = work(shared, &incoming);
    if mishap == Some(PlatformMishap::Twice) {
        done = work(shared, &incoming);
    }
    let deadline = tokio::time::Instant::now() + incoming.wait();
    while is_waiting(&done.answer) && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
        done = work(shared, &incoming);
    }
    match mishap {
        Some(PlatformMishap::Slow) => tokio::time::sleep(shared.options.slow_by).await,
        Some(PlatformMishap::DoneButSilent) => {
            hang_up.now().await;
        }
        _ => {}
    }
    let world = shared.world();
    if mishap == Some(PlatformMishap::WrongSignature) {
        forge(&mut done.answer, &world, incoming.operation);
        return Ok(finish(shared, &world.stray, &incoming, done));
    }
    Ok(finish(shared, &world.secrets.signing, &incoming, done))
}

fn work(shared: &Shared, incoming: &Incoming) -> Done {
    let mut world = shared.world();
    let done = world.serve(&incoming.request(), (shared.options.clock)(), &mut UnwrapErr(SysRng));
    shared.publish(&world);
    done
}

fn is_waiting(answer: &Answer) -> bool {
    answer.body == br#"{"state":"waiting"}"#
}

fn forge(answer: &mut Answer, world: &World, operation: Operation) {
    let receipt = matches!(operation, Operation::SubmitTransaction | Operation::GetReceipt);
    if receipt && answer.status == 200 {
        answer.body = records::forge(&answer.body, &world.stray);
    }
}

fn finish(shared: &Shared, key: &keys::PlatformSecret, incoming: &Incoming, done: Done) -> Response {
    let asked = Asked { method: &incoming.method, path: &incoming.path, key: incoming.key() };
    let headers = done.answer.signed(&asked, key, (shared.options.clock)());
    if let Some(watch) = &shared.options.watch {
        // Nobody may listen any more; that is no matter.
        let _ = watch.send(Exchange {
            operation: incoming.operation,
            path: incoming.path.clone(),
            asked: incoming.headers.clone(),
            body: incoming.body.to_vec(),
            opened: done.opened,
            status: done.answer.status,
            answered: headers.clone(),
            answer: done.answer.body.clone(),
        });
    }
    respond(&done.answer, headers)
}

fn respond(answer: &Answer, headers: HeaderMap) -> Response {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() = answer.status.try_into().expect("a status of ours");
    *response.headers_mut() = headers;
    response
}

/// What a proxy before a stopped gateway says: not signed, not ours.
fn proxy_says_down() -> Response {
    let mut response = Response::new(Body::from("503 Service Unavailable\n"));
    *response.status_mut() = axum::http::StatusCode::SERVICE_UNAVAILABLE;
    response
}
