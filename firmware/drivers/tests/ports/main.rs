//! The tests over pseudo-terminals. A program of their own: what a test beside them started
//! would hold a terminal's other end, and a pulled plug would not be told.

mod paper;
mod scanner;
