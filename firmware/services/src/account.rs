//! The e-ID account as the platform knows it (Decree 69/2024, articles 9 to 15).

use jiff::Timestamp;

/// How a citizen's account stands. It belongs to a person, so it does not print.
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
        /// The registered number, masked by the platform: `09x xxx x158`.
        phone_masked: String,
    },
    /// Active.
    Active,
    /// Locked (article 15).
    Locked,
}

/// How a one-time code reaches the citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeChannel {
    /// A text message.
    Sms,
    /// A voice call that reads it out.
    Voice,
}
