//! Whom the client believes.

use std::io::ErrorKind;

use faults::Fault;
use gateway::{Gateway, GatewayConfig, GatewayError, Link};
use simulators::scenario::PlatformMishap;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::site::{READY, Site, connect};

async fn refusal(gateway: &Gateway) -> GatewayError {
    match gateway.account(READY.0).await {
        Ok(_) => panic!("this must not be believed"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_believed() {
    let (site, other) = (Site::new().await, Site::new().await);
    let mut config = site.config.clone();
    config.platform_ca = other.config.platform_ca.clone();
    let gateway = connect(&config, &site.kiosk_clock);
    let error = refusal(&gateway).await;
    assert!(matches!(error, GatewayError::NotTrusted { .. }), "{error}");
    assert_eq!(error.fault(), Fault::PlatformNotTrusted);
    assert_eq!(gateway.link(), Link::Down);
    assert!(site.platform.counts().requests.is_empty());
}

#[tokio::test]
async fn a_kiosk_of_another_authority_is_refused_in_the_handshake() {
    let (site, other) = (Site::new().await, Site::new().await);
    let mut config = site.config.clone();
    config.client_certificate = other.config.client_certificate.clone();
    config.client_key = other.config.client_key.clone();
    let error = refusal(&connect(&config, &site.kiosk_clock)).await;
    assert!(matches!(error, GatewayError::NotEnrolled), "{error}");
    assert_eq!(error.fault(), Fault::DeviceNotEnrolled);
    assert!(site.platform.counts().requests.is_empty());
}

#[tokio::test]
async fn without_a_client_certificate_there_is_no_http_at_all() {
    let site = Site::new().await;
    let ca = reqwest::Certificate::from_pem(&std::fs::read(&site.config.platform_ca).unwrap()).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bare = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
    let answer = bare.get(format!("{}/v1/transactions", site.config.url)).send().await;
    let error = answer.expect_err("a stranger was answered");
    assert!(format!("{error:?}").contains("CertificateRequired"), "{error:?}");
    assert!(site.platform.counts().requests.is_empty());
}

#[tokio::test]
async fn an_answer_with_another_signature_is_not_believed() {
    let site = Site::new().await;
    site.fault("lookUpAccount", PlatformMishap::WrongSignature, 1);
    let error = refusal(&site.gateway).await;
    assert_eq!(error.fault(), Fault::PlatformNotTrusted);
    assert!(!error.retryable());
    assert!(site.gateway.account(READY.0).await.is_ok());
}

#[tokio::test]
async fn another_signing_key_in_the_settings_believes_nothing() {
    let (site, other) = (Site::new().await, Site::new().await);
    let mut config = site.config.clone();
    config.platform_signing_key = other.config.platform_signing_key.clone();
    assert_eq!(refusal(&connect(&config, &site.kiosk_clock)).await.fault(), Fault::PlatformNotTrusted);
}

#[tokio::test]
async fn clocks_may_differ_by_two_minutes_and_no_more() {
    let site = Site::new().await;
    site.kiosk_clock.advance(120);
    assert!(site.gateway.account(READY.0).await.is_ok());
    site.kiosk_clock.advance(1);
    let error = refusal(&site.gateway).await;
    assert!(matches!(error, GatewayError::ClockSkew { seconds: 121 }), "{error}");
    assert_eq!(error.fault(), Fault::ClockSkew);
    site.kiosk_clock.advance(-242);
    assert!(matches!(refusal(&site.gateway).await, GatewayError::ClockSkew { seconds: -121 }));
}

#[tokio::test]
async fn a_hotel_network_is_not_the_platform() {
    let site = Site::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let portal = tokio::spawn(async move {
        loop {
            let Ok((mut guest, _)) = listener.accept().await else { return };
            let mut hello = [0; 512];
            let _ = guest.read(&mut hello).await;
            let _ = guest.write_all(b"HTTP/1.1 302 Found\r\nlocation: http://login.test\r\n\r\n").await;
        }
    });
    let mut config = site.config.clone();
    config.url = format!("https://{address}");
    let error = refusal(&connect(&config, &site.kiosk_clock)).await;
    assert_eq!(error.fault(), Fault::PlatformNotTrusted, "{error}");
    portal.abort();
}

#[tokio::test]
async fn where_nobody_listens_the_platform_is_unreachable() {
    let site = Site::new().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let probe = TcpStream::connect(free).await.map(drop).map_err(|error| error.kind());
    assert_eq!(probe, Err(ErrorKind::ConnectionRefused), "the port is free");
    let mut config = site.config.clone();
    config.url = format!("https://{free}");
    let gateway = connect(&config, &site.kiosk_clock);
    let error = refusal(&gateway).await;
    assert!(matches!(error, GatewayError::Unreachable(_)), "{error}");
    assert_eq!(error.fault(), Fault::PlatformUnreachable);
    assert!(error.retryable());
    assert_eq!(gateway.link(), Link::Down);
}

#[tokio::test]
async fn no_error_says_anything_about_the_citizen() {
    let site = Site::new().await;
    let mut errors = Vec::new();
    for number in ["001185000011", "001185000014", "001185000015"] {
        errors.push(site.gateway.account(number).await.err().unwrap());
    }
    errors.push(site.gateway.begin_activation(READY.0, "0911111111").await.unwrap_err());
    for mishap in [PlatformMishap::Slow, PlatformMishap::Down, PlatformMishap::DoneButSilent] {
        site.fault("beginActivation", mishap, 2);
        errors.push(site.gateway.begin_activation(READY.0, READY.1).await.unwrap_err());
    }
    for error in errors {
        let said = format!("{error} {error:?}");
        for secret in ["0011850000", "0911111111", READY.1, "127.0.0.1"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

#[test]
fn a_misspelt_key_is_refused_by_name() {
    let text = r#"
        url = "https://gateway.test"
        kiosk = "k"
        platform-ca = "a"
        client-certificate = "b"
        client-key = "c"
        platform-signing-key = "d"
        platform-sealing-key = "e"
    "#;
    assert!(toml::from_str::<GatewayConfig>(text).is_ok());
    let error = toml::from_str::<GatewayConfig>(&format!("{text}\ntrys = 3")).unwrap_err();
    assert!(error.to_string().contains("trys"), "{error}");
    let error = toml::from_str::<GatewayConfig>(&text.replace("platform-ca = \"a\"", "")).unwrap_err();
    assert!(error.to_string().contains("platform-ca"), "{error}");
}

#[tokio::test]
async fn what_is_missing_is_named_before_anything_is_sent() {
    let site = Site::new().await;
    let attempt = |change: fn(&mut GatewayConfig)| {
        let mut config = site.config.clone();
        change(&mut config);
        match Gateway::connect(&config, std::sync::Arc::new(Nothing)) {
            Ok(_) => panic!("these settings must not do"),
            Err(error) => (error.fault(), error.to_string()),
        }
    };
    let (fault, said) = attempt(|config| config.url = "http://gateway.test".to_owned());
    assert_eq!(fault, Fault::ConfigBroken);
    assert!(said.contains("https://"), "{said}");
    let (fault, said) = attempt(|config| config.platform_ca = "/nowhere/ca.pem".into());
    assert_eq!(fault, Fault::KeyMissing);
    assert!(said.contains("/nowhere/ca.pem"), "{said}");
    let (fault, _) = attempt(|config| config.client_key = config.client_certificate.clone());
    assert_eq!(fault, Fault::KeyMissing);
    let (fault, _) = attempt(|config| config.platform_sealing_key = config.platform_ca.clone());
    assert_eq!(fault, Fault::KeyMissing);
    let (fault, _) = attempt(|config| config.kiosk = "../x".to_owned());
    assert_eq!(fault, Fault::ConfigBroken);
    let (fault, _) = attempt(|config| config.tries = 0);
    assert_eq!(fault, Fault::ConfigBroken);
}

/// Nothing is sent, so nothing is asked.
struct Nothing;

impl gateway::TimeAndChance for Nothing {
    fn now(&self) -> jiff::Timestamp {
        unreachable!("nothing is sent")
    }

    fn fill(&self, _: &mut [u8]) {
        unreachable!("nothing is sent")
    }
}
