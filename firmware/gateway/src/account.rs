//! How a citizen's e-ID account stands, as the platform sees it.

use jiff::Timestamp;

/// How an account stands (Decree 69/2024, articles 7 to 15).
///
/// It belongs to a person, so it has no `Debug`; the masked number is all it
/// carries of one.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountState {
    /// None exists; an officer registers it (form TK01).
    None,
    /// Level 1 only; level 2 needs an officer.
    LevelOne,
    /// Level 2, waits to be activated.
    Pending {
        /// When the citizen was told so; the activation window counts from here.
        ready_since: Timestamp,
        /// A password exists already and none must be set.
        has_password: bool,
        /// The registered number, masked by the platform: `09x xxx x158`.
        phone_masked: String,
    },
    /// Activated before.
    Active,
    /// Locked; staff see why.
    Locked,
}
