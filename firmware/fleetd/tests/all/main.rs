//! Updates, from the server's word to their end: in a model kiosk with every act at hand, and
//! with real programs, servers and slots.

mod ddi;
mod model;
mod never_disturbs;
mod power_cuts;
mod repository;
mod settings;
mod site;
mod walk;
mod whole;
