//! Who laid the card down, and is it true: checks what the chip gave against the
//! issuer's signature (passive authentication, ICAO 9303-11, 5.1, with the chain of
//! 9303-12) and reads the files that it may believe.
//!
//! Only an authentic card makes an [`Identity`]; there is no other way to one.
//! Nothing here asks the chip to prove that it is no copy, and the evidence says so.

mod algorithm;
mod birth;
pub mod card_code;
mod certificate;
mod chain;
mod data_groups;
mod envelope;
mod error;
mod evidence;
mod expiry;
mod extensions;
mod identity;
pub mod inventory;
mod master_list;
mod mrz;
pub mod number;
pub mod policy;
pub mod portrait;
#[cfg(test)]
mod pretend_state;
pub mod profile;
mod public_key;
mod security_object;
mod sex;
mod signed_data;
mod tlv;
mod trust;
pub mod trust_update;
mod verdict;

use card::{CardFiles, FileId};
use jiff::civil::Date;

pub use birth::Birth;
pub use card_code::CardCode;
pub use data_groups::citizen_details::CitizenDetails;
pub use error::{Fact, IdentityError, Purpose, SignerFault, TrustListFault};
pub use evidence::{
    AccessOffer, CardEvidence, ChipGenuineness, Details, Directory, FoundBy, IdentityId, SignerEvidence,
    Verdict,
};
pub use expiry::Expiry;
pub use identity::Identity;
pub use inventory::Inventory;
pub use master_list::{MasterList, MasterListFault};
pub use number::{CitizenNumber, NumberWarning};
pub use policy::Policy;
pub use portrait::{Picture, Portrait, PortraitError};
pub use public_key::{CurveForm, KeyKind};
pub use sex::Sex;
pub use tlv::Malformed;
pub use trust::{Source, TrustList};
pub use trust_update::TrustUpdate;

/// Every file that a reading may have brought.
const EVERY_FILE: [FileId; 11] = [
    FileId::CardAccess,
    FileId::Com,
    FileId::Sod,
    FileId::Dg1,
    FileId::Dg2,
    FileId::Dg3,
    FileId::Dg11,
    FileId::Dg12,
    FileId::Dg13,
    FileId::Dg14,
    FileId::Dg15,
];

/// Whether the card is still valid, by its DG1 alone: for the moment when nothing
/// else has been read, and nothing will be if it is not.
pub fn check_expiry(dg1: &[u8], today: Date) -> Result<(), IdentityError> {
    verdict::check_expiry(dg1, today)
}

/// The holder of a card whose files are what its issuer signed.
#[expect(clippy::needless_pass_by_value, reason = "the files are wiped when their holder is known")]
pub fn verify(files: CardFiles, trust: &TrustList, today: Date) -> Result<Identity, IdentityError> {
    let bytes = EVERY_FILE.iter().filter_map(|file| Some((*file, files.file(*file)?))).collect();
    let read = verdict::Files { bytes, access: files.access().to_string() };
    verdict::reach(&read, trust, today)
}
