//! The tests of `audit`: one program, so that they are linked once.

mod chain;
mod torn_tail;
