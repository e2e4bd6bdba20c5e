//! Every message between `fleetd` and the fleet server, held against hawkBit's contract (DDI v1, as
//! its server declares it). Written from the contract, and from neither of the two programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use fleetd::{
    ddi::{Account, Asked, Controller, Secret},
    update::{ActionId, Execution, Finished, NotAllowed, Report},
};
use jiff::Timestamp;
use pretend_platform::fleet::{
    Assignment, ConfirmationFlow, Exchange, Fleet, FleetOptions, Heard, Metadata, Status,
};
use serde_json::{Value, json};

/// What a value must look like.
enum Shape {
    /// Text of at most so many letters.
    Text(usize),
    /// A whole number.
    Count,
    /// `HH:mm:ss`.
    Interval,
    /// `{ "href": … }`, absolute.
    Link,
    OneOf(&'static [&'static str]),
    /// At most so many.
    List(usize, &'static Shape),
    /// Names of the sender's own; at most so many.
    Named(usize, &'static Shape),
    /// Fields of the contract and no others: name, whether it must be there, its value.
    Object(&'static [(&'static str, bool, Shape)]),
}
use Shape::{Count, Interval, Link, List, Named, Object, OneOf, Text};

const NAME: Shape = Text(128);
const LONG: Shape = Text(512);

const POLL: Shape = Object(&[
    ("config", true, Object(&[("polling", true, Object(&[("sleep", true, Interval)]))])),
    (
        "_links",
        false,
        Object(&[
            ("deploymentBase", false, Link),
            ("cancelAction", false, Link),
            ("confirmationBase", false, Link),
            ("installedBase", false, Link),
            ("configData", false, Link),
        ]),
    ),
]);
const ATTRIBUTES: Shape =
    Object(&[("mode", false, OneOf(&["merge", "replace", "remove"])), ("data", true, Named(100, &NAME))]);
const HANDLING: Shape = OneOf(&["skip", "attempt", "forced"]);
const ARTIFACT: Shape = Object(&[
    ("filename", true, Text(256)),
    ("size", true, Count),
    (
        "hashes",
        true,
        Object(&[("sha1", true, Text(40)), ("md5", true, Text(32)), ("sha256", false, Text(64))]),
    ),
    (
        "_links",
        true,
        Object(&[
            ("download", false, Link),
            ("md5sum", false, Link),
            ("download-http", false, Link),
            ("md5sum-http", false, Link),
        ]),
    ),
]);
const CHUNK: Shape = Object(&[
    ("part", true, NAME),
    ("name", true, NAME),
    ("version", true, NAME),
    ("encrypted", false, OneOf(&[])),
    ("artifacts", true, List(1_000, &ARTIFACT)),
    ("metadata", false, List(1_000, &Object(&[("key", true, NAME), ("value", true, Text(4_000))]))),
]);
const PLAN: Shape = Object(&[
    ("download", true, HANDLING),
    ("update", true, HANDLING),
    ("maintenanceWindow", false, OneOf(&["available", "unavailable"])),
    ("chunks", true, List(100, &CHUNK)),
]);
const HISTORY: Shape = Object(&[("status", true, NAME), ("messages", true, List(1_000, &LONG))]);
const DEPLOYMENT: Shape =
    Object(&[("id", true, Text(19)), ("deployment", true, PLAN), ("actionHistory", false, HISTORY)]);
const CONFIRMATION: Shape =
    Object(&[("id", true, Text(19)), ("confirmation", true, PLAN), ("actionHistory", false, HISTORY)]);
const CANCEL: Shape =
    Object(&[("id", true, Text(19)), ("cancelAction", true, Object(&[("stopId", true, Text(19))]))]);
const FEEDBACK: Shape = Object(&[
    ("id", false, Text(19)),
    ("time", false, NAME),
    ("timestamp", false, Count),
    (
        "status",
        true,
        Object(&[
            (
                "execution",
                true,
                OneOf(&[
                    "closed",
                    "proceeding",
                    "canceled",
                    "scheduled",
                    "rejected",
                    "resumed",
                    "download",
                    "downloaded",
                ]),
            ),
            (
                "result",
                true,
                Object(&[
                    ("finished", true, OneOf(&["success", "failure", "none"])),
                    ("progress", false, Object(&[("cnt", true, Count), ("of", false, Count)])),
                ]),
            ),
            ("code", false, Count),
            ("details", false, List(50, &LONG)),
        ]),
    ),
]);
const CONSENT: Shape = Object(&[
    ("confirmation", true, OneOf(&["confirmed", "denied"])),
    ("code", false, Count),
    ("details", false, List(50, &LONG)),
]);
const INSTALLED: Shape = Object(&[("name", true, NAME), ("version", true, Text(64))]);

