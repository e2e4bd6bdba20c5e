//! The tests of `boards`: one program, so that they are linked once.

mod boards;
mod units;
