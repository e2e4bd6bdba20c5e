//! Signed records: accepted once, whatever happens on the way.

use faults::Fault;
use gateway::{GatewayError, ProblemCode};
use getrandom::{SysRng, rand_core::UnwrapErr};
use jiff::Timestamp;
use keys::{
    AnswerContext, DeviceKey, PlatformKey, ServerKey, Signature, SigningContext,
    canonical::{self, Map, Value},
};
use simulators::scenario::PlatformMishap;
use uuid::Uuid;

use crate::site::{READY, Site};

/// A record as the kiosk would sign it; what the platform does not look at is short.
struct Record {
    id: Uuid,
    kiosk: &'static str,
    number: &'static str,
    activation: String,
}

impl Record {
    fn new(activation: &str) -> Self {
        let id = uuid::Builder::from_unix_timestamp_millis(1_795_305_600_000, &random()).into_uuid();
        Self { id, kiosk: "demo-kiosk", number: READY.0, activation: activation.to_owned() }
    }

    fn copy(&self) -> Self {
        Self { activation: self.activation.clone(), ..*self }
    }

    fn text(&self, key: &DeviceKey) -> Vec<u8> {
        let one = |name: &str, value: &str| Value::Map(Map::new().with(name, Value::text(value)));
        let service = Map::new().with("id", Value::text("eid.activate")).with("version", Value::Whole(1));
        let content = Map::new()
            .with("at", Value::text("2026-11-21T08:00:00Z"))
            .with("citizen", one("number", self.number))
            .with("consent", one("method", "touch"))
            .with("face", one("method", "camera"))
            .with("form", one("activation", &self.activation))
            .with("id", Value::text(self.id.to_string()))
            .with("identity", one("protocol", "PACE"))
            .with("kiosk", Value::text(self.kiosk))
            .with("schema", Value::text("mot-cham/transaction/1"))
            .with("service", service.into());
        let content = Value::Map(content);
        let signature = key.sign(SigningContext::Transaction, &content.to_bytes());
        let whole = Map::new()
            .with("key", Value::text(key.public().to_string()))
            .with("signature", Value::text(signature.to_string()))
            .with("transaction", content);
        Value::Map(whole).to_bytes().to_vec()
    }

    fn sealed(&self, site: &Site) -> Vec<u8> {
        seal(site, self.id, &self.text(&site.device))
    }
}