/// A call of the contract: method, path after the kiosk's own (`*` is a number), the queries that it
/// knows, what is asked and what is answered.
type Call =
    (&'static str, &'static str, &'static [&'static str], Option<&'static Shape>, Option<&'static Shape>);

const CALLS: &[Call] = &[
    ("GET", "", &[], None, Some(&POLL)),
    ("PUT", "configData", &[], Some(&ATTRIBUTES), None),
    ("GET", "deploymentBase/*", &["c", "actionHistory"], None, Some(&DEPLOYMENT)),
    ("POST", "deploymentBase/*/feedback", &[], Some(&FEEDBACK), None),
    ("GET", "cancelAction/*", &[], None, Some(&CANCEL)),
    ("POST", "cancelAction/*/feedback", &[], Some(&FEEDBACK), None),
    ("GET", "confirmationBase/*", &["c", "actionHistory"], None, Some(&CONFIRMATION)),
    ("POST", "confirmationBase/*/feedback", &[], Some(&CONSENT), None),
    ("GET", "installedBase/*", &["actionHistory"], None, Some(&DEPLOYMENT)),
    ("PUT", "installedBase", &[], Some(&INSTALLED), None),
];

/// What was said so far, and what of it is not in the contract.
#[derive(Clone, Default)]
pub struct Contract(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    calls: BTreeSet<String>,
    breaches: Vec<String>,
}

impl Contract {
    /// Listens in.
    pub fn listen(&self) -> Heard {
        let said = self.0.clone();
        Arc::new(move |exchange: Exchange| {
            let mut said = said.lock().unwrap();
            match breaches(&exchange) {
                Ok(call) => {
                    said.calls.insert(call);
                }
                Err(breach) => said.breaches.push(format!("{breach}: {exchange:?}")),
            }
        })
    }

    /// Nothing was said that is not in the contract.
    pub fn was_kept(&self) {
        let said = self.0.lock().unwrap();
        assert_eq!(said.breaches, [""; 0]);
    }

    /// The calls that were made as the contract has them.
    pub fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().calls.iter().cloned().collect()
    }
}

/// Which call it is; or what is wrong with it.
fn breaches(exchange: &Exchange) -> Result<String, String> {
    let (path, query) = exchange.path.split_once('?').unwrap_or((&exchange.path, ""));
    let parts: Vec<_> = path.split('/').collect();
    let [_, "DEFAULT", "controller", "v1", kiosk, rest @ ..] = &parts[..] else {
        return Err("another path".to_owned());
    };
    if kiosk.is_empty() {
        return Err("no kiosk".to_owned());
    }
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let named: Vec<_> = rest.iter().map(|part| if number(part) { "*" } else { part }).collect();
    let name = named.join("/");
    let call = CALLS.iter().find(|(method, path, ..)| *method == exchange.method && *path == name);
    let (method, path, queries, asked, answered) = call.ok_or("no such call")?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let key = pair.split('=').next().unwrap_or_default();
        if !queries.contains(&key) {
            return Err(format!("no query {key}"));
        }
    }
    let header = |name: &str| exchange.headers.get(name).map_or("", |value| value.to_str().unwrap());
    let secret = header("authorization").split_once(' ');
    if !matches!(secret, Some(("TargetToken" | "GatewayToken", secret)) if !secret.is_empty()) {
        return Err("no token".to_owned());
    }
    match asked {
        Some(shape) => {
            if !header("content-type").starts_with("application/json") {
                return Err("another type of content".to_owned());
            }
            fits(&parsed(&exchange.asked)?, shape, "asked")?;
        }
        None if !exchange.asked.is_empty() => return Err("a body in a question that has none".to_owned()),
        None => {}
    }
    match (exchange.status, answered) {
        (200..=299, Some(shape)) => fits(&parsed(&exchange.answered)?, shape, "answered")?,
        (304, Some(_)) if header("if-none-match").is_empty() => return Err("unasked 304".to_owned()),
        _ => {}
    }
    if path.is_empty() && exchange.status == 200 {
        let links = &parsed(&exchange.answered)?["_links"];
        let wants = ["deploymentBase", "cancelAction", "confirmationBase"];
        if wants.iter().filter(|link| !links[**link].is_null()).count() > 1 {
            return Err("two actions at once".to_owned());
        }
    }
    Ok(format!("{method} {path}"))
}

