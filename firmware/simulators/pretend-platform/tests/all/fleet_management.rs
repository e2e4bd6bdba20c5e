//! The management REST as the fleet team uses it: over HTTP.

use serde_json::json;

use crate::fleet_state::http::Served;

const DONE: &str = r#"{"status":{"execution":"closed","result":{"finished":"success"}}}"#;
const FAILED: &str = r#"{"status":{"execution":"closed","result":{"finished":"failure"},"code":7}}"#;

/// Kiosks `k1` to `k4` and a set with the number 1.
fn four() -> Served {
    let served = Served::start();
    served.release("k1", "app.img", b"content");
    served.people("DELETE", "targets/k1", "");
    let targets: Vec<_> = (1..=4).map(|at| json!({ "controllerId": format!("k{at}") })).collect();
    served.manage("POST", "targets", &json!(targets).to_string());
    served
}

/// The kiosk installs, or does not, what it is led to.
fn reports(served: &Served, kiosk: &str, body: &str) {
    let actions = served.manage("GET", &format!("targets/{kiosk}/actions"), "");
    let action = &actions["content"][0]["id"];
    let path = format!("{kiosk}/deploymentBase/{action}/feedback");
    assert_eq!(served.kiosk("POST", &path, body).status, 200, "{kiosk}");
}

