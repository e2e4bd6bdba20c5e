//! What the fleet server makes of polls and feedback, without sockets.

use pretend_platform::fleet::{
    AttributeMode, AutoConfirm, ConfirmationFlow, Content, Credential, Feedback, FleetRefusal, FleetState,
    Handling, Link, MOST_ATTRIBUTES, MOST_MESSAGES, MOST_STATUSES, MaintenanceWindow, Status, UpdateStatus,
    Urgency, WindowState,
};

use crate::fleet_state::*;

#[test]
fn every_execution_and_result_means_what_hawkbit_says() {
    use Status::{Canceled, Download, Downloaded, Error, Finished, Running, Warning};
    for (execution, finished, entry, status, active) in [
        ("closed", "success", Finished, Finished, false),
        ("closed", "none", Finished, Finished, false),
        ("closed", "failure", Error, Error, false),
        ("canceled", "none", Canceled, Running, true),
        ("proceeding", "none", Running, Running, true),
        ("proceeding", "failure", Running, Running, true),
        ("scheduled", "none", Running, Running, true),
        ("resumed", "none", Running, Running, true),
        ("rejected", "failure", Warning, Running, true),
        ("download", "none", Download, Running, true),
        ("downloaded", "success", Downloaded, Running, true),
    ] {
        let (mut state, set) = fleet(&["k1"]);
        let action = give(&mut state, "k1", set);
        state.feedback("k1", action, &said(execution, finished), at(1)).unwrap();
        let held = state.action(action).unwrap();
        let last = held.history.last().unwrap();
        let got = (last.status, held.status, held.active);
        assert_eq!(got, (entry, status, active), "{execution} {finished}");
        assert_eq!((last.at, last.messages.len()), (at(1), 1), "{execution} {finished}");
    }
    for wrong in [
        "{}",
        r#"{"status":{"execution":"done","result":{"finished":"success"}}}"#,
        r#"{"status":{"execution":"closed","result":{"finished":"maybe"}}}"#,
        r#"{"status":{"execution":"closed"}}"#,
    ] {
        assert!(matches!(Feedback::parse(wrong.as_bytes()), Err(FleetRefusal::Invalid(_))), "{wrong}");
    }
    let old = br#"{"id":"1","time":"20261126T000000","status":{"execution":"closed",
                   "result":{"finished":"success","progress":{"cnt":1,"of":1}},"details":["a"],"code":3}}"#;
    assert_eq!(Feedback::parse(old).unwrap().status.code, Some(3));
}

#[test]
fn a_target_is_led_from_assignment_to_installation() {
    let (mut state, set) = fleet(&["k1"]);
    let before = state.poll("k1", at(0)).unwrap();
    assert_eq!((before.link, before.installed, before.attributes_wanted), (None, None, true));
    assert_eq!(state.target("k1").unwrap().update, UpdateStatus::Registered);
    state.describe("k1", AttributeMode::Merge, [("board".to_owned(), "pi5".to_owned())].into()).unwrap();

    let action = give(&mut state, "k1", set);
    assert_eq!(state.assign("k1", &forced(set), at(1)), Ok(None));
    let poll = state.poll("k1", at(2)).unwrap();
    assert!(matches!(poll.link, Some(Link::Deployment { action: led, .. }) if led == action));
    assert!(!poll.attributes_wanted);

    let deployment = state.deployment("k1", action, 10, at(3)).unwrap();
    assert_eq!((deployment.download, deployment.update), (Handling::Forced, Handling::Forced));
    let artifact = &deployment.modules[0].artifacts[0];
    assert_eq!((artifact.filename.as_str(), artifact.content.size()), ("app.img", 7));
    assert_eq!(artifact.content.hashes().sha1, "040f06fd774092478d450774f5ba30c5da78acc8");
    assert_eq!(artifact.content.hashes().md5, "9a0364b9e99bb480dd25e1f0284c8555");
    assert_eq!(state.action(action).unwrap().status, Status::Retrieved);

    state.feedback("k1", action, &said("closed", "success"), at(4)).unwrap();
    let target = state.target("k1").unwrap();
    assert_eq!((target.installed, target.update), (Some(set), UpdateStatus::InSync));
    let after = state.poll("k1", at(5)).unwrap();
    assert_eq!((after.link, after.installed, after.attributes_wanted), (None, Some(action), true));
    assert_eq!(state.installed("k1", action, 0, at(5)).unwrap().modules.len(), 1);
    assert_eq!(
        state.feedback("k1", action, &said("proceeding", "none"), at(6)),
        Err(FleetRefusal::Gone(action))
    );
    assert_eq!(state.target("k1").unwrap().traffic.polls, 3);
}