fn parsed(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("no JSON: {error}"))
}

fn fits(value: &Value, shape: &Shape, at: &str) -> Result<(), String> {
    let holds = |holds: bool, what: &str| {
        if holds { Ok(()) } else { Err(format!("{at} is {value} and not {what}")) }
    };
    match shape {
        Text(most) => holds(value.as_str().is_some_and(|text| text.chars().count() <= *most), "a short text"),
        Count => holds(value.is_u64(), "a number"),
        Interval => {
            let parts: Vec<_> = value.as_str().unwrap_or_default().split(':').collect();
            let two = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            holds(parts.len() == 3 && parts.iter().all(two), "HH:mm:ss")
        }
        Link => {
            let href = value["href"].as_str().unwrap_or_default();
            holds(href.starts_with("http://") || href.starts_with("https://"), "a link")
        }
        OneOf(words) => holds(value.as_str().is_some_and(|text| words.contains(&text)), &words.join(" | ")),
        List(most, shape) => {
            let list = value.as_array().ok_or_else(|| format!("{at} is no list"))?;
            holds(list.len() <= *most, "a list that short")?;
            list.iter().enumerate().try_for_each(|(nth, it)| fits(it, shape, &format!("{at}[{nth}]")))
        }
        Named(most, shape) => {
            let object = value.as_object().ok_or_else(|| format!("{at} is no object"))?;
            holds(!object.is_empty() && object.len() <= *most, "a few fields")?;
            object.iter().try_for_each(|(name, it)| {
                fits(&json!(name), shape, &format!("a name in {at}"))?;
                fits(it, shape, &format!("{at}.{name}"))
            })
        }
        Object(fields) => {
            let object = value.as_object().ok_or_else(|| format!("{at} is no object"))?;
            for (name, needed, shape) in *fields {
                match object.get(*name) {
                    Some(it) => fits(it, shape, &format!("{at}.{name}"))?,
                    None if *needed => return Err(format!("{at} has no {name}")),
                    None => {}
                }
            }
            let known = |name: &str| fields.iter().any(|(known, ..)| *known == name);
            match object.keys().find(|name| !known(name)) {
                Some(name) => Err(format!("{at} has {name}, of which the contract knows nothing")),
                None => Ok(()),
            }
        }
    }
}

