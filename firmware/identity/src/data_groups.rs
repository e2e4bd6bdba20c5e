//! The files of the chip that hold facts (ICAO 9303-10, 4.6 and 4.7). Except for
//! the day of expiry, each is believed only after its digest fitted the security
//! object.

pub(crate) mod chip_keys;
pub(crate) mod citizen_details;
pub mod contacts;
pub(crate) mod directory;
pub mod displayed;
pub(crate) mod document_details;
pub(crate) mod face_image;
pub(crate) mod mrz;
pub(crate) mod personal_details;
mod texts;
