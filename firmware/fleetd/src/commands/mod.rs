//! Commands of the fleet (crate `command`): what is checked there is carried out here, at most
//! once.
//!
//! - `desk`: what is decided, as one pure state machine beside the update's.
//! - `settings`: who may give which command, and how it is carried out.
//! - `logs`: named sources, collected, sealed and kept.
//!
//! A command is on the disk before anything is done. After a power cut a lock and a message are
//! put back; a restart of the machine and a collection of logs are not begun again.

mod desk;
mod event;
pub mod logs;
mod settings;

pub use self::{
    desk::Memory,
    event::{CommandOrder, Effect, Event, Moment},
    settings::{CommandsFault, CommandsFile, Logs, Settings},
};
