//! What a person sees and taps, as plain data: the only thing that `ui/` knows
//! of the firmware. `kioskd` sends a [`View`] at each change, the touchscreen
//! sends a [`Tap`] back; [`wire`] carries both over a Unix socket.
//!
//! A view is complete: any page can be drawn from one value alone. Secrets never
//! come here; a page knows how many characters were entered, not which.

pub mod panel;
pub mod tap;
pub mod view;
pub mod wire;

pub use faults::{Fault, Words};
pub use panel::Panel;
pub use tap::{StaffTap, Tap};
pub use view::*;
