//! A running fleet server and the plainest client: one connection a request, read to its end.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pretend_platform::fleet::{Fleet, FleetOptions};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub struct Served {
    pub fleet: Fleet,
    pub dir: TempDir,
    runtime: Runtime,
}

/// An answer as it came; the body may be cut off.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(named, _)| named.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
            .unwrap_or("")
    }
}

/// The path of a link.
pub fn path(link: &Value) -> String {
    let href = link["href"].as_str().unwrap_or_else(|| panic!("no link: {link}"));
    format!("/{}", href.splitn(4, '/').nth(3).unwrap())
}

impl Served {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut FleetOptions)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let mut options = FleetOptions::new(dir.path());
        options.settings.gateway_token = Some("gate".to_owned());
        change(&mut options);
        let fleet = runtime.block_on(Fleet::start(options)).unwrap();
        Self { fleet, dir, runtime }
    }

    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub fn address(&self) -> SocketAddr {
        self.fleet.address()
    }

    /// `None` where the connection ended without an answer.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        send_to(self.address(), method, path, headers, body)
    }

    /// As a kiosk with the gateway token.
    pub fn kiosk(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers = [("authorization", "GatewayToken gate"), ("content-type", "application/json")];
        self.send(method, &format!("/DEFAULT/controller/v1/{path}"), &headers, body.as_bytes()).unwrap()
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("authorization", "GatewayToken gate")];
        all.extend(headers);
        self.send("GET", path, &all, b"").unwrap()
    }

    /// As the fleet team.
    pub fn people(&self, method: &str, path: &str, body: &str) -> Answer {
        let login = format!("Basic {}", STANDARD.encode("admin:admin"));
        let headers = [("authorization", login.as_str()), ("content-type", "application/json")];
        self.send(method, &format!("/rest/v1/{path}"), &headers, body.as_bytes()).unwrap()
    }

    /// The same, of which it is sure that it works.
    pub fn manage(&self, method: &str, path: &str, body: &str) -> Value {
        let answer = self.people(method, path, body);
        assert!(matches!(answer.status, 200 | 201), "{method} {path}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// Uploads a file as a form does.
    pub fn upload(&self, module: u64, query: &str, filename: &str, content: &[u8]) -> Answer {
        let mut body = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend(content);
        body.extend(b"\r\n--cut--\r\n");
        let login = format!("Basic {}", STANDARD.encode("admin:admin"));
        let headers =
            [("authorization", login.as_str()), ("content-type", "multipart/form-data; boundary=cut")];
        let path = format!("/rest/v1/softwaremodules/{module}/artifacts{query}");
        self.send("POST", &path, &headers, &body).unwrap()
    }

    /// A target, a module with one file, a set, assigned; all through the management REST. The
    /// number of the action.
    pub fn release(&self, target: &str, filename: &str, content: &[u8]) -> u64 {
        self.manage("POST", "targets", &format!(r#"[{{"controllerId":"{target}"}}]"#));
        let module = r#"[{"type":"os","name":"kiosk","version":"1"}]"#;
        let module = self.manage("POST", "softwaremodules", module)[0]["id"].as_u64().unwrap();
        assert_eq!(self.upload(module, "", filename, content).status, 201);
        let set = format!(r#"[{{"name":"kiosk","version":"1","modules":[{{"id":{module}}}]}}]"#);
        let set = self.manage("POST", "distributionsets", &set)[0]["id"].as_u64().unwrap();
        let assigned = self.manage(
            "POST",
            &format!("distributionsets/{set}/assignedTargets"),
            &format!(r#"[{{"id":"{target}","type":"forced"}}]"#),
        );
        assigned["assignedActions"][0]["id"].as_u64().unwrap()
    }
}

/// `None` where the connection ended without an answer.
pub fn send_to(
    host: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n").unwrap();
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n").unwrap();
    }
    write!(stream, "content-length: {}\r\n\r\n", body.len()).unwrap();
    // Whoever is refused early is hung up on while it still sends.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    // A reset after some bytes is an answer that was cut off.
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some(Answer { status, head, body: answer[end + 4..].to_vec() })
}
