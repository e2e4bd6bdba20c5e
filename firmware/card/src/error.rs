//! Why a card could not be read, and what that means for the person in front of it.

use std::fmt;

use chip_reader::ReaderFault;

use crate::{FileId, Password};

/// What was being done (9303-11, appendix J).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Powering the chip afresh.
    Reset,
    /// Choosing the identity application (9303-10, 4.1).
    Application,
    /// PACE, with the number of its command: 0 chooses the protocol, 1 to 4 are the
    /// four rounds of 9303-11, table 4.
    Pace(u8),
    /// Basic access control, 9303-11, 4.3.
    Bac,
    /// Chip authentication, 9303-11, 6.2.
    ChipAuthentication,
    /// Active authentication, 9303-11, 6.1.
    ActiveAuthentication,
    /// Reading a file, 9303-10, 3.6.3.
    File(FileId),
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset => out.write_str("powering the chip"),
            Self::Application => out.write_str("choosing the identity application"),
            Self::Pace(round) => write!(out, "PACE, round {round}"),
            Self::Bac => out.write_str("BAC"),
            Self::ChipAuthentication => out.write_str("chip authentication"),
            Self::ActiveAuthentication => out.write_str("active authentication"),
            Self::File(file) => write!(out, "reading {file}"),
        }
    }
}

/// What was wrong in the making of a secure channel (9303-11, 4.3 and 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessFlaw {
    /// The encrypted nonce is not whole blocks of a fitting length (9303-11, 4.4.3.3).
    #[error("the nonce has a wrong length")]
    NonceLength,
    /// The chip's public key is not a member of the group.
    #[error("the chip's public key is not in the group")]
    KeyNotInGroup,
    /// The chip sent our own public key back (9303-11, 4.4.1).
    #[error("the chip returned our own public key")]
    OwnKeyReturned,
    /// A product is the neutral element, which no honest chip brings about.
    #[error("the agreed element is neutral")]
    NeutralElement,
    /// The chip's proof does not fit: it does not know the key.
    #[error("the chip's proof is wrong")]
    TokenWrong,
    /// The group that the chip's file spells out is none that keeps a secret.
    #[error("the chip's key is over an unsafe group")]
    GroupUnsafe,
    /// The encrypted chip authentication data are no whole padded blocks (9303-11,
    /// 4.4.3.5.3).
    #[error("the chip authentication data are malformed")]
    ChipDataMalformed,
    /// The given chance makes no number in range.
    #[error("the chance given is broken")]
    Chance,
    /// The arithmetic failed, such as for want of memory.
    #[error("the arithmetic failed")]
    Arithmetic,
}

/// Why a card could not be read to the end (9303-10, 3.6; 9303-11, 4, 6 and 9.8). A new
/// way to fail is one that every caller must look at, so this may be matched to the last
/// variant.
#[derive(Debug, thiserror::Error)]
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
    ///
    /// Many chips answer later after each wrong try, against guessing; how much later only
    /// the caller can measure, since no time is read here.
    #[error("the key does not open this card")]
    KeyWrong {
        /// How many tries the chip says are left.
        tries_left: Option<u8>,
    },
    /// The chip has blocked this password after too many wrong tries; another password may
    /// unblock it (TR-03110-2; the status is in TR-03110-3, B.14.2).
    #[error("the {password} is blocked (status {status:04X})")]
    KeyBlocked {
        /// Which password.
        password: Password,
        /// What the chip said.
        status: u16,
    },
    /// The chip does not take this password now. It was deactivated (6283, 6984), or it is a PIN
    /// or PUK and suspended until another password was given (6985); or it is a PIN with one try
    /// left (63C1), which is not used up here (TR-03110-2; the status is in TR-03110-3, B.14.2).
    #[error("the {password} is suspended (status {status:04X})")]
    KeySuspended {
        /// Which password.
        password: Password,
        /// What the chip said.
        status: u16,
    },
    /// The chip does not offer PACE, and the policy allows nothing else.
    #[error("the chip does not offer PACE")]
    PaceNotOffered,
    /// Only BAC is left, which needs the machine readable zone.
    #[error("only BAC is left, and it needs the machine readable zone")]
    KeyNotForBac,
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
    /// The chip refused to prove itself, though its files say that it can.
    #[error("the chip refused {step} with status {status:04X}")]
    ChipRefused {
        /// Which proof.
        step: Step,
        /// What it said.
        status: u16,
    },
    /// A command is longer than short length, and reader or chip know no other; nor does the
    /// chip take it in pieces.
    #[error("the command is too long for reader or chip while {step}")]
    CommandTooLong {
        /// What was to be done.
        step: Step,
        /// What the chip said to it; none: nothing was sent, for there was no way.
        status: Option<u16>,
    },
    /// After chip authentication the chip did not have the new keys: it does not hold the
    /// key that its file announces, as a copy does not.
    #[error("the chip does not hold the key that it announces, found while {step}")]
    ChipNotProven {
        /// What was being done when it showed.
        step: Step,
    },
    /// An answer failed its protection code (9303-11, 9.8): changed or played again on the way.
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
    /// PACE was chosen by what another chip had offered ([`Offers`](crate::Offers)), and this
    /// file of this chip does not name the same forms (9303-11, 9.2): it names others, or none,
    /// or the chip does not give it. What was remembered is forgotten: the next reading asks the
    /// chip, and so does every later one of chips like it.
    #[error("{file} does not name the forms of PACE that were remembered of chips like this one")]
    OfferDiffers {
        /// Which.
        file: FileId,
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
    /// Whether the chip may have broken off over an answer that is longer than it can send: it
    /// fell silent, or dropped the channel, while a file was read (9303-10, 3.6.4.2). Such a chip
    /// may be opened once more with short answers, through a
    /// [`ShortLength`](chip_reader::ShortLength).
    ///
    /// [`open`](crate::open) does so by itself where the first files show it. A longer file may
    /// show it later, and then only the caller can begin anew, and remember it of this card.
    pub fn may_be_of_a_long_answer(&self) -> bool {
        matches!(
            self,
            Self::Unprotected { step: Step::File(_), .. }
                | Self::NoAnswer { step: Step::File(_), fault: ReaderFault::CardMute }
        )
    }
}
