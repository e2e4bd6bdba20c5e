//! Why a badge proves nobody.

use card_faults::Listed as _;
use devices::ReaderFault;
use faults::Fault;

/// Why a badge proves nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadgeError {
    /// The reader, or the card left it.
    #[error("no answer of the badge")]
    Reader(#[from] ReaderFault),
    /// The card has no PIV application, or one without a card authentication key of the kind that
    /// the list names.
    #[error("the card refuses to {step}: status {status:04X}")]
    Refused {
        /// What it was asked for.
        step: &'static str,
        /// ISO/IEC 7816-4, 5.6.
        status: u16,
    },
    /// What it answers is none of SP 800-73-4.
    #[error("the card answers what is no PIV: {0}")]
    Odd(&'static str),
    /// The signature is not of the key that the list has for that person.
    #[error("the badge is not {holder}'s")]
    NotTheirs {
        /// Whose it should be.
        holder: String,
    },
    /// The list knows no badge of that person.
    #[error("no badge of {holder} is known here")]
    Unlisted {
        /// Whose.
        holder: String,
    },
}

impl BadgeError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Reader(fault) => fault.fault(),
            Self::Refused { .. } | Self::Odd(_) => Fault::BadgeUnreadable,
            Self::NotTheirs { .. } | Self::Unlisted { .. } => Fault::BadgeWrong,
        }
    }
}
