//! The tests of `pretend-platform`, but the one that measures memory: one program, linked once.

mod fleet_actions;
mod fleet_ddi;
mod fleet_management;
mod fleet_rollouts;
mod fleet_state;
mod fleet_swupdate;
mod program;
