//! The update of a kiosk, from the server's word to its end, in a kiosk in memory.

mod kiosk;
mod never_disturbs;
mod power_cuts;
