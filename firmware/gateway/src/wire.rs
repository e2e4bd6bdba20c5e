//! What stands on the wire, named as in `openapi.yaml`. Texts about a person are
//! borrowed: they are copied into the sealed box and nowhere else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountState, Answer};

#[derive(Serialize)]
pub(crate) struct Question<'a> {
    pub(crate) number: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Begin<'a> {
    pub(crate) number: &'a str,
    pub(crate) phone: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Wanted {
    pub(crate) channel: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Typed<'a> {
    pub(crate) code: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Secrets<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<&'a str>,
    pub(crate) passcode: &'a str,
    pub(crate) answers: [Answered<'a>; 2],
}

#[derive(Serialize)]
pub(crate) struct Answered<'a> {
    pub(crate) question: &'a str,
    pub(crate) answer: &'a str,
}

impl<'a> Answered<'a> {
    pub(crate) fn of(answer: &'a Answer) -> Self {
        Self { question: &answer.question, answer: &answer.answer }
    }
}

#[derive(Serialize)]
pub(crate) struct VneidQuestion<'a> {
    pub(crate) number: &'a str,
    pub(crate) identity: String,
    pub(crate) scopes: [&'static str; 1],
}

#[derive(Serialize)]
pub(crate) struct SealedRecord<'a> {
    pub(crate) transaction: &'a str,
    pub(crate) kiosk: &'a str,
    pub(crate) schema: &'static str,
    pub(crate) sealed: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) state: State,
    pub(crate) result_notice_at: Option<Timestamp>,
    pub(crate) has_password: Option<bool>,
    pub(crate) phone_masked: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    None,
    LevelOne,
    Pending,
    Active,
    Locked,
}

impl Account {
    pub(crate) fn state(self) -> Option<AccountState> {
        Some(match self.state {
            State::None => AccountState::None,
            State::LevelOne => AccountState::LevelOne,
            State::Active => AccountState::Active,
            State::Locked => AccountState::Locked,
            State::Pending => AccountState::Pending {
                ready_since: self.result_notice_at?,
                has_password: self.has_password?,
                phone_masked: self.phone_masked?,
            },
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct Begun {
    pub(crate) activation: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CodeIsSent {
    pub(crate) sent_to: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) resend_after_seconds: u16,
    pub(crate) sends_left: u8,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Approval {
    pub(crate) authorization: String,
    pub(crate) qr_payload: String,
    pub(crate) expires_at: Timestamp,
}

#[derive(Deserialize)]
pub(crate) struct Progress {
    pub(crate) state: ProgressState,
    pub(crate) approval: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProgressState {
    Waiting,
    Approved,
    Rejected,
    Expired,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Next {
    pub(crate) next_seconds: u32,
}
