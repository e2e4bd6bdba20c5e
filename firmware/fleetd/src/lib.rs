//! Updates, settings and heartbeat of a kiosk.
//!
//! - `update`: what is decided, as one pure state machine.
//! - `configuration`: settings from afar, as another one.
//! - `ddi`: what the fleet server wants, and what it is told.
//! - `repository`: what is signed, and the way to its bytes.
//! - `commands`: what the fleet orders beside updates, at most once.
//! - `stick`: the same by hand, off a stick, where a permit and a technician allow it.
//! - `hours`: when the site lets a machine be closed.
//! - `eyes`: what the fleet sees of the kiosk.
//! - `daemon`: the loop that carries it out.

pub mod commands;
pub mod configuration;
pub mod daemon;
pub mod ddi;
pub mod eyes;
pub mod hours;
pub mod settings;
pub mod stick;
pub mod update;

pub mod http;
mod kept;
mod machine;
mod repository;