#[test]
fn targets_are_made_changed_listed_and_forgotten() {
    let served = four();
    let again = served.people("POST", "targets", r#"[{"controllerId":"k9"},{"controllerId":"k1"}]"#);
    assert_eq!(again.status, 409);
    let page = served.manage("GET", "targets?offset=1&limit=2", "");
    assert_eq!((&page["total"], &page["size"]), (&json!(4), &json!(2)));
    assert_eq!(page["content"][0]["controllerId"], "k2");
    let found = served.manage("GET", "targets?q=controllerId%3D%3D*3", "");
    assert_eq!((&found["total"], &found["content"][0]["controllerId"]), (&json!(1), &json!("k3")));
    assert_eq!(served.people("GET", "targets?q=colour%3D%3Dred", "").status, 400);

    let changed = served.manage("PUT", "targets/k1", r#"{"name":"front","securityToken":"new"}"#);
    assert_eq!((&changed["name"], &changed["securityToken"]), (&json!("front"), &json!("new")));
    let token = [("authorization", "TargetToken new")];
    assert_eq!(served.send("GET", "/DEFAULT/controller/v1/k1", &token, b"").unwrap().status, 200);
    assert_eq!(served.people("PUT", "targets/k1", r#"{"securityToken":""}"#).status, 400);
    assert_eq!(served.people("PUT", "targets/k1", r#"{"colour":"red"}"#).status, 400);
    assert_eq!(served.people("DELETE", "targets/k1", "").status, 200);
    assert_eq!(served.people("GET", "targets/k1", "").status, 404);
}

#[test]
fn an_upload_is_kept_in_the_folder_only_if_it_is_what_was_said() {
    let served = Served::start();
    let module = r#"[{"type":"os","name":"kiosk","version":"1"}]"#;
    served.manage("POST", "softwaremodules", module);
    assert_eq!(served.people("POST", "softwaremodules", module).status, 409);
    let files = || std::fs::read_dir(served.dir.path()).unwrap().count();
    for (query, filename, status) in [
        ("?sha1sum=00", "app.img", 400),
        ("", "a/b", 400),
        ("", "", 400),
        ("?md5sum=9A0364B9E99BB480DD25E1F0284C8555&filename=other.img", "app.img", 201),
        ("?sha256sum=ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73", "app.img", 201),
        ("", "app.img", 409),
    ] {
        let before = files();
        assert_eq!(served.upload(1, query, filename, b"content").status, status, "{query} {filename}");
        assert_eq!(files() - before, usize::from(status == 201), "{query} {filename}");
    }
    assert_eq!(served.upload(9, "", "app.img", b"content").status, 404);
    let artifacts = served.manage("GET", "softwaremodules/1/artifacts", "");
    assert_eq!(artifacts[0]["providedFilename"], "other.img");
    assert_eq!((&artifacts[1]["providedFilename"], &artifacts[1]["size"]), (&json!("app.img"), &json!(7)));
}

#[test]
fn sets_are_assigned_as_they_are_asked_for() {
    let served = four();
    let window = json!({ "schedule": "0 0 22 * * ? 2099", "duration": "01:00:00", "timezone": "+07:00" });
    for (kiosk, body, force_type, update) in [
        ("k1", json!({ "id": 1, "type": "soft" }), "soft", "attempt"),
        ("k2", json!({ "id": 1, "type": "downloadonly" }), "downloadonly", "skip"),
        ("k3", json!({ "id": 1, "type": "timeforced", "forcetime": 0 }), "timeforced", "forced"),
        ("k4", json!([{ "id": 1, "maintenanceWindow": window }]), "forced", "skip"),
    ] {
        let came = served.manage("POST", &format!("targets/{kiosk}/assignedDS"), &body.to_string());
        let action = came["assignedActions"][0]["id"].as_u64().unwrap();
        let action = served.manage("GET", &format!("targets/{kiosk}/actions/{action}"), "");
        assert_eq!((&action["forceType"], &action["status"]), (&json!(force_type), &json!("pending")));
        let deployment = served.kiosk("GET", &format!("{kiosk}/deploymentBase/{}", action["id"]), "").json();
        assert_eq!(deployment["deployment"]["update"], update, "{kiosk}");
        assert_eq!(served.manage("GET", &format!("targets/{kiosk}/assignedDS"), "")["id"], 1);
    }
    assert_eq!(served.people("GET", "targets/k1/installedDS", "").status, 204);
    let again = served.manage("POST", "targets/k1/assignedDS", r#"{"id":1}"#);
    assert_eq!((&again["assigned"], &again["alreadyAssigned"]), (&json!(0), &json!(1)));
    for (body, status) in [
        (r#"{"id":9}"#, 404),
        (r#"{"id":1,"type":"timeforced"}"#, 400),
        (r#"{"id":1,"weight":1001}"#, 400),
        (r#"{"id":1,"urgent":true}"#, 400),
    ] {
        assert_eq!(served.people("POST", "targets/k1/assignedDS", body).status, status, "{body}");
    }
    let action = served.manage("GET", "targets/k1/actions", "")["content"][0]["id"].clone();
    served.manage("PUT", &format!("targets/k1/actions/{action}"), r#"{"forceType":"forced"}"#);
    let deployment = served.kiosk("GET", &format!("k1/deploymentBase/{action}"), "").json();
    assert_eq!(deployment["deployment"]["update"], "forced");
    assert_eq!(served.people("DELETE", &format!("targets/k2/actions/{action}"), "").status, 404);
    assert_eq!(served.people("DELETE", &format!("targets/k1/actions/{action}?force=true"), "").status, 405);
    assert_eq!(served.people("DELETE", &format!("targets/k1/actions/{action}"), "").status, 204);
    assert_eq!(served.people("DELETE", &format!("targets/k1/actions/{action}?force=true"), "").status, 204);
    let unknown = r#"[{"id":"k1"},{"id":"nobody"}]"#;
    assert_eq!(served.people("POST", "distributionsets/1/assignedTargets", unknown).status, 404);
}

#[test]
fn a_bad_release_stops_in_its_first_group() {
    let served = four();
    let mut rollout = json!({
        "name": "release 1",
        "distributionSetId": 1,
        "targetFilterQuery": "id==k*",
        "amountGroups": 2,
        "successCondition": { "condition": "THRESHOLD", "expression": "100" },
        "successAction": { "action": "NEXTGROUP", "expression": "" },
        "errorCondition": { "condition": "THRESHOLD", "expression": "10" },
        "errorAction": { "action": "PAUSE", "expression": "" },
    });
    let made = served.manage("POST", "rollouts", &rollout.to_string());
    assert_eq!((&made["status"], &made["totalTargets"]), (&json!("ready"), &json!(4)));
    served.manage("POST", "rollouts/1/start", "");
    let link = |kiosk: &str| served.kiosk("GET", kiosk, "").json()["_links"]["deploymentBase"].is_object();
    assert!(link("k1") && link("k2") && !link("k3") && !link("k4"));
    reports(&served, "k1", FAILED);
    let groups = served.manage("GET", "rollouts/1/deploygroups", "");
    assert_eq!(groups["content"][0]["status"], "error");
    assert_eq!(groups["content"][1]["status"], "scheduled");
    assert_eq!(groups["content"][0]["totalTargetsPerStatus"]["error"], 1);
    assert_eq!(served.manage("GET", "rollouts/1", "")["status"], "paused");
    reports(&served, "k2", DONE);
    assert!(!link("k3") && !link("k4"));
    assert_eq!(served.people("POST", "rollouts/1/pause", "").status, 400);

    served.manage("POST", "rollouts/1/resume", "");
    assert!(link("k3") && link("k4"));
    reports(&served, "k3", DONE);
    reports(&served, "k4", DONE);
    let ended = served.manage("GET", "rollouts/1", "");
    assert_eq!(ended["status"], "finished");
    let counts = &ended["totalTargetsPerStatus"];
    assert_eq!((&counts["finished"], &counts["error"]), (&json!(3), &json!(1)));
    let action = served.manage("GET", "targets/k1/actions", "")["content"][0].clone();
    assert_eq!((&action["rollout"], &action["lastStatusCode"]), (&json!(1), &json!(7)));
    let group = groups["content"][1]["id"].clone();
    let members = served.manage("GET", &format!("rollouts/1/deploygroups/{group}/targets"), "");
    assert_eq!(members["content"][0]["controllerId"], "k3");

    assert_eq!(served.people("POST", "rollouts", &rollout.to_string()).status, 409);
    rollout["name"] = json!("release 2");
    for (member, value, status) in [
        ("successCondition", json!({ "condition": "THRESHOLD", "expression": "many" }), 400),
        ("successCondition", json!({ "condition": "LUCK", "expression": "1" }), 400),
        ("errorAction", json!({ "action": "SHRUG" }), 400),
        ("targetFilterQuery", json!("id==nobody"), 400),
        ("groups", json!([]), 400),
        ("amountGroups", json!(0), 429),
        ("dynamic", json!(true), 400),
        ("distributionSetId", json!(9), 404),
    ] {
        let mut wrong = rollout.clone();
        wrong[member] = value;
        assert_eq!(served.people("POST", "rollouts", &wrong.to_string()).status, status, "{member}");
    }
}

#[test]
fn groups_of_ones_own_have_their_own_conditions() {
    let served = four();
    let rollout = json!({
        "name": "release",
        "distributionSetId": 1,
        "targetFilterQuery": "id==k*",
        "successCondition": { "condition": "THRESHOLD", "expression": "100" },
        "groups": [
            { "name": "lab", "targetFilterQuery": "id==k4", "successAction": { "action": "PAUSE" } },
            { "name": "rest", "targetPercentage": 100.0 },
        ],
    });
    served.manage("POST", "rollouts", &rollout.to_string());
    served.manage("POST", "rollouts/1/start", "");
    reports(&served, "k4", DONE);
    assert_eq!(served.manage("GET", "rollouts/1", "")["status"], "paused");
    served.manage("POST", "rollouts/1/resume", "");
    let counts = served.manage("GET", "rollouts/1", "")["totalTargetsPerStatus"].clone();
    assert_eq!((&counts["running"], &counts["finished"]), (&json!(3), &json!(1)));
    let mut wrong = rollout;
    wrong["name"] = json!("other");
    wrong["groups"][0]["colour"] = json!("red");
    assert_eq!(served.people("POST", "rollouts", &wrong.to_string()).status, 400);
}
