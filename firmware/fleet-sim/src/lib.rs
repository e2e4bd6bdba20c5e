//! A fleet in simulated time: the update machine of `fleetd`, as it is, in each of thousands of
//! kiosks, against the rules of the fleet server. Disk, slots, programs and network are
//! pretended; what is decided is not. Messages go through their real JSON both ways.
//!
//! The same seed gives the same run. `loopback` is another thing: the load of a fleet on a real
//! server, in real time.

mod chance;
mod fleet;
mod kiosk;
pub mod loopback;

pub use self::{
    fleet::{Fleet, Plan, three_groups},
    kiosk::{Kiosk, Ward},
};

/// Seconds of simulated time since the start.
pub type Second = u32;
