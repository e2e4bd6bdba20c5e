//! Targets, what they are given, and their actions.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query as Asked, State},
    http::StatusCode,
    routing::get,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, How, Made, OneOrMany, Page, Sees, Wish, action, assigned};
use crate::fleet::{
    ActionId, DistributionSet, FleetRefusal, FleetState, Query, SetId, Target, server::Shared,
};

pub(super) fn routes() -> Router<Arc<Shared>> {
    const TARGET: &str = "/rest/v1/targets/{controller}";
    let of = |rest: &str| format!("{TARGET}{rest}");
    Router::new()
        .route("/rest/v1/targets", get(list).post(create))
        .route(TARGET, get(one).put(change).delete(delete))
        .route(&of("/attributes"), get(attributes))
        .route(&of("/assignedDS"), get(assigned_set).post(assign))
        .route(&of("/installedDS"), get(installed_set))
        .route(&of("/actions"), get(actions))
        .route(&of("/actions/{action}"), get(one_action).put(force).delete(cancel))
        .route(&of("/actions/{action}/status"), get(history))
        .route("/rest/v1/actions", get(all_actions))
        .route("/rest/v1/actions/{action}", get(any_action))
}

fn body(target: &Target) -> Value {
    json!({
        "controllerId": *target.controller,
        "name": target.name,
        "createdAt": target.created.as_millisecond(),
        "lastControllerRequestAt": target.polled.map(Timestamp::as_millisecond),
        "installedAt": target.installed_at.map(Timestamp::as_millisecond),
        "updateStatus": target.update,
        "securityToken": target.token,
        "requestAttributes": target.attributes_wanted,
        "autoConfirmActive": target.auto_confirm,
    })
}

