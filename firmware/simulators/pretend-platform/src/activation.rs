//! One activation, from the phone number to the signed record, with the limits of
//! the real thing: three codes, five tries, five minutes.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Code, Refusal, accounts::Account};

/// How many codes are sent at most.
const SENDS: u8 = 3;
/// How many wrong codes are taken at most.
const TRIES: u8 = 5;
/// How long a code is good.
const CODE_LIVES: SignedDuration = SignedDuration::from_mins(5);
/// Seconds after which another code may be asked for.
const RESEND_AFTER: u32 = 30;

/// One activation under way.
pub struct Activation {
    /// Whose.
    pub number: String,
    sends: u8,
    tries: u8,
    expires: Option<Timestamp>,
    checked: bool,
    /// The secrets came; this platform does not keep them.
    pub credentials_set: bool,
}

/// What stands in the sealed box of `setCredentials`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    password: Option<String>,
    passcode: String,
    answers: [Answered; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    question: String,
    answer: String,
}

impl Activation {
    /// Begins.
    pub fn new(number: &str) -> Self {
        Self {
            number: number.to_owned(),
            sends: 0,
            tries: 0,
            expires: None,
            checked: false,
            credentials_set: false,
        }
    }

    /// "Sends" the code: it is in the scenario, no phone rings.
    pub fn send(&mut self, account: &Account, now: Timestamp) -> Result<Value, Refusal> {
        if self.sends == SENDS || self.tries == TRIES {
            return Err(Code::OtpLimit.into());
        }
        self.sends += 1;
        let expires = now + CODE_LIVES;
        self.expires = Some(expires);
        Ok(json!({
            "sentTo": account.phone_masked(),
            "expiresAt": expires.to_string(),
            "resendAfterSeconds": RESEND_AFTER,
            "sendsLeft": SENDS - self.sends,
        }))
    }

    /// Checks a typed code.
    pub fn check(&mut self, account: &Account, typed: &str, now: Timestamp) -> Result<(), Refusal> {
        let Some(expires) = self.expires else { return Err(Code::WrongStep.into()) };
        if self.tries == TRIES {
            return Err(Code::OtpLimit.into());
        }
        if now >= expires {
            return Err(Code::OtpExpired.into());
        }
        if typed != account.otp {
            self.tries += 1;
            return Err(match TRIES - self.tries {
                0 => Code::OtpLimit.into(),
                left => Refusal::wrong_code(left),
            });
        }
        self.checked = true;
        Ok(())
    }

    /// Takes the citizen's secrets, looks whether they would do, and drops them.
    pub fn set(&mut self, account: &Account, secrets: &Credentials) -> Result<(), Refusal> {
        if !self.checked {
            return Err(Code::WrongStep.into());
        }
        match &secrets.password {
            None if !account.has_password => return Err(Code::PasswordPolicy.into()),
            Some(_) if account.has_password => return Err(Code::SchemaInvalid.into()),
            Some(password) if !password_will_do(password) => return Err(Code::PasswordPolicy.into()),
            _ => {}
        }
        if !passcode_will_do(&secrets.passcode) {
            return Err(Code::PasscodePolicy.into());
        }
        let [first, second] = &secrets.answers;
        if first.question == second.question || first.answer.is_empty() || second.answer.is_empty() {
            return Err(Code::SchemaInvalid.into());
        }
        self.credentials_set = true;
        Ok(())
    }
}

fn password_will_do(password: &str) -> bool {
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    (8..=20).contains(&password.chars().count())
        && has(char::is_uppercase)
        && has(char::is_lowercase)
        && has(|letter| letter.is_ascii_digit())
        && has(|letter| !letter.is_alphanumeric())
}

fn passcode_will_do(passcode: &str) -> bool {
    let digits = passcode.as_bytes();
    let steps = |by: i16| digits.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == by);
    digits.len() == 6 && digits.iter().all(u8::is_ascii_digit) && !steps(0) && !steps(1) && !steps(-1)
}
