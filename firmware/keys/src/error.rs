//! Why a key could not be used; every reason is `KEY-01` for the people at the kiosk.

use std::path::PathBuf;

use faults::Fault;

/// Why a key could not be loaded, kept or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No such file.
    #[error("there is no key at {path}")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is there, but reading or writing it failed.
    #[error("the key file {path} cannot be {act}")]
    File {
        /// Which file.
        path: PathBuf,
        /// `read` or `written`.
        act: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// People other than the owner may read the file.
    #[error("the key file {path} is open to others (mode {mode:03o}); it must be 600")]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key is there already; a new one would orphan what the old one signed.
    #[error("there is a key at {path} already; it is not replaced")]
    AlreadyThere {
        /// Which file.
        path: PathBuf,
    },
    /// The file holds something else, or half a key.
    #[error("the key file {path} is damaged or of another kind")]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// A text that should be a public key or a signature is none.
    #[error("this is no {what}")]
    Malformed {
        /// `public key` or `signature`, for example.
        what: &'static str,
    },
    /// The signature is not by this key, not over these bytes, or not in this context.
    #[error("the signature does not fit")]
    SignatureWrong,
    /// Sealing or opening failed: another key, another context, or changed bytes.
    #[error("the sealed bytes cannot be {act}")]
    Seal {
        /// `sealed` or `opened`.
        act: &'static str,
    },
}

impl KeyError {
    /// One code for the screen, the audit log and the help book.
    pub fn fault(&self) -> Fault {
        Fault::KeyMissing
    }
}
