//! What can happen to a visit. Closed: a new event shows as a column of the table.

use std::sync::Arc;

use badge::Present;
use face::{FaceMatch, FirstSigned, Reference};
use faults::Fault;
use identity::{Greeting, Identity, card_code::CardCode};
use jiff::civil::Date;
use outbox::Receipt;
use screen::{FaceHint, Glow, ReadingStage, StaffNote, Tap};
use services::AccountState;

use crate::effect::Kept;

/// Something happened.
pub enum Event {
    /// Somebody tapped the screen.
    Tap(Tap),
    /// A second passed.
    Second,
    /// The scanner read the QR code of a card.
    CodeScanned(CardCode),
    /// The scanner read something else.
    CodeNotOfCard,
    /// A card lies on the reader and is being read.
    CardLaid,
    /// Reading goes on.
    CardProgress(ReadingStage, u8),
    /// All but the portrait was read, and its issuer signed it.
    CardGreets(Greeting),
    /// The chip was read and is authentic. The portrait's template comes along, or
    /// why there is none.
    CardRead(Box<Identity>, Result<Arc<Reference>, Fault>),
    /// The card expired; nothing else was read.
    CardExpired(Date),
    /// The card could not be read or is not authentic.
    CardFailed(Fault),
    /// The number does not open the card; how many more tries the chip says it has.
    CardKeyWrong(Option<u8>),
    /// The camera saw something; the hint, how far the attempt is, and in which light it is to
    /// go on.
    FaceSeen(FaceHint, u8, Glow),
    /// It is the same person.
    FaceMatched(Box<FaceMatch>),
    /// The attempt ended without a match.
    FaceMissed(Fault),
    /// The first of two officers signed.
    OfficerSigned(FirstSigned),
    /// The officer did not, and why.
    OfficerRefused(Fault),
    /// Two officers confirmed the person.
    OfficersApproved(Box<FaceMatch>),
    /// The platform offers a VNeID code for that many seconds.
    VneidOffered(String, u16),
    /// The citizen approved in VNeID.
    VneidApproved(Box<FaceMatch>),
    /// The citizen said no in VNeID, or the code is no longer good.
    VneidRefused(Fault),
    /// How the account stands.
    Account(AccountState),
    /// The phone number is the registered one.
    PhoneAccepted,
    /// A code is on its way to that number, masked.
    CodeSent(String),
    /// The code was right.
    CodeAccepted,
    /// The code was wrong or late; tries that remain, where it matters.
    CodeRefused(Fault, Option<u8>),
    /// The platform has the sealed secrets.
    SecretsSet,
    /// A question to the platform failed; which, and why.
    PlatformFailed(PlatformStep, Fault),
    /// The transaction is signed and on the disk.
    Stored(Kept),
    /// It could not be written.
    StoreFailed(Fault),
    /// The platform signed for it.
    Acknowledged(Box<Receipt>),
    /// The platform has not answered in time; the outbox goes on.
    NotAnswered,
    /// The platform refused the transaction for good.
    Rejected(Fault),
    /// The slip is out and cut.
    Printed,
    /// It is not.
    PrintFailed(Fault),
    /// The PIN is right, and that is all that is needed of that person.
    StaffSignedIn(String),
    /// The PIN is right, and of somebody who has a badge: they are to show it.
    BadgeWanted(String),
    /// They did.
    BadgeShown(Box<Present>),
    /// It was another, or could not be read.
    BadgeRefused(Fault),
    /// There is no reader that it could be shown to.
    NoBadgeReader(Fault),
    /// It is not, or sign-in is locked for that many seconds.
    StaffRefused(Fault, Option<u32>),
    /// A button of the staff page did its work.
    StaffDone(StaffNote),
}

/// Which question to the platform failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlatformStep {
    /// How the account stands.
    LookUp,
    /// Beginning with the phone number.
    Phone,
    /// Sending a code.
    SendCode,
    /// Checking a code.
    CheckCode,
    /// Setting the secrets.
    Secrets,
    /// A VNeID code.
    Vneid,
}

impl Event {
    /// The event's name, for the table and for logs. Never what it carries.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Tap(_) => "Tap",
            Self::Second => "Second",
            Self::CodeScanned(_) => "CodeScanned",
            Self::CodeNotOfCard => "CodeNotOfCard",
            Self::CardLaid => "CardLaid",
            Self::CardProgress(..) => "CardProgress",
            Self::CardGreets(_) => "CardGreets",
            Self::CardRead(..) => "CardRead",
            Self::CardExpired(_) => "CardExpired",
            Self::CardFailed(_) => "CardFailed",
            Self::CardKeyWrong(_) => "CardKeyWrong",
            Self::FaceSeen(..) => "FaceSeen",
            Self::FaceMatched(_) => "FaceMatched",
            Self::FaceMissed(_) => "FaceMissed",
            Self::OfficerSigned(_) => "OfficerSigned",
            Self::OfficerRefused(_) => "OfficerRefused",
            Self::OfficersApproved(_) => "OfficersApproved",
            Self::VneidOffered(..) => "VneidOffered",
            Self::VneidApproved(_) => "VneidApproved",
            Self::VneidRefused(_) => "VneidRefused",
            Self::Account(_) => "Account",
            Self::PhoneAccepted => "PhoneAccepted",
            Self::CodeSent(_) => "CodeSent",
            Self::CodeAccepted => "CodeAccepted",
            Self::CodeRefused(..) => "CodeRefused",
            Self::SecretsSet => "SecretsSet",
            Self::PlatformFailed(..) => "PlatformFailed",
            Self::Stored(_) => "Stored",
            Self::StoreFailed(_) => "StoreFailed",
            Self::Acknowledged(_) => "Acknowledged",
            Self::NotAnswered => "NotAnswered",
            Self::Rejected(_) => "Rejected",
            Self::Printed => "Printed",
            Self::PrintFailed(_) => "PrintFailed",
            Self::StaffSignedIn(_) => "StaffSignedIn",
            Self::BadgeWanted(_) => "BadgeWanted",
            Self::BadgeShown(_) => "BadgeShown",
            Self::BadgeRefused(_) => "BadgeRefused",
            Self::NoBadgeReader(_) => "NoBadgeReader",
            Self::StaffRefused(..) => "StaffRefused",
            Self::StaffDone(_) => "StaffDone",
        }
    }
}
