//! The program as the demo starts it: its one line, its control port, its refusals.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use pretend_platform::Seeds;
use serde_json::Value;
use simulators::{people::People, scenario::Scenario};

const SIMULATORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

struct Running {
    program: Child,
    line: Value,
}

impl Running {
    fn start(dir: &Path, scenario: &str) -> Self {
        Self::start_with(dir, scenario, &[])
    }

    fn start_with(dir: &Path, scenario: &str, more: &[&str]) -> Self {
        let mut program = command(dir)
            .args(more)
            .args(["--scenario", &format!("{SIMULATORS}/scenarios/{scenario}.toml")])
            .args(["--people", &format!("{SIMULATORS}/people")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line = serde_json::from_str(&line).unwrap_or_else(|_| panic!("'{line}' is no JSON"));
        Self { program, line }
    }

    /// Status line and body of a request to the control port.
    fn control(&self, method: &str, path: &str, body: &str) -> (String, String) {
        self.ask("control", method, path, body)
    }

    /// The same of any of its plain ports.
    fn ask(&self, port: &str, method: &str, path: &str, body: &str) -> (String, String) {
        let port = u16::try_from(self.line[port].as_u64().unwrap()).unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\nauthorization: GatewayToken gate\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pretend-platform"));
    command.arg("--dir").arg(dir);
    command
}

fn run(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn it_says_where_it_listens_and_leaves_what_a_kiosk_needs() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), "happy");
    let port = u16::try_from(running.line["port"].as_u64().unwrap()).unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    for name in [
        "kiosk-client.pem",
        "kiosk-client.key",
        "platform-ca.pem",
        "platform-signing.pub",
        "platform-seal.pub",
        "state.json",
    ] {
        assert!(dir.path().join(name).exists(), "{name}");
    }
}

#[test]
fn its_control_port_tells_counts_and_takes_faults() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), "happy");
    let (status, body) = running.control("GET", "/control/state", "");
    assert_eq!(status, "HTTP/1.1 200 OK");
    let state: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&state["transactions"], &state["duplicates"]), (&0.into(), &0.into()));
    let written: Value =
        serde_json::from_str(&fs::read_to_string(dir.path().join("state.json")).unwrap()).unwrap();
    assert_eq!(written, state);

    let fault = r#"{"at":"submitTransaction","does":"down","times":2}"#;
    assert_eq!(running.control("POST", "/control/fault", fault).0, "HTTP/1.1 204 No Content");
    let (status, why) = running.control("POST", "/control/fault", &fault.replace("submit", "lose"));
    assert_eq!(status, "HTTP/1.1 400 Bad Request");
    assert!(why.contains("loseTransaction"), "{why}");
    assert_eq!(running.control("DELETE", "/control/fault", "").0, "HTTP/1.1 204 No Content");
}

#[test]
fn it_serves_a_fleet_only_where_it_is_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), "happy");
    assert!(running.line["fleet"].is_null());
    assert_eq!(running.control("GET", "/control/fleet/state", "").0, "HTTP/1.1 404 Not Found");
    drop(running);

    let fleet = ["--fleet", "127.0.0.1:0", "--gateway-token", "gate", "--poll-every", "61"];
    let running = Running::start_with(dir.path(), "happy", &fleet);
    let (status, body) = running.ask("fleet", "GET", "/DEFAULT/controller/v1/kiosk-1", "");
    assert_eq!(status, "HTTP/1.1 200 OK");
    let poll: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(poll["config"]["polling"]["sleep"], "00:01:01");
    let (_, body) = running.control("GET", "/control/fleet/state", "");
    let state: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(state["targets"]["kiosk-1"]["polls"], 1);
}

#[test]
fn a_second_start_keeps_the_keys_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let key = || fs::read_to_string(dir.path().join("platform-signing.pub")).unwrap();
    drop(Running::start(dir.path(), "happy"));
    let before = key();
    drop(Running::start(dir.path(), "overdue"));
    assert_eq!(key(), before);
}

#[test]
fn what_cannot_be_used_is_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    let with = |arguments: &[&str]| {
        let mut command = command(dir.path());
        command.args(arguments);
        run(command)
    };
    let people = format!("{SIMULATORS}/people");
    for (arguments, code, said) in [
        (vec!["--bogus"], 2, "--bogus"),
        (vec!["--listen", "nowhere"], 2, "nowhere"),
        (vec!["--scenario", "x.toml"], 2, "--people"),
        (vec!["--gateway-token", "x"], 2, "--fleet"),
        (vec!["--fleet", "127.0.0.1:0", "--poll-every", "86400"], 2, "86399"),
        (vec!["--fleet", "127.0.0.1:0", "--fleet-login", "admin"], 2, "USER:PASSWORD"),
        (vec!["--scenario", "/nowhere/x.toml", "--people", &people], 1, "/nowhere/x.toml"),
    ] {
        let (status, line) = with(&arguments);
        assert_eq!(status, Some(code), "{arguments:?}");
        assert!(line.contains(said), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let (status, line) = with(&["--listen", &address]);
    assert_eq!(status, Some(1));
    assert!(line.contains(&address), "{line}");
}

#[test]
fn every_scenario_of_the_house_can_be_played() {
    let people = People::load(&Path::new(SIMULATORS).join("people")).unwrap();
    let mut played = 0;
    for file in fs::read_dir(Path::new(SIMULATORS).join("scenarios")).unwrap() {
        let file = file.unwrap().path();
        let scenario = Scenario::load(&file).unwrap();
        let seeds = Seeds::from_scenario(&file, &Path::new(SIMULATORS).join("people")).unwrap();
        let person = people.person(&scenario.person).unwrap();
        let account = &seeds.accounts[&person.number];
        assert_eq!((account.account, &account.phone), (scenario.platform.account, &person.phone));
        assert_eq!(seeds.faults.len(), scenario.platform.faults.len());
        played += 1;
    }
    assert!(played >= 12, "{played}");
}

#[test]
fn a_fault_at_an_unknown_operation_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.toml");
    let text = "title = 'x'\nperson = 'khue'\n[[platform.faults]]\nat = 'sendCodes'\ndoes = 'down'\n\
                [expect]\noutcome = 'none'\n";
    fs::write(&file, text).unwrap();
    let error = Seeds::from_scenario(&file, &Path::new(SIMULATORS).join("people")).unwrap_err();
    assert!(error.to_string().contains("sendCodes"), "{error}");
}
