//! One connection, and how it is hung up.

use std::sync::Arc;

use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
};

/// Hangs up the connection that a request came on.
#[derive(Clone, Default)]
pub(crate) struct HangUp(Arc<Notify>);

impl HangUp {
    /// Hangs up; the caller has no more to say and is dropped here.
    pub(crate) async fn now(&self) -> std::convert::Infallible {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// Serves one connection until it ends or is hung up.
pub(crate) async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: &Router) {
    let hang_up = HangUp::default();
    let service = TowerToHyperService::new(router.clone().layer(Extension(hang_up.clone())));
    let server = auto::Builder::new(TokioExecutor::new());
    tokio::select! {
        // However it ends, it is over.
        _ = server.serve_connection(TokioIo::new(stream), service) => {}
        () = hang_up.0.notified() => {}
    }
}
