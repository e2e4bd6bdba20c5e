//! The tests of `card`: one program, so that they are linked once.

mod active_authentication;
mod appendix_g;
mod bac;
mod changed_answers;
mod channel_refusals;
mod chip_authentication;
mod libeac;
mod long_commands;
mod offers;
mod pace_over_other_groups;
mod places;
mod refusals;
mod script;
mod terminal_authentication;
mod virtual_card;
mod worked_examples;
mod worked_examples_of_other_mappings;
