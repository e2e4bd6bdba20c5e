//! Pretend hardware behind the same traits and wires as the real thing, which can
//! misbehave on purpose. Never linked into a production build.
//!
//! The virtual card shares no protocol code with `card`: a mistake on one side
//! must not agree with itself on the other.

pub mod card_process;
pub mod card_profile;
pub mod chance;
pub mod chip;
pub mod citizen_card;
pub mod code_scanner;
mod der;
mod domain;
pub mod face_camera;
pub mod in_memory;
mod kept;
pub mod paper;
pub mod pcscd;
pub mod people;
pub mod personalise;
pub mod presentation;
pub mod recorded;
pub mod scenario;
pub mod sensor;
pub mod staff_badge;
pub mod terminal;
pub mod vpcd;
mod yuv;
