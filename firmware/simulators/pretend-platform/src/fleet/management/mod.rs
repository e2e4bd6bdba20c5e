//! What the fleet team does: the part of hawkBit's management REST (`/rest/v1`) that a rollout
//! needs. Members that hawkBit knows and this server does not are refused, not passed over.

mod rollouts;
mod software;
mod targets;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Action, Assignment, ConfirmationFlow, FleetRefusal, FleetState, MaintenanceWindow, SetId, Urgency,
    action::USUAL_WEIGHT, asked::is_json, feedback::parse, server::Shared,
};

type Sees = State<Arc<Shared>>;
/// What a call answers.
type Answer = Result<Json<Value>, FleetRefusal>;
/// The same for what was made: 201.
type Made = Result<(StatusCode, Json<Value>), FleetRefusal>;

/// Entries of a list where the caller wants no other number, and the most of them.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 500;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    targets::routes()
        .merge(software::routes())
        .merge(rollouts::routes())
        .layer(middleware::from_fn_with_state(shared.clone(), only_for_people))
        .with_state(shared)
}

/// Basic authentication (RFC 7617).
async fn only_for_people(State(shared): Sees, request: Request, next: Next) -> Response {
    let login = &shared.options.login;
    let expected = STANDARD.encode(format!("{}:{}", login.user, login.password));
    let said = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if said.and_then(|said| said.strip_prefix("Basic ")) == Some(expected.as_str()) {
        return next.run(request).await;
    }
    let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"fleet\"")];
    (StatusCode::UNAUTHORIZED, ask, Json(FleetRefusal::NotAuthorised.body())).into_response()
}

impl IntoResponse for FleetRefusal {
    fn into_response(self) -> Response {
        super::asked::refuse(&self)
    }
}

/// A body of JSON that is what it should be; 400 otherwise, and 415 where it is not said to be JSON.
struct Wish<T>(T);

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for Wish<T> {
    type Rejection = FleetRefusal;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, FleetRefusal> {
        is_json(request.headers())?;
        let body = Bytes::from_request(request, shared).await.map_err(FleetRefusal::invalid)?;
        parse(&body).map(Self)
    }
}

/// Which part of a list is wanted.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    offset: usize,
    #[serde(default)]
    limit: Option<usize>,
    /// A query for targets.
    #[serde(default)]
    q: Option<String>,
}

impl Page {
    fn of(&self, all: impl Iterator<Item = Value>) -> Json<Value> {
        let all: Vec<_> = all.collect();
        let limit = self.limit.unwrap_or(PAGE).min(LARGEST_PAGE);
        let content: Vec<_> = all.iter().skip(self.offset).take(limit).collect();
        Json(json!({ "content": content, "total": all.len(), "size": content.len() }))
    }
}

/// How a set is given to somebody, as both kinds of assignment and rollouts say it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct How<Id> {
    id: Id,
    #[serde(default)]
    r#type: ForceType,
    #[serde(default)]
    forcetime: Option<i64>,
    #[serde(default)]
    weight: Option<u16>,
    #[serde(default)]
    maintenance_window: Option<Window>,
    #[serde(default)]
    confirmation_required: Option<bool>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ForceType {
    Soft,
    #[default]
    Forced,
    TimeForced,
    DownloadOnly,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    schedule: String,
    duration: String,
    timezone: String,
}

/// One or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

fn urgency(kind: ForceType, forcetime: Option<i64>) -> Result<Urgency, FleetRefusal> {
    Ok(match kind {
        ForceType::Soft => Urgency::Soft,
        ForceType::Forced => Urgency::Forced,
        ForceType::DownloadOnly => Urgency::DownloadOnly,
        ForceType::TimeForced => {
            let time = forcetime.ok_or_else(|| FleetRefusal::invalid("timeforced needs a forcetime"))?;
            Urgency::TimeForced(Timestamp::from_millisecond(time).map_err(FleetRefusal::invalid)?)
        }
    })
}

fn weight(asked: Option<u16>) -> Result<u16, FleetRefusal> {
    match asked.unwrap_or(USUAL_WEIGHT) {
        weight @ 0..=1000 => Ok(weight),
        weight => Err(FleetRefusal::invalid(format!("a weight is 0 to 1000, not {weight}"))),
    }
}

fn confirmation(asked: Option<bool>, state: &FleetState) -> ConfirmationFlow {
    match (state.settings().confirmation, asked) {
        (ConfirmationFlow::On, None | Some(true)) => ConfirmationFlow::On,
        _ => ConfirmationFlow::Off,
    }
}

impl<Id> How<Id> {
    fn assignment(&self, set: SetId, state: &FleetState) -> Result<Assignment, FleetRefusal> {
        let window = self.maintenance_window.as_ref();
        let window = window
            .map(|window| MaintenanceWindow::parse(&window.schedule, &window.duration, &window.timezone))
            .transpose()?;
        Ok(Assignment {
            set,
            urgency: urgency(self.r#type, self.forcetime)?,
            weight: weight(self.weight)?,
            window,
            confirmation: confirmation(self.confirmation_required, state),
        })
    }
}

/// An action as people see it.
fn action(action: &Action) -> Value {
    let kind = if action.status.is_cancel() { "cancel" } else { "update" };
    let mut body = json!({
        "id": action.id,
        "type": kind,
        "status": if action.active { "pending" } else { "finished" },
        "detailStatus": action.status,
        "forceType": action.urgency.word(),
        "active": action.active,
        "weight": action.weight,
        "createdAt": action.created.as_millisecond(),
        "lastModifiedAt": action.modified.as_millisecond(),
        "target": *action.controller,
        "distributionSet": action.set,
    });
    if let Urgency::TimeForced(from) = action.urgency {
        body["forceTime"] = from.as_millisecond().into();
    }
    if let Some(code) = action.code {
        body["lastStatusCode"] = code.into();
    }
    if let Some((rollout, _)) = action.rollout {
        body["rollout"] = rollout.0.into();
    }
    body
}

/// What came of assigning.
fn assigned(new: &[Option<super::ActionId>]) -> Value {
    let actions: Vec<_> = new.iter().flatten().map(|id| json!({ "id": id })).collect();
    json!({
        "assigned": actions.len(),
        "alreadyAssigned": new.len() - actions.len(),
        "total": new.len(),
        "assignedActions": actions,
    })
}
