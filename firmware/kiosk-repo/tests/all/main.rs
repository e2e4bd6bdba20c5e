//! The tests of `kiosk-repo`: one program, so that they are linked once.

mod check;
mod common;
mod config;
mod deltas;
mod key_files;
mod keys_and_time;
mod orders;
mod packed_releases;
mod rauc_bundles;
mod readme;
mod releases;
mod signing;
mod sticks;
mod tokens;
