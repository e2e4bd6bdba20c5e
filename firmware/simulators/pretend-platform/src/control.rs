//! The control port of tests and the demo: plain HTTP on the loopback address only.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use simulators::scenario::PlatformFault;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{Counts, accounts::check_fault, platform::Shared};

/// Serves until the task is aborted.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, further: Router) {
    debug_assert!(listener.local_addr().is_ok_and(|address: SocketAddr| address.ip().is_loopback()));
    let router = Router::new()
        .route("/control/state", get(state))
        .route("/control/fault", post(fault).delete(no_fault))
        .route("/control/transactions", get(transactions))
        .route("/control/transactions/{id}", get(transaction))
        .with_state(shared)
        .merge(further);
    if let Err(error) = axum::serve(listener, router).await {
        eprintln!("pretend-platform: the control port ended: {error}");
    }
}

async fn state(State(shared): State<Arc<Shared>>) -> Json<Counts> {
    Json(shared.world().counts.clone())
}

/// A fault of the same form as in a scenario file.
async fn fault(
    State(shared): State<Arc<Shared>>,
    Json(fault): Json<PlatformFault>,
) -> Result<StatusCode, (StatusCode, String)> {
    check_fault(&fault).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    shared.world().add_fault(fault);
    Ok(StatusCode::NO_CONTENT)
}

/// Nothing more goes wrong.
async fn no_fault(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.world().clear_faults();
    StatusCode::NO_CONTENT
}

async fn transactions(State(shared): State<Arc<Shared>>) -> Json<Vec<Uuid>> {
    Json(shared.world().records.ids())
}

/// The opened record: invented, but personal in form. For the demo's own report.
async fn transaction(State(shared): State<Arc<Shared>>, Path(id): Path<Uuid>) -> Result<Vec<u8>, StatusCode> {
    shared.world().records.text(id).map(<[u8]>::to_vec).ok_or(StatusCode::NOT_FOUND)
}
