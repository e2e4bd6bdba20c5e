//! Draws every page without a display and looks at it as a person with a ruler
//! would: is each button labelled, large enough, inside the window, is any word
//! cut. The robot citizen of the demo taps through the same pages.

pub mod album;
pub mod checks;
pub mod samples;
mod size;
pub mod stage;

pub use album::looks;
pub use checks::{Flaw, flaws};
pub use samples::{Sample, samples};
pub use size::{Glass, glasses, parse_glass, parse_size};
pub use stage::{Stage, StageError};
