//! Why no transaction came to be, or why one is not to be believed.

use faults::Fault;
use keys::KeyError;

/// Why no transaction came to be, or why one is not to be believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The face was compared with another card's portrait.
    #[error("the face was matched with another identity than this one")]
    FaceOfAnother,
    /// The citizen did not agree to something that the service does.
    #[error("the consent lacks the purpose '{purpose}' that the service needs")]
    ConsentLacks {
        /// What the citizen was not asked, or refused.
        purpose: String,
    },
    /// The consent was given after the transaction is said to have been made.
    #[error("the consent is younger than the transaction")]
    ConsentTooLate,
    /// A word that should name something does not follow its form.
    #[error("'{text}' is no {what}")]
    Word {
        /// `kiosk id`, `service id`, `purpose` or the like.
        what: &'static str,
        /// What stood there; never personal.
        text: String,
    },
    /// Evidence cannot be written in canonical form.
    #[error("the {part} evidence has no canonical form")]
    Evidence {
        /// `identity` or `face`.
        part: &'static str,
    },
    /// The bytes are no transaction in canonical form.
    #[error("these bytes are no transaction in canonical form: {why}")]
    Malformed {
        /// What is missing or wrong.
        why: &'static str,
    },
    /// The signature is not this kiosk's over these bytes.
    #[error("the transaction's signature does not fit")]
    Signature(#[source] KeyError),
    /// Sealing or opening failed.
    #[error("the transaction cannot be sealed or opened")]
    Seal(#[source] KeyError),
}

impl TransactionError {
    /// One code for the screen, the audit log and the help book.
    pub fn fault(&self) -> Fault {
        match self {
            Self::FaceOfAnother => Fault::FaceNotConfirmed,
            Self::ConsentLacks { .. } | Self::ConsentTooLate => Fault::ConsentRefused,
            Self::Word { .. } => Fault::ConfigBroken,
            Self::Evidence { .. } | Self::Malformed { .. } => Fault::StoreDamaged,
            Self::Signature(_) | Self::Seal(_) => Fault::KeyMissing,
        }
    }
}
