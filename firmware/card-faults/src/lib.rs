//! Which entry of the fault list each error of a card is.
//!
//! `chip-reader`, `card` and `identity` are for anybody who reads chips, so they know nothing of
//! this kiosk's list; their errors say *why* in full. Here stands what each is to the citizen,
//! to staff and in the audit log.

use card::{KeyError, ReadError};
use chip_reader::ReaderFault;
use faults::Fault;
use identity::{CardCodeError, IdentityError, PortraitError};

/// An error that the fault list has an entry for.
pub trait Listed {
    /// The entry of the fault list that this is.
    fn fault(&self) -> Fault;
}

impl Listed for ReaderFault {
    fn fault(&self) -> Fault {
        match self {
            Self::CardGone => Fault::CardLifted,
            Self::CardMute => Fault::CardSilent,
            Self::Unplugged => Fault::ReaderMissing,
            Self::ServiceDown => Fault::ReaderServiceDown,
            Self::Busy => Fault::ReaderBusy,
            Self::CardReset => Fault::ReaderShared,
            Self::Ambiguous => Fault::ReaderAmbiguous,
        }
    }
}

impl Listed for ReadError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoAnswer { fault, .. } => fault.fault(),
            Self::NotAnIdentityCard { .. } => Fault::CardNotChip,
            Self::KeyWrong { .. } => Fault::CardKeyWrong,
            Self::KeyBlocked { .. } | Self::KeySuspended { .. } => Fault::CardKeyBlocked,
            Self::KeyNotForBac => Fault::CardCodeNeeded,
            Self::PaceNotOffered
            | Self::PaceUnknown
            | Self::AccessRefused { .. }
            | Self::AccessFailed { .. }
            | Self::ChipRefused { .. }
            | Self::CommandTooLong { .. } => Fault::CardNotSecured,
            Self::ChipNotProven { .. } => Fault::CloneSuspected,
            Self::MacWrong { .. }
            | Self::Unprotected { .. }
            | Self::ChannelLost { .. }
            | Self::OfferDiffers { .. }
            | Self::Malformed { .. }
            | Self::Truncated { .. }
            | Self::TooLong { .. } => Fault::CardGarbled,
            Self::Absent { .. } | Self::Refused { .. } => Fault::CardRefused,
        }
    }
}

impl Listed for KeyError {
    fn fault(&self) -> Fault {
        Fault::CardKeyWrong
    }
}

impl Listed for IdentityError {
    fn fault(&self) -> Fault {
        match self {
            Self::Missing { .. } | Self::Unreadable { .. } => Fault::DataUnreadable,
            Self::Altered { .. } | Self::NotListed { .. } => Fault::DataAltered,
            Self::UnknownIssuer { .. } => Fault::IssuerUnknown,
            Self::SignerNotValid { .. } => Fault::SignerNotValid,
            Self::Revoked { .. } => Fault::SignerRevoked,
            Self::RevocationUnknown => Fault::RevocationUnknown,
            Self::CloneSuspected { .. } => Fault::CloneSuspected,
            Self::ChipNotProven => Fault::ChipNotProven,
            Self::Expired { .. } => Fault::CardExpired,
            Self::FilesDisagree { .. } => Fault::FilesDisagree,
            Self::NotACitizenCard => Fault::NotCitizenCard,
            Self::TrustList(_) => Fault::TrustListMissing,
        }
    }
}

impl Listed for PortraitError {
    fn fault(&self) -> Fault {
        Fault::PortraitTooPoor
    }
}

impl Listed for CardCodeError {
    fn fault(&self) -> Fault {
        Fault::ScanNotCardCode
    }
}
