//! What the fleet server is told. Reports wait in the durable memory until the server has taken
//! them: written in the same moment as what they tell of, so none is lost and none is made up.

use serde::{Deserialize, Serialize};

use super::{ActionId, Outcome};

/// How an action goes (DDI `execution`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Execution {
    /// It is over.
    Closed,
    /// It is under way.
    Proceeding,
    /// It waits for its time.
    Scheduled,
    /// The kiosk does not do it.
    Rejected,
    /// Being fetched.
    Download,
    /// Here, whole, not installed.
    Downloaded,
}

/// Whether it succeeded (DDI `finished`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finished {
    /// Yes.
    Success,
    /// No.
    Failure,
    /// Not known yet.
    None,
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Of which action.
    pub action: ActionId,
    /// Whether it is about the action's cancellation.
    pub of_cancel: bool,
    /// How it goes.
    pub execution: Execution,
    /// Whether it succeeded.
    pub finished: Finished,
    /// One line for people.
    pub line: String,
}

/// Reports that wait to be sent, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    waiting: Vec<Report>,
}

/// More are not kept: beyond this the oldest that ends nothing is dropped.
const MOST: usize = 50;

impl Outgoing {
    /// The next one to send.
    pub fn first(&self) -> Option<&Report> {
        self.waiting.first()
    }

    /// The server has it, or wants to hear no more of it.
    pub fn sent(&mut self, report: &Report) {
        if self.first() == Some(report) {
            self.waiting.remove(0);
        }
    }

    /// Whether an action's end waits to be told.
    pub fn ends(&self, action: ActionId) -> bool {
        let end = |report: &&Report| report.action == action && report.execution == Execution::Closed;
        self.waiting.iter().any(|report| end(&report))
    }

    pub(crate) fn push(&mut self, report: Report) {
        self.waiting.push(report);
        if self.waiting.len() > MOST {
            let middle = self.waiting.iter().position(|report| report.execution != Execution::Closed);
            self.waiting.remove(middle.unwrap_or(0));
        }
    }
}

impl Report {
    pub(crate) fn of(action: ActionId, execution: Execution, line: &str) -> Self {
        Self { action, of_cancel: false, execution, finished: Finished::None, line: line.to_owned() }
    }

    pub(super) fn end(action: ActionId, outcome: &Outcome) -> Self {
        let finished = if outcome.is_success() { Finished::Success } else { Finished::Failure };
        Self { action, of_cancel: false, execution: Execution::Closed, finished, line: outcome.line() }
    }

    /// How settings that the server asked for ended.
    pub(crate) fn of_settings(action: ActionId, success: bool, line: String) -> Self {
        let finished = if success { Finished::Success } else { Finished::Failure };
        Self { action, of_cancel: false, execution: Execution::Closed, finished, line }
    }

    pub(crate) fn cancelled(action: ActionId, did: bool, line: &str) -> Self {
        let (execution, finished) =
            if did { (Execution::Closed, Finished::Success) } else { (Execution::Rejected, Finished::None) };
        Self { action, of_cancel: true, execution, finished, line: line.to_owned() }
    }
}
