//! Why the platform's answer is not to be had, or not to be used. Nothing in here is
//! about a person: no address with a query, no body, no words of the platform.

use std::path::PathBuf;

use faults::Fault;

use crate::Problem;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// A setting cannot be used.
    #[error("the setting '{key}' of the gateway {why}")]
    Setting {
        /// Which.
        key: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A key or certificate is missing or is something else.
    #[error("{} is missing or is no {what}", path.display())]
    Key {
        /// What it should be.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
    },
    /// Certificate and private key do not belong together.
    #[error("the client certificate cannot be used with its key")]
    Identity(#[source] rustls::Error),
    /// What should be sent breaks the contract; a mistake of ours.
    #[error("{0} cannot be sent: it breaks the contract")]
    NotSendable(&'static str),
    /// No connection, or it broke.
    #[error("the platform cannot be reached")]
    Unreachable(#[source] Cause),
    /// A proxy answered in the platform's place that it is not there.
    #[error("a proxy says that the platform is not there (status {status})")]
    ProxySaysDown {
        /// 502, 503 or 504.
        status: u16,
    },
    /// No answer in time. It may have been done all the same.
    #[error("the platform did not answer in time")]
    Slow,
    /// Certificate or signature are not the platform's.
    #[error("the answer is not to be trusted: {why}")]
    NotTrusted {
        /// What is wrong.
        why: &'static str,
    },
    /// The platform does not take our certificate.
    #[error("the platform does not take this machine's certificate")]
    NotEnrolled,
    /// Our clock and the platform's differ too much.
    #[error("the clock differs from the platform's by {seconds} seconds")]
    ClockSkew {
        /// Ours less theirs.
        seconds: i64,
    },
    /// The platform's own answer breaks the contract.
    #[error("the answer breaks the contract (status {status})")]
    Garbled {
        /// The HTTP status.
        status: u16,
    },
    /// The platform answered: no.
    #[error("the platform refused: {:?}, reference {}", .0.code, .0.reference)]
    Refused(Problem),
}

/// What lay under a broken connection, without the address.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl GatewayError {
    /// The entry of the one list of faults.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Setting { .. } => Fault::ConfigBroken,
            Self::Key { .. } | Self::Identity(_) => Fault::KeyMissing,
            Self::NotSendable(_) | Self::Garbled { .. } => Fault::PlatformRefused,
            Self::Unreachable(_) | Self::ProxySaysDown { .. } => Fault::PlatformUnreachable,
            Self::Slow => Fault::PlatformSlow,
            Self::NotTrusted { .. } => Fault::PlatformNotTrusted,
            Self::NotEnrolled => Fault::DeviceNotEnrolled,
            Self::ClockSkew { .. } => Fault::ClockSkew,
            Self::Refused(problem) => problem.fault(),
        }
    }

    /// The platform's own refusal, where there is one.
    pub fn problem(&self) -> Option<&Problem> {
        if let Self::Refused(problem) = self { Some(problem) } else { None }
    }

    /// Whether the same request may succeed later without anybody's doing.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::ProxySaysDown { .. } | Self::Slow => true,
            Self::Refused(problem) => problem.retryable,
            _ => false,
        }
    }
}
