//! How the platform says no: RFC 9457 problem details with a code.

use serde_json::{Value, json};

/// The codes of `openapi.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is named and explained in openapi.yaml")]
pub enum Code {
    AccountNotFound,
    AccountLevelLow,
    AccountAlreadyActive,
    AccountLocked,
    ActivationOverdue,
    PhoneMismatch,
    PhoneNotOwned,
    OtpWrong,
    OtpExpired,
    OtpLimit,
    PasswordPolicy,
    PasscodePolicy,
    WrongStep,
    TransactionInvalid,
    UpstreamTimeout,
    UpstreamDown,
    RateLimited,
    IdempotencyMismatch,
    DeviceSuspended,
    ClockSkew,
    SchemaInvalid,
    NotFound,
}

impl Code {
    /// Name on the wire, HTTP status, title for engineers.
    fn facts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::AccountNotFound => ("ACCOUNT_NOT_FOUND", 404, "no account exists"),
            Self::AccountLevelLow => ("ACCOUNT_LEVEL_LOW", 409, "the account is of level 1"),
            Self::AccountAlreadyActive => ("ACCOUNT_ALREADY_ACTIVE", 409, "activated before"),
            Self::AccountLocked => ("ACCOUNT_LOCKED", 409, "the account is locked"),
            Self::ActivationOverdue => ("ACTIVATION_OVERDUE", 409, "the activation window is over"),
            Self::PhoneMismatch => ("PHONE_MISMATCH", 409, "not the registered number"),
            Self::PhoneNotOwned => ("PHONE_NOT_OWNED", 409, "the number is in another name"),
            Self::OtpWrong => ("OTP_WRONG", 409, "wrong code"),
            Self::OtpExpired => ("OTP_EXPIRED", 409, "the code has expired"),
            Self::OtpLimit => ("OTP_LIMIT", 409, "no codes or tries left"),
            Self::PasswordPolicy => ("PASSWORD_POLICY", 422, "the password does not follow the rules"),
            Self::PasscodePolicy => ("PASSCODE_POLICY", 422, "the passcode is weak"),
            Self::WrongStep => ("WRONG_STEP", 409, "an earlier step is missing"),
            Self::TransactionInvalid => ("TRANSACTION_INVALID", 422, "the record is not acceptable"),
            Self::UpstreamTimeout => ("UPSTREAM_TIMEOUT", 504, "a system behind the gateway is slow"),
            Self::UpstreamDown => ("UPSTREAM_DOWN", 503, "a system behind the gateway is down"),
            Self::RateLimited => ("RATE_LIMITED", 429, "too many requests"),
            Self::IdempotencyMismatch => ("IDEMPOTENCY_MISMATCH", 409, "another request had this key"),
            Self::DeviceSuspended => ("DEVICE_SUSPENDED", 403, "this kiosk may not"),
            Self::ClockSkew => ("CLOCK_SKEW", 400, "the kiosk's clock is off"),
            Self::SchemaInvalid => ("SCHEMA_INVALID", 400, "the request breaks its format"),
            Self::NotFound => ("NOT_FOUND", 404, "there is no such thing"),
        }
    }

    /// Whether the same request may succeed later; such refusals are not stored.
    pub fn retryable(self) -> bool {
        matches!(self, Self::UpstreamTimeout | Self::UpstreamDown | Self::RateLimited)
    }
}

/// A refusal under way to the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What happened.
    pub code: Code,
    /// Wrong codes that may still be typed.
    pub tries_left: Option<u8>,
    /// Seconds to wait.
    pub retry_after: Option<u32>,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        let retry_after = code.retryable().then_some(if code == Code::RateLimited { 60 } else { 1 });
        Self { code, tries_left: None, retry_after }
    }
}

impl Refusal {
    /// A wrong code, with the tries that remain.
    pub fn wrong_code(tries_left: u8) -> Self {
        Self { tries_left: Some(tries_left), ..Code::OtpWrong.into() }
    }

    /// HTTP status and body.
    pub fn problem(self, reference: &str) -> (u16, Value) {
        let (name, status, title) = self.code.facts();
        let key = name.to_ascii_lowercase().replace('_', "-");
        let mut body = json!({
            "type": format!("urn:mot-cham:problem:{key}"),
            "title": title,
            "status": status,
            "code": name,
            "retryable": self.code.retryable(),
            "userMessageKey": key,
            "ref": reference,
        });
        if let Some(tries) = self.tries_left {
            body["triesLeft"] = tries.into();
        }
        if let Some(seconds) = self.retry_after {
            body["retryAfterSeconds"] = seconds.into();
        }
        (status, body)
    }
}
