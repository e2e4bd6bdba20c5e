//! The e-ID account as the platform knows it (Decree 69/2024, articles 9 to 15).

use jiff::Timestamp;

/// How a citizen's account stands.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountState {
    /// There is none: an officer must register it (form TK01).
    None,
    /// Level 1 only; level 2 needs an officer.
    LevelOne,
    /// Level 2, issued, waits to be activated.
    Pending {
        /// When the citizen was told; the activation window runs from here.
        ready_since: Timestamp,
        /// A password was set before and stays.
        has_password: bool,
    },
    /// Active.
    Active,
    /// Locked (article 15).
    Locked,
}

impl AccountState {
    /// The word for the audit log.
    pub fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::LevelOne => "level-one",
            Self::Pending { .. } => "pending",
            Self::Active => "active",
            Self::Locked => "locked",
        }
    }
}

/// How a one-time code reaches the citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeChannel {
    /// A text message.
    Sms,
    /// A voice call that reads it out.
    Voice,
}
