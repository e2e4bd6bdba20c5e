//! The operations of `openapi.yaml`, one function each.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    AccountState, ActivationId, Channel, CodeSent, Credentials, GatewayConfig, GatewayError, Link,
    ProblemCode, TimeAndChance, VneidId, VneidRequest, VneidState,
    exchange::{Line, Reply, Request},
    sealed,
    wire::{
        Account, Answered, Approval, Begin, Begun, CodeIsSent, Next, Progress, ProgressState, Question,
        SealedRecord, Secrets, Typed, VneidQuestion, Wanted,
    },
};

/// The form of the records that `submit` sends; `transaction` writes them so.
const RECORD_SCHEMA: &str = "mot-cham/transaction/1";
/// The longest the contract lets an answer wait for news.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// The way to the platform. Cheap to clone: every clone shares the connections.
#[derive(Clone)]
pub struct Gateway {
    line: Arc<Line>,
}

/// What this machine says of itself, now and then. Nothing about a person.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// The version of the software.
    pub version: String,
    /// Records that wait to be sent.
    pub queue_depth: u32,
    /// Each device: whether it works.
    pub devices: BTreeMap<String, bool>,
}

impl Gateway {
    /// Reads keys and certificates and makes ready. Sends nothing yet.
    pub fn connect(config: &GatewayConfig, source: Arc<dyn TimeAndChance>) -> Result<Self, GatewayError> {
        Ok(Self { line: Arc::new(Line::new(config, source)?) })
    }

    /// How the connection is.
    pub fn link(&self) -> Link {
        *self.line.link().borrow()
    }

    /// Tells whenever the connection changes.
    pub fn watch_link(&self) -> watch::Receiver<Link> {
        self.line.link()
    }

    /// How a citizen's account stands. `number`: the twelve digits off the chip.
    pub async fn account(&self, number: &str) -> Result<AccountState, GatewayError> {
        let reply = self.ask("/v1/eid/accounts:look-up", &Question { number }).await?;
        let account: Account = parse(&reply)?;
        account.state().ok_or(GatewayError::Garbled { status: reply.status })
    }

    /// Begins an activation with the phone number that the citizen typed.
    pub async fn begin_activation(&self, number: &str, phone: &str) -> Result<ActivationId, GatewayError> {
        let reply = self.ask("/v1/eid/activations", &Begin { number, phone }).await?;
        let Begun { activation } = parse(&reply)?;
        handle(activation, reply.status).map(ActivationId)
    }

    /// Sends a code to the registered phone.
    pub async fn send_code(&self, of: &ActivationId, by: Channel) -> Result<CodeSent, GatewayError> {
        let wanted = Wanted { channel: if by == Channel::Sms { "sms" } else { "voice" } };
        let reply = self.post(&format!("/v1/eid/activations/{of}/codes"), &wanted).await?;
        let sent: CodeIsSent = parse(&reply)?;
        Ok(CodeSent {
            sent_to: sent.sent_to,
            expires_at: sent.expires_at,
            resend_after: sent.resend_after_seconds,
            sends_left: sent.sends_left,
        })
    }

    /// Checks the code that the citizen typed.
    pub async fn check_code(&self, of: &ActivationId, code: &str) -> Result<(), GatewayError> {
        self.ask(&format!("/v1/eid/activations/{of}/codes:check"), &Typed { code }).await.map(drop)
    }

    /// Hands the citizen's secrets over, sealed. They take effect with the record.
    pub async fn set_credentials(&self, of: &ActivationId, set: Credentials) -> Result<(), GatewayError> {
        let plain = Secrets {
            password: set.password.as_ref().map(|password| password.as_str()),
            passcode: set.passcode.as_str(),
            answers: set.answers.each_ref().map(Answered::of),
        };
        self.ask(&format!("/v1/eid/activations/{of}/credentials"), &plain).await.map(drop)
    }

    /// Submits a sealed record and gives the bytes of the signed receipt, for
    /// `outbox::Receipt` to verify. One try; sending the same record again is harmless.
    pub async fn submit(&self, id: Uuid, record: &[u8]) -> Result<Vec<u8>, GatewayError> {
        let id = id.to_string();
        let body = SealedRecord {
            transaction: &id,
            kiosk: &self.line.kiosk,
            schema: RECORD_SCHEMA,
            sealed: STANDARD.encode(record),
        };
        let request = Request {
            method: Method::POST,
            path: "/v1/transactions",
            query: None,
            key: Some(id.clone()),
            body: sealed::to_json(&body)?,
            timeout: self.line.submit_timeout,
            tries: 1,
        };
        self.line.exchange(&request).await.map(|reply| reply.body)
    }

