//! Reads the chip of a citizen card: opens the secure channel, reads the files, has the
//! chip prove that it is no copy, hands it all on. ICAO Doc 9303-10, 3 and 4 (files), and
//! 9303-11, 4, 6 and 9 (protocols). Sections of ISO/IEC 7816-4 are those of its edition of 2013.
//!
//! It never decides whether what it read is genuine (that is `identity`), never
//! keeps anything after it is dropped (what chips offer it leaves in [`Offers`], if a caller
//! has one), and takes no time and no chance of its own.
//! PACE that is offered and fails is an error: nothing here falls back to BAC.
//!
//! A reading is [`open`], then [`Session::read`] and the proofs, then
//! [`Session::finish`]; the README, which follows, has an example.
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod active_authentication;
mod apdu;
mod bac;
mod chip_authentication;
mod chip_key;
mod cipher;
mod error;
mod expiry;
mod file_id;
mod files;
mod group;
mod key;
mod limits;
mod offers;
mod opening;
mod pace;
mod proof;
mod protocol;
#[cfg(test)]
#[path = "../tests/all/script.rs"]
#[allow(dead_code, reason = "the unit tests use a part of it")]
mod script;
mod secure_messaging;
pub mod security_infos;
mod session;
mod tlv;
mod wire;

pub use active_authentication::ActiveAuthentication;
pub use chip_authentication::ChipAuthentication;
pub use error::{AccessFlaw, ReadError, Step};
pub use expiry::RenewalAges;
pub use file_id::FileId;
pub use key::{AccessKey, Can, KeyError, MrzKey, Password, Pin, Puk};
pub use offers::Offers;
pub use opening::{Opening, open, open_with};
pub use proof::{ChipProof, KeyId};
pub use protocol::{AccessPolicy, Agreement, Cipher, Mapping, Protocol};
pub use session::{CardFiles, Progress, ReadLog, Session};
