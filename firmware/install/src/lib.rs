//! Two slots for the kiosk's programs: a release is written into the one that does not run,
//! tried for a few starts, and then kept or rolled back. Whatever happens, one slot can be
//! started.
//!
//! - `record`: a small value that survives power cuts.
//! - `slots`, `boot`: what the slots hold, and every legal change; pure.
//! - `boot_record`: those changes on the disk.
//! - `write`, `frames`, `delta`: one pass from a download to a slot.
//! - `backend`: what fleetd asks of whatever installs; `app_slots` does it, and the crate `rauc`.
//! - `launch`: what the launcher starts.
//!
//! It decides nothing about who may be trusted: what is written was signed, and its caller has
//! checked that. It reads no clock and draws no chance.

pub mod backend;
pub mod boot;
pub mod boot_record;
pub mod delta;
pub mod error;
pub mod folder;
pub mod frames;
pub mod launch;
pub mod record;
pub mod slots;
pub mod write;

mod app_slots;
mod midstate;
mod status;

pub use self::{
    app_slots::AppSlots,
    backend::{InstallBackend, Source, Status},
    boot::Boot,
    boot_record::BootRecord,
    error::{InstallError, UpdaterFault},
    folder::SlotFolder,
    record::Record,
    slots::{Content, DeltaFile, ImageDigest, Slot},
};
