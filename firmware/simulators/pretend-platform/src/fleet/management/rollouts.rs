//! Rollouts and their groups.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query as Asked, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ForceType, Made, Page, Sees, Wish, confirmation, urgency, weight};
use crate::fleet::{
    AfterSuccess, Assignment, Conditions, FleetRefusal, FleetState, Group, GroupId, GroupPlan, Query,
    Rollout, RolloutId, RolloutPlan, SetId, server::Shared,
};

pub(super) fn routes() -> Router<Arc<Shared>> {
    const ROLLOUT: &str = "/rest/v1/rollouts/{rollout}";
    let of = |rest: &str| format!("{ROLLOUT}{rest}");
    Router::new()
        .route("/rest/v1/rollouts", get(list).post(create))
        .route(ROLLOUT, get(one))
        .route(&of("/start"), post(start))
        .route(&of("/pause"), post(pause))
        .route(&of("/resume"), post(resume))
        .route(&of("/deploygroups"), get(groups))
        .route(&of("/deploygroups/{group}"), get(one_group))
        .route(&of("/deploygroups/{group}/targets"), get(targets))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewRollout {
    name: String,
    #[serde(default)]
    description: Option<String>,
    distribution_set_id: SetId,
    target_filter_query: String,
    #[serde(default)]
    amount_groups: Option<usize>,
    #[serde(default)]
    groups: Option<Vec<NewGroup>>,
    #[serde(default)]
    r#type: ForceType,
    #[serde(default)]
    forcetime: Option<i64>,
    #[serde(default)]
    weight: Option<u16>,
    #[serde(default)]
    confirmation_required: Option<bool>,
    #[serde(flatten)]
    conditions: NewConditions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewGroup {
    name: String,
    #[serde(default)]
    #[allow(dead_code, reason = "hawkBit's users send it; nobody here reads it")]
    description: Option<String>,
    #[serde(default)]
    target_filter_query: String,
    #[serde(default = "all")]
    target_percentage: f64,
    #[serde(flatten)]
    conditions: NewConditions,
}

fn all() -> f64 {
    100.0
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewConditions {
    success_condition: Option<Threshold>,
    success_action: Option<SuccessAction>,
    error_condition: Option<Threshold>,
    #[allow(dead_code, reason = "read so that another action is refused: it always pauses")]
    error_action: Option<ErrorAction>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Threshold {
    #[allow(dead_code, reason = "read so that another condition is refused")]
    condition: OnlyThreshold,
    /// Percent as a text, as hawkBit has it.
    expression: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum OnlyThreshold {
    Threshold,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuccessAction {
    action: AfterSuccessWord,
    #[serde(default)]
    #[allow(dead_code, reason = "empty in hawkBit")]
    expression: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum AfterSuccessWord {
    NextGroup,
    Pause,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct ErrorAction {
    action: OnlyPause,
    #[serde(default)]
    expression: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum OnlyPause {
    Pause,
}

impl NewConditions {
    /// With what the rollout says where a group says nothing.
    fn or(&self, rollout: &Self) -> Result<Conditions, FleetRefusal> {
        let success = self.success_condition.as_ref().or(rollout.success_condition.as_ref());
        let error = self.error_condition.as_ref().or(rollout.error_condition.as_ref());
        let then = self.success_action.as_ref().or(rollout.success_action.as_ref());
        Ok(Conditions {
            // hawkBit's default too.
            success_percent: success.map_or(Ok(50), Threshold::percent)?,
            then: match then.map(|then| then.action) {
                Some(AfterSuccessWord::Pause) => AfterSuccess::Pause,
                Some(AfterSuccessWord::NextGroup) | None => AfterSuccess::NextGroup,
            },
            error_percent: error.map(Threshold::percent).transpose()?,
        })
    }
}

impl Threshold {
    fn percent(&self) -> Result<u8, FleetRefusal> {
        let percent = self.expression.parse().ok().filter(|percent| *percent <= 100);
        percent.ok_or_else(|| FleetRefusal::invalid(format!("'{}' is no percentage", self.expression)))
    }
}

impl NewRollout {
    fn plan(self, state: &FleetState) -> Result<RolloutPlan, FleetRefusal> {
        let of_rollout = &self.conditions;
        let groups = match (self.amount_groups, self.groups) {
            (Some(amount), None) => GroupPlan::equal(amount, of_rollout.or(of_rollout)?)?,
            (None, Some(groups)) => groups
                .into_iter()
                .map(|group| {
                    Ok(GroupPlan {
                        query: Query::parse(&group.target_filter_query)?,
                        percent: group.target_percentage,
                        conditions: group.conditions.or(of_rollout)?,
                        name: group.name,
                    })
                })
                .collect::<Result<_, FleetRefusal>>()?,
            _ => return Err(FleetRefusal::invalid("a rollout has amountGroups or groups")),
        };
        Ok(RolloutPlan {
            name: self.name,
            description: self.description.unwrap_or_default(),
            assignment: Assignment {
                set: self.distribution_set_id,
                urgency: urgency(self.r#type, self.forcetime)?,
                weight: weight(self.weight)?,
                window: None,
                confirmation: confirmation(self.confirmation_required, state),
            },
            query: Query::parse(&self.target_filter_query)?,
            groups,
        })
    }
}

fn body(rollout: &Rollout) -> Value {
    let count = |of: fn(&Group) -> usize| rollout.groups.iter().map(of).sum::<usize>();
    json!({
        "id": rollout.id,
        "name": rollout.name,
        "description": rollout.description,
        "targetFilterQuery": rollout.query.text(),
        "distributionSetId": rollout.assignment.set,
        "type": rollout.assignment.urgency.word(),
        "weight": rollout.assignment.weight,
        "status": rollout.status.word(),
        "totalGroups": rollout.groups.len(),
        "totalTargets": count(|group| group.targets.len()),
        "totalTargetsPerStatus": {
            "running": count(|group| group.counts.running),
            "finished": count(|group| group.counts.finished),
            "error": count(|group| group.counts.error),
            "cancelled": count(|group| group.counts.cancelled),
            "notstarted": count(Group::not_started),
            "scheduled": 0,
        },
        "createdAt": rollout.created.as_millisecond(),
        "lastModifiedAt": rollout.modified.as_millisecond(),
    })
}

fn group(group: &Group) -> Value {
    let conditions = &group.plan.conditions;
    let then = match conditions.then {
        AfterSuccess::NextGroup => "NEXTGROUP",
        AfterSuccess::Pause => "PAUSE",
    };
    let threshold = |percent: u8| json!({ "condition": "THRESHOLD", "expression": percent.to_string() });
    json!({
        "id": group.id,
        "name": group.plan.name,
        "targetFilterQuery": group.plan.query.text(),
        "targetPercentage": group.plan.percent,
        "status": group.status.word(),
        "totalTargets": group.targets.len(),
        "totalTargetsPerStatus": {
            "running": group.counts.running,
            "finished": group.counts.finished,
            "error": group.counts.error,
            "cancelled": group.counts.cancelled,
            "notstarted": group.not_started(),
            "scheduled": 0,
        },
        "successCondition": threshold(conditions.success_percent),
        "successAction": { "action": then, "expression": "" },
        "errorCondition": conditions.error_percent.map(threshold),
        "errorAction": { "action": "PAUSE", "expression": "" },
    })
}

async fn list(State(shared): Sees, Asked(page): Asked<Page>) -> Answer {
    Ok(page.of(shared.state().rollouts().map(body)))
}

async fn create(State(shared): Sees, Wish(new): Wish<NewRollout>) -> Made {
    let (mut state, now) = (shared.state(), shared.now());
    let plan = new.plan(&state)?;
    let id = state.create_rollout(plan, now)?;
    Ok((StatusCode::CREATED, Json(body(state.rollout(id)?))))
}

async fn one(State(shared): Sees, Path(id): Path<RolloutId>) -> Answer {
    Ok(Json(body(shared.state().rollout(id)?)))
}

async fn start(State(shared): Sees, Path(id): Path<RolloutId>) -> Result<StatusCode, FleetRefusal> {
    let now = shared.now();
    shared.state().start_rollout(id, now).map(|()| StatusCode::OK)
}

async fn pause(State(shared): Sees, Path(id): Path<RolloutId>) -> Result<StatusCode, FleetRefusal> {
    let now = shared.now();
    shared.state().pause_rollout(id, now).map(|()| StatusCode::OK)
}

async fn resume(State(shared): Sees, Path(id): Path<RolloutId>) -> Result<StatusCode, FleetRefusal> {
    let now = shared.now();
    shared.state().resume_rollout(id, now).map(|()| StatusCode::OK)
}

async fn groups(State(shared): Sees, Path(id): Path<RolloutId>, Asked(page): Asked<Page>) -> Answer {
    Ok(page.of(shared.state().rollout(id)?.groups.iter().map(group)))
}

fn find(rollout: &Rollout, id: GroupId) -> Result<&Group, FleetRefusal> {
    let found = rollout.groups.iter().find(|group| group.id == id);
    found.ok_or_else(|| FleetRefusal::missing("group of this rollout", id))
}

async fn one_group(State(shared): Sees, Path((rollout, id)): Path<(RolloutId, GroupId)>) -> Answer {
    Ok(Json(group(find(shared.state().rollout(rollout)?, id)?)))
}

async fn targets(
    State(shared): Sees,
    Path((rollout, id)): Path<(RolloutId, GroupId)>,
    Asked(page): Asked<Page>,
) -> Answer {
    let state = shared.state();
    let members = find(state.rollout(rollout)?, id)?.targets.iter();
    let members = members.filter_map(|id| state.target_by_id(*id));
    Ok(page.of(members.map(|target| json!({ "controllerId": *target.controller, "name": target.name }))))
}
