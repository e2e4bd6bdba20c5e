//! What an activation is made of: its handle, the code, the citizen's secrets.

use std::fmt;

use jiff::Timestamp;
use zeroize::Zeroizing;

/// The platform's handle of one activation under way. Says nothing about the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationId(pub(crate) String);

impl ActivationId {
    /// As it stands in the transaction's form, so that the platform can tell which
    /// activation the signed record completes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ActivationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// How the code reaches the citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A text message.
    Sms,
    /// A call that says it.
    Voice,
}

/// A code is under way.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeSent {
    /// The number it went to, masked by the platform.
    pub sent_to: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Seconds after which another may be asked for.
    pub resend_after: u16,
    /// How many more may be asked for.
    pub sends_left: u8,
}

/// What the citizen set. Leaves this process only sealed to the platform's key.
pub struct Credentials {
    /// Only where the account has none.
    pub password: Option<Zeroizing<String>>,
    /// Six digits.
    pub passcode: Zeroizing<String>,
    /// The two security questions.
    pub answers: [Answer; 2],
}

/// One security question and what the citizen answered.
pub struct Answer {
    /// The question in the words that were shown: it is asked again in years, by people.
    pub question: String,
    /// The answer.
    pub answer: Zeroizing<String>,
}
