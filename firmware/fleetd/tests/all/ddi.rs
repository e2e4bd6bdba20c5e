//! What the fleet server may do to us: answer anything, point anywhere.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::Request, http::StatusCode, response::Response};
use fleetd::{
    ddi::{Account, Asked, Controller, DdiError, Failure, Secret},
    update::{ActionId, Execution, Finished, Report},
};

/// A server that answers the same to everything, and remembers what it was asked.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(status: u16, headers: &'static [(&'static str, &'static str)], body: String) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        let answer = move |request: Request| {
            let secret = request.headers().get("authorization").map_or("", |it| it.to_str().unwrap());
            heard.lock().unwrap().push(format!("{} {} {secret}", request.method(), request.uri()));
            let known = request.headers().contains_key("if-none-match");
            let status = StatusCode::from_u16(if known { 304 } else { status }).unwrap();
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(*name, *value);
            }
            let response = response.body(axum::body::Body::from(Bytes::from(body.clone()))).unwrap();
            async move { response }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn controller(server: &str) -> Controller {
    _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let secret = Secret::Target("s3cret".to_owned());
    let account = Account::new(&server.parse().unwrap(), "DEFAULT", "kiosk-1", Some(&secret)).unwrap();
    Controller::new(client, account)
}

fn base(links: &str) -> String {
    format!(r#"{{"config":{{"polling":{{"sleep":"00:00:30"}}}},"_links":{{{links}}}}}"#)
}

#[tokio::test]
async fn the_secret_goes_to_the_server_and_to_nobody_it_points_at() {
    let thief = Server::start(200, &[], "{}".to_owned()).await;
    let link = format!(r#""deploymentBase":{{"href":"{}/deploymentBase/1"}}"#, thief.address);
    let server = Server::start(200, &[], base(&link)).await;
    let error = controller(&server.address).poll().await.unwrap_err();
    assert!(matches!(error, DdiError::OtherServer), "{error:?}");
    assert_eq!(server.asked(), ["GET /DEFAULT/controller/v1/kiosk-1 TargetToken s3cret"]);
    assert_eq!(thief.asked(), [""; 0]);

    let lured = Server::start(302, &[("location", "http://127.0.0.1:9/")], String::new()).await;
    let error = controller(&lured.address).poll().await.unwrap_err();
    assert!(matches!(error, DdiError::Status { code: 302 }), "{error:?}");
}

#[tokio::test]
async fn each_answer_of_a_server_in_trouble_has_its_own_meaning() {
    let report = Report {
        action: ActionId(7),
        of_cancel: false,
        execution: Execution::Closed,
        finished: Finished::Success,
        line: "committed".to_owned(),
    };
    let said = async |status, headers| {
        let server = Server::start(status, headers, String::new()).await;
        let said = controller(&server.address).report(&report).await;
        let asked = "POST /DEFAULT/controller/v1/kiosk-1/deploymentBase/7/feedback TargetToken s3cret";
        assert_eq!(server.asked(), [asked]);
        said
    };
    assert!(said(200, &[]).await.is_ok());
    assert!(matches!(said(410, &[]).await, Err(DdiError::Gone)));
    assert!(matches!(said(401, &[]).await, Err(DdiError::NotAccepted { code: 401 })));
    assert!(matches!(said(500, &[]).await, Err(DdiError::Status { code: 500 })));
    let busy = said(429, &[("retry-after", "120")]).await.unwrap_err();
    assert_eq!(busy.failure(), Failure::Busy(Duration::from_mins(2)));
}

#[tokio::test]
async fn what_is_no_message_or_too_long_is_refused() {
    for body in [String::new(), "<html>".to_owned(), base("").replace("sleep", "nap"), " ".repeat(2 << 20)] {
        let server = Server::start(200, &[], body).await;
        let error = controller(&server.address).poll().await.unwrap_err();
        assert!(matches!(error, DdiError::Garbled), "{error:?}");
    }
}

#[tokio::test]
async fn quiet_is_remembered_by_the_servers_mark() {
    let server = Server::start(200, &[("etag", "\"a\"")], base("")).await;
    let mut controller = controller(&server.address);
    let polled = controller.poll().await.unwrap();
    assert_eq!((polled.asked.clone(), polled.sleep), (Asked::Nothing, Duration::from_secs(30)));
    assert_eq!(controller.poll().await.unwrap(), polled);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn an_overview_of_confirmations_asks_for_nothing() {
    let link = r#""confirmationBase":{"href":"/DEFAULT/controller/v1/kiosk-1/confirmationBase"}"#;
    let server = Server::start(200, &[], base(link)).await;
    assert_eq!(controller(&server.address).poll().await.unwrap().asked, Asked::Nothing);
}
