//! A password that the chip did not take: how many tries it leaves and how long it took
//! to say so. Chips guard a short password by counting wrong tries or by answering later
//! after each; whoever tests a card wants to see which.

use std::{fmt, time::Duration};

use card::{Password, ReadError};
use serde::{Serialize, Serializer};

use crate::timed_reader::Times;

/// What is known of a refusal. It never repeats the password.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Refusal {
    #[serde(serialize_with = "option")]
    password: Password,
    outcome: Outcome,
    /// None: the chip does not say.
    tries_left: Option<u8>,
    #[serde(rename = "after-ms", serialize_with = "milliseconds")]
    after: Duration,
    #[serde(rename = "slowest-answer-ms", serialize_with = "milliseconds")]
    slowest_answer: Duration,
}

/// What the chip made of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// It is another.
    Wrong,
    /// It was tried wrong too often and is not taken any more.
    Blocked,
    /// It is not taken now: another password must be given before, or it was deactivated.
    Suspended,
}

impl Refusal {
    /// None: the reading ended for another reason than its password.
    pub fn of(error: &ReadError, password: Password, times: Times) -> Option<Self> {
        let (outcome, tries_left) = match error {
            ReadError::KeyWrong { tries_left } => (Outcome::Wrong, *tries_left),
            ReadError::KeyBlocked { status, .. } => (Outcome::Blocked, counted(*status)),
            ReadError::KeySuspended { status, .. } => (Outcome::Suspended, counted(*status)),
            _ => return None,
        };
        Some(Self { password, outcome, tries_left, after: times.whole, slowest_answer: times.slowest_answer })
    }
}

/// The counter of a status 63Cx (ISO/IEC 7816-4, table 6).
fn counted(status: u16) -> Option<u8> {
    (status & 0xFFF0 == 0x63C0).then_some((status & 0xF) as u8)
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "refused the {} after {:.2} s (slowest answer {:.2} s) and ",
            self.password,
            self.after.as_secs_f64(),
            self.slowest_answer.as_secs_f64()
        )?;
        match self.tries_left {
            None => out.write_str("does not say how many tries are left"),
            Some(1) => out.write_str("leaves 1 try"),
            Some(tries) => write!(out, "leaves {tries} tries"),
        }
    }
}

/// By the name of the tool's option.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn option<S: Serializer>(password: &Password, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(match password {
        Password::Mrz => "mrz",
        Password::Can => "can",
        Password::Pin => "pin",
        Password::Puk => "puk",
    })
}

fn milliseconds<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u128(time.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times =
        Times { whole: Duration::from_millis(1_234), slowest_answer: Duration::from_millis(400) };

    fn said(error: &ReadError, password: Password) -> (String, String) {
        let refusal = Refusal::of(error, password, TIMES).expect("it is a refusal");
        (refusal.to_string(), serde_json::to_string(&refusal).unwrap())
    }

    #[test]
    fn the_counter_and_the_times_are_said_in_both_forms() {
        let times = "after 1.23 s (slowest answer 0.40 s)";
        for (error, outcome, number, words) in [
            (ReadError::KeyWrong { tries_left: Some(2) }, "wrong", "2", "leaves 2 tries"),
            (ReadError::KeyWrong { tries_left: Some(1) }, "wrong", "1", "leaves 1 try"),
            (ReadError::KeyWrong { tries_left: Some(0) }, "wrong", "0", "leaves 0 tries"),
            (ReadError::KeyWrong { tries_left: None }, "wrong", "null", "does not say how many"),
            (blocked(0x63C0), "blocked", "0", "leaves 0 tries"),
            (blocked(0x6983), "blocked", "null", "does not say how many"),
            (suspended(0x63C1), "suspended", "1", "leaves 1 try"),
            (suspended(0x6985), "suspended", "null", "does not say how many"),
        ] {
            let (text, json) = said(&error, Password::Pin);
            assert!(text.starts_with(&format!("refused the PIN {times} and ")), "{text}");
            assert!(text.contains(words), "{text}");
            let expected = format!(
                r#"{{"password":"pin","outcome":"{outcome}","tries-left":{number},"after-ms":1234,"slowest-answer-ms":400}}"#
            );
            assert_eq!(json, expected);
        }
    }

    #[test]
    fn what_ends_for_another_reason_is_no_refusal() {
        for error in [ReadError::PaceNotOffered, ReadError::KeyNotForBac] {
            assert!(Refusal::of(&error, Password::Can, TIMES).is_none(), "{error}");
        }
    }

    fn blocked(status: u16) -> ReadError {
        ReadError::KeyBlocked { password: Password::Pin, status }
    }

    fn suspended(status: u16) -> ReadError {
        ReadError::KeySuspended { password: Password::Pin, status }
    }
}
