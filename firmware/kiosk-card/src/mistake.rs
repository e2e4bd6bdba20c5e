//! Why the tool did not do what it was asked: one line for a person, one exit code
//! for a script.

use std::{io, path::PathBuf};

use card::{KeyError, ReadError};
use devices::ReaderFault;
use identity::{IdentityError, MasterListFault, RevocationListFault, trust_update::ImportFault};

use crate::refusal::Refusal;

/// The number of that verdict ([`identity::Verdict::number`]).
const CLONE_SUSPECTED: u8 = 15;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Mistake {
    #[error("{0}; see kiosk-card --help")]
    Usage(String),
    #[error("{path}: cannot be read or written", path = path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: is longer than {most} bytes", path = path.display())]
    TooLong { path: PathBuf, most: u64 },
    #[error("{path}: two files of the folder are {name}", path = path.display())]
    Twice { path: PathBuf, name: &'static str },
    #[error("{path}: the folder holds no file of a chip", path = path.display())]
    NoFiles { path: PathBuf },
    #[error("{path}", path = path.display())]
    Trust { path: PathBuf, source: IdentityError },
    #[error("{path}", path = path.display())]
    MasterList { path: PathBuf, source: MasterListFault },
    #[error("{path}", path = path.display())]
    RevocationList { path: PathBuf, source: RevocationListFault },
    #[error("{path}", path = path.display())]
    Import { path: PathBuf, source: ImportFault },
    #[error("the key that opens the chip")]
    Key { source: KeyError },
    #[error("the reader")]
    Reader { source: ReaderFault },
    #[error("--reader NAME is needed")]
    WhichReader { source: ReaderFault },
    #[error("nobody laid a card down")]
    NoCard,
    #[error("the card")]
    Card { source: ReadError },
    #[error("the card {refusal}")]
    Refused { refusal: Refusal, source: ReadError },
    #[error("the portrait cannot be taken out of DG2: {0}")]
    Portrait(identity::Malformed),
}

impl Mistake {
    /// 15, as the verdict, for a chip that lost its channel because it does not hold
    /// its key; 2 for a wrong command line, 3 for a list that is not believed, 1 for the rest.
    pub fn code(&self) -> u8 {
        match self {
            Self::Card { source: ReadError::ChipNotProven { .. } } => CLONE_SUSPECTED,
            Self::Usage(_) | Self::Key { .. } => 2,
            Self::MasterList { .. } | Self::RevocationList { .. } | Self::Import { .. } => 3,
            _ => 1,
        }
    }
}

impl From<lexopt::Error> for Mistake {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}
