//! Why something could not be kept, found or believed.

use std::path::PathBuf;

use faults::Fault;
use keys::KeyError;
use transaction::TransactionId;

/// Why something could not be kept, found or believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// Another program has the file open for writing.
    #[error("another program holds the outbox {path}")]
    Busy {
        /// Which file.
        path: PathBuf,
    },
    /// The file is not what we wrote. It is left as it is.
    #[error("the outbox {path} is damaged: {why}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Reading or writing failed; nothing was acknowledged.
    #[error("the outbox cannot {act}")]
    Failed {
        /// What was being done.
        act: &'static str,
        /// What the database said.
        #[source]
        source: rusqlite::Error,
    },
    /// The folder cannot be used.
    #[error("the outbox {path} cannot be made")]
    Folder {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A limit is reached; nothing was stored.
    #[error("the outbox is full: {limit}")]
    Full {
        /// Which limit.
        limit: &'static str,
    },
    /// No such transaction waits here.
    #[error("no transaction {id} waits in the outbox")]
    NotHere {
        /// Which one was asked for.
        id: TransactionId,
    },
    /// The platform's answer is no receipt.
    #[error("the platform's answer is no receipt: {why}")]
    NoReceipt {
        /// What is missing or wrong.
        why: &'static str,
    },
    /// The receipt is for another transaction or kiosk.
    #[error("the receipt is for another {what}")]
    OtherReceipt {
        /// `transaction` or `kiosk`.
        what: &'static str,
    },
    /// The receipt's signature is not the platform's.
    #[error("the receipt's signature is not the platform's")]
    Signature(#[source] KeyError),
}

impl OutboxError {
    /// One code for the screen, the audit log and the help book.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Busy { .. } => Fault::SocketBusy,
            Self::Damaged { .. } => Fault::StoreDamaged,
            Self::Failed { .. } | Self::Folder { .. } | Self::NotHere { .. } => Fault::StoreFailed,
            Self::Full { .. } => Fault::StoreFull,
            Self::NoReceipt { .. } | Self::OtherReceipt { .. } | Self::Signature(_) => {
                Fault::PlatformNotTrusted
            }
        }
    }
}
