//! The tests of `tuf`: one program, so that they are linked once.

mod attacks;
mod canonical_json;
mod common;
mod delegations;
mod downloads;
mod hostile_stick;
mod known_answers;
mod power_cuts;
mod publishing;
mod python_tuf;
mod stale_timestamp;
mod torn_files;
mod tuf_client;
