//! Releases of the whole system, installed by [RAUC](https://rauc.io): the second back end behind
//! `install::InstallBackend`. And for the Raspberry Pi, the boot chooser that RAUC there lacks.
//!
//! - `back_end`: downloads and checks a bundle as `AppSlots` does an image, lets RAUC write it, and
//!   keeps trial, floor and black-list in a record of its own.
//! - `updater`: what is needed of RAUC; tests put a pretended one there.
//! - `installer`: RAUC over D-Bus. `said`: what it says, as errors.
//! - `tryboot`: which partition a Raspberry Pi starts from; its program is `kiosk-tryboot`.
//!
//! A crate of its own, so that nobody who writes slots has to build a D-Bus library. It decides
//! nothing about who may be trusted, reads no clock and draws no chance.

pub mod tryboot;
pub mod updater;

mod back_end;
mod installer;
mod said;

pub use self::{
    back_end::Rauc,
    installer::{Bus, Installer},
};
