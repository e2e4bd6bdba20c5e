//! Why the platform's answer is not to be had, or not to be used.

use faults::Fault;

use crate::Problem;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The platform answered: no.
    #[error("the platform refused with {:?}", .0.code)]
    Refused(Problem),
}

impl GatewayError {
    /// The entry of the one list of faults.
    pub fn fault(&self) -> Fault {
        unimplemented!()
    }

    /// The platform's own refusal, where there is one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
        }
    }

    /// Whether the same request may succeed later.
    pub fn retryable(&self) -> bool {
        unimplemented!()
    }
}
