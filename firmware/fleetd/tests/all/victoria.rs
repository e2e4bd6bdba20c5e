//! Debian's VictoriaMetrics, an engine of other people, with something before it that answers as
//! engines in trouble do.
//!
//! Found at `target/opponents/victoria-metrics`; unpacked by
//! `tests/victoria_metrics/install.py`. Without it these tests are skipped, loudly, unless
//! `KIOSK_OPPONENTS` is set.

use std::{
    collections::VecDeque,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse as _, Response},
    routing::post,
};
use jiff::Timestamp;
use opponents::Opponent;
use reqwest::{Client, Url};
use serde_json::Value;
use tempfile::TempDir;

/// The folder of its programs.
pub fn programs() -> Option<PathBuf> {
    Some(Opponent::VictoriaMetrics.find()?.join("root/usr/bin"))
}

/// A client without TLS.
pub fn client() -> Client {
    _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

/// An engine with its own data.
pub struct Victoria {
    program: Child,
    address: SocketAddr,
    client: Client,
    _data: TempDir,
}

impl Victoria {
    /// Starts one; `None`: there is none on this machine.
    pub async fn start() -> Option<Self> {
        let program = programs()?.join("victoria-metrics");
        let data = TempDir::new().unwrap();
        // It cannot be told to choose a port, so one that was free a moment ago is tried.
        for _ in 0..5 {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let mut program = Command::new(&program)
                .arg(format!("-storageDataPath={}", data.path().join("data").display()))
                .arg(format!("-httpListenAddr={address}"))
                .args(["-retentionPeriod=10y", "-search.latencyOffset=0s", "-dedup.minScrapeInterval=1ms"])
                .args(["-memory.allowedBytes=64MB", "-search.disableCache", "-loggerLevel=ERROR"])
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let client = client();
            let since = Instant::now();
            while since.elapsed() < Duration::from_mins(1) && program.try_wait().unwrap().is_none() {
                if client.get(format!("http://{address}/health")).send().await.is_ok() {
                    return Some(Self { program, address, client, _data: data });
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            _ = program.kill();
        }
        panic!("VictoriaMetrics does not start");
    }

    /// Everything that it was given can be asked for from here on.
    pub async fn settle(&self) {
        self.get("/internal/force_flush", &[]).await;
    }

    /// What an expression comes to at a second; an expression that is none is a panic.
    pub async fn ask(&self, expression: &str, at: i64) -> Vec<Value> {
        let at = at.to_string();
        let answer = self.get("/api/v1/query", &[("query", expression), ("time", &at), ("step", "5m")]).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"].as_array().expect(expression).clone()
    }

    /// Every sample of a series that it holds, with duplicates that it joins joined: milliseconds
    /// and value.
    pub async fn samples(&self, series: &str) -> Vec<(i64, f64)> {
        self.settle().await;
        // Its own "now" is a whole second, before that of what came in the meantime.
        let end = (Timestamp::now().as_second() + 60).to_string();
        let text = self.get("/api/v1/export", &[("match[]", series), ("end", &end)]).await;
        let mut samples = Vec::new();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let times = line["timestamps"].as_array().unwrap().iter().map(|time| time.as_i64().unwrap());
            let values = line["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
            samples.extend(times.zip(values));
        }
        samples.sort_by_key(|(time, _)| *time);
        samples
    }

    /// Gives it text.
    pub async fn take(&self, text: String) {
        let taken = self.client.post(self.import()).body(text).send().await.unwrap();
        assert!(taken.status().is_success(), "{}", taken.status());
    }

    pub fn import(&self) -> String {
        format!("http://{}/api/v1/import/prometheus", self.address)
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut url = Url::parse(&format!("http://{}{path}", self.address)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        self.client.get(url).send().await.unwrap().text().await.unwrap()
    }
}

impl Drop for Victoria {
    fn drop(&mut self) {
        _ = self.program.kill();
        _ = self.program.wait();
    }
}

/// What happens to one push.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// This status, and the engine sees nothing of it.
    Status(u16),
    /// 429 with `Retry-After`, and the engine sees nothing of it.
    Busy(u64),
    /// The engine takes it, and its answer is lost.
    TakenUnsaid,
}

/// Before an engine: answers what it is told to, then hands on.
#[derive(Clone)]
pub struct Front {
    engine: String,
    client: Client,
    plan: Arc<Mutex<Plan>>,
    pub address: SocketAddr,
}

#[derive(Default)]
struct Plan {
    next: VecDeque<Answer>,
    always: Option<Answer>,
    /// Texts with this in them are 400.
    poison: Option<String>,
    pushes: usize,
    bearer: Option<String>,
}

impl Front {
    pub async fn start(victoria: &Victoria) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = Self {
            engine: victoria.import(),
            client: client(),
            plan: Arc::default(),
            address: listener.local_addr().unwrap(),
        };
        let push = post(async |State(front): State<Self>, headers: HeaderMap, text: String| {
            front.answer(&headers, text).await
        });
        let app = Router::new().route("/push", push).layer(DefaultBodyLimit::disable());
        let app = app.with_state(front.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        front
    }

    pub fn address(&self) -> String {
        format!("http://{}/push", self.address)
    }

    /// The next pushes are answered so.
    pub fn then(&self, answers: &[Answer]) {
        self.plan.lock().unwrap().next.extend(answers);
    }

    /// All pushes after those are answered so; `None`: handed on.
    pub fn always(&self, answer: Option<Answer>) {
        self.plan.lock().unwrap().always = answer;
    }

    /// Texts with this in them are 400 from now on.
    pub fn poison(&self, what: &str) {
        self.plan.lock().unwrap().poison = Some(what.to_owned());
    }

    /// How many pushes came.
    pub fn pushes(&self) -> usize {
        self.plan.lock().unwrap().pushes
    }

    /// What the newest push proved itself with.
    pub fn bearer(&self) -> Option<String> {
        self.plan.lock().unwrap().bearer.clone()
    }

    async fn answer(&self, headers: &HeaderMap, text: String) -> Response {
        let answer = {
            let mut plan = self.plan.lock().unwrap();
            plan.pushes += 1;
            plan.bearer = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
            let poisoned = plan.poison.as_ref().is_some_and(|poison| text.contains(poison));
            if poisoned { Some(Answer::Status(400)) } else { plan.next.pop_front().or(plan.always) }
        };
        match answer {
            Some(Answer::Status(code)) => StatusCode::from_u16(code).unwrap().into_response(),
            Some(Answer::Busy(seconds)) => {
                (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())]).into_response()
            }
            Some(Answer::TakenUnsaid) => {
                self.hand_on(text).await;
                StatusCode::BAD_GATEWAY.into_response()
            }
            None => self.hand_on(text).await.into_response(),
        }
    }

    async fn hand_on(&self, text: String) -> StatusCode {
        let answer = self.client.post(&self.engine).body(text).send().await.unwrap();
        StatusCode::from_u16(answer.status().as_u16()).unwrap()
    }
}
