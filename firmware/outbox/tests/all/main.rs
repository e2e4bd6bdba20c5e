//! The tests of `outbox`: one program, so that they are linked once.

mod damaged_files;
mod never_lost_never_doubled;
mod receipts;
mod sample;
