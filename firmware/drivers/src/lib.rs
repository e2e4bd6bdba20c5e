//! Drivers for real hardware behind the traits of `devices`. Only the daemons name one.

pub mod code_scanner;
pub mod escpos;
pub mod gpio;
mod serial;