#[test]
fn another_targets_action_is_not_found_and_another_targets_token_is_refused() {
    let (mut state, set) = fleet(&["k1", "k2"]);
    let action = give(&mut state, "k1", set);
    assert_eq!(state.deployment("k2", action, 0, at(1)).unwrap_err().status(), 404);
    assert_eq!(state.feedback("k2", action, &said("closed", "success"), at(1)).unwrap_err().status(), 404);
    assert!(state.artifact("k1", state.modules().next().unwrap().id, "app.img").is_ok());
    assert!(state.artifact("k2", state.modules().next().unwrap().id, "app.img").is_err());

    let token = state.target("k1").unwrap().token.clone();
    for (controller, credential, admitted) in [
        ("k1", Credential::Target(&token), true),
        ("k2", Credential::Target(&token), false),
        ("k1", Credential::Target(""), false),
        ("nobody", Credential::Target(&token), false),
        ("k1", Credential::Gateway("gate"), true),
        ("nobody", Credential::Gateway("gate"), true),
        ("k1", Credential::Gateway(&token), false),
    ] {
        assert_eq!(state.admit(controller, credential).is_ok(), admitted, "{controller} {credential:?}");
    }
    let mut shut = FleetState::new(settings(ConfirmationFlow::Off));
    shut.create_target("k1", Some("mine"), at(0)).unwrap();
    assert!(shut.admit("k1", Credential::Target("mine")).is_ok());
    let mut none = settings(ConfirmationFlow::Off);
    none.gateway_token = None;
    assert!(FleetState::new(none).admit("k1", Credential::Gateway("gate")).is_err());
}

#[test]
fn soft_forced_timed_download_only_and_windows_are_told() {
    use Handling::{Attempt, Forced, Skip};
    let window = MaintenanceWindow::parse("0 0 22 * * ?", "06:00:00", "+07:00").unwrap();
    // at(0) is 07:00 in Viet Nam; hour 16 is 23:00.
    for (urgency, window, hour, download, update, told) in [
        (Urgency::Soft, None, 0, Attempt, Attempt, None),
        (Urgency::Forced, None, 0, Forced, Forced, None),
        (Urgency::TimeForced(at(3600)), None, 0, Attempt, Attempt, None),
        (Urgency::TimeForced(at(3600)), None, 1, Forced, Forced, None),
        (Urgency::DownloadOnly, None, 0, Forced, Skip, None),
        (Urgency::Forced, Some(window.clone()), 0, Forced, Skip, Some(WindowState::Unavailable)),
        (Urgency::Forced, Some(window.clone()), 16, Forced, Forced, Some(WindowState::Available)),
        (Urgency::Soft, Some(window), 16, Attempt, Attempt, Some(WindowState::Available)),
    ] {
        let (mut state, set) = fleet(&["k1"]);
        let mut assignment = forced(set);
        (assignment.urgency, assignment.window) = (urgency, window);
        let action = state.assign("k1", &assignment, at(0)).unwrap().unwrap();
        let deployment = state.deployment("k1", action, 0, at(hour * 3600)).unwrap();
        let got = (deployment.download, deployment.update, deployment.window);
        assert_eq!(got, (download, update, told), "{urgency:?} at hour {hour}");
    }
}

#[test]
fn a_link_changes_when_soft_becomes_forced() {
    let (mut state, set) = fleet(&["k1"]);
    let mut soft = forced(set);
    soft.urgency = Urgency::Soft;
    let action = state.assign("k1", &soft, at(0)).unwrap().unwrap();
    let before = state.poll("k1", at(1)).unwrap();
    assert_eq!(before, state.poll("k1", at(2)).unwrap());
    state.force(action, at(3)).unwrap();
    assert_ne!(before, state.poll("k1", at(4)).unwrap());
}

#[test]
fn a_download_only_action_ends_with_the_download() {
    let (mut state, set) = fleet(&["k1"]);
    let mut assignment = forced(set);
    assignment.urgency = Urgency::DownloadOnly;
    let action = state.assign("k1", &assignment, at(0)).unwrap().unwrap();
    state.feedback("k1", action, &said("downloaded", "none"), at(1)).unwrap();
    let held = state.action(action).unwrap();
    assert_eq!((held.active, held.status), (false, Status::Downloaded));
    let target = state.target("k1").unwrap();
    assert_eq!((target.installed, target.update), (None, UpdateStatus::InSync));
}

