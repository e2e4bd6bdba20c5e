//! Where a visit is. Personal data live in the variants that need them, so leaving
//! a state drops and wipes them; there is no "session" to forget to clear.

use std::sync::Arc;

use face::{FaceMatch, FirstSigned, OfficerId, Reference, Tempo};
use faults::Fault;
use identity::{Greeting, Identity};
use screen::{Entry, FaceHint, Glow, Language, Look, Outcome, Over, PaperOutcome, ReadingStage, StaffNote};
use services::ServiceId;
use transaction::Consent;

use crate::{
    effect::{CardKeys, Kept, SlipOrder},
    typing::Typed,
};

/// A kiosk's visits, one after the other.
pub struct Journey {
    pub(crate) at: At,
    /// The citizen's language and look; back to the site's own after each visit.
    pub(crate) manner: Manner,
    /// What lies over the page.
    pub(crate) over: Option<Over>,
    /// Seconds since anybody did anything.
    pub(crate) idle: u16,
    /// Staff closed the machine for citizens.
    pub(crate) closed: bool,
}

/// How this citizen wants it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner {
    pub language: Language,
    pub look: Look,
}

/// The service asked for and what was agreed to.
#[derive(Clone)]
pub(crate) struct Asked {
    pub service: ServiceId,
    pub consent: Consent,
    /// Tries before the camera that began. They stay counted where somebody goes back and comes
    /// again, also with the card read anew.
    pub tries: u8,
    /// How often what was typed or scanned did not open the card.
    pub wrong_keys: u8,
}

/// Who it is, by the chip.
pub(crate) struct Read {
    pub asked: Asked,
    pub who: Box<Identity>,
    /// The portrait's template, or why there is none.
    pub reference: Result<Arc<Reference>, Fault>,
    /// Why the camera does not confirm, where it comes to another way.
    pub camera: audit::OfficersReason,
}

/// Who it is, by the chip, and what the first of two officers signed of it.
pub(crate) struct Unconfirmed {
    pub read: Read,
    /// What the page before said.
    pub fault: Option<Fault>,
    pub first: Option<FirstSigned>,
}

/// Who it is, and that it is the same living person.
pub(crate) struct Proved {
    pub asked: Asked,
    pub who: Box<Identity>,
    pub face: Box<FaceMatch>,
    /// A password was set before.
    pub has_password: bool,
}

/// The phone and how its code stands.
pub(crate) struct Phoned {
    pub proved: Proved,
    pub phone: Typed,
    /// The phone number as the platform masks it.
    pub sent_to: String,
    /// Codes sent in this visit.
    pub sends: u32,
    /// Seconds until another may be asked for.
    pub resend_in: u16,
    /// Wrong tries that remain, once one was wrong.
    pub tries_left: Option<u8>,
}

/// The secrets as far as they were chosen.
#[derive(Default)]
pub(crate) struct Chosen {
    pub password: Option<Typed>,
    pub passcode: Option<Typed>,
    pub answers: Vec<(u8, Typed)>,
}

/// How the visit ends.
pub(crate) struct Ending {
    pub outcome: Outcome,
    pub reference: Option<String>,
    pub slip: Option<Box<SlipOrder>>,
    pub paper: PaperOutcome,
}

/// Where the visit is.
pub(crate) enum At {
    Attract,
    ChoosingService,
    Consenting {
        service: ServiceId,
    },
    EnteringCardKey {
        asked: Asked,
        digits: Typed,
        fault: Option<Fault>,
        /// How many more wrong numbers the chip takes, where it says so.
        tries_left: Option<u8>,
    },
    PlacingCard {
        asked: Asked,
        keys: Arc<CardKeys>,
        failures: u8,
        fault: Option<Fault>,
    },
    ReadingCard {
        asked: Asked,
        keys: Arc<CardKeys>,
        failures: u8,
        /// Whom to greet, once that is known.
        greeting: Option<Greeting>,
        stage: ReadingStage,
        percent: u8,
    },
    Greeting {
        read: Read,
    },
    TakingPhoto {
        read: Read,
        tempo: Tempo,
        hint: FaceHint,
        percent: u8,
        glow: Glow,
    },
    FaceMissed {
        read: Read,
        tempo: Tempo,
        fault: Fault,
    },
    AnotherWay {
        read: Read,
        fault: Option<Fault>,
    },
    AskingVneid {
        read: Read,
        fault: Option<Fault>,
    },
    ShowingVneid {
        read: Read,
        fault: Option<Fault>,
        qr: String,
        seconds_left: u16,
    },
    AskingOfficers {
        unconfirmed: Unconfirmed,
    },
    EnteringOfficer {
        unconfirmed: Unconfirmed,
        digits: Typed,
        fault: Option<Fault>,
    },
    EnteringOfficerPin {
        unconfirmed: Unconfirmed,
        officer: OfficerId,
        pin: Typed,
        fault: Option<Fault>,
    },
    OfficerSigning {
        unconfirmed: Unconfirmed,
        officer: OfficerId,
    },
    LookingUp {
        proved: Proved,
    },
    EnteringPhone {
        proved: Proved,
        digits: Typed,
        fault: Option<Fault>,
    },
    CheckingPhone {
        proved: Proved,
        phone: Typed,
    },
    SendingCode {
        phoned: Phoned,
    },
    EnteringCode {
        phoned: Phoned,
        digits: Typed,
        fault: Option<Fault>,
    },
    CheckingCode {
        phoned: Phoned,
    },
    SettingPassword {
        phoned: Phoned,
        first: Typed,
        again: Option<Typed>,
        fault: Option<Fault>,
    },
    SettingPasscode {
        phoned: Phoned,
        chosen: Chosen,
        first: Typed,
        again: Option<Typed>,
        fault: Option<Fault>,
    },
    Answering {
        phoned: Phoned,
        chosen: Chosen,
        question: Option<u8>,
        answer: Typed,
        fault: Option<Fault>,
    },
    SettingSecrets {
        phoned: Phoned,
    },
    Reviewing {
        phoned: Phoned,
    },
    /// The visit belongs to the outbox from here: nothing undoes it. The identity
    /// and the face went into the transaction.
    Sending {
        service: ServiceId,
        sent_to: String,
        kept: Option<Kept>,
    },
    Printing {
        ending: Ending,
    },
    Ended {
        ending: Ending,
    },
    Thanking {
        rated: Option<u8>,
        outcome: audit::Outcome,
    },
    SigningInStaff {
        pin: Typed,
        locked_for: Option<u32>,
        fault: Option<Fault>,
    },
    ShowingBadge {
        /// Whose, by the PIN.
        holder: String,
        fault: Option<Fault>,
    },
    ServingStaff {
        note: Option<StaffNote>,
    },
}

