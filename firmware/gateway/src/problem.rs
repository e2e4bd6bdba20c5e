//! What the platform says when it refuses: RFC 9457 problem details with our
//! members `code`, `retryable`, `retryAfterSeconds`, `triesLeft` and `ref`.

use std::time::Duration;

use faults::Fault;
use serde::Deserialize;

/// A refusal, parsed. `title` and `detail` are not kept: they are words of another
/// system, for which nobody vouches that no person is named in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What happened.
    pub code: ProblemCode,
    /// The HTTP status.
    pub status: u16,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// How long to wait before that, where the platform says so.
    pub retry_after: Option<Duration>,
    /// Wrong tries that remain, for `OtpWrong`.
    pub tries_left: Option<u8>,
    /// A reference for staff; capitals, digits and hyphens, about nobody.
    pub reference: String,
}

/// The codes of `openapi.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ProblemCode {
    /// No account exists.
    AccountNotFound,
    /// Level 1 only.
    AccountLevelLow,
    /// Activated before.
    AccountAlreadyActive,
    /// Locked.
    AccountLocked,
    /// The activation window is over.
    ActivationOverdue,
    /// Not the registered number.
    PhoneMismatch,
    /// The operator knows the number under another name.
    PhoneNotOwned,
    /// Wrong code; tries remain.
    OtpWrong,
    /// The code is too old.
    OtpExpired,
    /// No codes or tries are left.
    OtpLimit,
    /// The password does not follow the rules, or is missing.
    PasswordPolicy,
    /// The passcode is weak.
    PasscodePolicy,
    /// An earlier step is missing.
    WrongStep,
    /// The record will never be accepted.
    TransactionInvalid,
    /// A system behind the gateway is slow.
    UpstreamTimeout,
    /// A system behind the gateway is down.
    UpstreamDown,
    /// Too many requests.
    RateLimited,
    /// Another request had this idempotency key.
    IdempotencyMismatch,
    /// This kiosk may not.
    DeviceSuspended,
    /// The platform finds our clock wrong.
    ClockSkew,
    /// The platform finds our request malformed.
    SchemaInvalid,
    /// There is no such thing.
    NotFound,
    /// A code that is newer than this client.
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    code: ProblemCode,
    retryable: bool,
    retry_after_seconds: Option<u32>,
    tries_left: Option<u8>,
    #[serde(rename = "ref")]
    reference: String,
}

impl Problem {
    /// Reads the body of a refusal.
    pub(crate) fn parse(status: u16, body: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(body).ok()?;
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if !(4..=40).contains(&wire.reference.len()) || !wire.reference.bytes().all(plain) {
            return None;
        }
        Some(Self {
            code: wire.code,
            status,
            retryable: wire.retryable,
            retry_after: wire.retry_after_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            tries_left: wire.tries_left,
            reference: wire.reference,
        })
    }

    /// The entry of the one list of faults.
    pub fn fault(&self) -> Fault {
        match self.code {
            ProblemCode::AccountNotFound => Fault::AccountNotFound,
            ProblemCode::AccountLevelLow => Fault::AccountLevelLow,
            ProblemCode::AccountAlreadyActive => Fault::AccountAlreadyActive,
            ProblemCode::AccountLocked => Fault::AccountLocked,
            ProblemCode::ActivationOverdue => Fault::ActivationOverdue,
            ProblemCode::PhoneMismatch => Fault::PhoneMismatch,
            ProblemCode::PhoneNotOwned => Fault::PhoneNotOwned,
            ProblemCode::OtpWrong => Fault::OtpWrong,
            ProblemCode::OtpExpired => Fault::OtpExpired,
            ProblemCode::OtpLimit => Fault::OtpLimit,
            ProblemCode::PasswordPolicy => Fault::PasswordPolicy,
            ProblemCode::PasscodePolicy => Fault::PasscodeWeak,
            ProblemCode::UpstreamTimeout => Fault::PlatformSlow,
            ProblemCode::UpstreamDown => Fault::PlatformUnreachable,
            ProblemCode::DeviceSuspended => Fault::DeviceNotEnrolled,
            ProblemCode::ClockSkew => Fault::ClockSkew,
            ProblemCode::WrongStep
            | ProblemCode::TransactionInvalid
            | ProblemCode::RateLimited
            | ProblemCode::IdempotencyMismatch
            | ProblemCode::SchemaInvalid
            | ProblemCode::NotFound
            | ProblemCode::Unknown => Fault::PlatformRefused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: &str, reference: &str) -> Option<Problem> {
        let body = format!(
            r#"{{"type":"about:blank","title":"NGUYỄN VĂN A","status":409,"code":"{code}",
                "retryable":false,"userMessageKey":"x","ref":"{reference}","triesLeft":3}}"#
        );
        Problem::parse(409, body.as_bytes())
    }

    #[test]
    fn a_code_newer_than_this_client_is_a_plain_refusal() {
        let problem = problem("MOON_PHASE", "P-000001").unwrap();
        assert_eq!(problem.code, ProblemCode::Unknown);
        assert_eq!(problem.fault(), Fault::PlatformRefused);
    }

    #[test]
    fn words_of_the_platform_are_not_kept() {
        let problem = problem("OTP_WRONG", "P-000001").unwrap();
        assert_eq!(problem.tries_left, Some(3));
        assert!(!format!("{problem:?}").contains("NGUY"));
    }

    #[test]
    fn a_reference_that_could_name_somebody_is_no_reference() {
        assert!(problem("OTP_WRONG", "Nguyễn Văn A").is_none());
    }
}
