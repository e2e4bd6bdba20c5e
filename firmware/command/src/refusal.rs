//! Why a command is not carried out. Each code is stable: the fleet team sorts kiosks by it.

use crate::Kind;

/// Why a command is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// More bytes than any command has.
    #[error("longer than {most} bytes")]
    TooLong {
        /// The most that is read.
        most: usize,
    },
    /// No DSSE envelope.
    #[error("no DSSE envelope with 1 to {most} Ed25519 signatures")]
    NotAnEnvelope {
        /// The most signatures that are looked at.
        most: usize,
    },
    /// An envelope of something else.
    #[error("the envelope is of another type")]
    OtherType,
    /// What is signed is no command of the closed list, or in another spelling.
    #[error("what is signed is no command")]
    NotACommand,
    /// Good for no time, or for too long.
    #[error("good for no time or for more than 7 days")]
    BadPeriod,
    /// Too few of those signed who may give this kind of command here.
    #[error("{kind} wants {needed} signers who may; {have} signed")]
    NotSigned {
        /// What kind.
        kind: Kind,
        /// How many signed.
        have: usize,
        /// How many must.
        needed: usize,
    },
    /// For other kiosks.
    #[error("for other kiosks")]
    OtherKiosk,
    /// Not good yet.
    #[error("not good before {0}")]
    NotYet(jiff::Timestamp),
    /// No longer good.
    #[error("expired at {0}")]
    Expired(jiff::Timestamp),
    /// The kiosk does not know what time it is.
    #[error("the kiosk does not know what time it is")]
    TimeUnknown,
    /// Accepted before, or older than what was accepted.
    #[error("not newer than what was accepted before")]
    Replayed,
    /// More commands at a time than are remembered.
    #[error("more commands at a time than are remembered")]
    TooMany,
}

impl Refusal {
    /// Every code, in order.
    pub const CODES: [&str; 12] = [
        "CMD-01", "CMD-02", "CMD-03", "CMD-04", "CMD-05", "CMD-06", "CMD-07", "CMD-08", "CMD-09", "CMD-10",
        "CMD-11", "CMD-12",
    ];

    /// The stable code.
    pub fn code(&self) -> &'static str {
        let [long, envelope, other, command, period, signed, kiosk, yet, expired, time, replayed, many] =
            Self::CODES;
        match self {
            Self::TooLong { .. } => long,
            Self::NotAnEnvelope { .. } => envelope,
            Self::OtherType => other,
            Self::NotACommand => command,
            Self::BadPeriod => period,
            Self::NotSigned { .. } => signed,
            Self::OtherKiosk => kiosk,
            Self::NotYet(_) => yet,
            Self::Expired(_) => expired,
            Self::TimeUnknown => time,
            Self::Replayed => replayed,
            Self::TooMany => many,
        }
    }

    /// Whether the same command may be accepted later.
    pub fn is_for_now(&self) -> bool {
        matches!(self, Self::NotYet(_) | Self::TimeUnknown | Self::TooMany)
    }

    /// One line for the fleet team, beginning with the code.
    pub fn line(&self) -> String {
        format!("{}: {self}", self.code())
    }
}
