//! The DDI as kiosks see it: over HTTP.

use pretend_platform::fleet::{Call, FleetFault, Mishap, Status};
use serde_json::{Value, json};

use crate::fleet_state::{
    self,
    http::{Answer, Served, path},
};

const DONE: &str =
    r#"{"status":{"execution":"closed","result":{"finished":"success"},"details":["it works"]}}"#;

fn fault(at: Call, does: Mishap) -> FleetFault {
    FleetFault { at, target: None, does, times: 1 }
}

#[test]
fn a_kiosk_is_led_through_an_update() {
    let served = Served::start();
    let action = served.release("kiosk-1", "app.img", b"content");
    let poll = served.kiosk("GET", "kiosk-1", "").json();
    let base = format!("http://{}/DEFAULT/controller/v1/kiosk-1", served.address());
    let mut expected = json!({
        "config": { "polling": { "sleep": "00:05:00" } },
        "_links": {
            "deploymentBase": { "href": format!("{base}/deploymentBase/{action}?c=3") },
            "configData": { "href": format!("{base}/configData") },
        },
    });
    assert_eq!(poll, expected);
    assert_eq!(served.kiosk("PUT", "kiosk-1/configData", r#"{"data":{"board":"pi5"}}"#).status, 200);

    let file = format!("{base}/softwaremodules/1/artifacts/app.img");
    let sum = format!("{file}.MD5SUM");
    let deployment = served.get(&path(&poll["_links"]["deploymentBase"]), &[]).json();
    assert_eq!(
        deployment,
        json!({
            "id": "1",
            "deployment": {
                "download": "forced",
                "update": "forced",
                "chunks": [{
                    "part": "os",
                    "name": "kiosk",
                    "version": "1",
                    "artifacts": [{
                        "filename": "app.img",
                        "size": 7,
                        "hashes": {
                            "sha1": "040f06fd774092478d450774f5ba30c5da78acc8",
                            "md5": "9a0364b9e99bb480dd25e1f0284c8555",
                            "sha256": "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73",
                        },
                        "_links": {
                            "download": { "href": file }, "download-http": { "href": file },
                            "md5sum": { "href": sum }, "md5sum-http": { "href": sum },
                        },
                    }],
                }],
            },
        })
    );
    let answer = served.get("/DEFAULT/controller/v1/kiosk-1/softwaremodules/1/artifacts", &[]);
    assert_eq!(answer.json(), deployment["deployment"]["chunks"][0]["artifacts"]);
    let path_of_sum = path(&json!({ "href": sum }));
    assert_eq!(served.get(&path_of_sum, &[]).body, b"9a0364b9e99bb480dd25e1f0284c8555  app.img");

    assert_eq!(served.kiosk("POST", "kiosk-1/deploymentBase/1/feedback", DONE).status, 200);
    assert_eq!(served.kiosk("POST", "kiosk-1/deploymentBase/1/feedback", DONE).status, 410);
    expected["_links"] = json!({
        "installedBase": { "href": format!("{base}/installedBase/1") },
        "configData": { "href": format!("{base}/configData") },
    });
    assert_eq!(served.kiosk("GET", "kiosk-1", "").json(), expected);
    let installed = served.get("/DEFAULT/controller/v1/kiosk-1/installedBase/1?actionHistory=-1", &[]).json();
    assert_eq!(installed["deployment"], deployment["deployment"]);
    // Only the kiosk's own words are told to it.
    assert_eq!(installed["actionHistory"], json!({ "status": "FINISHED", "messages": ["it works"] }));
    assert_eq!(served.get(&path_of_sum, &[]).status, 404);
    assert_eq!(served.get(&path(&json!({ "href": file })), &[]).status, 404);
    assert_eq!(served.manage("GET", "targets/kiosk-1", "")["updateStatus"], "in_sync");
    assert_eq!(served.manage("GET", "targets/kiosk-1/attributes", ""), json!({ "board": "pi5" }));
}

#[test]
fn only_who_may_is_answered() {
    let served = Served::start();
    served.release("kiosk-1", "app.img", b"content");
    served.manage("POST", "targets", r#"[{"controllerId":"kiosk-2","securityToken":"two"}]"#);
    let one = served.manage("GET", "targets/kiosk-1", "")["securityToken"].as_str().unwrap().to_owned();
    let base = "/DEFAULT/controller/v1/kiosk-1";
    let download = format!("{base}/softwaremodules/1/artifacts/app.img");
    for (path, authorization, status) in [
        (base, format!("TargetToken {one}"), 200),
        (base, "GatewayToken gate".to_owned(), 200),
        (base, "TargetToken two".to_owned(), 401),
        (base, "TargetToken gate".to_owned(), 401),
        (base, format!("GatewayToken {one}"), 401),
        (base, format!("Bearer {one}"), 401),
        (base, String::new(), 401),
        ("/OTHER/controller/v1/kiosk-1", format!("TargetToken {one}"), 401),
        ("/DEFAULT/controller/v1/nobody", format!("TargetToken {one}"), 401),
        (&download, format!("TargetToken {one}"), 200),
        (&download, "TargetToken two".to_owned(), 401),
        (
            "/DEFAULT/controller/v1/kiosk-2/softwaremodules/1/artifacts/app.img",
            "TargetToken two".to_owned(),
            404,
        ),
        ("/rest/v1/targets", format!("TargetToken {one}"), 401),
        ("/rest/v1/targets", "Basic YWRtaW46d3Jvbmc=".to_owned(), 401),
        ("/rest/v1/targets", "Basic YWRtaW46YWRtaW4=".to_owned(), 200),
    ] {
        let answer = served.send("GET", path, &[("authorization", &authorization)], b"").unwrap();
        assert_eq!(answer.status, status, "{path} {authorization}");
    }
}

#[test]
fn an_unknown_kiosk_plugs_itself_in_with_the_gateway_token_only_by_polling() {
    let served = Served::start();
    assert_eq!(served.kiosk("PUT", "new/configData", r#"{"data":{}}"#).status, 404);
    assert_eq!(served.kiosk("GET", "new", "").status, 200);
    assert_eq!(served.manage("GET", "targets", "")["content"][0]["updateStatus"], "registered");
    let closed = Served::with(|options| options.settings.gateway_token = None);
    assert_eq!(closed.kiosk("GET", "new", "").status, 401);
    assert_eq!(closed.fleet.state().targets().len(), 0);
}

#[test]
fn what_has_not_changed_is_not_said_again() {
    let served = Served::start();
    served.kiosk("GET", "kiosk-1", "");
    let base = "/DEFAULT/controller/v1/kiosk-1";
    let tag = served.get(base, &[]).header("etag").to_owned();
    let known = |tag: &str| served.get(base, &[("if-none-match", tag)]);
    let same = known(&tag);
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, tag.as_str()));
    assert_eq!(known(&format!("\"x\", W/{tag}")).status, 304);
    assert_eq!(known("\"x\"").status, 200);
    served.kiosk("PUT", "kiosk-1/configData", r#"{"data":{"a":"b"}}"#);
    assert_eq!(known(&tag).status, 200);
}

#[test]
fn a_body_that_is_not_understood_is_refused() {
    let served = Served::start();
    served.release("kiosk-1", "app.img", b"content");
    let feedback = "/DEFAULT/controller/v1/kiosk-1/deploymentBase/1/feedback";
    let send = |media: &str, body: &str| {
        let headers = [("authorization", "GatewayToken gate"), ("content-type", media)];
        served.send("POST", feedback, &headers, body.as_bytes()).unwrap().status
    };
    assert_eq!(send("text/plain", DONE), 415);
    assert_eq!(send("application/json", "{"), 400);
    assert_eq!(send("application/json", &DONE.replace("closed", "done")), 400);
    assert_eq!(served.kiosk("POST", "kiosk-1/deploymentBase/x/feedback", DONE).status, 404);
    assert_eq!(served.kiosk("POST", "kiosk-1/deploymentBase/9/feedback", DONE).status, 404);
    assert_eq!(served.kiosk("POST", "kiosk-1/cancelAction/1/feedback", DONE).status, 405);
    assert_eq!(send("application/hal+json;charset=UTF-8", DONE), 200);
}

#[test]
fn an_action_is_cancelled_over_http() {
    let served = Served::start();
    let action = served.release("kiosk-1", "app.img", b"content");
    assert_eq!(served.people("DELETE", &format!("targets/kiosk-1/actions/{action}"), "").status, 204);
    let poll = served.kiosk("GET", "kiosk-1", "").json();
    let stop = served.get(&path(&poll["_links"]["cancelAction"]), &[]).json();
    assert_eq!(stop, json!({ "id": "1", "cancelAction": { "stopId": "1" } }));
    // Nobody begins a download of it; whoever is in the middle may end it.
    let file = "/DEFAULT/controller/v1/kiosk-1/softwaremodules/1/artifacts/app.img";
    assert_eq!(served.get(file, &[]).status, 404);
    assert_eq!(served.get(file, &[("range", "bytes=1-")]).status, 206);
    assert_eq!(served.kiosk("POST", "kiosk-1/cancelAction/1/feedback", DONE).status, 200);
    let action = served.manage("GET", "targets/kiosk-1/actions/1", "");
    assert_eq!((&action["detailStatus"], &action["active"]), (&json!("canceled"), &json!(false)));
}

#[test]
fn confirmation_is_asked_and_given_over_http() {
    let served = Served::with(|options| {
        options.settings.confirmation = pretend_platform::fleet::ConfirmationFlow::On;
    });
    served.release("kiosk-1", "app.img", b"content");
    let poll = served.kiosk("GET", "kiosk-1", "").json();
    let asks = served.get(&path(&poll["_links"]["confirmationBase"]), &[]).json();
    assert_eq!(asks["confirmation"]["chunks"][0]["name"], "kiosk");
    let overview = served.kiosk("GET", "kiosk-1/confirmationBase", "").json();
    assert_eq!(overview["autoConfirm"]["active"], false);
    assert!(overview["_links"]["activateAutoConfirm"].is_object());
    let yes = r#"{"confirmation":"confirmed"}"#;
    assert_eq!(served.kiosk("POST", "kiosk-1/confirmationBase/1/feedback", yes).status, 200);
    let poll = served.kiosk("GET", "kiosk-1", "").json();
    assert!(poll["_links"]["deploymentBase"].is_object(), "{poll}");
    assert_eq!(served.kiosk("POST", "kiosk-1/confirmationBase/activateAutoConfirm", "{}").status, 200);
    assert_eq!(served.kiosk("GET", "kiosk-1/confirmationBase", "").json()["autoConfirm"]["active"], true);
    assert_eq!(served.kiosk("POST", "kiosk-1/confirmationBase/deactivateAutoConfirm", "").status, 200);
}

#[test]
fn what_came_on_a_stick_is_reported_over_http() {
    let served = Served::start();
    served.release("other", "app.img", b"content");
    served.kiosk("GET", "kiosk-1", "");
    for (body, status) in [
        (r#"{"name":"kiosk","version":"1"}"#, 201),
        (r#"{"name":"kiosk","version":"1"}"#, 200),
        (r#"{"name":"kiosk","version":"7"}"#, 404),
        (r#"{"name":"kiosk"}"#, 400),
    ] {
        assert_eq!(served.kiosk("PUT", "kiosk-1/installedBase", body).status, status, "{body}");
    }
}

#[test]
fn every_call_goes_wrong_on_request_once() {
    let served = Served::start();
    served.release("kiosk-1", "app.img", b"content");
    let poll = |served: &Served| {
        let authorization = [("authorization", "GatewayToken gate")];
        served.send("GET", "/DEFAULT/controller/v1/kiosk-1", &authorization, b"")
    };
    let spoil = |at, does| served.fleet.state().add_fault(fault(at, does));
    for (does, status) in [
        (Mishap::TooManyRequests(7), Some(429)),
        (Mishap::ServerError, Some(500)),
        (Mishap::Down, Some(503)),
        (Mishap::HangUp, None),
        (Mishap::DoneButSilent, None),
        (Mishap::Slow(1), Some(200)),
    ] {
        spoil(Call::Poll, does);
        let answer = poll(&served);
        assert_eq!(answer.as_ref().map(|answer| answer.status), status, "{does:?}");
        if status == Some(429) {
            assert_eq!(answer.as_ref().map(|answer| answer.header("retry-after")), Some("7"));
        }
        assert_eq!(poll(&served).unwrap().status, 200);
    }
    // Nobody who may not ask uses a fault up.
    spoil(Call::Poll, Mishap::ServerError);
    assert_eq!(served.send("GET", "/DEFAULT/controller/v1/kiosk-1", &[], b"").unwrap().status, 401);
    assert_eq!(poll(&served).unwrap().status, 500);

    spoil(Call::Feedback, Mishap::Gone);
    assert_eq!(served.kiosk("POST", "kiosk-1/deploymentBase/1/feedback", DONE).status, 410);
    assert_eq!(served.manage("GET", "actions/1", "")["active"], true);
    spoil(Call::Feedback, Mishap::DoneButSilent);
    let headers = [("authorization", "GatewayToken gate"), ("content-type", "application/json")];
    let feedback = "/DEFAULT/controller/v1/kiosk-1/deploymentBase/1/feedback";
    assert!(served.send("POST", feedback, &headers, DONE.as_bytes()).is_none());
    let state = served.fleet.state();
    assert_eq!(state.actions().next().unwrap().status, Status::Finished);
}

#[test]
fn the_control_port_tells_and_takes() {
    let served = Served::start();
    served.kiosk("GET", "kiosk-1", "");
    let control = served.fleet.control();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    served.runtime().spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener, control).await.unwrap();
    });
    let ask = |method: &str, path: &str, body: &str| -> Answer {
        let headers = [("content-type", "application/json")];
        fleet_state::http::send_to(address, method, path, &headers, body.as_bytes()).unwrap()
    };
    let state = ask("GET", "/control/fleet/state", "").json();
    assert_eq!(state["targets"]["kiosk-1"], json!({ "polls": 1, "downloads": 0, "bytes": 0 }));
    assert_eq!(state["all"]["polls"], 1);
    let fault = r#"{"at":"poll","does":{"too-many-requests":3},"times":1}"#;
    assert_eq!(ask("POST", "/control/fleet/fault", fault).status, 204);
    assert_eq!(served.kiosk("GET", "kiosk-1", "").status, 429);
    assert_eq!(ask("POST", "/control/fleet/fault", &fault.replace("poll", "pole")).status, 422);
}

#[test]
fn it_serves_over_tls_where_it_is_given_a_certificate() {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (chain, secret) = (certificate.der().clone(), key.serialize_der().try_into().unwrap());
    let server = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain.clone()], secret)
        .unwrap();
    let served = Served::with(|options| options.tls = Some(server.into()));
    {
        let mut state = served.fleet.state();
        let set = fleet_state::another_set(&mut state, "1");
        state.create_target("kiosk-1", Some("one"), fleet_state::at(0)).unwrap();
        fleet_state::give(&mut state, "kiosk-1", set);
    }

    let mut roots = rustls::RootCertStore::empty();
    roots.add(chain).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut session = rustls::ClientConnection::new(client.into(), "localhost".try_into().unwrap()).unwrap();
    let mut socket = std::net::TcpStream::connect(served.address()).unwrap();
    let mut stream = rustls::Stream::new(&mut session, &mut socket);
    let ask = "GET /DEFAULT/controller/v1/kiosk-1/deploymentBase/1 HTTP/1.1\r\nhost: fleet.example\r\n\
               authorization: TargetToken one\r\nconnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, ask.as_bytes()).unwrap();
    let mut answer = String::new();
    // It may end without a farewell (close_notify); what came is looked at.
    let _ = std::io::Read::read_to_string(&mut stream, &mut answer);
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let file = "https://fleet.example/DEFAULT/controller/v1/kiosk-1/softwaremodules/1/artifacts/app.img";
    let links = json!({ "download": { "href": file }, "md5sum": { "href": format!("{file}.MD5SUM") } });
    assert_eq!(body["deployment"]["chunks"][0]["artifacts"][0]["_links"], links);
}