#[test]
fn a_cancelled_action_ends_or_goes_on_as_the_target_says() {
    for (execution, finished, status, active) in [
        ("closed", "success", Status::Canceled, false),
        ("closed", "failure", Status::Running, true),
        ("rejected", "none", Status::Running, true),
        ("proceeding", "none", Status::Canceling, true),
        ("canceled", "none", Status::Canceling, true),
    ] {
        let (mut state, set) = fleet(&["k1"]);
        let action = give(&mut state, "k1", set);
        assert_eq!(state.cancellation("k1", action, at(1)).unwrap_err().status(), 404);
        assert_eq!(
            state.cancel_feedback("k1", action, &said("closed", "success"), at(1)),
            Err(FleetRefusal::NoCancel(action))
        );
        state.cancel(action, at(1)).unwrap();
        assert_eq!(state.cancel(action, at(1)), Err(FleetRefusal::NoCancel(action)));
        assert_eq!(state.poll("k1", at(2)).unwrap().link, Some(Link::Cancel { action }));
        assert_eq!(state.deployment("k1", action, 0, at(2)).unwrap_err().status(), 404);
        assert_eq!(state.cancellation("k1", action, at(2)), Ok(action));
        state.cancel_feedback("k1", action, &said(execution, finished), at(3)).unwrap();
        let held = state.action(action).unwrap();
        assert_eq!((held.status, held.active), (status, active), "{execution} {finished}");
        if !active {
            assert_eq!(state.target("k1").unwrap().assigned, None);
            assert_eq!(state.assign("k1", &forced(set), at(4)).map(|new| new.is_some()), Ok(true));
        }
    }
}

#[test]
fn a_new_assignment_cancels_the_old_one_first() {
    let (mut state, first) = fleet(&["k1"]);
    let second = another_set(&mut state, "2");
    let old = give(&mut state, "k1", first);
    let new = give(&mut state, "k1", second);
    assert_eq!(state.poll("k1", at(1)).unwrap().link, Some(Link::Cancel { action: old }));
    state.cancel_feedback("k1", old, &said("closed", "success"), at(2)).unwrap();
    assert_eq!(state.target("k1").unwrap().assigned, Some(second));
    let link = state.poll("k1", at(3)).unwrap().link;
    assert!(matches!(link, Some(Link::Deployment { action, .. }) if action == new));
    state.cancel(new, at(4)).unwrap();
    state.force_cancel(new, at(5)).unwrap();
    assert_eq!(state.poll("k1", at(6)).unwrap().link, None);
    assert_eq!(state.force_cancel(new, at(7)), Err(FleetRefusal::NoCancel(new)));
}

#[test]
fn the_heaviest_action_goes_first() {
    let (mut state, first) = fleet(&["k1"]);
    let second = another_set(&mut state, "2");
    let mut light = forced(first);
    light.weight = 10;
    let light = state.assign("k1", &light, at(0)).unwrap().unwrap();
    let heavy = give(&mut state, "k1", second);
    assert_eq!(state.target("k1").unwrap().active, [heavy, light]);
}

