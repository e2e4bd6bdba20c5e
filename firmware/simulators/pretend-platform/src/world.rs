//! Everything that the platform knows, and what each operation does to it. One lock
//! around it: a second request with the same idempotency key waits for the first.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use axum::http::Method;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use keys::PlatformSecret;
use rand_core::CryptoRng;
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use simulators::scenario::{AccountScript, PlatformFault, PlatformMishap};
use uuid::Uuid;

use crate::{
    Code, Operation, Refusal,
    accounts::{Account, Seeds},
    activation::{Activation, Credentials},
    answer::Answer,
    asked::{Begin, Channel, Heartbeat, Question, SealedBody, Typed, Wanted},
    certificates::Secrets,
    counts::Counts,
    records::{self, Records},
    vneid::Approval,
};

/// Days in which an account can be activated (Decree 69/2024, article 14.1). A date
/// of the pretend law of a pretend platform: the kiosk has its own, as dated data.
const WINDOW_DAYS: i64 = 7;
/// Wrong phone numbers for one account until `RATE_LIMITED`, which here lasts for ever.
const WRONG_PHONES: u8 = 5;
/// Everything that the platform knows.
pub struct World {
    pub(crate) dir: PathBuf,
    pub(crate) kiosk: String,
    pub(crate) secrets: Secrets,
    /// Not the platform's key: for `WrongSignature`.
    pub(crate) stray: PlatformSecret,
    pub(crate) records: Records,
    pub(crate) counts: Counts,
    accounts: BTreeMap<String, Account>,
    wrong_phones: HashMap<String, u8>,
    activations: HashMap<String, Activation>,
    pub(crate) approvals: HashMap<String, Approval>,
    stored: HashMap<Uuid, Stored>,
    faults: Vec<PlatformFault>,
    references: u64,
    /// From when "days ago" counts.
    begun: Timestamp,
}

struct Stored {
    operation: Operation,
    path: String,
    body: [u8; 32],
    answer: Answer,
}

/// One request, read.
pub struct Request<'a> {
    /// What is asked.
    pub operation: Operation,
    /// The whole path.
    pub path: &'a str,
    /// What stands for the name in braces, where the path has one.
    pub named: Option<&'a str>,
    /// `Idempotency-Key`.
    pub key: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// The answer, and what was in the request's sealed box.
pub struct Done {
    /// The answer.
    pub answer: Answer,
    /// The plain text of the box, for the contract test.
    pub opened: Option<Vec<u8>>,
}

pub(crate) type Outcome = Result<Answer, Refusal>;

impl World {
    /// A platform on its first day.
    pub fn new(
        dir: PathBuf,
        kiosk: String,
        secrets: Secrets,
        seeds: Seeds,
        now: Timestamp,
        chance: &mut dyn CryptoRng,
    ) -> Self {
        Self {
            dir,
            kiosk,
            secrets,
            stray: PlatformSecret::generate(chance),
            records: Records::default(),
            counts: Counts::default(),
            accounts: seeds.accounts,
            wrong_phones: HashMap::new(),
            activations: HashMap::new(),
            approvals: HashMap::new(),
            stored: HashMap::new(),
            faults: seeds.faults,
            references: 0,
            begun: now,
        }
    }

    /// What goes wrong with this request, if anything; used up by asking.
    pub fn mishap(&mut self, operation: Operation) -> Option<PlatformMishap> {
        let at = self.faults.iter().position(|fault| fault.at == operation.id() && fault.times > 0)?;
        let fault = &mut self.faults[at];
        fault.times -= 1;
        let does = fault.does;
        if fault.times == 0 {
            self.faults.remove(at);
        }
        Some(does)
    }

    /// Something more is to go wrong.
    pub fn add_fault(&mut self, fault: PlatformFault) {
        self.faults.push(fault);
    }

    /// Nothing more is to go wrong.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Does what is asked, once for each idempotency key.
    pub fn serve(&mut self, request: &Request<'_>, now: Timestamp, chance: &mut dyn CryptoRng) -> Done {
        *self.counts.requests.entry(request.operation.id()).or_default() += 1;
        if request.operation.method() == Method::GET {
            return self.work(request, now, chance);
        }
        let Some(key) = request.key.and_then(idempotency_key) else {
            return Done { answer: self.refuse(Code::SchemaInvalid.into()), opened: None };
        };
        let body: [u8; 32] = Sha256::digest(request.body).into();
        if let Some(stored) = self.stored.get(&key) {
            let same =
                stored.operation == request.operation && stored.path == request.path && stored.body == body;
            if !same {
                return Done { answer: self.refuse(Code::IdempotencyMismatch.into()), opened: None };
            }
            if request.operation == Operation::SubmitTransaction {
                self.counts.duplicates += 1;
            }
            let answer = Answer { replayed: true, ..stored.answer.clone() };
            return Done { answer, opened: None };
        }
        let done = self.work(request, now, chance);
        if !matches!(done.answer.status, 429 | 503 | 504) {
            let answer = done.answer.clone();
            let stored = Stored { operation: request.operation, path: request.path.to_owned(), body, answer };
            self.stored.insert(key, stored);
        }
        done
    }

