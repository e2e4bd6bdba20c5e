//! Why a stick is not acted on. Each reason has a code, and the code advice for staff.

use std::io;

use faults::Fault;
use jiff::Timestamp;
use tuf::{ClientError, TargetFault};

use crate::admit::CardNeeded;

/// Why a stick is not acted on. Names are the kiosk's or signed ones, never the stick's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StickError {
    /// The medium does not give what it holds.
    #[error("{name} on the stick cannot be read")]
    Unreadable {
        /// Which file.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It was there and is no more.
    #[error("the stick was pulled out")]
    Pulled,
    /// A link, a pipe, a device, a folder.
    #[error("{name} on the stick is no plain file")]
    NotPlain {
        /// Which name.
        name: String,
    },
    /// A name that no file of a stick has.
    #[error("a name that is too long, too deep or leads elsewhere")]
    UnusableName,
    /// A file is longer than it may be.
    #[error("{name} on the stick is longer than {most} bytes")]
    FileTooLong {
        /// Which file.
        name: String,
        /// The bound.
        most: u64,
    },
    /// All files together are.
    #[error("more than {most} bytes on the stick")]
    TooMuch {
        /// The bound.
        most: u64,
    },
    /// More files than a stick has.
    #[error("more than {most} files on the stick")]
    TooMany {
        /// The bound.
        most: u32,
    },
    /// It takes too long.
    #[error("reading the stick took longer than {seconds} s")]
    TooSlow {
        /// The bound.
        seconds: u64,
    },
    /// What is signed is not believed.
    #[error("what is signed on the stick is not believed")]
    NotTrusted(#[source] ClientError),
    /// A file is not what was signed.
    #[error("{target} on the stick is not what was signed")]
    Altered {
        /// Which target.
        target: String,
        /// How it differs.
        #[source]
        why: TargetFault,
    },
    /// A signed file is not on the stick.
    #[error("{target} is not on the stick")]
    Missing {
        /// Which target.
        target: String,
    },
    /// The stick names no permit.
    #[error("the stick names no permit")]
    NoPermit,
    /// Nobody who may has signed the permit that it names.
    #[error("nobody who may has signed the permit")]
    PermitNotSigned,
    /// The permit cannot be understood here.
    #[error("the permit cannot be understood")]
    PermitNotUnderstood(#[source] Option<serde_json::Error>),
    /// The permit is for other kiosks.
    #[error("the permit is for other kiosks")]
    Elsewhere,
    /// The permit has run out.
    #[error("the permit was good until {not_after}; it is {now}")]
    PermitExpired {
        /// Until when it was good.
        not_after: Timestamp,
        /// The time that it was judged by.
        now: Timestamp,
    },
    /// The permit was used as often as it may be.
    #[error("the permit was used {uses} times here, as often as it may be")]
    UsedUp {
        /// How often it may be used.
        uses: u16,
    },
    /// No technician is at the machine.
    #[error("a technician is needed: {0}")]
    TechnicianNeeded(CardNeeded),
    /// The kiosk's own disk.
    #[error("{needed} bytes are needed on the machine's own disk, {free} are free")]
    DiskFull {
        /// How many are needed, in bytes.
        needed: u64,
        /// How many there are but for the reserve, in bytes.
        free: u64,
    },
    /// The kiosk's own disk does not take it.
    #[error("{name} cannot be kept on the machine's own disk")]
    NotStaged {
        /// Which file.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl StickError {
    /// One code for staff, the audit log and the help book.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unreadable { .. } | Self::Pulled => Fault::StickUnreadable,
            Self::NotPlain { .. } | Self::UnusableName => Fault::StickOdd,
            Self::FileTooLong { .. } | Self::TooMuch { .. } | Self::TooMany { .. } | Self::TooSlow { .. } => {
                Fault::StickTooMuch
            }
            Self::NotTrusted(_) | Self::Altered { .. } | Self::Missing { .. } => Fault::StickNotTrusted,
            Self::NoPermit | Self::PermitNotSigned | Self::PermitNotUnderstood(_) => Fault::PermitMissing,
            Self::Elsewhere => Fault::PermitElsewhere,
            Self::PermitExpired { .. } => Fault::PermitExpired,
            Self::UsedUp { .. } => Fault::PermitUsedUp,
            Self::TechnicianNeeded(_) => Fault::TechnicianNeeded,
            Self::DiskFull { .. } | Self::NotStaged { .. } => Fault::StagingFull,
        }
    }
}