async fn list(State(shared): Sees, Asked(page): Asked<Page>) -> Answer {
    let query = Query::parse(page.q.as_deref().unwrap_or_default())?;
    let state = shared.state();
    Ok(page.of(state.targets().filter(|target| query.means(target)).map(body)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewTarget {
    controller_id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    #[allow(dead_code, reason = "hawkBit's users send it; nobody here reads it")]
    description: Option<String>,
    #[serde(default)]
    security_token: Option<String>,
}

/// All or none, as one transaction of hawkBit.
async fn create(State(shared): Sees, Wish(new): Wish<Vec<NewTarget>>) -> Made {
    let (mut state, now) = (shared.state(), shared.now());
    let mut made: Vec<String> = Vec::new();
    for asked in new {
        let token = asked.security_token.as_deref();
        match state.create_target(&asked.controller_id, token, now) {
            Ok(target) => target.name = asked.name.unwrap_or_else(|| target.name.clone()),
            Err(refusal) => {
                for controller in &made {
                    state.delete_target(controller, now)?;
                }
                return Err(refusal);
            }
        }
        made.push(asked.controller_id);
    }
    let made: Result<Vec<_>, _> = made.iter().map(|controller| state.target(controller).map(body)).collect();
    Ok((StatusCode::CREATED, Json(made?.into())))
}

async fn one(State(shared): Sees, Path(controller): Path<String>) -> Answer {
    Ok(Json(body(shared.state().target(&controller)?)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    security_token: Option<String>,
    #[serde(default)]
    request_attributes: Option<bool>,
}

async fn change(State(shared): Sees, Path(controller): Path<String>, Wish(asked): Wish<Change>) -> Answer {
    if asked.security_token.as_deref() == Some("") {
        return Err(FleetRefusal::invalid("an empty token is none"));
    }
    let mut state = shared.state();
    let target = state.target_mut(&controller)?;
    target.name = asked.name.unwrap_or_else(|| target.name.clone());
    target.token = asked.security_token.unwrap_or_else(|| target.token.clone());
    target.attributes_wanted = asked.request_attributes.unwrap_or(target.attributes_wanted);
    Ok(Json(body(target)))
}

async fn delete(State(shared): Sees, Path(controller): Path<String>) -> Result<StatusCode, FleetRefusal> {
    let now = shared.now();
    shared.state().delete_target(&controller, now).map(|()| StatusCode::OK)
}

async fn attributes(State(shared): Sees, Path(controller): Path<String>) -> Answer {
    Ok(Json(json!(shared.state().target(&controller)?.attributes)))
}

async fn assigned_set(
    State(shared): Sees,
    Path(controller): Path<String>,
) -> Result<(StatusCode, Json<Value>), FleetRefusal> {
    let state = shared.state();
    one_set(&state, state.target(&controller)?.assigned)
}

async fn installed_set(
    State(shared): Sees,
    Path(controller): Path<String>,
) -> Result<(StatusCode, Json<Value>), FleetRefusal> {
    let state = shared.state();
    one_set(&state, state.target(&controller)?.installed)
}

/// 204 where there is none.
fn one_set(state: &FleetState, set: Option<SetId>) -> Made {
    match set {
        None => Ok((StatusCode::NO_CONTENT, Json(Value::Null))),
        Some(set) => {
            let DistributionSet { id, name, version, .. } = state.set(set)?;
            Ok((StatusCode::OK, Json(json!({ "id": id, "name": name, "version": version }))))
        }
    }
}

async fn assign(
    State(shared): Sees,
    Path(controller): Path<String>,
    Wish(asked): Wish<OneOrMany<How<SetId>>>,
) -> Answer {
    let (mut state, now) = (shared.state(), shared.now());
    let mut new = Vec::new();
    for how in asked.into_vec() {
        let assignment = how.assignment(how.id, &state)?;
        new.push(state.assign(&controller, &assignment, now)?);
    }
    Ok(Json(assigned(&new)))
}

/// Newest first, as people look for them.
async fn actions(State(shared): Sees, Path(controller): Path<String>, Asked(page): Asked<Page>) -> Answer {
    let state = shared.state();
    let ids = state.target(&controller)?.actions.iter().rev();
    Ok(page.of(ids.filter_map(|id| state.action(*id).ok()).map(action)))
}

/// An action of this target.
fn its<'a>(
    state: &'a FleetState,
    controller: &str,
    id: ActionId,
) -> Result<&'a crate::fleet::Action, FleetRefusal> {
    if state.target(controller)?.actions.contains(&id) {
        return state.action(id);
    }
    Err(FleetRefusal::missing("action", id))
}

async fn one_action(State(shared): Sees, Path((controller, id)): Path<(String, ActionId)>) -> Answer {
    Ok(Json(action(its(&shared.state(), &controller, id)?)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Force {
    force_type: OnlyForced,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnlyForced {
    Forced,
}

async fn force(
    State(shared): Sees,
    Path((controller, id)): Path<(String, ActionId)>,
    Wish(Force { force_type: OnlyForced::Forced }): Wish<Force>,
) -> Answer {
    let (mut state, now) = (shared.state(), shared.now());
    its(&state, &controller, id)?;
    state.force(id, now)?;
    Ok(Json(action(state.action(id)?)))
}

#[derive(Deserialize)]
struct Cancel {
    #[serde(default)]
    force: bool,
}

/// With `?force=true` without waiting for the target, once it was asked.
async fn cancel(
    State(shared): Sees,
    Path((controller, id)): Path<(String, ActionId)>,
    Asked(asked): Asked<Cancel>,
) -> Result<StatusCode, FleetRefusal> {
    let (mut state, now) = (shared.state(), shared.now());
    its(&state, &controller, id)?;
    if asked.force {
        state.force_cancel(id, now)?;
    } else {
        state.cancel(id, now)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What happened, newest first.
async fn history(
    State(shared): Sees,
    Path((controller, id)): Path<(String, ActionId)>,
    Asked(page): Asked<Page>,
) -> Answer {
    let state = shared.state();
    let held = its(&state, &controller, id)?;
    let numbered = held.history.iter().enumerate().rev();
    Ok(page.of(numbered.map(|(at, entry)| {
        json!({
            "id": at + 1,
            "type": entry.status,
            "messages": entry.messages,
            "code": entry.code,
            "reportedAt": entry.at.as_millisecond(),
            "timestamp": entry.said_at.map(Timestamp::as_millisecond),
        })
    })))
}

async fn all_actions(State(shared): Sees, Asked(page): Asked<Page>) -> Answer {
    Ok(page.of(shared.state().actions().map(action)))
}

async fn any_action(State(shared): Sees, Path(id): Path<ActionId>) -> Answer {
    Ok(Json(action(shared.state().action(id)?)))
}
