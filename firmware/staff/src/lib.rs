//! The people who service the machine: signing in with a PIN, what the staff page
//! shows, how much paper is left, whether the machine is ready; and the officers who
//! may confirm a person there. Reads no clock and
//! no file: the daemon keeps what must outlive a restart.

pub mod confirming;
pub mod page;
pub mod sign_in;
pub mod supplies;

pub use confirming::{ConfirmingOfficers, Lockouts, NotSigned, SigningPin, new_officer};
pub use page::{Readiness, device_lines, readiness};
pub use sign_in::{Lockout, OfficerId, Officers, Pin, PinHash, SignInError, sign_in};
pub use supplies::Roll;
