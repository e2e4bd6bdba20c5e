//! How the fleet server says no: hawkBit's status and the form of its error bodies.

use serde_json::{Value, json};

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FleetRefusal {
    /// No token, a wrong one, or that of another target.
    #[error("not authorised")]
    NotAuthorised,
    /// There is no such thing, or not for this target, or not in this state.
    #[error("{what} '{name}' is not there")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// Its name or number.
        name: String,
    },
    /// The action is over; the kiosk drops what it still wanted to say.
    #[error("action {0} is no longer active")]
    Gone(super::ActionId),
    /// More than hawkBit keeps.
    #[error("more than {limit} {of}")]
    Quota {
        /// Of what.
        of: &'static str,
        /// How many are kept.
        limit: usize,
    },
    /// The request breaks its format or asks for what cannot be.
    #[error("{0}")]
    Invalid(String),
    /// It is there already.
    #[error("{what} '{name}' exists")]
    Exists {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The action cannot be cancelled, or was not asked to.
    #[error("action {0} cannot be cancelled now")]
    NoCancel(super::ActionId),
    /// The rollout is in another state.
    #[error("the rollout is {0}")]
    RolloutState(&'static str),
    /// Some condition of the request's headers does not hold (RFC 9110, 13.1).
    #[error("the precondition does not hold")]
    Precondition,
    /// The body is no JSON by its own word.
    #[error("the body is not said to be JSON")]
    MediaType,
    /// The artifact's bytes cannot be kept or read.
    #[error("an artifact's bytes cannot be kept or read")]
    Storage,
}

impl FleetRefusal {
    #[allow(clippy::needless_pass_by_value, reason = "numbers and names alike")]
    pub(super) fn missing(what: &'static str, name: impl ToString) -> Self {
        Self::NotFound { what, name: name.to_string() }
    }

    #[allow(clippy::needless_pass_by_value, reason = "errors and texts alike")]
    pub(super) fn invalid(why: impl ToString) -> Self {
        Self::Invalid(why.to_string())
    }

    /// The HTTP status of hawkBit. Quotas are 429, as in its present sources; older ones
    /// answered 403.
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) | Self::RolloutState(_) => 400,
            Self::NotAuthorised => 401,
            Self::NotFound { .. } => 404,
            Self::NoCancel(_) => 405,
            Self::Exists { .. } => 409,
            Self::Gone(_) => 410,
            Self::Precondition => 412,
            Self::MediaType => 415,
            Self::Quota { .. } => 429,
            Self::Storage => 500,
        }
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        json!({ "errorCode": self.code(), "message": self.to_string() })
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAuthorised => "hawkbit.server.error.insufficientpermission",
            Self::NotFound { .. } => "hawkbit.server.error.repo.entitiyNotFound",
            Self::Gone(_) => "hawkbit.server.error.gone",
            Self::Quota { .. } => "hawkbit.server.error.quota.tooManyEntries",
            Self::Invalid(_) => "hawkbit.server.error.repo.constraintViolation",
            Self::Exists { .. } => "hawkbit.server.error.repo.entitiyAlreayExists",
            Self::NoCancel(_) => "hawkbit.server.error.action.notCancelable",
            Self::RolloutState(_) => "hawkbit.server.error.rollout.illegalstate",
            Self::MediaType => "hawkbit.server.error.mediaType",
            Self::Precondition => "hawkbit.server.error.precondition",
            Self::Storage => "hawkbit.server.error.artifact.loadFailed",
        }
    }
}