impl Default for Journey {
    fn default() -> Self {
        Self { at: At::Attract, manner: Manner::default(), over: None, idle: 0, closed: false }
    }
}

impl Journey {
    /// Whether somebody is being served: an update or a restart must wait.
    pub fn is_under_way(&self) -> bool {
        !matches!(self.at, At::Attract)
    }

    /// Whether staff closed the machine for citizens.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The state's name, for the table and for logs.
    pub fn word(&self) -> &'static str {
        self.at.word()
    }
}

impl At {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Attract => "Attract",
            Self::ChoosingService => "ChoosingService",
            Self::Consenting { .. } => "Consenting",
            Self::EnteringCardKey { .. } => "EnteringCardKey",
            Self::PlacingCard { .. } => "PlacingCard",
            Self::ReadingCard { .. } => "ReadingCard",
            Self::Greeting { .. } => "Greeting",
            Self::TakingPhoto { .. } => "TakingPhoto",
            Self::FaceMissed { .. } => "FaceMissed",
            Self::AnotherWay { .. } => "AnotherWay",
            Self::AskingVneid { .. } => "AskingVneid",
            Self::ShowingVneid { .. } => "ShowingVneid",
            Self::AskingOfficers { .. } => "AskingOfficers",
            Self::EnteringOfficer { .. } => "EnteringOfficer",
            Self::EnteringOfficerPin { .. } => "EnteringOfficerPin",
            Self::OfficerSigning { .. } => "OfficerSigning",
            Self::LookingUp { .. } => "LookingUp",
            Self::EnteringPhone { .. } => "EnteringPhone",
            Self::CheckingPhone { .. } => "CheckingPhone",
            Self::SendingCode { .. } => "SendingCode",
            Self::EnteringCode { .. } => "EnteringCode",
            Self::CheckingCode { .. } => "CheckingCode",
            Self::SettingPassword { .. } => "SettingPassword",
            Self::SettingPasscode { .. } => "SettingPasscode",
            Self::Answering { .. } => "Answering",
            Self::SettingSecrets { .. } => "SettingSecrets",
            Self::Reviewing { .. } => "Reviewing",
            Self::Sending { .. } => "Sending",
            Self::Printing { .. } => "Printing",
            Self::Ended { .. } => "Ended",
            Self::Thanking { .. } => "Thanking",
            Self::SigningInStaff { .. } => "SigningInStaff",
            Self::ShowingBadge { .. } => "ShowingBadge",
            Self::ServingStaff { .. } => "ServingStaff",
        }
    }
}

/// First entry or its repeat.
pub(crate) fn entry(again: Option<&Typed>) -> Entry {
    if again.is_some() { Entry::Again } else { Entry::First }
}

/// How a visit ended, for the audit log.
pub(crate) fn audited(outcome: &Outcome) -> audit::Outcome {
    match outcome {
        Outcome::Activated => audit::Outcome::Activated,
        Outcome::Received => audit::Outcome::Received,
        Outcome::AlreadyActive => audit::Outcome::AlreadyActive,
        Outcome::Overdue { .. } => audit::Outcome::Overdue,
        Outcome::Locked => audit::Outcome::Locked,
        Outcome::NoAccount => audit::Outcome::NoAccount,
        Outcome::LevelOne => audit::Outcome::LevelOne,
        Outcome::CardExpired { .. } => audit::Outcome::CardExpired,
        Outcome::Declined => audit::Outcome::Declined,
        Outcome::StaffWay => audit::Outcome::StaffWay,
        Outcome::Refused { .. } => audit::Outcome::Refused,
    }
}
