//! What a slip says.

use devices::Raster;
use faults::Fault;
use jiff::{Timestamp, civil::Date};
use screen::view::{Language, Text};
use transaction::KioskId;

use crate::{SlipCode, compose, layout};

/// One slip.
#[derive(Clone)]
pub struct Slip {
    /// What it is about.
    pub matter: Matter,
    /// The language of its words.
    pub language: Language,
    /// The kiosk's id.
    pub kiosk: KioskId,
    /// Where the kiosk stands.
    pub site: String,
    /// When it is printed.
    pub at: Timestamp,
}

/// What a slip is about.
#[derive(Clone)]
pub enum Matter {
    /// A request. Whether it reads *received* or *registered* comes from the signed
    /// code alone, so that words and code cannot disagree.
    Request {
        /// Which service.
        service: Text,
        /// The phone that the platform will write to.
        phone: Option<MaskedPhone>,
        /// What the citizen does once it is registered; never said before that.
        next: Option<Text>,
        /// The proof.
        code: SlipCode,
    },
    /// The card expired; the ward police renew it.
    PoliceRenewal {
        /// When.
        expired_on: Date,
    },
    /// An officer goes on at the counter.
    Counter {
        /// Why.
        reason: CounterReason,
        /// What the officer can look up.
        reference: Option<String>,
    },
    /// Printed by staff.
    Test,
}

/// Why a citizen is sent to the counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterReason {
    /// There is no account; an officer registers it (TK01).
    NoAccount,
    /// Level 1; level 2 needs an officer.
    LevelOne,
    /// Past the window.
    Overdue {
        /// Whom to call.
        hotline: String,
    },
    /// The account is locked.
    Locked,
    /// The machine could not confirm the citizen; nobody is to blame.
    AnotherWay,
    /// The machine refused.
    Refused(Fault),
}

/// A phone number of which most digits are hidden.
#[derive(Clone)]
pub struct MaskedPhone(String);

impl MaskedPhone {
    /// Takes a number as the platform masks it, such as `09x xxx x23`; none where
    /// more than five digits can be read.
    pub fn parse(text: &str) -> Option<Self> {
        let seen = text.chars().filter(char::is_ascii_digit).count();
        let fits = text.chars().all(|c| c.is_ascii_digit() || matches!(c, 'x' | '*' | ' ' | '•'));
        (fits && (1..=5).contains(&seen) && text.chars().count() <= 16).then(|| Self(text.to_owned()))
    }

    /// As printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Slip {
    /// Draws the slip for paper that many dots wide: 576 (80 mm) or 384 (58 mm).
    pub fn draw(&self, dots: u32) -> Result<Raster, PrintingError> {
        layout::draw(&compose::blocks(self), dots)
    }
}

/// Why a slip cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PrintingError {
    /// The paper is too narrow to be read.
    #[error("a slip needs at least 384 dots across, the printer has {0}")]
    TooNarrow(u32),
    /// The code holds more than a QR can.
    #[error("the slip's code is too long for a QR")]
    CodeTooLong,
}

impl PrintingError {
    /// The entry of the fault list that this is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::TooNarrow(_) => Fault::ConfigBroken,
            Self::CodeTooLong => Fault::PrinterStuck,
        }
    }
}
