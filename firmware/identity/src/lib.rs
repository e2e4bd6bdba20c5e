//! Who laid the card down, and is it true: checks what the chip gave against the
//! issuer's signature (passive authentication, ICAO 9303-11, 5.1, with the chain of
//! 9303-12) and reads the files that it may believe.
//!
//! Only an authentic card makes an [`Identity`]; there is no other way to one.
//! The others are judgements: what was looked at, what was not, and what it comes to.
//!
//! The README, which follows, has an example.
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod algorithm;
mod birth;
pub mod card_code;
mod certificate;
mod chain;
mod chip;
mod data_groups;
mod envelope;
mod error;
mod evidence;
mod examination;
mod expiry;
mod extensions;
mod identity;
pub mod inventory;
pub mod judgement;
pub mod master_file;
mod master_list;
mod mrz;
pub mod number;
pub mod policy;
pub mod portrait;
#[cfg(test)]
mod pretend_state;
pub mod profile;
mod public_key;
pub mod revocation;
mod security_object;
mod sex;
mod signed_data;
mod states;
mod tlv;
mod trust;
pub mod trust_update;
mod verdict;

use std::collections::BTreeMap;

use card::{CardFiles, ChipProof, FileId};
use jiff::civil::Date;
use zeroize::Zeroizing;

use examination::Files;

pub use birth::Birth;
pub use card_code::{CardCode, CardCodeError};
pub use data_groups::{
    citizen_details::{CitizenDetails, UnknownField},
    contacts::{self, Contact},
    directory::CommonData,
    displayed,
    document_details::DocumentDetails,
    personal_details::PersonalDetails,
};
pub use error::{Fact, IdentityError, Purpose, SignerFault, TrustListFault};
pub use evidence::{
    AccessOffer, Authentic, CardEvidence, ChipGenuineness, Details, Directory, FoundBy, IdentityId,
    Revocation, SignerEvidence,
};
pub use expiry::Expiry;
pub use identity::{Greeting, Identity};
pub use inventory::Inventory;
pub use judgement::{Judgement, Verdict};
pub use master_list::{MasterList, MasterListFault};
pub use number::{CitizenNumber, NumberWarning};
pub use policy::Policy;
pub use portrait::{Picture, Portrait, PortraitError};
pub use public_key::{CurveForm, KeyKind};
pub use revocation::{RevocationList, RevocationListFault, RevocationLists};
pub use sex::Sex;
pub use tlv::Malformed;
pub use trust::{Source, TrustList};
pub use trust_update::TrustUpdate;

/// Whether the card is still valid, by its DG1 alone (ICAO 9303-10, 4.7.1): for the moment
/// when nothing else has been read, and nothing will be if it is not.
pub fn check_expiry(dg1: &[u8], today: Date) -> Result<(), IdentityError> {
    verdict::check_expiry(dg1, today)
}

/// What a judgement stands on (ICAO 9303-12, 6.1).
#[derive(Clone, Copy)]
pub struct Grounds<'a> {
    /// Whom we believe (ICAO 9303-12, 6.1.1).
    pub trust: &'a TrustList,
    /// Who was called back (ICAO 9303-12, 6.1.2).
    pub revoked: &'a RevocationLists,
    /// What the operator decided.
    pub policy: Policy,
}

impl<'a> Grounds<'a> {
    /// A trust list alone, for tools and tests that have no more.
    pub fn trusting(trust: &'a TrustList) -> Self {
        Self { trust, revoked: RevocationLists::none(), policy: Policy::STATING }
    }
}

/// The holder of a card whose files are what its issuer signed (ICAO 9303-11, 5.1).
#[expect(clippy::needless_pass_by_value, reason = "the files are wiped when their holder is known")]
pub fn verify(files: CardFiles, grounds: &Grounds<'_>, today: Date) -> Result<Identity, IdentityError> {
    verdict::reach(&examined(&files), grounds, today)
}

/// Whom to say hello to while the portrait, the longest file by far, is still being read.
/// Checks all that [`verify`] does (ICAO 9303-11, 5.1), of the files that are there.
pub fn greet(files: &CardFiles, grounds: &Grounds<'_>, today: Date) -> Result<Greeting, IdentityError> {
    verdict::greet(&examined(files), grounds, today)
}

/// What can be said of a card's files (ICAO 9303-11, 5.1 and 6), for the audit log and for
/// staff. It makes no identity.
pub fn judge(files: &CardFiles, grounds: &Grounds<'_>, today: Date) -> Judgement {
    examination::examine(&examined(files), grounds, today).judgement
}

/// What can be said of files that came from anywhere (ICAO 9303-11, 5.1 and 6): the card
/// tool's question. They make no identity, whatever comes of it.
pub fn inspect(files: &LooseFiles, grounds: &Grounds<'_>, today: Date) -> Judgement {
    let bytes = files.files.iter().map(|(file, bytes)| (*file, bytes.as_slice())).collect();
    let files = Files { bytes, proofs: &files.proofs, access: None, remembered: None };
    examination::examine(&files, grounds, today).judgement
}

/// Files (ICAO 9303-10, 3.11 and 4) that nobody saw coming from a chip. Wiped when dropped.
#[derive(Default)]
pub struct LooseFiles {
    /// Their bytes.
    pub files: BTreeMap<FileId, Zeroizing<Vec<u8>>>,
    /// What a chip did (ICAO 9303-11, 6), where that was kept too.
    pub proofs: Vec<ChipProof>,
}

fn examined(files: &CardFiles) -> Files<'_> {
    let bytes = FileId::ALL.iter().filter_map(|file| Some((*file, files.file(*file)?))).collect();
    let (access, remembered) = (Some(files.access()), files.remembered_access());
    Files { bytes, proofs: files.proofs(), access, remembered }
}
