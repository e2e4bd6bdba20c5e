//! What a visit wants done. Values, not calls: `kioskd` carries them out.

use std::sync::Arc;

use badge::Present;
use card::{AccessKey, MrzKey};
use face::{FaceMatch, FirstSigned, OfficerId, Reference, Tempo};
use identity::{Identity, IdentityId};
use jiff::{Timestamp, civil::Date};
use outbox::Receipt;
use screen::{Language, Outcome, StaffTap, Text};
use services::{CodeChannel, ServiceId};
use transaction::{Consent, TransactionId};
use zeroize::Zeroizing;

/// What opens the citizen's card. No `Debug`: it opens somebody's card.
pub struct CardKeys {
    /// The key.
    pub key: AccessKey,
    /// What else may open it where the chip offers no PACE, likeliest first.
    pub candidates: Vec<MrzKey>,
    /// Whether the code on the card was scanned: there is nothing more to ask for.
    pub scanned: bool,
}

/// Something to be done.
pub enum Effect {
    /// Wait for a card and read it, for this service.
    ReadCard(Arc<CardKeys>, ServiceId),
    /// Stop waiting for a card or reading it.
    StopCard,
    /// Look for the face of that portrait; which attempt, and how movements are asked for.
    WatchFace(Arc<Reference>, u8, Tempo),
    /// Stop the camera.
    StopFace,
    /// Ask how the citizen's account stands.
    LookUpAccount(Zeroizing<String>),
    /// Begin the activation: number and phone.
    BeginActivation(Zeroizing<String>, Zeroizing<String>),
    /// Send a code to the phone.
    SendCode(CodeChannel),
    /// Check a code.
    CheckCode(Zeroizing<String>),
    /// Hand over the secrets, sealed; the questions are those of this service.
    SetSecrets(Box<Secrets>, ServiceId),
    /// Ask for a VNeID code for that number and the identity that was read, and wait
    /// for the citizen's answer.
    AskVneid(Zeroizing<String>, IdentityId),
    /// Wait for it no longer.
    StopVneid,
    /// Let an officer sign that it is the same person.
    OfficerSigns(Box<OfficerTry>),
    /// Make the transaction, sign it, store it, send it.
    SignAndStore(Box<Request>),
    /// Print a slip in that language.
    Print(Box<SlipOrder>, Language),
    /// Call staff to the machine.
    CallHelp,
    /// Check a staff PIN.
    StaffSignIn(Zeroizing<String>),
    /// Wait for the badge of that person.
    ReadBadge(String),
    /// Somebody is signed in.
    AdmitStaff(SignedIn),
    /// Do what a button of the staff page says.
    StaffDo(StaffTap),
    /// Write a line into the audit log.
    Note(audit::Event),
    /// Forget everything of this visit, in every thread.
    Wipe,
}

/// How somebody signed in on the staff page.
pub enum SignedIn {
    /// With a PIN alone: the id of the staff file.
    ByPin(String),
    /// With a PIN and a badge.
    ByBadge(Box<Present>),
}

/// An officer who is about to sign. The PIN is wiped when dropped.
pub struct OfficerTry {
    /// Who.
    pub officer: OfficerId,
    /// What was typed.
    pub pin: Zeroizing<String>,
    /// Whom the officer vouches for.
    pub identity: IdentityId,
    /// What another officer has signed already: then this is the second.
    pub first: Option<FirstSigned>,
}

/// What only the platform may see. Wiped when dropped.
pub struct Secrets {
    /// The password, where none was set before.
    pub password: Option<Zeroizing<String>>,
    /// The 6-digit passcode.
    pub passcode: Zeroizing<String>,
    /// Two questions by their place in the catalogue, and the answers.
    pub answers: Vec<(u8, Zeroizing<String>)>,
}

/// Everything that a transaction is made of.
pub struct Request {
    /// What was asked for.
    pub service: ServiceId,
    /// Who asks.
    pub who: Box<Identity>,
    /// That it is the same living person.
    pub face: Box<FaceMatch>,
    /// What the citizen agreed to.
    pub consent: Consent,
    /// The phone number.
    pub phone: Zeroizing<String>,
}

/// A transaction that is signed and on the disk.
#[derive(Clone)]
pub struct Kept {
    /// Which.
    pub transaction: TransactionId,
    /// What the slip calls it until the platform gives it a name of its own.
    pub reference: outbox::Reference,
    /// Since when.
    pub at: Timestamp,
}

/// What a slip is about. *Registered* can only be printed of the platform's receipt.
pub enum SlipOrder {
    /// The platform signed for the transaction.
    Acknowledged {
        /// The service's title.
        service: Text,
        /// The phone, masked.
        sent_to: String,
        /// What it signed.
        receipt: Box<Receipt>,
    },
    /// It is signed and kept; the platform has not answered.
    Kept {
        /// The service's title.
        service: Text,
        /// The phone, masked.
        sent_to: String,
        /// Our own word.
        kept: Kept,
    },
    /// The card expired: the police renew it.
    Renewal {
        /// The last day of the card.
        expired: Date,
    },
    /// Go on at the counter, and why.
    Counter {
        /// How the visit ended.
        outcome: Outcome,
        /// For staff to look up.
        reference: String,
    },
}

impl Effect {
    /// The effect's name, for the table. Never what it carries.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ReadCard(..) => "ReadCard",
            Self::StopCard => "StopCard",
            Self::WatchFace(..) => "WatchFace",
            Self::StopFace => "StopFace",
            Self::LookUpAccount(_) => "LookUpAccount",
            Self::BeginActivation(..) => "BeginActivation",
            Self::SendCode(_) => "SendCode",
            Self::CheckCode(_) => "CheckCode",
            Self::SetSecrets(..) => "SetSecrets",
            Self::AskVneid(..) => "AskVneid",
            Self::StopVneid => "StopVneid",
            Self::OfficerSigns(_) => "OfficerSigns",
            Self::SignAndStore(_) => "SignAndStore",
            Self::Print(..) => "Print",
            Self::CallHelp => "CallHelp",
            Self::StaffSignIn(_) => "StaffSignIn",
            Self::ReadBadge(_) => "ReadBadge",
            Self::AdmitStaff(_) => "AdmitStaff",
            Self::StaffDo(_) => "StaffDo",
            Self::Note(_) => "Note",
            Self::Wipe => "Wipe",
        }
    }
}
