//! Updates, from the server's word to their end: in a model kiosk with every act at hand, and
//! with real programs, servers and slots.

mod by_delta;
mod by_stick;
mod commands;
mod contract;
mod ddi;
#[allow(dead_code, reason = "the tests of the crate rauc use the rest")]
#[path = "../../../rauc/tests/all/debian.rs"]
mod debian;
mod eyes;
mod model;
mod monitoring;
mod never_disturbs;
mod power_cuts;
mod rauc;
mod repository;
mod settings;
mod settings_model;
mod settings_whole;
mod shelf;
mod site;
mod stick;
mod victoria;
mod walk;
mod whole;
