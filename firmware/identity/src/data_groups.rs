//! The files of the chip that hold facts (ICAO 9303-10, 4.7). Each is read only
//! after its digest fitted the security object.

pub(crate) mod citizen_details;
