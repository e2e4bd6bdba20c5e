//! A small fleet, for the tests of its server.

pub mod http;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pretend_platform::fleet::{
    ActionId, Assignment, ConfirmationFlow, Content, Feedback, FleetSettings, FleetState, SetId,
};

/// So many seconds after midnight of a day, UTC.
pub fn at(seconds: i64) -> Timestamp {
    "2026-11-26T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub fn settings(confirmation: ConfirmationFlow) -> FleetSettings {
    FleetSettings {
        poll_every: Duration::from_mins(5),
        gateway_token: Some("gate".to_owned()),
        confirmation,
        secret: [7; 32],
    }
}

/// These targets, and one set with one file.
pub fn fleet(targets: &[&str]) -> (FleetState, SetId) {
    let mut state = FleetState::new(settings(ConfirmationFlow::Off));
    for target in targets {
        state.create_target(target, None, at(0)).unwrap();
    }
    let set = another_set(&mut state, "1");
    (state, set)
}

pub fn another_set(state: &mut FleetState, version: &str) -> SetId {
    let module = state.create_module("application", "kiosk", version).unwrap();
    state.add_artifact(module, "app.img", Content::bytes("content".as_bytes())).ok();
    state.create_set("kiosk", version, &[module]).unwrap()
}

pub fn forced(set: SetId) -> Assignment {
    Assignment::of(set)
}

pub fn give(state: &mut FleetState, target: &str, set: SetId) -> ActionId {
    state.assign(target, &forced(set), at(0)).unwrap().unwrap()
}

pub fn said(execution: &str, finished: &str) -> Feedback {
    let body = format!(r#"{{"status":{{"execution":"{execution}","result":{{"finished":"{finished}"}}}}}}"#);
    Feedback::parse(body.as_bytes()).unwrap()
}

pub fn target_actions(state: &FleetState, target: &str) -> Vec<ActionId> {
    state.target(target).unwrap().actions.clone()
}
