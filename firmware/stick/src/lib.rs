//! Updates by hand: the signed repository on a USB stick, and sealed logs out on another.
//!
//! - `medium`: reads a mounted stick that may mean harm. By name, never by listing; each file
//!   once, within bounds; never through a link.
//! - `staging`: where what was read goes, and the only place that anything is taken from after.
//! - `permit`: what the fleet team says of a stick, as a target `usb/…` of signed metadata.
//! - `reading`: from a stick to a permit and a release, both signed, both staged.
//! - `admit`: whether this kiosk may act on it, now, with this person beside it.
//! - `logs`: named files, sealed to the fleet's key, onto a stick that is never read.
//!
//! It mounts nothing, installs nothing, reads no clock and draws no chance.

mod admit;
mod error;
mod medium;
mod permit;
mod reading;
mod staging;

pub mod logs;

pub use self::{
    admit::{Admitted, CardNeeded, Kiosk},
    error::StickError,
    medium::{Elapsed, Limits, is_there},
    permit::{Permit, PermitFault, PermitFile, PermittedRelease, StaffCard},
    reading::{POINTER, Pointer, Reader, SignedPermit, Staged},
    staging::Staging,
};