#[test]
fn what_waits_for_confirmation_is_not_deployed() {
    let (mut state, set) = fleet(&["k1"]);
    let mut assignment = forced(set);
    assignment.confirmation = ConfirmationFlow::On;
    let action = state.assign("k1", &assignment, at(0)).unwrap().unwrap();
    let waits = |state: &mut FleetState| {
        let link = state.poll("k1", at(1)).unwrap().link;
        matches!(link, Some(Link::Confirmation { action: led, .. }) if led == action)
    };
    assert!(waits(&mut state));
    assert_eq!(state.deployment("k1", action, 0, at(1)).unwrap_err().status(), 404);
    assert_eq!(state.feedback("k1", action, &said("closed", "success"), at(1)).unwrap_err().status(), 404);
    assert_eq!(state.confirmation("k1", action, 0, at(1)).unwrap().update, Handling::Forced);
    let confirm = |text: &str| serde_json::from_str(text).unwrap();
    state.confirm("k1", action, confirm(r#"{"confirmation":"denied","details":["busy"]}"#), at(2)).unwrap();
    assert!(waits(&mut state));
    assert_eq!(state.action(action).unwrap().history.last().unwrap().messages, ["busy"]);
    state.confirm("k1", action, confirm(r#"{"confirmation":"confirmed"}"#), at(3)).unwrap();
    assert!(!waits(&mut state));
    assert!(state.deployment("k1", action, 0, at(4)).is_ok());
    assert_eq!(
        state.confirm("k1", action, confirm(r#"{"confirmation":"confirmed"}"#), at(5)).unwrap_err().status(),
        404
    );

    let second = another_set(&mut state, "2");
    state.auto_confirm("k1", AutoConfirm::On, at(6)).unwrap();
    assignment.set = second;
    let action = state.assign("k1", &assignment, at(7)).unwrap().unwrap();
    assert_eq!(state.action(action).unwrap().status, Status::Running);
}

#[test]
fn more_than_the_quotas_is_refused_and_changes_nothing() {
    let (mut state, set) = fleet(&["k1"]);
    let action = give(&mut state, "k1", set);
    let mut loud = said("proceeding", "none");
    loud.status.details = Some(vec!["x".to_owned(); MOST_MESSAGES]);
    assert_eq!(state.feedback("k1", action, &loud, at(1)), Ok(()));
    loud.status.details = Some(vec!["x".to_owned(); MOST_MESSAGES + 1]);
    assert_eq!(state.feedback("k1", action, &loud, at(1)).unwrap_err().status(), 429);
    while state.action(action).unwrap().history.len() < MOST_STATUSES {
        state.feedback("k1", action, &said("proceeding", "none"), at(2)).unwrap();
    }
    let refused = state.feedback("k1", action, &said("canceled", "none"), at(3)).unwrap_err();
    assert_eq!((refused.status(), state.action(action).unwrap().history.len()), (429, MOST_STATUSES));
    // The last word has room always.
    state.feedback("k1", action, &said("closed", "failure"), at(3)).unwrap();
    assert!(!state.action(action).unwrap().active);
    assert_eq!(state.assign("k1", &forced(set), at(4)).map(|new| new.is_some()), Ok(true));

    let many =
        |from: usize, count: usize| (from..from + count).map(|at| (at.to_string(), "v".to_owned())).collect();
    state.describe("k1", AttributeMode::Merge, many(0, MOST_ATTRIBUTES)).unwrap();
    assert_eq!(state.describe("k1", AttributeMode::Merge, many(100, 1)).unwrap_err().status(), 429);
    state.describe("k1", AttributeMode::Merge, many(0, 1)).unwrap();
    state.find_or_register("k2", at(5)).unwrap();
    state.describe("k2", AttributeMode::Remove, many(0, 1)).unwrap();
    assert!(state.target("k2").unwrap().attributes_wanted);
    state.describe("k1", AttributeMode::Remove, many(1, MOST_ATTRIBUTES)).unwrap();
    assert_eq!(state.target("k1").unwrap().attributes.len(), 1);
    state.describe("k1", AttributeMode::Replace, many(7, 2)).unwrap();
    assert!(state.target("k1").unwrap().attributes.keys().eq(["7", "8"]));
    let long = [("k".to_owned(), "v".repeat(129))].into();
    assert_eq!(state.describe("k1", AttributeMode::Merge, long).unwrap_err().status(), 400);
}

#[test]
fn what_came_on_a_stick_is_news_once() {
    let (mut state, set) = fleet(&["k1"]);
    assert_eq!(state.install_offline("k1", "kiosk", "1", at(1)), Ok(true));
    assert_eq!(state.install_offline("k1", "kiosk", "1", at(2)), Ok(false));
    assert_eq!(state.install_offline("k1", "kiosk", "9", at(3)).unwrap_err().status(), 404);
    let target = state.target("k1").unwrap();
    assert_eq!((target.installed, target.update), (Some(set), UpdateStatus::InSync));
    assert_eq!(state.poll("k1", at(4)).unwrap().installed, target_actions(&state, "k1").first().copied());
}

#[test]
fn a_target_that_plugs_itself_in_is_registered_once() {
    let (mut state, _) = fleet(&[]);
    assert_eq!(state.poll("new", at(0)).unwrap_err().status(), 404);
    state.find_or_register("new", at(0)).unwrap();
    state.find_or_register("new", at(1)).unwrap();
    assert_eq!(state.targets().len(), 1);
    for wrong in ["", "a/b", " a", "a\n"] {
        assert_eq!(state.find_or_register(wrong, at(0)).unwrap_err().status(), 400, "{wrong:?}");
    }
}

#[test]
fn things_are_refused_that_cannot_be() {
    let (mut state, set) = fleet(&["k1"]);
    let module = state.modules().next().unwrap().id;
    let content = Content::bytes("x");
    for name in ["", "a/b", "..", ".hidden", "a\\b", "a.MD5SUM"] {
        assert_eq!(state.add_artifact(module, name, content.clone()).unwrap_err().status(), 400, "{name}");
    }
    assert_eq!(state.add_artifact(module, "app.img", content).unwrap_err().status(), 409);
    assert_eq!(state.create_set("kiosk", "1", &[module]).unwrap_err().status(), 409);
    assert_eq!(state.create_target("k1", None, at(0)).unwrap_err().status(), 409);
    give(&mut state, "k1", set);
    assert_eq!(state.add_modules(set, &[module]).unwrap_err().status(), 400);
    state.delete_target("k1", at(1)).unwrap();
    assert_eq!((state.targets().len(), state.actions().len()), (0, 0));
}
