//! What kiosks say of their actions. As in hawkBit, members that it does not know are passed over
//! (old clients send `id` and `time`), and words that it does not know are refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

use super::{AttributeMode, FleetRefusal, Status};

/// A kiosk's word about an update or about a cancellation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Feedback {
    /// Milliseconds since 1970 by the kiosk's clock.
    #[serde(default)]
    pub timestamp: Option<i64>,
    /// What it says.
    pub status: FeedbackStatus,
}

/// What a kiosk says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FeedbackStatus {
    /// How far it is.
    pub execution: Execution,
    /// What came of it.
    pub result: FeedbackResult,
    /// A code of the kiosk's own.
    #[serde(default)]
    pub code: Option<i32>,
    /// For people.
    #[serde(default)]
    pub details: Option<Vec<String>>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FeedbackResult {
    /// Whether it succeeded.
    pub finished: FinalResult,
    /// Steps done of steps.
    #[serde(default)]
    pub progress: Option<Progress>,
}

/// Steps done of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the DDI's words")]
pub struct Progress {
    pub cnt: u64,
    #[serde(default)]
    pub of: Option<u64>,
}

/// How far a kiosk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the DDI's words")]
pub enum Execution {
    Closed,
    Proceeding,
    Canceled,
    Scheduled,
    Rejected,
    Resumed,
    Download,
    Downloaded,
}

/// Whether it succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the DDI's words")]
pub enum FinalResult {
    Success,
    Failure,
    None,
}

/// A word about confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Confirmation {
    /// Yes or no.
    pub confirmation: Confirmed,
    /// A code of the kiosk's own.
    #[serde(default)]
    pub code: Option<i32>,
    /// For people.
    #[serde(default)]
    pub details: Option<Vec<String>>,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the DDI's words")]
pub enum Confirmed {
    Confirmed,
    Denied,
}

/// What a kiosk says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ConfigData {
    /// What to do with it.
    #[serde(default)]
    pub mode: Option<AttributeMode>,
    /// Names and values.
    pub data: BTreeMap<String, String>,
}

/// A distribution set that was installed without the server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the DDI's words")]
pub struct InstalledVersion {
    pub name: String,
    pub version: String,
}

/// Reads a body.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, FleetRefusal> {
    serde_json::from_slice(body).map_err(FleetRefusal::invalid)
}

impl Feedback {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, FleetRefusal> {
        parse(body)
    }

    pub(super) fn said_at(&self) -> Option<Timestamp> {
        self.timestamp.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
    }

    /// What it means of an update.
    pub(super) fn of_update(&self) -> (Status, &'static str) {
        let failed = self.status.result.finished == FinalResult::Failure;
        match self.status.execution {
            Execution::Canceled => (Status::Canceled, "Target confirmed cancellation."),
            Execution::Rejected => (Status::Warning, "Target REJECTED update"),
            Execution::Closed if failed => (Status::Error, "Target reported CLOSED with ERROR!"),
            Execution::Closed => (Status::Finished, "Target reported CLOSED with OK!"),
            Execution::Download => (Status::Download, "Target confirmed download start"),
            Execution::Downloaded => (Status::Downloaded, "Target confirmed download finished"),
            Execution::Proceeding => (Status::Running, "Target reported PROCEEDING"),
            Execution::Scheduled => (Status::Running, "Target reported SCHEDULED"),
            Execution::Resumed => (Status::Running, "Target reported RESUMED"),
        }
    }

    /// What it means of a cancellation.
    pub(super) fn of_cancel(&self) -> (Status, &'static str) {
        let failed = self.status.result.finished == FinalResult::Failure;
        match self.status.execution {
            // The server asked to stop: "canceled" is an answer to another question.
            Execution::Canceled => {
                (Status::Warning, "Target reported a cancel that the server does not know.")
            }
            Execution::Rejected => (Status::CancelRejected, "Target rejected the cancellation request."),
            Execution::Closed if failed => (Status::Error, "Target was not able to complete cancellation."),
            Execution::Closed => (Status::Canceled, "Cancellation confirmed."),
            _ => (Status::Running, "Target reported an intermediate status."),
        }
    }
}
