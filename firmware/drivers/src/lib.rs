//! drivers

pub mod code_scanner;
pub mod escpos;
pub mod gpio;
