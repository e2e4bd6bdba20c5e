//! The Direct Device Integration over HTTP, route by route.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post, put},
};
use serde_json::{Value, json};

use super::{
    AutoConfirm, Call, ConfigData, Confirmation, Feedback, FleetRefusal, InstalledVersion, asked::Asked,
    download, feedback::parse, server::Shared, wire,
};

const BASE: &str = "/{tenant}/controller/v1/{controller}";

type Sees = State<Arc<Shared>>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let path = |rest: &str| format!("{BASE}{rest}");
    Router::new()
        .route(BASE, get(poll))
        .route(&path("/configData"), put(config_data))
        .route(&path("/deploymentBase/{action}"), get(deployment))
        .route(&path("/deploymentBase/{action}/feedback"), post(feedback))
        .route(&path("/cancelAction/{action}"), get(cancellation))
        .route(&path("/cancelAction/{action}/feedback"), post(cancel_feedback))
        .route(&path("/installedBase"), put(install_offline))
        .route(&path("/installedBase/{action}"), get(installed))
        .route(&path("/confirmationBase"), get(confirmations))
        .route(&path("/confirmationBase/activateAutoConfirm"), post(activate))
        .route(&path("/confirmationBase/deactivateAutoConfirm"), post(deactivate))
        .route(&path("/confirmationBase/{action}"), get(confirmation))
        .route(&path("/confirmationBase/{action}/feedback"), post(confirm))
        .route(&path("/softwaremodules/{module}/artifacts"), get(artifacts))
        .route(&path("/softwaremodules/{module}/artifacts/{file}"), get(artifact))
        .layer(DefaultBodyLimit::max(1 << 20))
        .with_state(shared)
}

/// Whoever has the gateway token makes a target known by asking for it.
async fn poll(State(shared): Sees, asked: Asked) -> Response {
    asked
        .call(&shared, Call::Poll, |state, now| {
            state.find_or_register(&asked.controller, now)?;
            Ok(state.poll(&asked.controller, now)?.body(&asked.base(&shared)))
        })
        .await
}

async fn config_data(State(shared): Sees, asked: Asked, body: Bytes) -> Response {
    asked
        .call(&shared, Call::ConfigData, |state, _| {
            asked.is_json()?;
            let ConfigData { mode, data } = parse(&body)?;
            state.describe(&asked.controller, mode.unwrap_or_default(), data)?;
            Ok(Value::Null)
        })
        .await
}

async fn deployment(State(shared): Sees, asked: Asked) -> Response {
    asked
        .call(&shared, Call::Deployment, |state, now| {
            let deployment = state.deployment(&asked.controller, asked.action()?, asked.messages(), now)?;
            Ok(deployment.body(&asked.base(&shared), shared.scheme()))
        })
        .await
}

async fn installed(State(shared): Sees, asked: Asked) -> Response {
    asked
        .call(&shared, Call::Deployment, |state, now| {
            let installed = state.installed(&asked.controller, asked.action()?, asked.messages(), now)?;
            Ok(installed.body(&asked.base(&shared), shared.scheme()))
        })
        .await
}

async fn feedback(State(shared): Sees, asked: Asked, body: Bytes) -> Response {
    asked
        .call(&shared, Call::Feedback, |state, now| {
            asked.is_json()?;
            state.feedback(&asked.controller, asked.action()?, &Feedback::parse(&body)?, now)?;
            Ok(Value::Null)
        })
        .await
}

async fn cancellation(State(shared): Sees, asked: Asked) -> Response {
    asked
        .call(&shared, Call::Cancel, |state, now| {
            let action = state.cancellation(&asked.controller, asked.action()?, now)?.to_string();
            Ok(json!({ "id": action, "cancelAction": { "stopId": action } }))
        })
        .await
}

async fn cancel_feedback(State(shared): Sees, asked: Asked, body: Bytes) -> Response {
    asked
        .call(&shared, Call::Cancel, |state, now| {
            asked.is_json()?;
            state.cancel_feedback(&asked.controller, asked.action()?, &Feedback::parse(&body)?, now)?;
            Ok(Value::Null)
        })
        .await
}

/// 201 for news, 200 for what was known.
async fn install_offline(State(shared): Sees, asked: Asked, body: Bytes) -> Response {
    let mut news = false;
    let answer = asked
        .call(&shared, Call::Installed, |state, now| {
            asked.is_json()?;
            let InstalledVersion { name, version } = parse(&body)?;
            news = state.install_offline(&asked.controller, &name, &version, now)?;
            Ok(Value::Null)
        })
        .await;
    if news { StatusCode::CREATED.into_response() } else { answer }
}

async fn confirmations(State(shared): Sees, asked: Asked) -> Response {
    asked
        .call(&shared, Call::Confirmation, |state, now| {
            state.find_or_register(&asked.controller, now)?;
            let base = asked.base(&shared);
            let active = state.target(&asked.controller)?.auto_confirm;
            let offered = if active { "deactivateAutoConfirm" } else { "activateAutoConfirm" };
            let mut links = json!({ offered: { "href": format!("{base}/confirmationBase/{offered}") } });
            let polled = state.waiting(&asked.controller)?;
            if let Some(action) = polled {
                let href = format!("{base}/confirmationBase/{action}");
                links["confirmationBase"] = json!({ "href": href });
            }
            Ok(json!({ "autoConfirm": { "active": active }, "_links": links }))
        })
        .await
}

async fn confirmation(State(shared): Sees, asked: Asked) -> Response {
    asked
        .call(&shared, Call::Confirmation, |state, now| {
            let waits = state.confirmation(&asked.controller, asked.action()?, asked.messages(), now)?;
            Ok(waits.confirmation_body(&asked.base(&shared), shared.scheme()))
        })
        .await
}

async fn confirm(State(shared): Sees, asked: Asked, body: Bytes) -> Response {
    asked
        .call(&shared, Call::Confirmation, |state, now| {
            asked.is_json()?;
            let said: Confirmation = parse(&body)?;
            state.confirm(&asked.controller, asked.action()?, said, now)?;
            Ok(Value::Null)
        })
        .await
}

async fn activate(State(shared): Sees, asked: Asked) -> Response {
    asked
        .call(&shared, Call::Confirmation, |state, now| {
            state.auto_confirm(&asked.controller, AutoConfirm::On, now).map(|()| Value::Null)
        })
        .await
}

async fn deactivate(State(shared): Sees, asked: Asked) -> Response {
    asked
        .call(&shared, Call::Confirmation, |state, now| {
            state.auto_confirm(&asked.controller, AutoConfirm::Off, now).map(|()| Value::Null)
        })
        .await
}

async fn artifacts(State(shared): Sees, asked: Asked) -> Response {
    asked
        .call(&shared, Call::Deployment, |state, _| {
            let number = asked.name("module");
            let module = number.parse().map_err(|_| FleetRefusal::missing("software module", number))?;
            let module = state.module_of(&asked.controller, module)?;
            Ok(wire::artifacts(module, &asked.base(&shared), shared.scheme()))
        })
        .await
}

async fn artifact(State(shared): Sees, asked: Asked) -> Response {
    download::answer(shared, asked).await
}
