//! The fleet's part of the control port, for tests and the demo.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{FleetFault, server::Shared};

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/control/fleet/state", get(state))
        .route("/control/fleet/fault", post(fault))
        .with_state(shared)
}

/// Counts: of all targets, and of each.
async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let state = shared.state();
    let targets: BTreeMap<_, _> =
        state.targets().map(|target| (target.controller.to_string(), target.traffic)).collect();
    Json(json!({ "all": state.traffic(), "targets": targets }))
}

async fn fault(State(shared): State<Arc<Shared>>, Json(fault): Json<FleetFault>) -> StatusCode {
    shared.state().add_fault(fault);
    StatusCode::NO_CONTENT
}
