//! Sticks, honest and hostile.

mod admission;
mod common;
mod hostile;
mod logs;
