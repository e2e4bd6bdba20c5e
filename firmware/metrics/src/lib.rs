//! What a kiosk tells a Prometheus-compatible engine. A closed list of families (`families`); a
//! label takes a word of a list or a code of a form, never a text, so that nothing about a
//! citizen can be said. What cannot be sent lies in numbered segments on the disk (`buffer`).
//!
//! Text format 0.0.4 of Prometheus, with timestamps in milliseconds. It reads no clock and opens
//! no connection.

pub mod buffer;
pub mod families;

mod family;
mod label;
mod sample;

pub use self::{
    buffer::{Batch, Buffer, BufferError, Lost},
    family::{Family, Kind},
    label::{KioskName, NotAName, Values},
    sample::{Histogram, Refused, Sample},
};