    /// A refusal with a reference of its own.
    pub fn refuse(&mut self, refusal: Refusal) -> Answer {
        self.references += 1;
        self.counts.refusals += 1;
        Answer::refused(refusal, &format!("P-{:06}", self.references))
    }

    fn work(&mut self, request: &Request<'_>, now: Timestamp, chance: &mut dyn CryptoRng) -> Done {
        let mut opened = None;
        let outcome = match request.operation {
            Operation::Heartbeat => self.heartbeat(request),
            Operation::LookUpAccount => {
                self.open(request, &mut opened).and_then(|asked| self.look_up(&asked))
            }
            Operation::BeginActivation => {
                self.open(request, &mut opened).and_then(|begin| self.begin(&begin, now, chance))
            }
            Operation::SendCode => parse(request.body).and_then(|Wanted { channel }| {
                match channel {
                    Channel::Sms => self.counts.messages += 1,
                    Channel::Voice => self.counts.calls += 1,
                }
                let (activation, account) = self.activation(request)?;
                Ok(Answer::json(201, &activation.send(account, now)?))
            }),
            Operation::CheckCode => self.open(request, &mut opened).and_then(|Typed { code }| {
                let (activation, account) = self.activation(request)?;
                activation.check(account, &code, now).map(|()| Answer::done())
            }),
            Operation::SetCredentials => self.open::<Credentials>(request, &mut opened).and_then(|secrets| {
                let (activation, account) = self.activation(request)?;
                activation.set(account, &secrets).map(|()| Answer::done())
            }),
            Operation::CreateVneidAuthorization => {
                self.open(request, &mut opened).and_then(|asked| self.ask_vneid(&asked, now, chance))
            }
            Operation::GetVneidAuthorization => self.vneid(request, now),
            Operation::SubmitTransaction => self.submit(request, now, &mut opened),
            Operation::GetReceipt => self.receipt(request),
        };
        let answer = outcome.unwrap_or_else(|refusal| self.refuse(refusal));
        Done { answer, opened }
    }

    fn heartbeat(&mut self, request: &Request<'_>) -> Outcome {
        if request.named != Some(self.kiosk.as_str()) {
            return Err(Code::DeviceSuspended.into());
        }
        parse::<Heartbeat>(request.body)?;
        Ok(Answer::json(200, &json!({ "nextSeconds": 60 })))
    }