    /// The receipt of a record that was submitted before; none if the platform has
    /// never seen it.
    pub async fn receipt(&self, id: Uuid) -> Result<Option<Vec<u8>>, GatewayError> {
        let path = format!("/v1/transactions/{id}/receipt");
        match self.get(&path, None, self.line.answer_timeout).await {
            Ok(reply) => Ok(Some(reply.body)),
            Err(GatewayError::Refused(problem)) if problem.code == ProblemCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks for the citizen's approval in VNeID. `identity`: the 32 bytes of the id of
    /// the card that was read, which the approval will name.
    pub async fn request_vneid(
        &self,
        number: &str,
        identity: &[u8; 32],
    ) -> Result<VneidRequest, GatewayError> {
        let asked = VneidQuestion { number, identity: hex::encode(identity), scopes: ["identify"] };
        let reply = self.ask("/v1/identity/vneid-authorizations", &asked).await?;
        let given: Approval = parse(&reply)?;
        let id = handle(given.authorization, reply.status).map(VneidId)?;
        Ok(VneidRequest { id, qr: given.qr_payload, expires_at: given.expires_at })
    }

    /// How far a request for approval is; waits up to `wait` for a change.
    pub async fn vneid_state(&self, of: &VneidId, wait: Duration) -> Result<VneidState, GatewayError> {
        let wait = wait.min(LONGEST_WAIT).as_secs();
        let path = format!("/v1/identity/vneid-authorizations/{}", of.0);
        let timeout = self.line.answer_timeout + Duration::from_secs(wait);
        let reply = self.get(&path, Some(format!("wait={wait}")), timeout).await?;
        let progress: Progress = parse(&reply)?;
        match progress.state {
            ProgressState::Waiting => Ok(VneidState::Waiting),
            ProgressState::Rejected => Ok(VneidState::Rejected),
            ProgressState::Expired => Ok(VneidState::Expired),
            ProgressState::Approved => progress
                .approval
                .and_then(|text| STANDARD.decode(text).ok())
                .map(VneidState::Approved)
                .ok_or(GatewayError::Garbled { status: reply.status }),
        }
    }

    /// Says how this machine is; gives the time until the next such word.
    pub async fn heartbeat(&self, is: &Heartbeat) -> Result<Duration, GatewayError> {
        let reply = self.post(&format!("/v1/devices/{}/heartbeat", self.line.kiosk), is).await?;
        let next: Next = parse(&reply)?;
        Ok(Duration::from_secs(next.next_seconds.into()))
    }

    /// A POST whose body is one sealed box.
    async fn ask(&self, path: &str, plain: &impl Serialize) -> Result<Reply, GatewayError> {
        let key = self.new_key();
        let body = sealed::body(&self.line.sealing, path, &key, plain, &*self.line.source)?;
        self.send(path, key, body).await
    }

    /// A POST with nothing about a person in it.
    async fn post(&self, path: &str, plain: &impl Serialize) -> Result<Reply, GatewayError> {
        self.send(path, self.new_key(), sealed::to_json(plain)?).await
    }

    async fn send(&self, path: &str, key: String, body: Vec<u8>) -> Result<Reply, GatewayError> {
        let (timeout, tries) = (self.line.answer_timeout, self.line.tries);
        let request =
            Request { method: Method::POST, path, query: None, key: Some(key), body, timeout, tries };
        self.line.exchange(&request).await
    }

    async fn get(&self, path: &str, query: Option<String>, timeout: Duration) -> Result<Reply, GatewayError> {
        let tries = self.line.tries;
        let request =
            Request { method: Method::GET, path, query, key: None, body: Vec::new(), timeout, tries };
        self.line.exchange(&request).await
    }

    /// One intention, one key (UUIDv7, RFC 9562).
    fn new_key(&self) -> String {
        let mut chance = [0; 10];
        self.line.source.fill(&mut chance);
        let now = u64::try_from(self.line.source.now().as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(now, &chance).into_uuid().to_string()
    }
}

fn parse<T: DeserializeOwned>(reply: &Reply) -> Result<T, GatewayError> {
    // What serde says could quote the answer, so it goes no further.
    serde_json::from_slice(&reply.body).map_err(|_| GatewayError::Garbled { status: reply.status })
}

/// A handle goes into paths, so it may not be just any text.
fn handle(text: String, status: u16) -> Result<String, GatewayError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (16..=64).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text);
    }
    Err(GatewayError::Garbled { status })
}
