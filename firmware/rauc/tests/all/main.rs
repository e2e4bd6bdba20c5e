//! The back end over a pretended RAUC whose power is cut, over Debian's RAUC, and the boot chooser.

#[path = "../../../install/tests/common/mod.rs"]
mod common;
mod debian;
mod power_cuts;
mod pretended;
mod real_rauc;
mod tryboot;
mod tryboot_fat;