fn seal(site: &Site, id: Uuid, text: &[u8]) -> Vec<u8> {
    let to = std::fs::read_to_string(&site.config.platform_sealing_key).unwrap();
    let to: ServerKey = to.trim().parse().unwrap();
    let bound = format!(r#"{{"kiosk":"demo-kiosk","schema":"mot-cham/transaction/1","transaction":"{id}"}}"#);
    keys::seal(&to, bound.as_bytes(), text, &mut UnwrapErr(SysRng)).unwrap()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// Standing and reference, if the platform's own signature is on it.
fn read(site: &Site, receipt: &[u8]) -> (String, String) {
    let key = std::fs::read_to_string(&site.config.platform_signing_key).unwrap();
    let key: PlatformKey = key.trim().parse().unwrap();
    let whole = canonical::parse(receipt).unwrap();
    let said = whole.get("receipt").unwrap();
    let signature: Signature = whole.get("signature").unwrap().as_text().unwrap().parse().unwrap();
    key.verify(AnswerContext::Receipt, &said.to_bytes(), &signature).unwrap();
    let text = |name| said.get(name).unwrap().as_text().unwrap().to_owned();
    assert_eq!(text("kiosk"), "demo-kiosk");
    text("at").parse::<Timestamp>().unwrap();
    (text("standing"), text("reference"))
}

fn code(error: &GatewayError) -> ProblemCode {
    error.problem().unwrap_or_else(|| panic!("{error}")).code
}

#[tokio::test]
async fn the_whole_way_ends_with_a_registered_account() {
    let site = Site::new().await;
    let record = Record::new(site.activation().await.as_str());
    let receipt = site.gateway.submit(record.id, &record.sealed(&site)).await.unwrap();
    let (standing, reference) = read(&site, &receipt);
    assert_eq!(standing, "registered");
    assert_eq!(reference.len(), 12, "{reference}");
    assert!(matches!(site.gateway.account(READY.0).await, Ok(gateway::AccountState::Active)));

    let state = std::fs::read_to_string(site.folder.path().join("state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!((&state["transactions"], &state["activations"]), (&1.into(), &1.into()));
}

#[tokio::test]
async fn a_record_without_the_citizens_secrets_is_only_received() {
    let site = Site::new().await;
    let activation = site.gateway.begin_activation(READY.0, READY.1).await.unwrap();
    for named in [activation.as_str(), "no-such-activation"] {
        let record = Record::new(named);
        let receipt = site.gateway.submit(record.id, &record.sealed(&site)).await.unwrap();
        assert_eq!(read(&site, &receipt).0, "received");
    }
    assert_eq!(site.platform.counts().activations, 0);
}

#[tokio::test]
async fn a_silent_platform_gives_the_same_receipt_to_the_same_record() {
    let site = Site::new().await;
    let record = Record::new(site.activation().await.as_str());
    let sealed = record.sealed(&site);
    site.fault("submitTransaction", PlatformMishap::DoneButSilent, 1);
    let error = site.gateway.submit(record.id, &sealed).await.unwrap_err();
    assert_eq!(error.fault(), Fault::PlatformUnreachable);
    assert!(error.retryable());
    assert_eq!(site.platform.counts().transactions, 1, "it was done all the same");

    let receipt = site.gateway.submit(record.id, &sealed).await.unwrap();
    assert_eq!(read(&site, &receipt).0, "registered");
    site.later(3 * 24 * 3600);
    assert_eq!(site.gateway.submit(record.id, &sealed).await.unwrap(), receipt, "to the byte, days later");
    let counts = site.platform.counts();
    assert_eq!((counts.transactions, counts.duplicates, counts.activations), (1, 2, 1));
}

#[tokio::test]
async fn a_proxy_that_sends_twice_changes_nothing() {
    let site = Site::new().await;
    let record = Record::new(site.activation().await.as_str());
    site.fault("submitTransaction", PlatformMishap::Twice, 1);
    let receipt = site.gateway.submit(record.id, &record.sealed(&site)).await.unwrap();
    assert_eq!(read(&site, &receipt).0, "registered");
    let counts = site.platform.counts();
    assert_eq!((counts.transactions, counts.duplicates, counts.activations), (1, 1, 1));
}

#[tokio::test]
async fn a_platform_down_twice_takes_the_record_the_third_time() {
    let site = Site::new().await;
    let record = Record::new(site.activation().await.as_str());
    let sealed = record.sealed(&site);
    site.fault("submitTransaction", PlatformMishap::Down, 2);
    for _ in 0..2 {
        let error = site.gateway.submit(record.id, &sealed).await.unwrap_err();
        assert!(error.retryable(), "{error}");
        assert_eq!(site.platform.counts().transactions, 0);
    }
    let receipt = site.gateway.submit(record.id, &sealed).await.unwrap();
    assert_eq!(read(&site, &receipt).0, "registered");
}

#[tokio::test]
async fn a_forged_receipt_is_not_believed() {
    let site = Site::new().await;
    let record = Record::new(site.activation().await.as_str());
    let sealed = record.sealed(&site);
    site.fault("submitTransaction", PlatformMishap::WrongSignature, 1);
    let error = site.gateway.submit(record.id, &sealed).await.unwrap_err();
    assert_eq!(error.fault(), Fault::PlatformNotTrusted);
    let receipt = site.gateway.submit(record.id, &sealed).await.unwrap();
    assert_eq!(read(&site, &receipt).0, "registered");
}

#[tokio::test]
async fn a_receipt_can_be_asked_for_again() {
    let site = Site::new().await;
    let record = Record::new(site.activation().await.as_str());
    assert_eq!(site.gateway.receipt(record.id).await.unwrap(), None);
    let receipt = site.gateway.submit(record.id, &record.sealed(&site)).await.unwrap();
    assert_eq!(site.gateway.receipt(record.id).await.unwrap(), Some(receipt));
}

#[tokio::test]
async fn the_same_id_with_another_content_is_a_conflict() {
    let site = Site::new().await;
    let record = Record::new(site.activation().await.as_str());
    let receipt = site.gateway.submit(record.id, &record.sealed(&site)).await.unwrap();
    let error = site.gateway.submit(record.id, &record.sealed(&site)).await.unwrap_err();
    assert_eq!(code(&error), ProblemCode::IdempotencyMismatch, "sealed anew is other bytes");
    assert!(!error.retryable());
    assert_eq!(site.gateway.receipt(record.id).await.unwrap(), Some(receipt));
}

/// What is wrong, and the text in which it is.
type Case<'a> = (&'a str, &'a dyn Fn(&Record) -> Vec<u8>);

#[tokio::test]
async fn a_record_that_is_not_this_kiosks_is_refused_for_ever() {
    let site = Site::new().await;
    let activation = site.activation().await.to_string();
    let stranger = DeviceKey::generate(&mut UnwrapErr(SysRng));
    let altered = |record: &Record| {
        let mut text = record.text(&site.device);
        let at = text.windows(5).position(|bytes| bytes == b"touch").unwrap();
        text[at..at + 5].copy_from_slice(b"voice");
        text
    };
    let spaced = |record: &Record| [record.text(&site.device), b"\n".to_vec()].concat();
    let other_id = |_: &Record| Record::new(&activation).text(&site.device);
    let other_kiosk = |record: &Record| Record { kiosk: "other", ..record.copy() }.text(&site.device);
    let other_citizen =
        |record: &Record| Record { number: "001185000008", ..record.copy() }.text(&site.device);
    let cases: [Case<'_>; 6] = [
        ("signed by another key", &|record| record.text(&stranger)),
        ("changed after signing", &altered),
        ("not canonical", &spaced),
        ("of another id inside", &other_id),
        ("of another kiosk", &other_kiosk),
        ("about another citizen than the activation", &other_citizen),
    ];
    for (what, text) in cases {
        let record = Record::new(&activation);
        let error =
            site.gateway.submit(record.id, &seal(&site, record.id, &text(&record))).await.unwrap_err();
        assert_eq!(code(&error), ProblemCode::TransactionInvalid, "{what}");
        assert_eq!(error.fault(), Fault::PlatformRefused);
        assert!(!error.retryable());
    }
    let (one, another) = (Record::new(&activation), Record::new(&activation));
    let error = site.gateway.submit(one.id, &another.sealed(&site)).await.unwrap_err();
    assert_eq!(code(&error), ProblemCode::TransactionInvalid, "sealed for another id");
    assert_eq!(site.platform.counts().transactions, 0);

    let good = Record::new(&activation);
    site.gateway.submit(good.id, &good.sealed(&site)).await.unwrap();
    assert_eq!(site.platform.counts().transactions, 1);
}

#[tokio::test]
async fn a_kiosk_whose_signing_key_the_platform_lacks_is_not_enrolled() {
    let site = Site::new().await;
    let record = Record::new(site.activation().await.as_str());
    std::fs::remove_file(site.folder.path().join("kiosk-signing.pub")).unwrap();
    let error = site.gateway.submit(record.id, &record.sealed(&site)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::DeviceNotEnrolled);
}