/// One kiosk, no daemon: every message that `fleetd` can send is sent.
#[tokio::test]
async fn every_message_of_ours_is_one_of_the_contract() {
    _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let contract = Contract::default();
    let mut options = FleetOptions::new(folder.path());
    options.settings.poll_every = Duration::from_secs(30);
    options.heard = Some(contract.listen());
    let fleet = Fleet::start(options).await.unwrap();
    fleet.state().create_target("kiosk-1", Some("s3cret"), Timestamp::now()).unwrap();
    let order = |version: &str| {
        let mut state = fleet.state();
        let module = state.create_module("application", "kiosk", version).unwrap();
        let value = format!("app/kiosk-{version}");
        let word = Metadata { key: fleetd::ddi::TARGET_KEY.to_owned(), value, target_visible: true };
        state.add_metadata(module, word).unwrap();
        let set = state.create_set("kiosk", version, &[module]).unwrap();
        let asking = Assignment { confirmation: ConfirmationFlow::On, ..Assignment::of(set) };
        state.assign("kiosk-1", &asking, Timestamp::now()).unwrap().unwrap()
    };
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let server = format!("http://{}", fleet.address()).parse().unwrap();
    let secret = Secret::Target("s3cret".to_owned());
    let account = Account::new(&server, "DEFAULT", "kiosk-1", Some(&secret)).unwrap();
    let mut kiosk = Controller::new(client, account);

    assert!(kiosk.poll().await.unwrap().wants_attributes);
    let attributes: BTreeMap<_, _> = [("board".to_owned(), "pi5".to_owned())].into();
    kiosk.tell_attributes(&attributes).await.unwrap();
    // Quiet is remembered.
    kiosk.poll().await.unwrap();
    kiosk.poll().await.unwrap();

    let refused = order("6");
    let Asked::Consent(asked) = kiosk.poll().await.unwrap().asked else { panic!("asks for no consent") };
    kiosk.consent(asked.action, Err(&NotAllowed::FailedBefore)).await.unwrap();
    let report = |action: ActionId, of_cancel, execution, finished| Report {
        action,
        of_cancel,
        execution,
        finished,
        line: "nghỉ một chút".to_owned(),
    };
    for (execution, finished) in
        [(Execution::Rejected, Finished::None), (Execution::Closed, Finished::Success)]
    {
        fleet.state().cancel(refused, Timestamp::now()).unwrap();
        let Asked::CallOff(stopped) = kiosk.poll().await.unwrap().asked else { panic!("calls nothing off") };
        kiosk.report(&report(stopped, true, execution, finished)).await.unwrap();
    }

    let wanted = order("7");
    let Asked::Consent(asked) = kiosk.poll().await.unwrap().asked else { panic!("asks for no consent") };
    kiosk.consent(asked.action, Ok(())).await.unwrap();
    let Asked::Install(asked) = kiosk.poll().await.unwrap().asked else { panic!("orders nothing") };
    assert_eq!(asked.target, "app/kiosk-7");
    for execution in [
        Execution::Scheduled,
        Execution::Download,
        Execution::Downloaded,
        Execution::Proceeding,
        Execution::Rejected,
    ] {
        kiosk.report(&report(asked.action, false, execution, Finished::None)).await.unwrap();
    }
    kiosk.report(&report(asked.action, false, Execution::Closed, Finished::Success)).await.unwrap();
    assert_eq!(fleet.state().action(wanted).unwrap().status, Status::Finished);
    kiosk.tell_installed("kiosk", "6").await.unwrap();

    contract.was_kept();
    let calls: BTreeSet<_> = CALLS.iter().map(|(method, path, ..)| format!("{method} {path}")).collect();
    let made: BTreeSet<_> = contract.calls().into_iter().collect();
    let never: Vec<_> = calls.difference(&made).collect();
    assert_eq!(never, ["GET installedBase/*"], "fleetd never asks for that, and for nothing else");
}

/// The contract is held against something.
#[test]
fn what_is_not_in_the_contract_is_a_breach() {
    let exchange = |method: &str, rest: &str, asked: &str, answered: &str| Exchange {
        method: method.to_owned(),
        path: format!("/DEFAULT/controller/v1/kiosk-1{rest}"),
        headers: [("authorization", "TargetToken x"), ("content-type", "application/json")]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect(),
        asked: asked.as_bytes().to_vec(),
        status: 200,
        answered: answered.as_bytes().to_vec(),
    };
    let feedback = r#"{"status":{"execution":"closed","result":{"finished":"success"},"details":["x"]}}"#;
    let poll = r#"{"config":{"polling":{"sleep":"00:00:30"}},"_links":{"configData":{"href":"http://x/y"}}}"#;
    let told = |asked: &str| breaches(&exchange("POST", "/deploymentBase/1/feedback", asked, ""));
    let polled = |answered: &str| breaches(&exchange("GET", "", "", answered));
    assert_eq!(told(feedback).unwrap(), "POST deploymentBase/*/feedback");
    assert_eq!(polled(poll).unwrap(), "GET ");
    let long = format!("[{}]", vec!["\"x\""; 51].join(","));
    for (from, to) in [
        ("closed", "finished"),
        ("success", "ok"),
        ("\"status\"", "\"state\""),
        ("\"details\"", "\"detail\""),
        ("\"x\"", "1"),
        ("[\"x\"]", &long),
    ] {
        told(&feedback.replace(from, to)).unwrap_err();
    }
    for (from, to) in [
        ("00:00:30", "30"),
        ("http://x/y", "/y"),
        ("configData", "rollout"),
        ("{\"configData\"", "{\"cancelAction\":{\"href\":\"http://x\"},\"deploymentBase\""),
    ] {
        polled(&poll.replace(from, to)).unwrap_err();
    }
    let mut nobody = exchange("GET", "", "", poll);
    nobody.headers.remove("authorization");
    for wrong in [
        nobody,
        exchange("DELETE", "", "", poll),
        exchange("GET", "/deploymentBase/x", "", poll),
        exchange("GET", "?since=1", "", poll),
        exchange("GET", "", "{}", poll),
    ] {
        breaches(&wrong).unwrap_err();
    }
}
