//! Drivers for real hardware behind the traits of `devices`. Only the daemons name one.

pub mod code_scanner;
pub mod escpos;
pub mod gpio;
pub mod pcsc;
mod serial;
pub mod v4l;