    pub(crate) fn account(&self, number: &str, operation: Operation) -> Result<&Account, Refusal> {
        let digits = number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            return Err(Code::SchemaInvalid.into());
        }
        let account = self.accounts.get(number).ok_or(Code::AccountNotFound)?;
        match account.refuses(operation) {
            Some(code) => Err(code.into()),
            None => Ok(account),
        }
    }

    fn look_up(&self, asked: &Question) -> Outcome {
        let account = match self.account(&asked.number, Operation::LookUpAccount) {
            Err(Refusal { code: Code::AccountNotFound, .. }) => None,
            found => Some(found?),
        };
        let state = account.map_or(AccountScript::None, |account| account.account);
        let answer = match (state, account) {
            (AccountScript::Pending, Some(account)) => json!({
                "state": "pending",
                "resultNoticeAt": self.noticed(account).to_string(),
                "hasPassword": account.has_password,
                "phoneMasked": account.phone_masked(),
            }),
            (AccountScript::Active, _) => json!({ "state": "active" }),
            (AccountScript::Locked, _) => json!({ "state": "locked" }),
            (AccountScript::LevelOne, _) => json!({ "state": "level-one" }),
            _ => json!({ "state": "none" }),
        };
        Ok(Answer::json(200, &answer))
    }

    /// When the owner was told that the account is ready.
    fn noticed(&self, account: &Account) -> Timestamp {
        self.begun - SignedDuration::from_hours(24 * i64::from(account.notice_days_ago))
    }

    fn begin(&mut self, begin: &Begin, now: Timestamp, chance: &mut dyn CryptoRng) -> Outcome {
        let account = self.account(&begin.number, Operation::BeginActivation)?;
        match account.account {
            AccountScript::None => return Err(Code::AccountNotFound.into()),
            AccountScript::LevelOne => return Err(Code::AccountLevelLow.into()),
            AccountScript::Active => return Err(Code::AccountAlreadyActive.into()),
            AccountScript::Locked => return Err(Code::AccountLocked.into()),
            AccountScript::Pending => {}
        }
        if now.duration_since(self.noticed(account)) > SignedDuration::from_hours(24 * WINDOW_DAYS) {
            return Err(Code::ActivationOverdue.into());
        }
        if self.wrong_phones.get(&begin.number).is_some_and(|wrong| *wrong >= WRONG_PHONES) {
            return Err(Code::RateLimited.into());
        }
        if account.phone != begin.phone {
            *self.wrong_phones.entry(begin.number.clone()).or_default() += 1;
            return Err(Code::PhoneMismatch.into());
        }
        if account.phone_is_anothers {
            return Err(Code::PhoneNotOwned.into());
        }
        let id = handle(chance);
        self.activations.insert(id.clone(), Activation::new(&begin.number));
        Ok(Answer::json(201, &json!({ "activation": id })))
    }

    fn activation(&mut self, request: &Request<'_>) -> Result<(&mut Activation, &Account), Refusal> {
        let id = request.named.ok_or(Code::NotFound)?;
        let activation = self.activations.get_mut(id).ok_or(Code::NotFound)?;
        let account = self.accounts.get(&activation.number).ok_or(Code::AccountNotFound)?;
        match account.refuses(request.operation) {
            Some(code) => Err(code.into()),
            None => Ok((activation, account)),
        }
    }

    fn submit(&mut self, request: &Request<'_>, now: Timestamp, opened: &mut Option<Vec<u8>>) -> Outcome {
        let text = records::open(request, &self.secrets.sealing, &self.kiosk, &self.dir)?;
        *opened = Some(text.text.clone());
        let completes = text.completes().and_then(|id| {
            let activation = self.activations.get(id)?;
            Some((activation.number.clone(), activation.credentials_set))
        });
        if let Some((number, _)) = &completes
            && text.number() != Some(number)
        {
            return Err(Code::TransactionInvalid.into());
        }
        let mut registered = false;
        if let Some((number, true)) = completes
            && let Some(account) = self.accounts.get_mut(&number)
            && account.account == AccountScript::Pending
        {
            account.account = AccountScript::Active;
            self.counts.activations += 1;
            registered = true;
        }
        let receipt = self.records.keep(text, registered, &self.kiosk, &self.secrets.signing, now);
        self.counts.transactions = self.records.count();
        Ok(Answer::bytes(200, receipt))
    }

    fn receipt(&mut self, request: &Request<'_>) -> Outcome {
        let id: Option<Uuid> = request.named.and_then(|id| id.parse().ok());
        let receipt = id.and_then(|id| self.records.receipt(id)).ok_or(Code::NotFound)?;
        Ok(Answer::bytes(200, receipt.to_vec()))
    }

    fn open<T: DeserializeOwned>(
        &self,
        request: &Request<'_>,
        opened: &mut Option<Vec<u8>>,
    ) -> Result<T, Refusal> {
        let SealedBody { sealed } = parse(request.body)?;
        let sealed = STANDARD.decode(sealed).map_err(|_| Code::SchemaInvalid)?;
        let bound =
            format!("{} {}\n{}", request.operation.method(), request.path, request.key.unwrap_or_default());
        let plain = self.secrets.sealing.open(bound.as_bytes(), &sealed).map_err(|_| Code::SchemaInvalid)?;
        *opened = Some(plain.to_vec());
        parse(&plain)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Code::SchemaInvalid.into())
}

/// A UUIDv7 in the one spelling.
fn idempotency_key(text: &str) -> Option<Uuid> {
    let key = Uuid::parse_str(text).ok()?;
    let ours = key.get_version_num() == 7 && key.get_variant() == uuid::Variant::RFC4122;
    (ours && key.to_string() == text).then_some(key)
}

/// A name that cannot be guessed.
pub(crate) fn handle(chance: &mut dyn CryptoRng) -> String {
    let mut bytes = [0; 16];
    chance.fill_bytes(&mut bytes);
    bytes.iter().fold(String::with_capacity(32), |text, byte| text + &format!("{byte:02x}"))
}
