//! Why a card could not be read, and what that means for the person in front of it.

use std::fmt;

use devices::ReaderFault;
use faults::Fault;

use crate::{FileId, KeyError};

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Powering the chip afresh.
    Reset,
    /// Choosing the identity application.
    Application,
    /// PACE, with the number of its command: 0 chooses the protocol, 1 to 4 are the
    /// four rounds of 9303-11, 4.4.4.
    Pace(u8),
    /// Basic access control.
    Bac,
    /// Reading a file.
    File(FileId),
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset => out.write_str("powering the chip"),
            Self::Application => out.write_str("choosing the identity application"),
            Self::Pace(round) => write!(out, "PACE, round {round}"),
            Self::Bac => out.write_str("BAC"),
            Self::File(file) => write!(out, "reading {file}"),
        }
    }
}

/// What was wrong in the making of a secure channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessFlaw {
    /// The encrypted nonce is not whole blocks of a fitting length.
    #[error("the nonce has a wrong length")]
    NonceLength,
    /// The chip's public key is not a member of the group.
    #[error("the chip's public key is not in the group")]
    KeyNotInGroup,
    /// The chip sent our own public key back.
    #[error("the chip returned our own public key")]
    OwnKeyReturned,
    /// A product is the neutral element, which no honest chip brings about.
    #[error("the agreed element is neutral")]
    NeutralElement,
    /// The chip's proof does not fit: it does not know the key.
    #[error("the chip's proof is wrong")]
    TokenWrong,
    /// The given chance makes no number in range.
    #[error("the chance given is broken")]
    Chance,
    /// The arithmetic failed, such as for want of memory.
    #[error("the arithmetic failed")]
    Arithmetic,
}

/// Why a card could not be read to the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The reader gave no answer.
    #[error("no answer while {step}")]
    NoAnswer {
        /// What was being done.
        step: Step,
        /// Why.
        #[source]
        fault: ReaderFault,
    },
    /// The chip has no identity application.
    #[error("no identity application answers (status {status:04X})")]
    NotAnIdentityCard {
        /// What it said.
        status: u16,
    },
    /// The number or the machine readable zone does not belong to this card.
    #[error("the key does not open this card")]
    KeyWrong {
        /// How many tries the chip says are left.
        tries_left: Option<u8>,
    },
    /// The chip does not offer PACE, and the policy or the kind of key allows no BAC.
    #[error("the chip does not offer PACE")]
    PaceNotOffered,
    /// The chip offers PACE, but nothing of it that is built here.
    #[error("the chip offers no form of PACE known here")]
    PaceUnknown,
    /// PACE or BAC was refused.
    #[error("{step} was refused with status {status:04X}")]
    AccessRefused {
        /// Where.
        step: Step,
        /// What the chip said.
        status: u16,
    },
    /// The chip did not prove that it knows the key, or broke the protocol.
    #[error("{step} failed: {flaw}")]
    AccessFailed {
        /// Where.
        step: Step,
        /// What was wrong.
        flaw: AccessFlaw,
    },
    /// An answer failed its protection code: changed or played again on the way.
    #[error("an answer failed its protection code while {step}")]
    MacWrong {
        /// What was being done.
        step: Step,
    },
    /// An answer came outside the secure channel.
    #[error("an unprotected answer ({status:04X}) came while {step}")]
    Unprotected {
        /// What was being done.
        step: Step,
        /// What it said.
        status: u16,
    },
    /// The secure channel had ended before.
    #[error("the secure channel is gone before {step}")]
    ChannelLost {
        /// What was to be done.
        step: Step,
    },
    /// The chip does not have the file.
    #[error("{file} is not on the chip")]
    Absent {
        /// Which.
        file: FileId,
    },
    /// The chip has the file and does not give it.
    #[error("the chip refused {file} with status {status:04X}")]
    Refused {
        /// Which.
        file: FileId,
        /// What it said.
        status: u16,
    },
    /// The file claims an absurd length.
    #[error("{file} claims {length} bytes")]
    TooLong {
        /// Which.
        file: FileId,
        /// What it claims.
        length: usize,
    },
    /// The file ends before its own length.
    #[error("{file} ends after {got} of {length} bytes")]
    Truncated {
        /// Which.
        file: FileId,
        /// How many came.
        got: usize,
        /// How many it claims.
        length: usize,
    },
    /// An answer or a file breaks its format.
    #[error("malformed answer while {step}: {why}")]
    Malformed {
        /// What was being done.
        step: Step,
        /// What is wrong.
        why: &'static str,
    },
}

impl ReadError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoAnswer { fault, .. } => fault.fault(),
            Self::NotAnIdentityCard { .. } => Fault::CardNotChip,
            Self::KeyWrong { .. } => Fault::CardKeyWrong,
            Self::PaceNotOffered
            | Self::PaceUnknown
            | Self::AccessRefused { .. }
            | Self::AccessFailed { .. } => Fault::CardNotSecured,
            Self::MacWrong { .. }
            | Self::Unprotected { .. }
            | Self::ChannelLost { .. }
            | Self::Malformed { .. }
            | Self::Truncated { .. }
            | Self::TooLong { .. } => Fault::CardGarbled,
            Self::Absent { .. } | Self::Refused { .. } => Fault::CardRefused,
        }
    }
}

impl KeyError {
    /// The entry of the fault list that this is.
    pub fn fault(self) -> Fault {
        Fault::CardKeyWrong
    }
}
