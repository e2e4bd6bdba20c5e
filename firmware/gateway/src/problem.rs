//! What the platform says when it refuses: RFC 9457 problem details with our
//! members `code`, `retryable`, `userMessageKey` and `ref`.

use std::time::Duration;

use faults::Fault;

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
    /// A reference for staff; never about a person.
    pub reference: String,
}

/// The codes of `openapi.yaml` that this client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemCode {
    /// No account exists.
    AccountNotFound,
    /// A code that is newer than this client.
    Unknown,
}

impl Problem {
    /// The entry of the one list of faults.
    pub fn fault(&self) -> Fault {
        unimplemented!()
    }
}
